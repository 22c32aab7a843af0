#include "fetch/sync/summary.h"

#include "common/base/each.h"
#include "fetch/sync/run.h"

enum { NAMED_MAX = 5 /* of the files that are left */ };

static const char *const result_names[SM_SYNC_N_RESULTS] = {
    [SM_SYNC_LEFT] = "left",           [SM_SYNC_STORED] = "stored",
    [SM_SYNC_CORRECTED] = "corrected", [SM_SYNC_UNCHANGED] = "unchanged",
    [SM_SYNC_DROPPED] = "dropped",     [SM_SYNC_FAILED] = "failed",
};

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

char *
sm_sync_summary(const SmSyncPlan *plan, gboolean *left)
{
    static const SmSyncResult order[] = {SM_SYNC_STORED,  SM_SYNC_CORRECTED, SM_SYNC_UNCHANGED,
                                         SM_SYNC_DROPPED, SM_SYNC_FAILED,    SM_SYNC_LEFT};
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
    return g_string_free(g_steal_pointer(&text), FALSE);
}
