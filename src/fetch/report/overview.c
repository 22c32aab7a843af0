#include "fetch/report/overview.h"

#include "common/base/each.h"
#include "fetch/alert/text.h"
#include "fetch/report/calendar.h"
#include "fetch/rules/since.h"

/* Twice the weeks of the chart: this year's behind those of the year before. */
enum { WEEKS = 2 * SM_OVERVIEW_WEEKS };

/* What is needed while rows are added up. */
typedef struct {
    SmOverview *overview;
    GHashTable *accounts; /* name -> SmOverviewAccount */
    GTimeZone *utc;
    gint64 weeks[WEEKS + 1], months[SM_OVERVIEW_MONTHS + 1];
    gint64 files[WEEKS];
    GArray *delays[SM_OVERVIEW_MONTHS], *all_delays; /* of gint64 */
} Sum;

static void
free_account(gpointer data)
{
    SmOverviewAccount *account = data;

    g_ptr_array_unref(account->open);
    g_free(account);
}

void
sm_overview_free(SmOverview *overview)
{
    GPtrArray **arrays[] = {&overview->concerns, &overview->accounts, &overview->newest,
                            &overview->corrections, &overview->unwanted};

    for (gsize i = 0; i < G_N_ELEMENTS(arrays); i++)
        g_clear_pointer(arrays[i], g_ptr_array_unref);
    for (int i = 0; i < SM_OVERVIEW_MONTHS; i++)
        g_free(overview->months[i].delay.slowest_name);
    g_free(overview->delay.slowest_name);
    g_clear_pointer(&overview->zone, g_time_zone_unref);
    g_clear_pointer(&overview->survey, sm_survey_free);
    g_free(overview);
}

static gboolean
add_stored(gconstpointer made, gpointer user_data)
{
    const SmHistoryStored *stored = made;
    Sum *sum = user_data;
    SmOverview *overview = sum->overview;
    SmOverviewAccount *account = g_hash_table_lookup(sum->accounts, stored->account);
    gboolean season = stored->at >= overview->season_from;
    gboolean before =
        stored->at >= overview->season_before_from && stored->at <= overview->before_until;
    int week = sm_calendar_find(sum->weeks, WEEKS, stored->at);
    int month = sm_calendar_find(sum->months, SM_OVERVIEW_MONTHS, stored->at);

    overview->season += season;
    overview->season_before += before;
    overview->strays += season && account == NULL;
    if (account != NULL) {
        account->season += season;
        account->season_before += before;
    }
    if (week >= 0)
        sum->files[week]++;
    if (month >= 0)
        overview->months[month].ways[stored->way]++;
    return TRUE;
}

static void
note_slowest(SmOverviewDelay *delay, gint64 seconds, const char *name)
{
    if (delay->slowest_name != NULL && seconds <= delay->slowest)
        return;
    delay->slowest = seconds;
    g_free(delay->slowest_name);
    delay->slowest_name = g_strdup(name);
}

/* What was delivered before the account was looked at says nothing about how quick that is. */
static gboolean
add_delivery(gconstpointer made, gpointer user_data)
{
    const SmHistoryDelivery *delivery = made;
    Sum *sum = user_data;
    const SmOverviewAccount *account = g_hash_table_lookup(sum->accounts, delivery->account);
    int month = sm_calendar_find(sum->months, SM_OVERVIEW_MONTHS, delivery->stored_at);
    gint64 delivered, seconds;

    if (month < 0 || account == NULL ||
        !sm_since_read_time(delivery->delivered, sum->utc, &delivered))
        return TRUE;
    seconds = delivery->stored_at - delivered;
    if (delivered < account->history.began)
        sum->overview->backlog++;
    if (delivered < account->history.began || seconds < 0)
        return TRUE;
    g_array_append_val(sum->delays[month], seconds);
    g_array_append_val(sum->all_delays, seconds);
    note_slowest(&sum->overview->months[month].delay, seconds, delivery->name);
    note_slowest(&sum->overview->delay, seconds, delivery->name);
    return TRUE;
}

static gint
by_size(gconstpointer a, gconstpointer b)
{
    const gint64 *left = a, *right = b;

    return (*left > *right) - (*left < *right);
}

static void
find_median(SmOverviewDelay *delay, GArray *seconds)
{
    g_array_sort(seconds, by_size);
    delay->files = seconds->len;
    if (seconds->len > 0)
        delay->median = (g_array_index(seconds, gint64, (seconds->len - 1) / 2) +
                         g_array_index(seconds, gint64, seconds->len / 2)) /
                        2;
}

static gboolean
read_open(const Sum *sum, SmLedger *ledger, const char *only, GError **error)
{
    g_autoptr(GPtrArray) files = sm_history_open(ledger, only, SM_OVERVIEW_OPEN, error);

    for (guint i = 0; files != NULL && i < files->len; i++) {
        const SmHistoryFile *file = files->pdata[i];
        SmOverviewAccount *account = g_hash_table_lookup(sum->accounts, file->account);

        if (account != NULL)
            g_ptr_array_add(account->open, g_steal_pointer(&files->pdata[i]));
    }
    return files != NULL;
}

static gboolean
read_accounts(Sum *sum, SmLedger *ledger, GError **error)
{
    g_autoptr(GHashTable) by_name = g_hash_table_new(g_str_hash, g_str_equal);
    GHashTableIter each;
    gpointer name, account;

    g_hash_table_iter_init(&each, sum->accounts);
    while (g_hash_table_iter_next(&each, &name, &account))
        g_hash_table_insert(by_name, name, &((SmOverviewAccount *)account)->history);
    return sm_history_accounts(ledger, by_name, sum->overview->season_from, error);
}

