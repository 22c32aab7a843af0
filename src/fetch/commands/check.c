/*
 * scorefetch check: examines the installation item by item, and says what to fix. Without --online
 * it makes no call. It creates and changes nothing, except that --online records a login, as every
 * call does.
 */
#include <sysexits.h>

#include "common/base/each.h"
#include "fetch/check/checks.h"
#include "fetch/commands/commands.h"

typedef struct {
    gboolean online;
    gboolean alert_test;
    gboolean json;
} Options;

typedef enum {
    NEEDS_CONFIG = 1 << 0,
    PER_ACCOUNT = 1 << 1, /* for each that is in use; with NEEDS_CONFIG */
    ANY_ACCOUNT = 1 << 2, /* also for those that cannot be used */
    ONLINE = 1 << 3,
    ALERT_TEST = 1 << 4,
    SILENT = 1 << 5, /* also for those whose directory, or what else they need, does not answer */
} Traits;

#define ACCOUNT (NEEDS_CONFIG | PER_ACCOUNT)

static const struct {
    void (*look)(SmCheck *check, const SmAccount *account);
    guint traits; /* Traits */
} checks[] = {
    {sm_check_configuration, NEEDS_CONFIG},
    {sm_check_ledger, NEEDS_CONFIG},
    {sm_check_spool, NEEDS_CONFIG},
    {sm_check_worker, NEEDS_CONFIG},
    {sm_check_pull, NEEDS_CONFIG},
    {sm_check_sync, NEEDS_CONFIG},
    {sm_check_units, NEEDS_CONFIG},
    {sm_check_units_view, NEEDS_CONFIG},
    {sm_check_alerts, NEEDS_CONFIG},
    {sm_check_tell, NEEDS_CONFIG},
    {sm_check_alert_test, NEEDS_CONFIG | ALERT_TEST},
    {sm_check_account, ACCOUNT | ANY_ACCOUNT | SILENT},
    {sm_check_password, ACCOUNT},
    {sm_check_directory, ACCOUNT | SILENT},
    {sm_check_units_view_of, ACCOUNT},
    {sm_check_authorities, ACCOUNT},
    {sm_check_keys, ACCOUNT},
    {sm_check_senders, ACCOUNT},
    {sm_check_hook, ACCOUNT},
    {sm_check_enclosure, ACCOUNT},
    {sm_check_agents, 0},
    {sm_check_sandbox, 0},
    {sm_check_network, ACCOUNT | ONLINE},
    {sm_check_login, ACCOUNT | ONLINE},
    {sm_check_firewall, NEEDS_CONFIG | ONLINE},
};

/* Reads the configuration, and checks whose ledger it is; a failure is a finding. */
static void
configure(SmSession *session, SmCheck *check)
{
    GError *fault = NULL;

    if (!sm_session_configure(session, &fault) || !sm_session_reaches(session, TRUE, &fault))
        sm_check_say_fault(check, "configuration", NULL, fault);
    else if (!sm_ledger_is_ours(session->config->ledger, &fault))
        sm_check_say_fault(check, "user", NULL, fault);
    else
        check->config = session->config;
}

static void
open_ledger(const SmSession *session, SmCheck *check)
{
    GError *fault = NULL;

    if (check->config == NULL)
        return;
    check->ledger = sm_session_ledger(session, check->config, SM_LEDGER_CREATE, &fault);
    if (fault != NULL)
        g_info("%s", fault->message); /* the check of the ledger says so */
    g_clear_error(&fault);
}

static gboolean
is_asked_for(const SmSession *session, const SmAccount *account)
{
    return session->account == NULL || g_str_equal(session->account, account->name);
}

static gboolean
is_used(const SmAccount *account)
{
    return account->enabled && account->fault == NULL;
}

static void
look_for_silent(const SmSession *session, SmCheck *check)
{
    g_autoptr(GPtrArray) accounts = g_ptr_array_new();

    SM_EACH (SmAccount, account, check->config != NULL ? check->config->accounts : NULL)
        if (is_asked_for(session, account) && is_used(account))
            g_ptr_array_add(accounts, account);
    sm_check_look_for_silent(check, accounts);
}

static void
look_at_accounts(const SmSession *session, SmCheck *check, gsize which)
{
    SM_EACH (const SmAccount, account, check->config->accounts) {
        if (!is_asked_for(session, account) ||
            ((checks[which].traits & SILENT) == 0 && g_hash_table_contains(check->silent, account)))
            continue;
        if (is_used(account) || (checks[which].traits & ANY_ACCOUNT) != 0)
            checks[which].look(check, account);
    }
}

static void
look(const SmSession *session, SmCheck *check, guint asked)
{
    for (gsize i = 0; i < G_N_ELEMENTS(checks); i++) {
        guint traits = checks[i].traits;

        if (((traits & NEEDS_CONFIG) != 0 && check->config == NULL) ||
            (traits & (ONLINE | ALERT_TEST) & ~asked) != 0)
            continue;
        if ((traits & PER_ACCOUNT) != 0)
            look_at_accounts(session, check, i);
        else
            checks[i].look(check, NULL);
    }
}

static int
check_all(SmSession *session, gpointer values, char **arguments, GError **error)
{
    const Options *options = values;
    g_autoptr(SmCheck) check = sm_check_new();

    configure(session, check);
    if (session->config != NULL && !sm_session_knows_account(session, error))
        return EX_OK;
    look_for_silent(session, check); /* before the ledger is open: it starts processes */
    if (options->online)
        open_ledger(session, check);
    look(session, check, (options->online ? ONLINE : 0u) | (options->alert_test ? ALERT_TEST : 0u));
    if (options->json)
        sm_check_print_json(check);
    else
        sm_check_print(check, session->quiet);
    return (int)sm_check_worst(check);
}

static const GOptionEntry options_of_check[] = {
    SM_OPTION(Options, online, "online", 0, NONE,
              "Also test the connection to the service, and log in", NULL),
    SM_OPTION(Options, alert_test, "alert-test", 0, NONE, "Also send a test alert", NULL),
    SM_OPTION(Options, json, "json", 0, NONE, "Print JSON", NULL),
    {NULL}};

const SmCommand sm_command_check = {
    .name = "check",
    .summary = "Check the installation; exit with 0, 1 (warnings) or 2 (failures)",
    .size = sizeof(Options),
    .options = options_of_check,
    .run = check_all,
};
