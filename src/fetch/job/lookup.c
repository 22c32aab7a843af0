#include "fetch/job/lookup.h"

#include "common/base/each.h"
#include "fetch/job/unknown.h"
#include "fetch/queries/listing.h"
#include "fetch/rows/unknown.h"
#include "fetch/rules/pause.h"
#include "fetch/rules/policy.h"
#include "fetch/service/login.h"
#include "fetch/service/service.h"

enum {
    PIECE = 500,       /* names per transaction: other processes wait for it */
    WORTH_NEW = 5,     /* due names that are worth a listing */
    WORTH_MISSING = 2, /* the same, of names that the service did not know */
    PATIENCE = 60      /* seconds for the listing: names can wait for the next one */
};

typedef struct {
    GHashTable *by_name; /* of SmListed */
    gboolean complete;   /* a name that it lacks does not exist */
} Listing;

/* Whether the name is due, but for the limits on calls. */
static gboolean
is_asked_for(const SmJob *job, const SmFile *file, gint64 now)
{
    g_autofree char *why = NULL;

    return !sm_pause_holds(file->next_attempt, now) && !sm_unknown_has_expired(job, file, now) &&
           sm_policy_decide(job->account->format, (const char *const *)job->account->extensions,
                            file->name, SM_SIBLING_NONE, &why) == SM_DECISION_FETCH;
}

/* The names to look up. Caller frees; NULL on an error. */
static GPtrArray *
find_rows(const SmJob *job, gint64 now, GError **error)
{
    GPtrArray *rows = sm_file_unknown(job->ledger, job->account->name, error);

    for (guint i = rows != NULL ? rows->len : 0; i-- > 0;)
        if (!is_asked_for(job, rows->pdata[i], now))
            g_ptr_array_remove_index_fast(rows, i);
    return rows;
}

static SmListing *
list(const SmJob *job, const GPtrArray *rows, gint64 now, GError **error)
{
    g_autoptr(SmToken) token =
        job->shared != NULL && job->shared->token != NULL ? NULL : sm_token_new();
    SmShared shared = job->shared != NULL ? *job->shared : (SmShared){0};
    g_autoptr(SmService) service = sm_service_new(job->account, job->ledger, &shared);
    gint64 since = now, limit = g_get_monotonic_time() + PATIENCE * (gint64)G_USEC_PER_SEC;

    if (token != NULL)
        shared.token = token;
    service->deadline = job->deadline != 0 ? MIN(job->deadline, limit) : limit;
    SM_EACH (const SmFile, file, rows)
        since = MIN(since, sm_unknown_listed_since(file->name, file->posted_at, now));
    return sm_service_list(service, since, error);
}

static gboolean
note_listed(const SmJob *job, const SmListed *listed, GError **error)
{
    g_auto(SmListedRow) row = {0};

    return sm_listing_look(job->ledger, job->account->name, listed, &row, error) &&
           sm_listing_note(job->ledger, job->account->name, listed, &row, error);
}

/* When to look it up again; now, if it is given up. */
static gboolean
note_missing(const SmJob *job, SmFile *file, gint64 now, GError **error)
{
    gboolean over;

    sm_unknown_count(file, now);
    over = sm_unknown_is_over(file, now);
    return sm_unknown_missed(
        job->ledger, file, over ? now : now + sm_pause_missing((guint)file->missing_times), error);
}

static gboolean
note_piece(const SmJob *job, const GPtrArray *rows, guint begin, const Listing *listing,
           GError **error)
{
    gint64 now = sm_ledger_now();
    guint end = MIN(begin + PIECE, rows->len);
    gboolean ok = sm_db_begin(job->ledger->db, job->account->name, error);

    for (guint i = begin; ok && i < end; i++) {
        SmFile *file = rows->pdata[i];
        const SmListed *listed = g_hash_table_lookup(listing->by_name, file->name);

        if (listed != NULL)
            ok = note_listed(job, listed, error);
        else if (listing->complete)
            ok = note_missing(job, file, now, error);
    }
    return sm_db_end(job->ledger->db, ok, error);
}

static gboolean
look(const SmJob *job, const GPtrArray *rows, gint64 now, GError **error)
{
    g_autoptr(SmListing) files = list(job, rows, now, error);
    g_autoptr(GHashTable) by_name = g_hash_table_new(g_str_hash, g_str_equal);
    const Listing listing = {by_name, files != NULL && files->left_out == 0};
    gboolean ok = files != NULL;

    if (!ok)
        return FALSE;
    SM_EACH (SmListed, file, files->files)
        g_hash_table_insert(by_name, file->name, file);
    for (guint begin = 0; ok && begin < rows->len; begin += PIECE)
        ok = note_piece(job, rows, begin, &listing, error);
    if (ok)
        g_info("account %s: looked for %u names in a listing of %u files", job->account->name,
               rows->len, files->files->len);
    return ok;
}

gboolean
sm_lookup(const SmJob *job, gboolean *looked, GError **error)
{
    gint64 now = sm_ledger_now();
    g_autoptr(GPtrArray) rows = find_rows(job, now, error);

    *looked = FALSE;
    if (rows == NULL)
        return FALSE;
    return rows->len == 0 ||
           (sm_unknown_take_turn(job->ledger, job->account->name, now, looked, error) &&
            (!*looked || look(job, rows, now, error)));
}

void
sm_lookup_many(const SmJob *job)
{
    g_autoptr(GError) fault = NULL;
    g_autoptr(GPtrArray) rows = find_rows(job, sm_ledger_now(), &fault);
    guint missing = 0;
    gboolean looked;

    for (guint i = 0; rows != NULL && i < rows->len; i++)
        missing += ((SmFile *)rows->pdata[i])->missing_times > 0;
    if (rows != NULL && (rows->len >= WORTH_NEW || missing >= WORTH_MISSING))
        sm_lookup(job, &looked, &fault);
    if (fault != NULL)
        g_info("account %s: %s", job->account->name, fault->message);
}
