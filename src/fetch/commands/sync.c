/* scorefetch sync: fetches what the service lists and is not stored, of one account or of all. */
#include <sysexits.h>

#include "common/base/error.h"
#include "fetch/alert/watch-config.h"
#include "fetch/alert/watch-mail.h"
#include "fetch/alert/watch-worker.h"
#include "fetch/alert/watch.h"
#include "fetch/commands/commands.h"
#include "fetch/commands/session.h"
#include "fetch/sync/sync.h"

typedef struct {
    SmSyncOptions options;
    gboolean interrupted;
} Command;

static int
each(SmSession *session, SmAccount *account, gpointer data)
{
    Command *command = data;
    GError *fault = NULL;
    gboolean left;

    if (command->interrupted)
        return EX_TEMPFAIL;
    sm_sync(session->ledger, account, &command->options, &left, &command->interrupted, &fault);
    if (!command->options.dry_run) {
        sm_watch_silence(session->ledger, account, sm_ledger_now());
        sm_watch_mail(session->ledger, account->name, sm_ledger_now());
    }
    if (fault == NULL && left)
        return EX_TEMPFAIL; /* the summary has said which */
    return sm_session_exit(session, fault);
}

static gboolean
check_options(const SmSyncOptions *options, int arguments, GError **error)
{
    if (arguments > 0) {
        g_set_error(error, SM_ERROR, SM_ERROR_USAGE,
                    "sync takes no names: scorefetch get NAME... fetches those");
        return FALSE;
    }
    if (options->all + options->mark_known + (options->since != NULL) > 1) {
        g_set_error(error, SM_ERROR, SM_ERROR_USAGE,
                    "--all, --mark-known and --since exclude each other");
        return FALSE;
    }
    return TRUE;
}

static int
sync_all(SmSession *session, Command *command, int arguments)
{
    GError *fault = NULL;
    int code;

    if (!check_options(&command->options, arguments, &fault) ||
        !sm_session_configure(session, &fault) ||
        !sm_session_open_ledger(session, SM_LEDGER_CREATE, &fault))
        return sm_session_exit(session, fault);
    if (command->options.dry_run)
        sm_watch_config_directories(session->config);
    else
        sm_watch_config(session->ledger, session->config, sm_ledger_now());
    code = sm_session_each_account(session, each, command);
    if (!command->options.dry_run)
        sm_watch_worker(session->ledger, session->config, sm_ledger_now());
    return code;
}

int
sm_cmd_sync(int argc, char **argv)
{
    g_autofree char *since = NULL;
    Command command = {0};
    SmSyncOptions *options = &command.options;
    const GOptionEntry more[] = {
        {"since", 0, 0, G_OPTION_ARG_STRING, &since,
         "Only what was delivered since (7d, 2026-03-28, last)", "WHEN"},
        {"all", 0, 0, G_OPTION_ARG_NONE, &options->all, "Everything, also the first time", NULL},
        {"mark-known", 0, 0, G_OPTION_ARG_NONE, &options->mark_known,
         "Fetch nothing: take what is new as already had", NULL},
        {"dry-run", 'n', 0, G_OPTION_ARG_NONE, &options->dry_run, "Only say what would be done",
         NULL},
        {NULL}};
    GError *fault = NULL;
    SmSession session;
    int code;

    sm_session_start(&session, "scorefetch", "sync", SM_ROLE_PROMPT);
    if (sm_session_parse(&session, &argc, &argv, more, NULL,
                         "Fetches what the service lists and is not stored yet.", &fault)) {
        options->since = since;
        options->report = session.quiet ? NULL : &session.report;
        code = sync_all(&session, &command, argc - 1);
    } else {
        code = sm_session_exit(&session, fault);
    }
    sm_session_end(&session);
    return code;
}
