#include "fetch/status/survey.h"

#include "common/base/each.h"
#include "fetch/alert/text.h"
#include "fetch/alert/watch.h"

static void
free_account(gpointer data)
{
    SmAccountSurvey *account = data;

    sm_totals_clear(&account->totals);
    g_ptr_array_unref(account->troubles);
    g_free(account);
}

void
sm_survey_free(SmSurvey *survey)
{
    g_ptr_array_unref(survey->accounts);
    g_ptr_array_unref(survey->alerts);
    g_ptr_array_unref(survey->refusals);
    g_ptr_array_unref(survey->hosts);
    g_free(survey->pull_fault);
    g_free(survey);
}

/* Alerts of a disabled or removed account no longer count. */
static gboolean
is_of_interest(const SmSurvey *survey, const char *name)
{
    const SmAccount *account = *name != '\0' ? sm_config_account(survey->config, name) : NULL;

    return *name == '\0' || (account != NULL && account->enabled);
}

static gboolean
read_alerts(SmSurvey *survey, SmLedger *ledger, const char *account, GError **error)
{
    g_autoptr(GPtrArray) rows = sm_alerts_standing(ledger, account, error);

    for (guint i = 0; rows != NULL && i < rows->len; i++) {
        const SmAlertRow *row = rows->pdata[i];

        if (sm_alert_kind_named(row->kind) != SM_ALERT_NONE && is_of_interest(survey, row->account))
            g_ptr_array_add(survey->alerts, g_steal_pointer(&rows->pdata[i]));
    }
    return rows != NULL;
}

/* What was read, unless it could not be, takes the place of what was there. */
static gboolean
put(GPtrArray **place, GPtrArray *read)
{
    if (read == NULL)
        return FALSE;
    g_ptr_array_unref(*place);
    *place = read;
    return TRUE;
}

static gboolean
read_ledger(SmSurvey *survey, SmLedger *ledger, const char *account, GError **error)
{
    g_autoptr(GHashTable) totals = g_hash_table_new(g_str_hash, g_str_equal);
    guint defer_for = survey->config->defer_for;
    gint64 overdue_before = defer_for != G_MAXUINT ? survey->now - defer_for : 0;

    SM_EACH (SmAccountSurvey, each, survey->accounts) {
        g_hash_table_insert(totals, each->account->name, &each->totals);
        if (!put(&each->troubles,
                 sm_file_list_troubles(ledger, each->account->name, SM_SURVEY_TROUBLES, error)))
            return FALSE;
    }
    return sm_totals_read(ledger, totals, survey->now, overdue_before, error) &&
           read_alerts(survey, ledger, account, error) &&
           put(&survey->refusals, sm_event_refusals(ledger, SM_SURVEY_REFUSALS, error)) &&
           put(&survey->hosts, sm_hosts_list(ledger, survey->now, error));
}

/* All as of one moment: a file is never in two states, or in none. */
static gboolean
read_at_once(SmSurvey *survey, SmLedger *ledger, const char *account, GError **error)
{
    return SM_TRANSACTION(ledger->db, NULL, error, read_ledger(survey, ledger, account, error));
}

static void
add_accounts(SmSurvey *survey, const char *only)
{
    SM_EACH (const SmAccount, account, survey->config->accounts) {
        SmAccountSurvey *each;

        if (only != NULL && !g_str_equal(only, account->name))
            continue;
        each = g_new0(SmAccountSurvey, 1);
        each->account = account;
        each->totals.sync_outcome = g_strdup("");
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
    survey->alerts = g_ptr_array_new_with_free_func(g_free);
    survey->refusals = g_ptr_array_new();
    survey->hosts = g_ptr_array_new();
    sm_watch_worker_look(config, now, &survey->worker);
    survey->pull_fault = sm_watch_pull_describe(config->spool, now);
    add_accounts(survey, account);
    if (ledger != NULL && !read_at_once(survey, ledger, account, error))
        return NULL;
    return g_steal_pointer(&survey);
}

SmTotals
sm_survey_sum(const SmSurvey *survey, gboolean in_use)
{
    SmTotals sum = {0};

    SM_EACH (const SmAccountSurvey, account, survey->accounts) {
        if (in_use && !account->account->enabled)
            continue;
        for (int state = 0; state < SM_FILE_N_STATES; state++)
            sum.files[state] += account->totals.files[state];
        sum.overdue += account->totals.overdue;
        sum.stored_today += account->totals.stored_today;
        sum.stored_week += account->totals.stored_week;
        sum.stored_ever += account->totals.stored_ever;
        sum.stored_at = MAX(sum.stored_at, account->totals.stored_at);
    }
    return sum;
}
