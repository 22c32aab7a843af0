#include "fetch/status/survey.h"

#include "common/event/spool.h"

enum { DAY = 86400, WEEK = 7 /* days */ };

/* What the rows of a query are for. */
typedef void (*Take)(SmSurvey *survey, SmAccountSurvey *account, sqlite3_stmt *row);

static void
free_account(gpointer data)
{
    SmAccountSurvey *account = data;

    g_free(account->sync_outcome);
    g_ptr_array_unref(account->troubles);
    g_free(account);
}

static void
free_alert(gpointer data)
{
    SmAlertRecord *alert = data;

    g_free(alert->account);
    g_free(alert->text);
    g_free(alert);
}

void
sm_survey_free(SmSurvey *survey)
{
    if (survey == NULL)
        return;
    g_ptr_array_unref(survey->accounts);
    g_ptr_array_unref(survey->alerts);
    g_ptr_array_unref(survey->refusals);
    g_free(survey);
}

static void
take_account(SmSurvey *survey, SmAccountSurvey *account, sqlite3_stmt *row)
{
    account->mail_at = sqlite3_column_int64(row, 1);
    account->synced_at = sqlite3_column_int64(row, 2);
    account->sync_tried_at = sqlite3_column_int64(row, 3);
    g_free(account->sync_outcome);
    account->sync_outcome = sm_db_text(row, 4);
}

static void
take_total(SmSurvey *survey, SmAccountSurvey *account, sqlite3_stmt *row)
{
    const char *state = (const char *)sqlite3_column_text(row, 1);

    account->files[sm_file_state_from_name(state)] = sqlite3_column_int64(row, 2);
}

static void
take_days(SmSurvey *survey, SmAccountSurvey *account, sqlite3_stmt *row)
{
    account->announced_ever = sqlite3_column_int64(row, 1);
    account->stored_ever = sqlite3_column_int64(row, 2);
    account->stored_week = sqlite3_column_int64(row, 3);
    account->stored_today = sqlite3_column_int64(row, 4);
}

static void
take_overdue(SmSurvey *survey, SmAccountSurvey *account, sqlite3_stmt *row)
{
    account->overdue = sqlite3_column_int64(row, 1);
}

/* Runs a query whose first column is an account, and hands what is of one that is looked at to
 * take. Takes the statement. */
static gboolean
each_row(SmSurvey *survey, SmLedger *ledger, GHashTable *by_name, sqlite3_stmt *statement,
         Take take, GError **error)
{
    g_autoptr(sqlite3_stmt) row = statement;
    GError *fault = NULL;

    if (row == NULL)
        return FALSE;
    while (sm_db_next(ledger->db, row, &fault)) {
        SmAccountSurvey *account =
            g_hash_table_lookup(by_name, (const char *)sqlite3_column_text(row, 0));

        if (account != NULL)
            take(survey, account, row);
    }
    if (fault == NULL)
        return TRUE;
    g_propagate_error(error, fault);
    return FALSE;
}

/* next_attempt and +account: so that the index of what is due is taken, and no other. */
static gboolean
read_tables(SmSurvey *survey, SmLedger *ledger, GHashTable *by_name, GError **error)
{
    SmDb *db = ledger->db;
    gint64 today = survey->now / DAY;
    guint defer_for = survey->config->defer_for;
    gint64 overdue_before = defer_for != G_MAXUINT ? survey->now - defer_for : 0;

    return each_row(survey, ledger, by_name,
                    sm_db_query(db, error,
                                "SELECT name, mail_seen, synced, sync_tried, sync_outcome"
                                " FROM accounts",
                                ""),
                    take_account, error) &&
           each_row(survey, ledger, by_name,
                    sm_db_query(db, error, "SELECT account, state, files FROM totals", ""),
                    take_total, error) &&
           each_row(survey, ledger, by_name,
                    sm_db_query(db, error,
                                "SELECT account, sum(times) FILTER (WHERE action = 'announced'),"
                                " sum(times) FILTER (WHERE action <> 'announced'),"
                                " sum(times) FILTER (WHERE action <> 'announced' AND day > ?1),"
                                " sum(times) FILTER (WHERE action <> 'announced' AND day >= ?2)"
                                " FROM days WHERE action IN ('announced', 'stored', 'corrected')"
                                " GROUP BY account",
                                "ii", today - WEEK, today),
                    take_days, error) &&
           each_row(survey, ledger, by_name,
                    sm_db_query(db, error,
                                "SELECT account, count(*) FROM files"
                                " WHERE (state IN ('waiting', 'placing') OR unanswered <> 0)"
                                " AND next_attempt >= 0 AND state IN ('waiting', 'placing')"
                                " AND announced < ? GROUP BY +account",
                                "i", overdue_before),
                    take_overdue, error);
}

