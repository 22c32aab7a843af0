#include "emulator/s3/objects.h"

#include <string.h>

#include "common/base/cleanup.h"
#include "common/base/text.h"
#include "emulator/base/query.h"
#include "emulator/s3/auth.h"
#include "emulator/s3/error.h"
#include "emulator/s3/select.h"

#define TYPE "binary/octet-stream" /* what S3 says where the uploader said nothing */

/* Parameters by which a request asks for something else than the object: not to be had here. */
static const char *const others[] = {"acl",      "attributes", "legal-hold", "partNumber",
                                     "restore",  "retention",  "tagging",    "torrent",
                                     "uploadId", "uploads"};

/* Parameters that put a header of the answer in place of the object's own. */
static const struct {
    const char *parameter, *header;
} overrides[] = {
    {"response-cache-control", "Cache-Control"},
    {"response-content-disposition", "Content-Disposition"},
    {"response-content-encoding", "Content-Encoding"},
    {"response-content-language", "Content-Language"},
    {"response-content-type", "Content-Type"},
    {"response-expires", "Expires"},
};

static gboolean
is_our_bucket(const SmObjects *objects, const char *path)
{
    gsize length = 1 + strlen(objects->signer->bucket);

    return strncmp(path + 1, objects->signer->bucket, length - 1) == 0 &&
           (path[length] == '/' || path[length] == '\0');
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
    g_autofree char *modified = sm_text_date(file->modified, TRUE, "%a, %d %b %Y %H:%M:%S GMT");
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

static SmAnswer *
refuse_parameters(const SmRequest *request)
{
    for (gsize i = 0; i < G_N_ELEMENTS(others); i++)
        if (sm_query_get(request->parameters, others[i]) != NULL)
            return sm_s3_error("NotImplemented", NULL, SM_S3_DETAILS("Parameter", others[i]));
    for (gsize i = 0; i < G_N_ELEMENTS(overrides); i++) {
        const char *value = sm_query_get(request->parameters, overrides[i].parameter);

        for (const char *c = value; c != NULL && *c != '\0'; c++)
            if (g_ascii_iscntrl(*c))
                return sm_s3_error("InvalidArgument",
                                   "Header value cannot be represented using ISO-8859-1.",
                                   SM_S3_DETAILS("ArgumentName", overrides[i].parameter));
    }
    return NULL;
}

/* An object has one version here, and that has whatever id is asked for. */
static void
apply_parameters(SmAnswer *answer, const SmRequest *request)
{
    const char *version = sm_query_get(request->parameters, "versionId");

    if (answer->status >= 400)
        return;
    if (version != NULL)
        sm_answer_set_header(answer, "x-amz-version-id", version);
    for (gsize i = 0; i < G_N_ELEMENTS(overrides); i++) {
        const char *value = sm_query_get(request->parameters, overrides[i].parameter);

        if (value != NULL)
            sm_answer_set_header(answer, overrides[i].header, value);
    }
}

SmAnswer *
sm_objects_answer(const SmObjects *objects, const SmRequest *request)
{
    g_autofree char *resource = sm_signer_resource(objects->signer, request);
    g_autofree char *path = g_uri_unescape_string(resource, NULL);
    g_autoptr(SmFile) file = NULL;
    SmAnswer *answer;

    if (path == NULL)
        return sm_s3_error("InvalidArgument", "Broken percent-encoding in the path", NULL);
    if (request->parameters == NULL)
        return sm_s3_error("InvalidArgument", "Broken percent-encoding in the query", NULL);
    if (!is_our_bucket(objects, path))
        return sm_s3_error("NoSuchBucket", NULL, NULL);
    answer = sm_s3_refuse(objects->signer, request);
    if (answer == NULL && strcmp(request->method, "GET") != 0)
        answer = sm_s3_error("MethodNotAllowed", NULL, SM_S3_DETAILS("Method", request->method));
    if (answer == NULL)
        answer = refuse_parameters(request);
    if (answer != NULL)
        return answer;
    file = open_file(objects, path);
    if (file == NULL)
        return sm_s3_error("NoSuchKey", NULL, SM_S3_DETAILS("Key", key_in(path)));
    answer = answer_file(file, objects->etag, request);
    apply_parameters(answer, request);
    return answer;
}
