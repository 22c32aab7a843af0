/*
 * scorefetch get: fetches names that a person asks for, whatever the format
 * policy says about mail; to the account's directory and ledger, or with -o to
 * a file or standard output, which the ledger only logs.
 */
#include <sysexits.h>
#include <unistd.h>

#include "common/base/error.h"
#include "fetch/commands/commands.h"
#include "fetch/commands/session.h"
#include "fetch/host/progress.h"
#include "fetch/job/export.h"
#include "fetch/job/fetch.h"
#include "fetch/job/outcome.h"
#include "fetch/ledger/files.h"

typedef struct {
    char *output; /* NULL: the account's directory */
    gboolean force;
    SmShared shared; /* by all the names: their progress */
} Options;

/* The row, so that there is something to claim; and the trail of who asked. */
static gboolean
announce(SmLedger *ledger, const char *account, const char *name, GError **error)
{
    return sm_db_end(ledger->db,
                     sm_db_begin(ledger->db, error) &&
                         sm_file_ensure(ledger, account, name, error) &&
                         sm_ledger_log(ledger, account, name, "requested", "", error),
                     error);
}

/* Fetches it and says what became of it; where it went elsewhere, that changed nothing that the
 * ledger's row could tell. */
static gboolean
get_name(SmSession *session, const Options *options, const char *name, GError **error)
{
    SmFetch fetch = {.ledger = session->ledger,
                     .role = SM_ROLE_PROMPT,
                     .force = options->force,
                     .shared = &options->shared};
    g_auto(SmFetched) fetched = {0};

    fetch.account = sm_session_account_for(session, name, error);
    if (fetch.account == NULL)
        return FALSE;
    if (options->output != NULL) {
        if (!sm_export(&fetch, name, options->output, &fetched.outcome, error))
            return FALSE;
        g_message("%s", fetched.outcome);
        return TRUE;
    }
    if (!announce(session->ledger, fetch.account->name, name, error) ||
        !sm_fetch(&fetch, name, &fetched, error))
        return FALSE;
    sm_outcome_say(fetched.file, fetch.account->name, name, G_LOG_LEVEL_MESSAGE, fetched.outcome);
    return TRUE;
}

static gboolean
check_arguments(const Options *options, char **names, int count, GError **error)
{
    if (count == 0) {
        g_set_error(error, SM_ERROR, SM_ERROR_USAGE, "say which file: scorefetch get NAME...");
        return FALSE;
    }
    if (options->output != NULL && count > 1) {
        g_set_error(error, SM_ERROR, SM_ERROR_USAGE, "--output takes one NAME, not %d", count);
        return FALSE;
    }
    for (int i = 0; i < count; i++)
        if (!sm_session_check_name(names[i], error))
            return FALSE;
    return TRUE;
}

static int
get_names(SmSession *session, const Options *options, char **names, int count)
{
    GError *fault = NULL;
    int code = EX_OK;

    for (int i = 0; i < count; i++) {
        int own;

        get_name(session, options, names[i], &fault);
        own = sm_session_exit(session, g_steal_pointer(&fault));
        if (code == EX_OK)
            code = own; /* the first failure tells the exit code; the others are still tried */
    }
    return code;
}

static int
get(SmSession *session, Options *options, char **names, int count)
{
    GError *fault = NULL;
    int code;

    if (!check_arguments(options, names, count, &fault) || !sm_session_configure(session, &fault) ||
        !sm_session_open_ledger(session, SM_LEDGER_CREATE, &fault))
        return sm_session_exit(session, fault);
    if (!session->quiet)
        options->shared.progress = sm_progress_new(STDERR_FILENO, (guint)count);
    sm_progress_show(options->shared.progress, &session->report);
    code = get_names(session, options, names, count);
    sm_progress_show(NULL, &session->report);
    g_clear_pointer(&options->shared.progress, sm_progress_free);
    return code;
}

int
sm_cmd_get(int argc, char **argv)
{
    Options options = {0};
    const GOptionEntry more[] = {{"output", 'o', 0, G_OPTION_ARG_FILENAME, &options.output,
                                  "Write to FILE (- for standard output), outside of the ledger",
                                  "FILE"},
                                 {"force", 'f', 0, G_OPTION_ARG_NONE, &options.force,
                                  "Ask the service even if it is stored; overwrite FILE", NULL},
                                 {NULL}};
    GError *fault = NULL;
    SmSession session;
    int code;

    sm_session_start(&session, "scorefetch", "get", SM_ROLE_PROMPT);
    if (sm_session_parse(&session, &argc, &argv, more, "NAME...", "Fetches score files by name.",
                         &fault))
        code = get(&session, &options, argv + 1, argc - 1);
    else
        code = sm_session_exit(&session, fault);
    g_free(options.output);
    sm_session_end(&session);
    return code;
}
