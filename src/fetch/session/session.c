#include "fetch/session/session.h"

#include <string.h>
#include <unistd.h>

#include "common/base/each.h"
#include "common/base/error.h"
#include "common/base/io.h"
#include "common/event/name.h"
#include "fetch/alert/send.h"
#include "fetch/host/enclosure.h"
#include "fetch/host/look.h"
#include "fetch/notes/said.h"
#include "fetch/rules/route.h"
#include "fetch/service/secret.h"

enum { LOOK_LIMIT = 2 }; /* seconds in which a directory has to answer */

void
sm_session_start(SmSession *session, const char *command, gboolean as_filter)
{
    *session = (SmSession){.command = command,
                           .report = {.program = as_filter ? "scoremail" : "scorefetch",
                                      .role = as_filter ? SM_ROLE_FILTER : SM_ROLE_PROMPT,
                                      .log_fd = -1}};
    sm_report_start(&session->report);
}

void
sm_session_say_news(SmSession *session)
{
    g_clear_pointer(&session->report.held, g_async_queue_unref);
    if (session->quiet && !isatty(STDERR_FILENO))
        session->report.held = g_async_queue_new_full(g_free);
}

static void
say_news(SmSession *session)
{
    g_autoptr(GAsyncQueue) held = g_steal_pointer(&session->report.held);
    gint64 now = sm_ledger_now();
    char *line;

    while (held != NULL && (line = g_async_queue_try_pop(held)) != NULL) {
        if (session->ledger == NULL || session->preview ||
            sm_said_is_news(session->ledger, line, now))
            sm_write_all(STDERR_FILENO, line, strlen(line));
        g_free(line);
    }
}

void
sm_session_end(SmSession *session)
{
    if (session->ledger != NULL && session->alerts && !session->preview)
        sm_alert_send(session->config, session->ledger);
    say_news(session);
    g_clear_pointer(&session->ledger, sm_ledger_close);
    if (session->note != NULL)
        return; /* its process ends: the pages of thousands of accounts stay its parent's, too */
    g_clear_pointer(&session->config, sm_config_free);
    g_clear_pointer(&session->config_file, g_free);
    g_clear_pointer(&session->account, g_free);
}

gboolean
sm_session_configure(SmSession *session, GError **error)
{
    session->config = sm_config_load(session->config_file, error);
    if (session->config == NULL)
        return FALSE;
    if (g_strcmp0(g_getenv("SCOREMAIL_COMMANDS"), "deferred") == 0)
        session->config->commands_deferred = TRUE; /* a unit that lets them do nothing says so */
    return TRUE;
}

void
sm_session_start_log(SmSession *session)
{
    const SmConfig *config = session->config;

    /* The log file may be writable for the worker only: then an agent's user logs to syslog. */
    if (!sm_report_log_to(&session->report, config->log, config->log_file, config->log_level, NULL))
        sm_report_log_to(&session->report, SM_LOG_SYSLOG, NULL, config->log_level, NULL);
}

SmLedger *
sm_session_ledger(const SmSession *session, const SmConfig *config, SmLedgerUse use, GError **error)
{
    g_autoptr(SmSecret) secret = NULL;

    if (!sm_secret_read_ledger(config, &secret, error))
        return NULL;
    return sm_ledger_open(config->ledger, secret != NULL ? sm_secret_text(secret) : NULL, use,
                          session->command, error);
}

gboolean
sm_session_reaches(const SmSession *session, gboolean ledger, GError **error)
{
    const SmConfig *config = session->config;
    const char *const places[] = {config->spool, ledger ? config->ledger : config->spool,
                                  config->log_file, NULL};
    g_autoptr(SmLook) look = sm_look_begin(places);

    if (sm_look_is_over(look, g_get_monotonic_time() + LOOK_LIMIT * G_USEC_PER_SEC))
        return TRUE;
    return sm_error_set(error, SM_ERROR_LEDGER,
                        "%s does not answer; is what it is mounted from away?",
                        sm_look_silent(look));
}

gboolean
sm_session_open_ledger(SmSession *session, SmLedgerUse use, GError **error)
{
    const SmConfig *config = session->config;
    GError *fault = NULL;

    if (session->ledger != NULL)
        return TRUE;
    if (!sm_session_reaches(session, TRUE, error))
        return FALSE;
    /* Opens the log before the ledger, so that a failure to open that is logged; but root must not
     * create a log that the ledger's owner cannot write. */
    if (use == SM_LEDGER_CREATE && (!sm_ledger_is_ours(config->ledger, error) ||
                                    !sm_report_log_to(&session->report, config->log,
                                                      config->log_file, config->log_level, error)))
        return FALSE;
    session->ledger = sm_session_ledger(session, config, use, &fault);
    session->alerts = use == SM_LEDGER_CREATE && !config->commands_deferred;
    if (session->ledger != NULL)
        session->ledger->hooks_off = config->commands_deferred;
    return sm_error_pass(error, fault);
}

gboolean
sm_session_knows_account(const SmSession *session, GError **error)
{
    if (session->account == NULL || sm_config_account(session->config, session->account) != NULL)
        return TRUE;
    if (sm_config_is_incomplete(session->config)) {
        g_propagate_error(error, g_error_copy(session->config->broken->pdata[0]));
        g_prefix_error(error, "account %s is not known, and not all are: ", session->account);
        return FALSE;
    }
    return sm_error_set(error, SM_ERROR_USAGE, "no account %s in %s", session->account,
                        session->config->file);
}

