#include "fetch/sync/sync.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/base/each.h"
#include "common/base/error.h"
#include "common/base/io.h"
#include "fetch/alert/alert.h"
#include "fetch/host/progress.h"
#include "fetch/job/preview.h"
#include "fetch/notes/outage.h"
#include "fetch/notes/syncs.h"
#include "fetch/queries/listing.h"
#include "fetch/rules/since.h"
#include "fetch/service/channel.h"
#include "fetch/service/service.h"
#include "fetch/sync/plan.h"
#include "fetch/sync/run.h"

enum { NAMED_MAX = 5 /* of the files that are left */ };

static const char *const result_names[SM_SYNC_N_RESULTS] = {
    [SM_SYNC_LEFT] = "left",           [SM_SYNC_STORED] = "stored",
    [SM_SYNC_CORRECTED] = "corrected", [SM_SYNC_OTHERS] = "stored by another process",
    [SM_SYNC_UNCHANGED] = "unchanged", [SM_SYNC_DROPPED] = "dropped",
    [SM_SYNC_FAILED] = "failed",
};

/* How far back a sync looks. */
typedef struct {
    gint64 since;       /* seconds since 1970; 0: everything */
    gboolean undecided; /* nobody has decided about the files that are there already */
} Scope;

typedef struct {
    SmLedger *ledger;
    const SmAccount *account;
    const SmSyncOptions *options;
    SmChannel *channel;
    SmSyncRecord record;
    gint64 begun;
    Scope scope;
} Sync;

/*
 * Everything, once that was decided; else what came after the last complete
 * sync: who began with --since 30d shall not be flooded with a year of files by
 * the next run without it.
 */
static gboolean
choose_scope(Sync *sync, GError **error)
{
    const SmSyncOptions *options = sync->options;
    gint64 last = sm_sync_last(&sync->record);

    sync->scope = (Scope){0};
    if (options->all || options->mark_known)
        return TRUE;
    if (options->since != NULL && (strcmp(options->since, "last") != 0 || last != 0))
        return sm_since_parse(options->since, sync->begun, last, &sync->scope.since, error);
    if (sync->record.past)
        return TRUE;
    sync->scope.since = last;
    sync->scope.undecided = last == 0;
    return TRUE;
}

/* What is listed, compared with the ledger, which learns of it only where it is to record. */
static SmSyncPlan *
plan_of(const Sync *sync, const SmListing *listing, gboolean record, GError **error)
{
    return sm_sync_plan_new(sync->ledger, sync->account, listing, record, sync->options->note,
                            error);
}

/* The question is recorded as this sync's outcome: nobody may read it now, and status shows it. */
static gboolean
ask(const Sync *sync, guint listed, const char *known, GError **error)
{
    g_autofree char *text =
        g_strdup_printf("%u files on the service, %s known here; run `scorefetch sync --all` to "
                        "fetch them, or `scorefetch sync --mark-known` to skip them",
                        listed, known);

    g_message("account %s: %s", sync->account->name, text);
    return sync->options->dry_run ||
           sm_sync_ended(sync->ledger, sync->account->name, 0, 0, text, error);
}

/* A year of files must not flood an importer: a first sync asks before it begins. */
static gboolean
asks_first(const Sync *sync, const SmListing *listing, gboolean *asked, GError **error)
{
    g_autoptr(SmSyncPlan) plan = plan_of(sync, listing, FALSE, error);
    g_autofree char *known = NULL;

    if (plan == NULL)
        return FALSE;
    *asked = plan->added > 0;
    known = plan->added == plan->listed ? g_strdup("none")
                                        : g_strdup_printf("%u", plan->listed - plan->added);
    if (*asked)
        return ask(sync, plan->listed, known, error);
    return TRUE;
}

/* Only a sync without a gap to the one before shows that all is well until now. */
static gboolean
end(const Sync *sync, gboolean complete, const char *outcome, GError **error)
{
    gboolean no_gap = sync->scope.since <= sync->record.synced || sync->record.synced == 0;
    gboolean counts = !sync->options->in_passing || sync->record.synced != 0;

    /* an account that never syncs needs no overdue warning */
    return sm_sync_ended(sync->ledger, sync->account->name,
                         complete && no_gap && counts ? sync->begun : 0, no_gap ? sync->begun : 0,
                         complete && !counts ? "" : outcome, error);
}

