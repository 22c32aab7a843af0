#include "emulator/s3/objects.h"

#include <string.h>

#include "common/base/cleanup.h"
#include "emulator/base/query.h"
#include "emulator/s3/auth.h"
#include "emulator/s3/error.h"
#include "emulator/s3/select.h"

#define TYPE "binary/octet-stream" /* what S3 says where the uploader said nothing */

static gboolean
is_our_bucket(const SmObjects *objects, const char *path)
{
    const char *bucket = objects->signer->prefix;
    gsize length = 1 + strcspn(bucket + 1, "/");

    return strncmp(path, bucket, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

/* What S3 calls the key: the path after the bucket. Points into path. */
static const char *
key_in(const char *path)
{
    const char *slash = strchr(path + 1, '/');

    return slash != NULL ? slash + 1 : "";
}

/* The file at the name after the prefix, or NULL. */
static SmFile *
open_file(const SmObjects *objects, const char *path)
{
    gsize length = strlen(objects->signer->prefix);

    if (strncmp(path, objects->signer->prefix, length) != 0 || path[length] != '/')
        return NULL;
    return sm_files_open(objects->files, path + length + 1);
}

static char *
http_date(gint64 seconds)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(seconds);

    return g_date_time_format(time, "%a, %d %b %Y %H:%M:%S GMT");
}

static SmAnswer *
send_file(SmFile *file, SmEtagForm form, SmSelection selection, guint64 first, guint64 length)
{
    SmAnswer *answer = sm_answer_new(selection == SM_SELECT_RANGE ? 206 : 200);

    sm_answer_take_file(answer, TYPE, sm_steal_fd(&file->fd), first, length);
    sm_answer_set_header(answer, "Accept-Ranges", "bytes");
    sm_etag_add_headers(form, answer);
    if (selection == SM_SELECT_RANGE) {
        g_autofree char *range =
            g_strdup_printf("bytes %" G_GUINT64_FORMAT "-%" G_GUINT64_FORMAT "/%" G_GUINT64_FORMAT,
                            first, first + length - 1, file->size);

        sm_answer_set_header(answer, "Content-Range", range);
    }
    return answer;
}

static SmAnswer *
unsatisfiable(const SmFile *file, const char *range)
{
    g_autofree char *size = g_strdup_printf("%" G_GUINT64_FORMAT, file->size);
    g_autofree char *content_range = g_strconcat("bytes */", size, NULL);
    SmAnswer *answer = sm_s3_error(
        "InvalidRange", NULL, SM_S3_DETAILS("RangeRequested", range, "ActualObjectSize", size));

    sm_answer_set_header(answer, "Content-Range", content_range);
    return answer;
}

static SmAnswer *
answer_file(SmFile *file, SmEtagForm form, const SmRequest *request)
{
    g_autofree char *etag = sm_etag_make(form, file);
    g_autofree char *modified = http_date(file->modified);
    const SmSelect select = {.if_match = sm_request_header(request, "if-match"),
                             .if_none_match = sm_request_header(request, "if-none-match"),
                             .if_range = sm_request_header(request, "if-range"),
                             .range = sm_request_header(request, "range"),
                             .etag = etag,
                             .last_modified = modified,
                             .size = file->size};
    guint64 first, length;
    SmSelection selection = sm_select(&select, &first, &length);
    SmAnswer *answer;

    switch (selection) {
    case SM_SELECT_FAILED:
        return sm_s3_error("PreconditionFailed", NULL, SM_S3_DETAILS("Condition", "If-Match"));
    case SM_SELECT_UNSATISFIABLE:
        return unsatisfiable(file, select.range);
    case SM_SELECT_NOT_MODIFIED:
        answer = sm_answer_new(304);
        break;
    case SM_SELECT_WHOLE:
    case SM_SELECT_RANGE:
    default:
        answer = send_file(file, form, selection, first, length);
        break;
    }
    sm_s3_add_headers(answer);
    sm_answer_set_header(answer, "ETag", etag);
    sm_answer_set_header(answer, "Last-Modified", modified);
    return answer;
}

SmAnswer *
sm_objects_answer(const SmObjects *objects, const SmRequest *request)
{
    g_autofree char *path = sm_percent_decode(request->path, strlen(request->path));
    g_autoptr(SmFile) file = NULL;
    SmAnswer *refusal;

    if (path == NULL)
        return sm_s3_error("InvalidArgument", "Broken percent-encoding in the path", NULL);
    if (!is_our_bucket(objects, path))
        return sm_s3_error("NoSuchBucket", NULL, NULL);
    refusal = sm_s3_refuse(objects->signer, request);
    if (refusal != NULL)
        return refusal;
    if (strcmp(request->method, "GET") != 0)
        return sm_s3_error("MethodNotAllowed", NULL, SM_S3_DETAILS("Method", request->method));
    file = open_file(objects, path);
    if (file == NULL)
        return sm_s3_error("NoSuchKey", NULL, SM_S3_DETAILS("Key", key_in(path)));
    return answer_file(file, objects->etag, request);
}
