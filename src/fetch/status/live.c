#include "fetch/status/live.h"

#include "fetch/ledger/lock.h"
#include "fetch/status/verdict.h"

enum {
    PENDING = 200, /* rows that are looked at */
    WINDOW_US = 10 * 1000 * 1000,
};

/* Bytes at a monotonic time. */
typedef struct {
    gint64 at, bytes;
} Mark;

typedef struct {
    Mark from, since; /* since follows from after WINDOW_US */
    gboolean now;     /* by the look that is under way */
} Seen;

SmRates *
sm_rates_new(void)
{
    return g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
}

static double
rate_of(SmRates *rates, gint64 row, gint64 bytes)
{
    Mark now = {g_get_monotonic_time(), bytes};
    Seen *seen = g_hash_table_lookup(rates, &row);

    if (seen == NULL || bytes < seen->from.bytes) { /* new, or it started over */
        seen = g_new(Seen, 1);
        *seen = (Seen){now, now, FALSE};
        g_hash_table_insert(rates, g_memdup2(&row, sizeof row), seen);
    }
    seen->now = TRUE;
    if (now.at - seen->since.at >= WINDOW_US) {
        seen->from = seen->since;
        seen->since = now;
    }
    return now.at > seen->from.at ? (double)(bytes - seen->from.bytes) * (double)G_USEC_PER_SEC /
                                        (double)(now.at - seen->from.at)
                                  : 0;
}

/* Whether it was not seen now; the next look has still to see it. */
static gboolean
is_past(gpointer row, gpointer value, gpointer none)
{
    Seen *seen = value;
    gboolean past = !seen->now;

    seen->now = FALSE;
    return past;
}

static void
free_download(gpointer data)
{
    SmLiveDownload *download = data;

    g_free(download->name);
    g_free(download);
}

void
sm_live_free(SmLive *live)
{
    g_clear_pointer(&live->concerns, g_ptr_array_unref); /* which point into the survey */
    g_clear_pointer(&live->survey, sm_survey_free);
    g_ptr_array_unref(live->downloads);
    g_ptr_array_unref(live->waiting);
    g_free(live);
}

/* An attempt is under way, and not only noted by a process that is dead. */
static gboolean
is_worked_on(const SmLedger *ledger, const SmFile *file)
{
    return file->fence > file->settled && sm_lock_is_held(ledger, file->id);
}

static void
add_download(SmLive *live, const SmLedger *ledger, const SmFile *file, SmRates *rates)
{
    SmLiveDownload *download = g_new0(SmLiveDownload, 1);

    download->name = live->survey->config->accounts->len > 1
                         ? g_strconcat(file->account, "/", file->name, NULL)
                         : g_strdup(file->name);
    download->state = file->state;
    if (sm_lock_told(ledger->lock_fd, file->id, &download->bytes, &download->total))
        download->rate = rate_of(rates, file->id, download->bytes);
    g_ptr_array_add(live->downloads, download);
}

static gboolean
look_at_files(SmLive *live, SmLedger *ledger, const char *account, SmRates *rates, GError **error)
{
    g_autoptr(GPtrArray) files = sm_file_pending(ledger, account, PENDING, error);

    if (files == NULL)
        return FALSE;
    for (guint i = 0; i < files->len; i++) {
        if (is_worked_on(ledger, files->pdata[i]))
            add_download(live, ledger, files->pdata[i], rates);
        else
            g_ptr_array_add(live->waiting, g_steal_pointer(&files->pdata[i]));
    }
    g_hash_table_foreach_remove(rates, is_past, NULL);
    return TRUE;
}

/* How many wait: by the ledger's counters, and at least those that are known. */
static gint64
count_waiting(const SmLive *live)
{
    SmTotals sum = sm_survey_sum(live->survey, FALSE);
    gint64 all = sm_totals_waiting(&sum) - live->downloads->len;

    return MAX(all, (gint64)live->waiting->len);
}

SmLive *
sm_live_new(const SmConfig *config, SmLedger *ledger, const char *account, SmRates *rates,
            GError **error)
{
    g_autoptr(SmLive) live = g_new0(SmLive, 1);

    live->downloads = g_ptr_array_new_with_free_func(free_download);
    live->waiting = g_ptr_array_new_with_free_func(sm_file_free);
    live->survey = sm_survey_new(config, ledger, account, sm_ledger_now(), error);
    if (live->survey == NULL ||
        (ledger != NULL && !look_at_files(live, ledger, account, rates, error)))
        return NULL;
    live->concerns = sm_verdict_new(live->survey);
    live->waiting_all = count_waiting(live);
    return g_steal_pointer(&live);
}
