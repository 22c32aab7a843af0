/*
 * scorefetch get: fetches names that a person asks for, whatever the format
 * policy says about mail; to the account's directory and ledger, or with -o to
 * a file or standard output, which the ledger only logs.
 */
#include <sysexits.h>
#include <unistd.h>

#include "common/base/error.h"
#include "fetch/commands/commands.h"
#include "fetch/host/progress.h"
#include "fetch/job/export.h"
#include "fetch/job/fetch.h"
#include "fetch/job/outcome.h"
#include "fetch/rows/files.h"

typedef struct {
    char *output; /* NULL: the account's directory */
    gboolean force;
    SmShared shared; /* shared by all names: their progress */
} Options;

/* Makes the row, so that there is something to claim, and records who asked. */
static gboolean
announce(SmLedger *ledger, const char *account, const char *name, GError **error)
{
    return SM_TRANSACTION(ledger->db, account, error,
                          sm_file_ensure(ledger, account, name, error) &&
                              sm_ledger_log(ledger, account, name, "requested", "", error));
}

/* Fetches it and says what became of it; where it went elsewhere, that changed nothing that the
 * ledger's row could tell. */
static gboolean
get_name(SmSession *session, const char *name, gconstpointer data, GError **error)
{
    const Options *options = data;
    SmJob job = {.ledger = session->ledger,
                 .role = SM_ROLE_PROMPT,
                 .force = options->force,
                 .shared = &options->shared};
    g_auto(SmFetched) fetched = {0};

    job.account = sm_session_account_at(session, name, error);
    if (job.account == NULL)
        return FALSE;
    if (options->output != NULL) {
        if (!sm_export(&job, name, options->output, &fetched.outcome, error))
            return FALSE;
        g_message("%s", fetched.outcome);
        return TRUE;
    }
    if (!announce(session->ledger, job.account->name, name, error) ||
        !sm_fetch(&job, name, &fetched, error))
        return FALSE;
    sm_outcome_say(fetched.file, job.account->name, name, G_LOG_LEVEL_MESSAGE, fetched.outcome);
    return TRUE;
}

static gboolean
check_arguments(const Options *options, char **names, guint count, GError **error)
{
    if (options->output != NULL && count > 1)
        return sm_error_set(error, SM_ERROR_USAGE, "--output takes one NAME, not %u", count);
    for (; *names != NULL; names++)
        if (!sm_session_check_name(*names, error))
            return FALSE;
    return TRUE;
}

/* The account of all names; NULL where they are of several. */
static SmAccount *
account_of(SmSession *session, char **names)
{
    SmAccount *only = sm_session_account_for(session, *names, NULL);

    for (; *names != NULL && only != NULL; names++)
        if (sm_session_account_for(session, *names, NULL) != only)
            only = NULL;
    return only;
}

static int
get(SmSession *session, gpointer values, char **names, GError **error)
{
    Options *options = values;
    guint count = g_strv_length(names);
    SmAccount *only;
    int code;

    if (!check_arguments(options, names, count, error))
        return EX_OK;
    only = account_of(session, names);
    if (!sm_session_answers(only, error))
        return EX_OK;
    sm_session_enclose(session, only, options->output);
    if (!session->quiet)
        options->shared.progress = sm_progress_new(STDERR_FILENO, count);
    sm_progress_show(options->shared.progress, &session->report);
    code = sm_session_each_name(session, names, get_name, options);
    sm_progress_show(NULL, &session->report);
    sm_progress_free(options->shared.progress);
    return code;
}

static const GOptionEntry options_of_get[] = {
    SM_OPTION(Options, output, "output", 'o', FILENAME,
              "Write to FILE (- for standard output); the ledger only logs it", "FILE"),
    SM_OPTION(Options, force, "force", 'f', NONE, "Fetch even if it is stored; overwrite FILE",
              NULL),
    {NULL}};

const SmCommand sm_command_get = {
    .name = "get",
    .usage = "NAME...",
    .least = 1,
    .most = G_MAXINT,
    .summary = "Fetch score files by name",
    .needs = SM_NEEDS_CONFIG | SM_NEEDS_LEDGER,
    .size = sizeof(Options),
    .options = options_of_get,
    .run = get,
};