/* Takes the names that the ledger does not know as had already, all in one transaction. */
static gboolean
mark_known(const Sync *sync, const SmListing *listing, GError **error)
{
    SmLedger *ledger = sync->ledger;
    const char *account = sync->account->name;
    gboolean ok = sm_db_begin(ledger->db, account, error);
    g_autoptr(SmSyncPlan) plan = ok ? plan_of(sync, listing, FALSE, error) : NULL;
    g_autofree char *outcome = NULL;

    ok = plan != NULL;
    for (guint i = 0; ok && i < plan->jobs->len; i++) {
        const SmSyncJob *job = plan->jobs->pdata[i];

        ok = !job->is_new || sm_listing_mark_known(ledger, account, job->listed, error);
        sm_crew_note_progress(sync->options->note);
    }
    if (!sm_db_end(ledger->db, ok, error) || plan == NULL ||
        !sm_sync_decided(ledger, account, "mark-known", error))
        return FALSE;
    outcome =
        g_strdup_printf("%u listed, %u new: marked as known", listing->files->len, plan->added);
    g_message("account %s: %s", account, outcome);
    return end(sync, listing->left_out == 0, outcome, error);
}

static gboolean
say_plan(const Sync *sync, const SmListing *listing, GError **error)
{
    g_autoptr(SmSyncPlan) plan = plan_of(sync, listing, FALSE, error);

    if (plan == NULL)
        return FALSE;
    SM_EACH (const SmSyncJob, job, plan->jobs) {
        if (!sync->options->mark_known &&
            !sm_preview_listed(sync->ledger, sync->account, job->listed, error))
            return FALSE;
        if (sync->options->mark_known && job->is_new)
            printf("%s: would be marked as known\n", job->listed->name);
    }
    g_message("account %s: %u listed, %u new", sync->account->name, plan->listed, plan->added);
    return sm_io_flush(error);
}

static gboolean
run_jobs(const Sync *sync, GPtrArray *jobs, GError **error)
{
    SmReport *report = sync->options->report;
    SmShared *shared = &sync->channel->shared;
    SmSyncTeam team = {sync->account, shared, sync->options->defer_for, sync->options->until,
                       sync->ledger};
    gboolean ok;

    if (report != NULL)
        shared->progress = sm_progress_new(STDERR_FILENO, jobs->len);
    if (shared->progress != NULL)
        sm_progress_show(shared->progress, report);
    ok = sm_sync_run(&team, jobs, error);
    if (shared->progress != NULL)
        sm_progress_show(NULL, report);
    g_clear_pointer(&shared->progress, sm_progress_free);
    return ok;
}

/* The first of the jobs that ended so; *count: how many did. */
static const SmSyncJob *
first_of(const SmSyncPlan *plan, SmSyncResult result, guint *count)
{
    const SmSyncJob *first = NULL;

    *count = 0;
    SM_EACH (const SmSyncJob, job, plan->jobs) {
        if (job->result != result)
            continue;
        (*count)++;
        /* prefer a reason over "not tried" */
        if (first == NULL || (first->text == NULL && job->text != NULL))
            first = job;
    }
    return first;
}

static void
append_names(GString *text, const SmSyncPlan *plan, SmSyncResult result)
{
    guint named = 0, count = 0;

    SM_EACH (const SmSyncJob, job, plan->jobs) {
        if (job->result != result)
            continue;
        if (count++ < NAMED_MAX)
            g_string_append_printf(text, "%s%s", named++ > 0 ? ", " : "", job->listed->name);
    }
    if (count > named)
        g_string_append_printf(text, " and %u more", count - named);
}

/* One that is left has its reason, which begins with its name; those of several, and of what failed
 * for good, have been said. */
static void
append_left(GString *text, const SmSyncPlan *plan, const SmSyncJob *first, guint count)
{
    g_string_append(text, ": ");
    if (count == 1 && first->text != NULL && first->result == SM_SYNC_LEFT)
        g_string_append(text, first->text);
    else
        append_names(text, plan, first->result);
}

/* "12 listed, 4 new: 2 stored, 1 dropped (format = csv), 1 left: NAME: reason"; *left: whether any
 * file is. Caller frees. */
static char *
summarize(const SmSyncPlan *plan, guint invalid, gboolean *left)
{
    static const SmSyncResult order[] = {SM_SYNC_STORED,    SM_SYNC_CORRECTED, SM_SYNC_OTHERS,
                                         SM_SYNC_UNCHANGED, SM_SYNC_DROPPED,   SM_SYNC_FAILED,
                                         SM_SYNC_LEFT};
    g_autoptr(GString) text = g_string_new(NULL);
    const char *separator = ": ";

    g_string_append_printf(text, "%u listed, %u new", plan->listed, plan->added);
    *left = FALSE;
    for (gsize i = 0; i < G_N_ELEMENTS(order); i++) {
        guint count;
        const SmSyncJob *first = first_of(plan, order[i], &count);

        if (count == 0)
            continue;
        g_string_append_printf(text, "%s%u %s", separator, count, result_names[order[i]]);
        separator = ", ";
        if (order[i] == SM_SYNC_DROPPED)
            g_string_append_printf(text, " (%s)", first->text);
        if (order[i] == SM_SYNC_FAILED || order[i] == SM_SYNC_LEFT)
            append_left(text, plan, first, count);
        *left |= order[i] == SM_SYNC_LEFT;
    }
    if (invalid > 0)
        g_string_append_printf(text, "%s%u invalid names", separator, invalid);
    return g_string_free(g_steal_pointer(&text), FALSE);
}