static gboolean
read_account(SmAccountSurvey *account, SmLedger *ledger, GError **error)
{
    const char *name = account->account->name;
    GPtrArray *troubles = sm_file_list_troubles(ledger, name, SM_SURVEY_TROUBLES, error);

    if (troubles == NULL)
        return FALSE;
    g_ptr_array_unref(account->troubles);
    account->troubles = troubles;
    return sm_db_integer(ledger->db, error, &account->stored_at,
                         "SELECT max(stored) FROM files WHERE account = ? AND stored > 0", "s",
                         name);
}

/* FALSE where a later version has written a kind that this one does not know. */
static gboolean
kind_from_name(const char *name, SmAlertKind *kind)
{
    for (*kind = 0; *kind < SM_ALERT_N_KINDS; (*kind)++)
        if (g_str_equal(sm_alert_kind_name(*kind), name))
            return TRUE;
    return FALSE;
}

/* Alerts of a disabled or removed account no longer count. */
static gboolean
is_of_interest(const SmSurvey *survey, const char *name)
{
    const SmAccount *account = *name != '\0' ? sm_config_account(survey->config, name) : NULL;

    return *name == '\0' || (account != NULL && account->enabled);
}

static void
add_alert(SmSurvey *survey, sqlite3_stmt *row)
{
    SmAlertKind kind;
    SmAlertRecord *alert;

    if (!is_of_interest(survey, (const char *)sqlite3_column_text(row, 0)))
        return;
    if (!kind_from_name((const char *)sqlite3_column_text(row, 1), &kind))
        return;
    alert = g_new0(SmAlertRecord, 1);
    alert->account = sm_db_text(row, 0);
    alert->kind = kind;
    alert->text = sm_db_text(row, 2);
    alert->first_at = sqlite3_column_int64(row, 3);
    alert->last_at = sqlite3_column_int64(row, 4);
    alert->times = sqlite3_column_int64(row, 5);
    g_ptr_array_add(survey->alerts, alert);
}

static gboolean
read_alerts(SmSurvey *survey, SmLedger *ledger, const char *account, GError **error)
{
    g_autoptr(sqlite3_stmt) row =
        sm_db_query(ledger->db, error,
                    "SELECT account, kind, text, first, last, times FROM alerts WHERE last > 0"
                    " AND account IN ('', coalesce(?, account)) ORDER BY account, kind",
                    "s", account);
    GError *fault = NULL;

    if (row == NULL)
        return FALSE;
    while (sm_db_next(ledger->db, row, &fault))
        add_alert(survey, row);
    if (fault == NULL)
        return TRUE;
    g_propagate_error(error, fault);
    return FALSE;
}

static gboolean
read_refusals(SmSurvey *survey, SmLedger *ledger, GError **error)
{
    GPtrArray *refusals = sm_event_refusals(ledger, SM_SURVEY_REFUSALS, error);

    if (refusals == NULL)
        return FALSE;
    g_ptr_array_unref(survey->refusals);
    survey->refusals = refusals;
    return TRUE;
}

static gboolean
read_ledger(SmSurvey *survey, SmLedger *ledger, const char *account, GError **error)
{
    g_autoptr(GHashTable) by_name = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < survey->accounts->len; i++) {
        SmAccountSurvey *each = survey->accounts->pdata[i];

        g_hash_table_insert(by_name, each->account->name, each);
        if (!read_account(each, ledger, error))
            return FALSE;
    }
    return read_tables(survey, ledger, by_name, error) &&
           read_alerts(survey, ledger, account, error) && read_refusals(survey, ledger, error);
}

/* All as of one moment: a file is never in two states, or in none. */
static gboolean
read_at_once(SmSurvey *survey, SmLedger *ledger, const char *account, GError **error)
{
    return sm_db_end(ledger->db,
                     sm_db_begin_reading(ledger->db, error) &&
                         read_ledger(survey, ledger, account, error),
                     error);
}

static void
add_accounts(SmSurvey *survey, const char *only)
{
    for (guint i = 0; i < survey->config->accounts->len; i++) {
        const SmAccount *account = survey->config->accounts->pdata[i];
        SmAccountSurvey *each;

        if (only != NULL && !g_str_equal(only, account->name))
            continue;
        each = g_new0(SmAccountSurvey, 1);
        each->account = account;
        each->sync_outcome = g_strdup("");
        each->troubles = g_ptr_array_new();
        g_ptr_array_add(survey->accounts, each);
    }
}

SmSurvey *
sm_survey_new(const SmConfig *config, SmLedger *ledger, const char *account, gint64 now,
              GError **error)
{
    g_autoptr(SmSurvey) survey = g_new0(SmSurvey, 1);

    survey->config = config;
    survey->now = now;
    survey->accounts = g_ptr_array_new_with_free_func(free_account);
    survey->alerts = g_ptr_array_new_with_free_func(free_alert);
    survey->refusals = g_ptr_array_new();
    survey->heartbeat_at = sm_spool_last_beat(config->spool);
    survey->spooled = sm_spool_count(config->spool);
    add_accounts(survey, account);
    if (ledger != NULL && !read_at_once(survey, ledger, account, error))
        return NULL;
    return g_steal_pointer(&survey);
}