static gboolean
read_lists(SmOverview *overview, SmLedger *ledger, const char *account, GError **error)
{
    return (overview->newest = sm_history_newest(ledger, account, SM_OVERVIEW_NEWEST, error)) !=
               NULL &&
           (overview->corrections = sm_history_corrections(ledger, account, overview->season_from,
                                                           SM_OVERVIEW_NEWEST, error)) != NULL &&
           (overview->unwanted = sm_history_unwanted(ledger, account, SM_OVERVIEW_NEWEST,
                                                     &overview->unwanted_count, error)) != NULL;
}

/* The accounts first: when each began is needed for the deliveries. */
static gboolean
read_ledger(Sum *sum, SmLedger *ledger, const char *account, GError **error)
{
    gint64 since = MIN(sum->weeks[0], sum->overview->season_before_from);

    return read_accounts(sum, ledger, error) &&
           sm_history_stored(ledger, account, since, add_stored, sum, error) &&
           sm_history_deliveries(ledger, account, sum->months[0], add_delivery, sum, error) &&
           read_open(sum, ledger, account, error) &&
           read_lists(sum->overview, ledger, account, error);
}

static void
add_up(Sum *sum)
{
    SmOverview *overview = sum->overview;

    for (int i = 0; i < SM_OVERVIEW_WEEKS; i++)
        overview->weeks[i] = (SmOverviewWeek){sum->weeks[SM_OVERVIEW_WEEKS + i],
                                              sum->files[SM_OVERVIEW_WEEKS + i], sum->files[i]};
    for (int i = 0; i < SM_OVERVIEW_MONTHS; i++)
        find_median(&overview->months[i].delay, sum->delays[i]);
    find_median(&overview->delay, sum->all_delays);
}

static void
begin(Sum *sum, SmOverview *overview)
{
    *sum = (Sum){.overview = overview,
                 .accounts = g_hash_table_new(g_str_hash, g_str_equal),
                 .utc = g_time_zone_new_utc(),
                 .all_delays = g_array_new(FALSE, FALSE, sizeof(gint64))};
    sm_calendar_weeks(overview->now, overview->zone, sum->weeks, WEEKS);
    sm_calendar_months(overview->now, overview->zone, sum->months, SM_OVERVIEW_MONTHS);
    for (int i = 0; i < SM_OVERVIEW_MONTHS; i++) {
        overview->months[i].from = sum->months[i];
        sum->delays[i] = g_array_new(FALSE, FALSE, sizeof(gint64));
    }
    SM_EACH (SmOverviewAccount, account, overview->accounts)
        g_hash_table_insert(sum->accounts, account->survey->account->name, account);
}

static void
end(Sum *sum)
{
    g_hash_table_unref(sum->accounts);
    g_time_zone_unref(sum->utc);
    g_array_unref(sum->all_delays);
    for (int i = 0; i < SM_OVERVIEW_MONTHS; i++)
        g_array_unref(sum->delays[i]);
}

/* All as of one moment. */
static gboolean
read_all(SmOverview *overview, SmLedger *ledger, const char *account, GError **error)
{
    gboolean ok = TRUE;
    Sum sum;

    begin(&sum, overview);
    if (ledger != NULL)
        ok = SM_TRANSACTION(ledger->db, NULL, error, read_ledger(&sum, ledger, account, error));
    add_up(&sum);
    end(&sum);
    return ok;
}

/* The counts of `status`, which every figure of an account is shown beside. */
static void
take_survey(SmOverview *overview)
{
    for (guint i = 0; i < overview->survey->accounts->len; i++) {
        SmOverviewAccount *account = g_new0(SmOverviewAccount, 1);

        account->survey = overview->survey->accounts->pdata[i];
        account->open = g_ptr_array_new_with_free_func(g_free);
        g_ptr_array_add(overview->accounts, account);
    }
}

SmOverview *
sm_overview_new(const SmConfig *config, SmLedger *ledger, const char *account, gint64 since,
                gint64 now, GError **error)
{
    g_autoptr(SmOverview) overview = g_new0(SmOverview, 1);

    overview->now = now;
    overview->zone = g_time_zone_new_local();
    overview->season_from = since > 0 ? since : sm_calendar_season(overview->now, overview->zone);
    overview->season_before_from = sm_calendar_year_before(overview->season_from, overview->zone);
    overview->before_until = sm_calendar_year_before(overview->now, overview->zone);
    overview->accounts = g_ptr_array_new_with_free_func(free_account);
    overview->survey = sm_survey_new(config, ledger, account, overview->now, error);
    if (overview->survey == NULL)
        return NULL;
    overview->concerns = sm_verdict_new(overview->survey);
    take_survey(overview);
    overview->week = sm_survey_sum(overview->survey, FALSE).stored_week;
    if (ledger == NULL) {
        overview->newest = g_ptr_array_new();
        overview->corrections = g_ptr_array_new();
        overview->unwanted = g_ptr_array_new();
    }
    return read_all(overview, ledger, account, error) ? g_steal_pointer(&overview) : NULL;
}

char *
sm_overview_sentence(const SmOverview *overview)
{
    const SmConcern *first = overview->concerns->len > 0 ? overview->concerns->pdata[0] : NULL;
    g_autofree char *more = NULL;
    g_autofree char *where = NULL;

    if (first == NULL)
        return g_strdup("All is well.");
    more = overview->concerns->len > 1
               ? g_strdup_printf(", and %u more", overview->concerns->len - 1)
               : g_strdup("");
    where = *first->account != '\0' ? g_strdup_printf(" (%s)", first->account) : g_strdup("");
    return g_strdup_printf("%s: %s%s%s.",
                           first->level == SM_LEVEL_CRITICAL ? "Action is needed" : "Please look",
                           sm_alert_title(first->kind), where, more);
}
