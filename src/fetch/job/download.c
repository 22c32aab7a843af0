#include "fetch/job/download.h"

#include <string.h>

#include "common/base/error.h"
#include "fetch/http/pace.h"
#include "fetch/rules/object.h"
#include "fetch/rules/pause.h"

enum { INTEGRITY_TRIES = 2 }; /* a damaged download is worth one more full GET */

typedef struct {
    SmDownload *download;
    SmTransferState *object; /* the transfer's */
    guint failed;            /* tries in a row without a new byte */
    guint damaged;           /* tries that were complete but damaged */
    char *doubted;           /* SHA-256 and ETag of a complete download that contradicts a header */
    gint64 best;             /* bytes received so far */
    gint host;               /* hash of the last URL's host; 0: none yet */
} Work;

void
sm_download_clear(SmDownload *download)
{
    g_clear_pointer(&download->sha256, g_free);
    g_clear_pointer(&download->stored_sha256, g_free);
    g_clear_pointer(&download->etag, g_free);
}

static gboolean
damaged(GError **error, const char *what)
{
    return sm_error_set(error, SM_ERROR_INTEGRITY, "the download %s", what);
}

/* Which header contradicts the received bytes, which may still be right; NULL: none. */
static const char *
doubt_of(const SmTransferState *object, gint64 size, const char *md5)
{
    g_autofree char *promised = NULL;

    if (object->etag_kind != SM_ETAG_OPAQUE && md5 != NULL && sm_etag_md5(object->etag, &promised))
        return strcmp(md5, promised) == 0 ? NULL : "does not match the object store's MD5";
    /* A proxy may have sent the last chunk. A Content-Length that matches is proof enough. */
    if (object->total < 0 && object->listed >= 0 && size != object->listed)
        return "has another length than the listing says, and the object store says none";
    return NULL;
}

/* Accepts bytes that arrived twice, unless the store says that its ETag is an MD5. */
static gboolean
dispel(Work *work, const char *doubt, GError **error)
{
    g_autofree char *came = g_strconcat(work->download->sha256,
                                        work->object->etag != NULL ? work->object->etag : "", NULL);

    if (g_strcmp0(work->doubted, came) == 0 && work->object->etag_kind != SM_ETAG_MD5) {
        g_warning("%s: the download %s; it came twice with the same bytes and is kept",
                  work->download->name, doubt);
        return TRUE;
    }
    g_free(work->doubted);
    work->doubted = g_steal_pointer(&came);
    sm_part_doubt(work->download->part);
    return damaged(error, doubt);
}

/* Fills in the results of a finished part. */
static gboolean
describe(Work *work, GError **error)
{
    SmDownload *result = work->download;
    g_autofree char *md5 = NULL;
    const char *doubt;

    if (!sm_part_finish(work->download->part, &result->sha256, &md5, error))
        return FALSE;
    result->size = sm_part_size(work->download->part);
    if (!sm_part_sealed(work->download->part, &result->stored_size, &result->stored_sha256)) {
        result->stored_size = result->size;
        result->stored_sha256 = g_strdup(result->sha256);
    }
    result->lines = sm_part_lines(work->download->part);
    result->etag = g_strdup(work->object->etag);
    doubt = doubt_of(work->object, result->size, md5);
    return doubt == NULL || dispel(work, doubt, error);
}

static gboolean
verify(Work *work, GError **error)
{
    const char *head, *mistake;
    gsize length;

    sm_download_clear(work->download);
    work->download->unchanged = work->object->unchanged;
    if (work->object->unchanged)
        return TRUE;
    if (work->object->total >= 0 && sm_part_size(work->download->part) != work->object->total)
        return damaged(error, "has not the announced length");
    if (sm_part_size(work->download->part) == 0 && !work->object->may_be_empty &&
        !sm_etag_is_strong(work->object->etag)) /* as what answers before a store may */
        return damaged(error, "is empty, and neither a listing nor a strong ETag says that the "
                              "file is so; retry");
    mistake = sm_object_mistake(sm_part_first_byte(work->download->part), work->download->name);
    if (mistake != NULL)
        return damaged(error, mistake);
    head = sm_part_head(work->download->part, &length);
    if (work->object->framed && sm_object_is_framed(head, length))
        return damaged(error, "is framed (aws-chunked): not the file itself");
    return describe(work, error);
}

