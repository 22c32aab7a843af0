/* scorefetch prune: deletes what has been stored for longer than keep-for. */
#include <sysexits.h>

#include "fetch/commands/commands.h"
#include "fetch/store/prune.h"

typedef struct {
    gboolean dry_run, sure;
    SmPruned total;
    gboolean configured; /* one of the accounts has a keep-for */
} Job;

static int
each(SmSession *session, SmAccount *account, gpointer data)
{
    Job *job = data;
    SmPruneMode mode = job->dry_run ? SM_PRUNE_DRY : (job->sure ? SM_PRUNE_SURE : SM_PRUNE_PERSON);
    SmPruned result = {0};
    GError *fault = NULL;

    if (!account->enabled)
        return EX_OK;
    job->configured |= account->keep_for != 0;
    sm_prune(session->ledger, account, mode, &result, &fault);
    job->total.pruned += result.pruned;
    job->total.kept += result.kept + (result.held != NULL);
    if (result.held != NULL)
        g_warning("%s", result.held);
    g_free(result.held);
    return sm_session_exit(session, fault);
}

static void
say_total(const Job *job)
{
    if (!job->configured)
        g_message("nothing to delete: no account has keep-for");
    else if (job->dry_run)
        g_message("%u would be deleted, %u stay", job->total.pruned, job->total.kept);
    else
        g_message("%u deleted, %u stay", job->total.pruned, job->total.kept);
}

static int
prune(SmSession *session, gpointer values, char **arguments, GError **error)
{
    Job *job = values;
    g_autoptr(GPtrArray) accounts = sm_session_accounts(session);
    int code;

    if (!sm_session_open_ledger(session, job->dry_run ? SM_LEDGER_LOOK : SM_LEDGER_CREATE, error))
        return EX_OK;
    if (session->ledger == NULL)
        session->ledger = sm_ledger_open_empty(error);
    if (session->ledger == NULL)
        return EX_OK;
    sm_session_look_at(accounts);
    code = sm_session_each_account(session, each, job);
    say_total(job);
    return code == EX_OK && job->total.kept > 0 ? EX_CANTCREAT : code;
}

static const GOptionEntry options_of_prune[] = {
    SM_OPTION(Job, dry_run, "dry-run", 'n', NONE, "Show what would be deleted", NULL),
    SM_OPTION(Job, sure, "yes", 'y', NONE,
              "Delete also after the clock jumped, or all files at once", NULL),
    {NULL}};

const SmCommand sm_command_prune = {
    .name = "prune",
    .summary = "Delete files that have been stored longer than keep-for",
    .needs = SM_NEEDS_CONFIG | SM_NEEDS_ACCOUNT,
    .size = sizeof(Job),
    .options = options_of_prune,
    .run = prune,
};