/* Whether the listing has rows that cannot be used, which no sync has alerted to yet: this one is
 * not complete, so that the next one asks for them again. */
static gboolean
alert_invalid(const Sync *sync, const SmListing *listing)
{
    const char *account = sync->account->name;
    g_autofree char *text = sm_listing_describe_invalid(listing, account);

    if (text == NULL || sm_alert_stands_as(sync->ledger, account, SM_ALERT_ROW, text))
        return FALSE;
    sm_alert(sync->ledger, account, SM_ALERT_ROW, text);
    return TRUE;
}

static gboolean
fetch(const Sync *sync, const SmListing *listing, gboolean *left, GError **error)
{
    SmLedger *ledger = sync->ledger;
    const char *account = sync->account->name;
    gboolean decides = sync->scope.since == 0 && !sync->record.past;
    g_autoptr(SmSyncPlan) plan = NULL;
    g_autofree char *outcome = NULL;

    if (decides && !sm_sync_decided(ledger, account, "sync-all", error))
        return FALSE;
    plan = plan_of(sync, listing, TRUE, error);
    if (plan == NULL || (plan->jobs->len > 0 && !run_jobs(sync, plan->jobs, error)))
        return FALSE;
    outcome = summarize(plan, listing->invalid_count, left);
    *left |= alert_invalid(sync, listing) || listing->left_out > 0;
    if (*left)
        g_warning("account %s: %s", account, outcome);
    else
        g_message("account %s: %s", account, outcome);
    return end(sync, !*left, outcome, error);
}

static gboolean
act(Sync *sync, const SmListing *listing, gboolean *left, GError **error)
{
    gboolean asked = FALSE;

    sm_listing_warn(listing, sync->account->name);
    if (sync->scope.undecided && !asks_first(sync, listing, &asked, error))
        return FALSE;
    if (asked)
        return TRUE;
    if (sync->options->dry_run)
        return say_plan(sync, listing, error);
    if (sync->options->mark_known)
        return mark_known(sync, listing, error);
    return fetch(sync, listing, left, error);
}

/* Whether another account's process has found in this round that the service fails. */
static gboolean
is_out(const Sync *sync, GError **error)
{
    gint64 round_at = sync->options->round_at;

    if (round_at == 0 || !sm_outage_since(sync->ledger, sync->account, round_at, 2))
        return FALSE;
    sm_error_set(error, SM_ERROR_PAUSED,
                 "account %s: not asked for now, because the service failed a moment ago; the next "
                 "run tries again",
                 sync->account->name);
    return TRUE;
}

static gboolean
run(Sync *sync, gboolean *left, GError **error)
{
    g_autoptr(SmService) service =
        sm_service_new(sync->account, sync->ledger, &sync->channel->shared);
    g_autoptr(SmListing) listing = NULL;

    /* `--since last` is the timer's: a rejected password once an hour might lock the account */
    service->eager = !sync->options->in_passing && g_strcmp0(sync->options->since, "last") != 0;
    listing = is_out(sync, error) ? NULL : sm_service_list(service, sync->scope.since, error);
    return listing != NULL && act(sync, listing, left, error);
}

gboolean
sm_sync(SmLedger *ledger, SmAccount *account, const SmSyncOptions *options, gboolean *left,
        gboolean *interrupted, GError **error)
{
    g_auto(SmChannel) channel = {0};
    Sync sync = {ledger, account, options, &channel, {0}, sm_ledger_now(), {0}};
    GError *fault = NULL;
    gboolean ok;

    *left = *interrupted = FALSE;
    if (!sm_sync_look(ledger, account->name, &sync.record, error) || !choose_scope(&sync, error) ||
        !sm_channel_open(&channel, account, error) ||
        (!options->dry_run && !sm_sync_began(ledger, account->name, error)))
        return FALSE;
    channel.shared.note = options->note;
    ok = run(&sync, left, &fault);
    *interrupted = sm_channel_was_interrupted(&channel);
    if (fault != NULL && !options->dry_run)
        sm_outage_note(ledger, account, fault);
    if (fault == NULL) /* the service was asked, and answered */
        sm_alert_clear(ledger, account->name, SM_ALERT_ACCOUNT);
    else if (!*left && !*interrupted)
        sm_alert_outcome(ledger, account, NULL, 0, fault);
    if (fault != NULL && !options->dry_run) /* its own failure, if any, is the smaller one */
        sm_sync_ended(ledger, account->name, 0, 0, fault->message, NULL);
    return sm_error_pass(error, fault) && ok && !*left;
}
