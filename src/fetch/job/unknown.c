#include "fetch/job/unknown.h"

#include "fetch/notes/clock.h"
#include "fetch/rows/unknown.h"
#include "fetch/rules/pause.h"
#include "fetch/rules/route.h"

enum {
    LOUD_MAX = 3,   /* names of an account at once: more are forged, or not worth an alert each */
    LATELY = 86400, /* seconds */
};

/* Whether the mail system verifies senders, and only those of `senders` may announce. */
static gboolean
is_verified(const SmAccount *account)
{
    return account->authserv_id != NULL && account->senders[0] != NULL;
}

/* Whether the name begins like the account's: with a number of org-id or of a stored file. */
static gboolean
fits(const SmJob *job, const SmFile *file, gboolean *fits, GError **error)
{
    *fits = sm_route_serves(job->account, file->name);
    return *fits || sm_unknown_resembles_stored(job->ledger, file, fits, error);
}

gboolean
sm_unknown_may_ask(const SmJob *job, const SmFile *file, gint64 now, gboolean *may, GError **error)
{
    SmUnknowns unknown;
    gboolean as_others = FALSE;

    *may = FALSE;
    if (!sm_unknowns_count(job->ledger, file, now, &unknown, error) ||
        !fits(job, file, &as_others, error))
        return FALSE;
    *may = sm_unknown_leaves_room(&unknown, as_others, job->account->authserv_id != NULL);
    return TRUE;
}

void
sm_unknown_count(SmFile *file, gint64 now)
{
    if (file->missing_times++ == 0 || file->missing_since > now)
        file->missing_since = now;
}

gboolean
sm_unknown_is_over(const SmFile *file, gint64 at)
{
    return sm_pause_missing_over(at - file->missing_since, (guint)file->missing_times) ||
           (file->missing_times > 0 && sm_unknown_is_old(file->posted_at, file->announced_at));
}

static gboolean
concerns_somebody(const SmJob *job, const SmFile *file, GError **error)
{
    gboolean known = job->account->senders[0] != NULL, as_others = FALSE;
    gint64 missing = 0;

    if (is_verified(job->account))
        return TRUE;
    return (known || sm_unknown_has_known_sender(job->ledger, file, &known, error)) && known &&
           fits(job, file, &as_others, error) && as_others &&
           sm_unknown_count_others(job->ledger, file, sm_ledger_now() - LATELY, &missing, error) &&
           missing < LOUD_MAX;
}

SmFileState
sm_unknown_end(const SmJob *job, const SmFile *file)
{
    g_autoptr(GError) fault = NULL;
    gboolean loud =
        file->listed.at > 0 || (!sm_unknown_is_old(file->posted_at, file->announced_at) &&
                                concerns_somebody(job, file, &fault));

    return loud || fault != NULL ? SM_FILE_FAILED : SM_FILE_NOT_WANTED;
}

gboolean
sm_unknown_has_expired(const SmJob *job, const SmFile *file, gint64 now)
{
    SmClock clock;

    return job->listed == NULL && file->listed.at == 0 && file->posted_at > 0 &&
           now - file->posted_at >= SM_UNKNOWN_KEPT_FOR &&
           /* a clock that jumped gives up nothing */
           sm_clock_look(job->ledger, now, &clock, NULL) &&
           (clock.since == 0 || now > clock.since + SM_CLOCK_GAP);
}

const char *
sm_unknown_reason(const SmFile *file)
{
    return sm_unknown_is_old(file->posted_at, file->announced_at)
               ? "the service has it no more; its message is old"
               : "the service does not know it, and no known sender announced it";
}