static gint
hash_of_host(const char *url)
{
    const char *host = strstr(url, "://");
    g_autofree char *copy = host != NULL ? g_strndup(host + 3, strcspn(host + 3, "/?#")) : NULL;

    return copy != NULL ? (gint)g_str_hash(copy) : 0;
}

static gboolean
has_failed_before(const Work *work)
{
    gint *failed = work->download->service->shared->failed_host;

    return failed != NULL && work->host != 0 && g_atomic_int_get(failed) == work->host;
}

/* Tells the account's other downloads whether this host works. */
static void
note_host(const Work *work, const GError *fault)
{
    gint *failed = work->download->service->shared->failed_host;

    if (failed == NULL || work->host == 0)
        return;
    if (fault == NULL)
        g_atomic_int_compare_and_exchange(failed, work->host, 0);
    else if (g_error_matches(fault, SM_ERROR, SM_ERROR_OBJECT) && work->object->host_failed)
        g_atomic_int_set(failed, work->host);
}

static gboolean
transfer_once(Work *work, GError **error)
{
    char *url = sm_service_presigned_url(work->download->service, work->download->name, error);
    gboolean ok;

    if (url == NULL)
        return FALSE;
    work->host = hash_of_host(url);
    ok = sm_transfer_get(work->download->transfer, url, work->download->part,
                         work->download->if_none_match, error);
    sm_service_forget_url(url);
    return ok;
}

static gboolean
try_once(Work *work, GError **error)
{
    SmPace *pace = work->download->service->shared->pace;
    gint64 begin = g_get_monotonic_time();
    gboolean ok;

    work->object->retry_after = 0;
    if (!sm_pace_begin_transfer(pace, error))
        return FALSE;
    /* the store was not what took so long */
    work->object->give_up_at += g_get_monotonic_time() - begin;
    ok = transfer_once(work, error);
    sm_pace_end_transfer(pace);
    return ok && verify(work, error);
}

/* Whether another try is worth it, after this error. */
static gboolean
may_pass(Work *work, const GError *fault)
{
    if (g_error_matches(fault, SM_ERROR, SM_ERROR_INTEGRITY)) {
        g_clear_pointer(&work->object->etag, g_free); /* start over */
        work->best = 0;
        work->damaged++;
        sm_transfer_measure(work->download->transfer, 0, g_get_monotonic_time());
    }
    return sm_error_facts(fault)->retry == SM_RETRY_NOW && work->damaged < INTEGRITY_TRIES &&
           !has_failed_before(work);
}

/* Waits before the next try; FALSE if the deadline comes first or the run ends. */
static gboolean
pause_for_next(Work *work)
{
    guint retry_after = MAX(work->download->service->retry_after, work->object->retry_after);
    gint64 size = sm_part_size(work->download->part);
    gint64 until = g_get_monotonic_time();

    if (size > work->best) {
        work->best = size;
        work->failed = 0;
    }
    until += (gint64)sm_pause_ms(++work->failed, g_random_double(), retry_after) * 1000;
    if (until > work->object->give_up_at ||
        (work->download->deadline != 0 && until > work->download->deadline))
        return FALSE;
    return sm_pace_sleep(work->download->service->shared->pace, until);
}

static gboolean
try_often(Work *work, GError **error)
{
    g_autoptr(GError) before = NULL;
    GError *fault = NULL;

    work->object->deadline = work->download->deadline;
    work->download->service->deadline = work->download->deadline;
    while (!try_once(work, &fault)) {
        fault = sm_error_of_tries(g_steal_pointer(&before), fault, work->download->deadline);
        if (!may_pass(work, fault) || !pause_for_next(work)) {
            note_host(work, fault);
            return sm_error_pass(error, fault);
        }
        g_info("%s: %s; retrying", work->download->name, fault->message);
        before = g_steal_pointer(&fault);
    }
    note_host(work, NULL);
    return TRUE;
}

gboolean
sm_download(SmDownload *download, GError **error)
{
    SmService *service = download->service;
    SmProgressLine *line = sm_progress_begin(service->shared->progress, download->name);
    Work work = {.download = download,
                 .object = sm_transfer_state(download->transfer),
                 .best = sm_part_size(download->part)};
    gboolean ok;

    sm_transfer_measure(download->transfer, work.best, g_get_monotonic_time());
    work.object->line = line;
    ok = try_often(&work, error);
    work.object->line = NULL;
    sm_progress_end(line);
    g_free(work.doubted);
    return ok;
}
