#include "fetch/job/download.h"

#include <string.h>

#include "common/base/error.h"
#include "fetch/http/pace.h"
#include "fetch/rules/pause.h"

enum { INTEGRITY_TRIES = 2 }; /* a damaged transfer is worth one full GET more */

typedef struct {
    guint failed;       /* tries in a row without a new byte */
    guint damaged;      /* whole, but not what was promised */
    gint64 best;        /* bytes had so far */
    gint64 progress_at; /* monotonic time of the last new byte */
    gint64 patience;    /* microseconds without progress */
    gint64 deadline;    /* monotonic time; 0: none */
} Hope;

void
sm_download_clear(SmDownload *download)
{
    g_free(download->sha256);
    g_free(download->stored_sha256);
    g_free(download->etag);
    memset(download, 0, sizeof *download);
}

static gboolean
damaged(GError **error, const char *what)
{
    g_set_error(error, SM_ERROR, SM_ERROR_INTEGRITY, "what arrived %s", what);
    return FALSE;
}

static gboolean
verify(SmTransfer *transfer, SmPart *part, SmDownload *download, GError **error)
{
    const SmTransferFacts *facts = sm_transfer_facts(transfer);
    g_autofree char *md5 = NULL;
    g_autofree char *promised = NULL;

    sm_download_clear(download);
    download->unchanged = facts->unchanged;
    if (facts->unchanged)
        return TRUE;
    if (!sm_part_finish(part, &download->sha256, &md5, error))
        return FALSE;
    download->size = sm_part_size(part);
    if (!sm_part_sealed(part, &download->stored_size, &download->stored_sha256)) {
        download->stored_size = download->size;
        download->stored_sha256 = g_strdup(download->sha256);
    }
    download->lines = sm_part_lines(part);
    download->etag = g_strdup(facts->etag);
    if (download->size != facts->total)
        return damaged(error, "has another length than was announced");
    if (sm_part_first_byte(part) == '<')
        return damaged(error, "begins with '<': an error page, not a score file");
    if (md5 != NULL && sm_transfer_etag_md5(facts->etag, &promised) && strcmp(md5, promised) != 0)
        return damaged(error, "does not have the MD5 that the object store promised");
    return TRUE;
}

static gboolean
transfer_once(SmService *service, SmTransfer *transfer, const char *name, SmPart *part,
              const char *if_none_match, GError **error)
{
    char *url = sm_service_presigned_url(service, name, error);
    gboolean ok;

    if (url == NULL)
        return FALSE;
    ok = sm_transfer_get(transfer, url, part, if_none_match, error);
    sm_service_forget_url(url);
    return ok;
}

static gboolean
try_once(SmService *service, SmTransfer *transfer, const char *name, SmPart *part,
         const char *if_none_match, SmDownload *download, GError **error)
{
    gboolean ok;

    sm_transfer_facts(transfer)->retry_after = 0;
    if (!sm_pace_begin_transfer(service->shared->pace, error))
        return FALSE;
    ok = transfer_once(service, transfer, name, part, if_none_match, error);
    sm_pace_end_transfer(service->shared->pace);
    return ok && verify(transfer, part, download, error);
}

/* Whether another try is worth it, after this error. */
static gboolean
may_pass(Hope *hope, SmTransfer *transfer, const GError *fault)
{
    if (g_error_matches(fault, SM_ERROR, SM_ERROR_INTEGRITY)) {
        g_clear_pointer(&sm_transfer_facts(transfer)->etag, g_free); /* all of it anew */
        hope->best = 0;
        hope->damaged++;
    }
    return sm_error_facts(fault)->retry == SM_RETRY_NOW && hope->damaged < INTEGRITY_TRIES;
}

/* Waits before the next try; FALSE where the time would be over by then, or the run has ended. */
static gboolean
pause_for_next(Hope *hope, SmPace *pace, gint64 size, guint retry_after)
{
    gint64 now = g_get_monotonic_time(), until;

    if (size > hope->best) {
        hope->best = size;
        hope->progress_at = now;
        hope->failed = 0;
    }
    until = now + (gint64)sm_pause_ms(++hope->failed, g_random_double(), retry_after) * 1000;
    if (until > hope->progress_at + hope->patience ||
        (hope->deadline != 0 && until > hope->deadline))
        return FALSE;
    return sm_pace_sleep(pace, until);
}

static gboolean
try_often(SmService *service, SmTransfer *transfer, const char *name, SmPart *part,
          const char *if_none_match, gint64 deadline, SmDownload *download, GError **error)
{
    gint64 patience = (gint64)service->account->give_up_after * G_USEC_PER_SEC;
    Hope hope = {0, 0, sm_part_size(part), g_get_monotonic_time(), patience, deadline};
    GError *fault = NULL;

    sm_transfer_set_deadline(transfer, deadline);
    service->deadline = deadline;
    while (!try_once(service, transfer, name, part, if_none_match, download, &fault)) {
        guint retry_after = MAX(service->retry_after, sm_transfer_facts(transfer)->retry_after);

        if (!may_pass(&hope, transfer, fault) ||
            !pause_for_next(&hope, service->shared->pace, sm_part_size(part), retry_after)) {
            g_propagate_error(error, fault);
            return FALSE;
        }
        g_info("%s: %s; asked again", name, fault->message);
        g_clear_error(&fault);
    }
    return TRUE;
}

gboolean
sm_download(SmService *service, SmTransfer *transfer, const char *name, SmPart *part,
            const char *if_none_match, gint64 deadline, SmDownload *download, GError **error)
{
    SmProgressLine *line = sm_progress_begin(service->shared->progress, name);
    gboolean ok;

    sm_transfer_watch(transfer, line);
    ok = try_often(service, transfer, name, part, if_none_match, deadline, download, error);
    sm_transfer_watch(transfer, NULL);
    sm_progress_end(line);
    return ok;
}
