/* scorefetch sync: fetches what the service lists and is not stored, of one account or of all. */
#include <sysexits.h>
#include <unistd.h>

#include "common/base/error.h"
#include "fetch/alert/watch-worker.h"
#include "fetch/alert/watch.h"
#include "fetch/commands/commands.h"
#include "fetch/session/turns.h"
#include "fetch/sync/sync.h"

typedef struct {
    SmSyncOptions options;
    char *since; /* as SmSyncOptions has it */
} Command;

static int
each(SmSession *session, SmAccount *account, gpointer data)
{
    Command *command = data;
    GError *fault = NULL;
    gboolean left, interrupted;

    command->options.note = session->note;
    command->options.until = session->turn_end;
    command->options.round_at = session->round_at;
    sm_sync(session->ledger, account, &command->options, &left, &interrupted, &fault);
    if (!command->options.dry_run) {
        sm_watch_silence(session->ledger, account, sm_ledger_now());
        sm_watch_mail(session->ledger, account->name, sm_ledger_now());
        sm_watch_sync(session->ledger, account, sm_ledger_now());
    }
    if (fault == NULL && left)
        return EX_TEMPFAIL; /* the summary has said which */
    return sm_session_exit(session, fault);
}

static int
code_of(SmSession *session, SmAccount *account, gpointer data)
{
    return sm_turns_code(data, account);
}

/* Progress on a terminal, and what a dry run prints, is of one account at a time. */
static gboolean
take_turns(SmSession *session, Command *command, int *code, GError **error)
{
    g_autoptr(GPtrArray) accounts = sm_session_accounts(session);
    gboolean alone = command->options.dry_run || (!session->quiet && isatty(STDERR_FILENO));
    g_autoptr(SmTurns) turns =
        sm_turns_new(session, alone ? 1 : session->config->parallel_accounts, each, command, error);

    if (turns == NULL)
        return FALSE;
    for (guint i = 0; i < accounts->len; i++)
        if (((SmAccount *)accounts->pdata[i])->fault == NULL)
            sm_turns_want(turns, accounts->pdata[i], FALSE);
    while (sm_turns_go(turns, g_get_monotonic_time() + G_USEC_PER_SEC)) /* somebody may stall */
        ;
    *code = sm_session_each_account(session, code_of, turns);
    return sm_session_open_ledger(session, SM_LEDGER_CREATE, error);
}

static int
sync_all(SmSession *session, gpointer values, char **arguments, GError **error)
{
    Command *command = values;
    SmSyncOptions *options = &command->options;
    int code;

    if (options->all + options->mark_known + (command->since != NULL) > 1) {
        sm_error_set(error, SM_ERROR_USAGE, "--all, --mark-known and --since exclude each other");
        return EX_OK;
    }
    session->preview = options->dry_run;
    options->since = command->since;
    options->defer_for = session->config->defer_for;
    options->report = session->quiet ? NULL : &session->report;
    if (options->dry_run)
        sm_watch_config_directories(session->config);
    else
        sm_watch_config(session->ledger, session->config, sm_ledger_now());
    if (!take_turns(session, command, &code, error))
        return EX_OK;
    if (!options->dry_run)
        sm_watch_worker(session->ledger, session->config, sm_ledger_now());
    return code;
}

static const GOptionEntry options_of_sync[] = {
    SM_OPTION(Command, since, "since", 0, STRING,
              "Only files delivered since (7d, 2026-03-28, last)", "WHEN"),
    SM_OPTION(Command, options.all, "all", 0, NONE, "Everything, even the first time", NULL),
    SM_OPTION(Command, options.mark_known, "mark-known", 0, NONE,
              "Fetch nothing; mark all new files as known", NULL),
    SM_OPTION(Command, options.dry_run, "dry-run", 'n', NONE,
              "Show what would be done, and do nothing", NULL),
    {NULL}};

const SmCommand sm_command_sync = {
    .name = "sync",
    .summary = "Fetch what the service lists and is not stored",
    .needs = SM_NEEDS_CONFIG | SM_NEEDS_LEDGER,
    .size = sizeof(Command),
    .options = options_of_sync,
    .news_only = TRUE,
    .run = sync_all,
};