/* By what mail is told apart by, where a person has not said --account. */
static SmAccount *
guess_account(const SmSession *session, const char *name, GError **error)
{
    g_autoptr(SmEvent) nothing = sm_event_new(SM_EVENT_NAMES);
    g_autofree char *why = NULL;
    SmAccount *account = sm_route(session->config, nothing, name, &why);

    if (account == NULL)
        sm_error_set(error, SM_ERROR_USAGE, "%s: which account? add --account NAME: %s",
                     *name != '\0' ? name : session->command, why);
    return account;
}

SmAccount *
sm_session_account_for(SmSession *session, const char *name, GError **error)
{
    SmAccount *account;

    if (!sm_session_knows_account(session, error))
        return NULL;
    account = session->account != NULL ? sm_config_account(session->config, session->account)
                                       : guess_account(session, name, error);
    if (account == NULL || account->fault == NULL)
        return account;
    sm_error_pass(error, g_error_copy(account->fault));
    return NULL;
}

SmAccount *
sm_session_account_at(SmSession *session, const char *name, GError **error)
{
    SmAccount *account = sm_session_account_for(session, name, error);

    return account != NULL && sm_session_answers(account, error) ? account : NULL;
}

GPtrArray *
sm_session_accounts(const SmSession *session)
{
    const GPtrArray *all = session->config->accounts;
    GPtrArray *accounts = g_ptr_array_new();

    SM_EACH (SmAccount, account, all)
        if (session->account != NULL ? g_str_equal(account->name, session->account)
                                     : account->enabled)
            g_ptr_array_add(accounts, account);
    return accounts;
}

SmAccount *
sm_session_only_account(const SmSession *session)
{
    g_autoptr(GPtrArray) accounts = sm_session_accounts(session);
    SmAccount *only = accounts->len == 1 ? accounts->pdata[0] : NULL;

    return only != NULL && only->fault == NULL ? only : NULL;
}

void
sm_session_look_at(const GPtrArray *accounts)
{
    g_autoptr(GPtrArray) usable = g_ptr_array_new();
    g_autoptr(GPtrArray) looks = NULL;

    SM_EACH (SmAccount, account, accounts)
        if (account->fault == NULL)
            g_ptr_array_add(usable, account);
    looks = sm_look_at_all(usable, LOOK_LIMIT * G_USEC_PER_SEC);
    for (guint i = 0; i < usable->len; i++) {
        SmAccount *account = usable->pdata[i];
        const char *silent = sm_look_silent(looks->pdata[i]);

        if (silent != NULL)
            sm_error_set(&account->fault, SM_ERROR_VOLUME,
                         "account %s: %s does not answer; is what it is mounted from away?",
                         account->name, silent);
    }
}

gboolean
sm_session_answers(SmAccount *account, GError **error)
{
    g_autoptr(GPtrArray) one = g_ptr_array_new();

    g_ptr_array_add(one, account);
    if (account != NULL)
        sm_session_look_at(one);
    return account == NULL || account->fault == NULL ||
           sm_error_pass(error, g_error_copy(account->fault));
}

void
sm_session_enclose(SmSession *session, const SmAccount *account, const char *output)
{
    const char *obstacle = account != NULL ? sm_enclosure_obstacle(session->config, account) : NULL;
    g_auto(GStrv) files = sm_db_server_files(session->config->ledger);
    g_autoptr(GError) fault = NULL;
    g_autofree char *text = NULL;

    if (account == NULL)
        return;
    if (obstacle == NULL &&
        sm_enclosure_enter(session->config, account, output, (const char *const *)files, &fault)) {
        g_info("account %s: closed in by landlock", account->name);
        return;
    }
    text = g_strdup_printf("account %s: not closed in by landlock: %s", account->name,
                           obstacle != NULL ? obstacle : fault->message);
    if (session->ledger != NULL && (fault != NULL || !sm_enclosure_is_possible()) &&
        sm_said_is_news(session->ledger, text, sm_ledger_now()))
        g_message("%s", text);
    else
        g_info("%s", text);
}

/* The accounts that nobody knows of have failed too. */
static int
say_broken(SmSession *session)
{
    int code = 0;

    SM_EACH (const GError, fault, session->config->broken)
        code = sm_session_exit(session, g_error_copy(fault));
    return code;
}

int
sm_session_each_account(SmSession *session, SmForAccount each, gpointer data)
{
    g_autoptr(GPtrArray) accounts = sm_session_accounts(session);
    GError *fault = NULL;
    int first = 0, broken;

    if (!sm_session_knows_account(session, &fault))
        return sm_session_exit(session, fault);
    SM_EACH (SmAccount, account, accounts) {
        int code = account->fault != NULL ? sm_session_exit(session, g_error_copy(account->fault))
                                          : each(session, account, data);

        if (first == 0)
            first = code;
    }
    broken = session->account == NULL ? say_broken(session) : 0;
    return first != 0 ? first : broken;
}

int
sm_session_each_name(SmSession *session, char **names, SmForName each, gconstpointer data)
{
    int first = 0;

    for (; *names != NULL; names++) {
        GError *fault = NULL;
        int code;

        each(session, *names, data, &fault);
        code = sm_session_exit(session, fault);
        if (first == 0)
            first = code;
    }
    return first;
}

gboolean
sm_session_check_name(const char *name, GError **error)
{
    const char *why;

    if (sm_name_check(name, strlen(name), sm_default_extensions, &why) != SM_NAME_INVALID)
        return TRUE;
    return sm_error_set(error, SM_ERROR_USAGE, "\"%s\" is no valid file name: it %s", name, why);
}

int
sm_session_exit(SmSession *session, GError *error)
{
    int code = sm_error_exit_code(error, session->report.role);

    if (error != NULL && !g_error_matches(error, SM_ERROR, SM_ERROR_PIPE))
        g_warning("%s", error->message);
    g_clear_error(&error);
    return code;
}
