/* scorefetch prune: deletes what has been stored for longer than keep-for. */
#include <sysexits.h>

#include "common/base/error.h"
#include "common/base/io.h"
#include "fetch/commands/commands.h"
#include "fetch/store/prune.h"

typedef struct {
    gboolean dry_run, sure;
    SmPruned total;
    gboolean configured; /* one of the accounts has a keep-for */
} Job;

static gboolean
prune_account(SmSession *session, Job *job, const SmAccount *account, GError **error)
{
    SmPruneMode mode = job->dry_run ? SM_PRUNE_DRY : (job->sure ? SM_PRUNE_SURE : SM_PRUNE_PERSON);
    SmPruned result = {0};
    gboolean ok;

    if (account->fault != NULL) {
        g_propagate_error(error, g_error_copy(account->fault));
        return FALSE;
    }
    job->configured |= account->keep_for != 0;
    ok = sm_prune(session->ledger, account, mode, &result, error);
    job->total.pruned += result.pruned;
    job->total.kept += result.kept + (result.held != NULL);
    if (result.held != NULL)
        g_warning("%s", result.held);
    g_free(result.held);
    return ok;
}

/* All accounts, or the one; the first failure tells the exit code, the others are still worked on.
 */
static int
prune_all(SmSession *session, Job *job)
{
    g_autoptr(GPtrArray) accounts = g_ptr_array_new();
    int code = EX_OK;

    for (guint i = 0; i < session->config->accounts->len; i++) {
        SmAccount *account = session->config->accounts->pdata[i];

        if (account->enabled &&
            (session->account == NULL || g_str_equal(session->account, account->name)))
            g_ptr_array_add(accounts, account);
    }
    sm_session_look_at(accounts);
    for (guint i = 0; i < accounts->len; i++) {
        GError *fault = NULL;
        int own;

        prune_account(session, job, accounts->pdata[i], &fault);
        own = sm_session_exit(session, fault);
        if (code == EX_OK)
            code = own;
    }
    return code;
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
    int code;

    if (!sm_session_open_ledger(session, job->dry_run ? SM_LEDGER_LOOK : SM_LEDGER_CREATE, error))
        return EX_OK;
    if (session->ledger == NULL)
        session->ledger = sm_ledger_open_empty(error);
    if (session->ledger == NULL)
        return EX_OK;
    code = prune_all(session, job);
    say_total(job);
    sm_io_flush(error);
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
