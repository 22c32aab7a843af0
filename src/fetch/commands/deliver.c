/*
 * scorefetch deliver: an event, handed over by scoremail in a memfd as
 * standard input, locked until the event is whole and sealed, becomes a decision, a file and a
 * record; or, where delivery is queued, a file in the spool.
 */
#include <fcntl.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/base/error.h"
#include "common/config/values.h"
#include "common/event/event.h"
#include "common/event/fallback.h"
#include "common/event/spool.h"
#include "fetch/alert/alert.h"
#include "fetch/alert/watch-worker.h"
#include "fetch/commands/commands.h"
#include "fetch/job/preview.h"
#include "fetch/mail/delivery.h"

typedef struct {
    gboolean dry_run;
    char *defer_for; /* --defer-for, or NULL */
    char *lacking;   /* what the parser's sandbox lacks, or NULL */
} Options;

/* Two versions side by side, as during an upgrade: a retry succeeds, so this is not final, as other
 * malformed input is. */
static SmEvent *
decode(const guint8 *bytes, gsize size, GError **error)
{
    g_autoptr(GError) fault = NULL;
    SmEvent *event = sm_event_decode(bytes, size, &fault);

    if (event == NULL)
        g_set_error(error, SM_ERROR, SM_ERROR_INTERNAL,
                    "%s; do scoremail and scorefetch have the same version?", fault->message);
    return event;
}

/* Its seals, once scoremail has written the event or has ended; negative where it is no memfd. */
static int
wait_for_event(void)
{
    struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET};

    if (fcntl(STDIN_FILENO, F_GET_SEALS) < 0)
        return -1;
    TEMP_FAILURE_RETRY(fcntl(STDIN_FILENO, F_SETLKW, &lock));
    return fcntl(STDIN_FILENO, F_GET_SEALS);
}

/* NULL without an error where the message announces nothing. */
static SmEvent *
read_event(GError **error)
{
    const int wanted = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
    int seals = wait_for_event();
    g_autofree guint8 *bytes = g_malloc(SM_EVENT_SIZE_MAX + 1);
    ssize_t size;

    if (seals == 0 && pread(STDIN_FILENO, bytes, 1, 0) == 0)
        return NULL;
    /* Sealed: it is whole, and nobody can change it between our checks and our use. */
    if (seals < 0 || (seals & wanted) != wanted) {
        g_set_error(error, SM_ERROR, SM_ERROR_USAGE,
                    "only scoremail runs deliver; pipe the message into scoremail");
        return NULL;
    }
    size = pread(STDIN_FILENO, bytes, SM_EVENT_SIZE_MAX + 1, 0);
    if (size < 0) {
        sm_error_from_errno(error, SM_ERROR_INTERNAL, "the event cannot be read");
        return NULL;
    }
    return decode(bytes, (gsize)size, error);
}

/* How long the mail system keeps a message: by the recipe, the configuration, or the default. */
static gboolean
find_deferral(const SmSession *session, const Options *options, guint *defer_for, GError **error)
{
    *defer_for = session->config != NULL ? session->config->defer_for : SM_EVENT_DEFER_FOR;
    if (options->defer_for == NULL ||
        sm_value_read(&sm_value_deferral, options->defer_for, defer_for, error))
        return TRUE;
    g_prefix_error(error, "--defer-for: ");
    return FALSE;
}

/* The event cannot reach the ledger or the directory, which is not the message's fault. */
static int
fall_back(SmSession *session, const Options *options, const SmEvent *event, const GError *fault)
{
    g_autofree char *file = sm_config_find(session->config_file);
    g_autofree char *spool =
        session->config != NULL ? g_strdup(session->config->spool) : sm_config_default_spool(file);
    guint defer_for;

    find_deferral(session, options, &defer_for, NULL);
    return sm_fall_back(&session->report, event, fault->message, spool, defer_for);
}

/* All at once, before one of them holds up the others' names. */
static void
look_at_directories(const SmDelivery *delivery)
{
    g_autoptr(GPtrArray) accounts = g_ptr_array_new();

    sm_delivery_add_accounts(delivery, accounts);
    sm_session_look_at(accounts);
}

/* Does not wait for the disk: a power loss before we have answered brings the message again, and a
 * file's record, or the sync at our end, brings to the disk what was recorded before. */
static gboolean
record(SmSession *session, const SmDelivery *delivery, GError **error)
{
    gboolean ok;

    if (!sm_session_open_ledger(session, SM_LEDGER_CREATE, error))
        return FALSE;
    sm_ledger_defer(session->ledger, TRUE);
    ok = sm_delivery_record(delivery, session->ledger, error);
    sm_ledger_defer(session->ledger, FALSE);
    return ok;
}

static int
act_inline(SmSession *session, const Options *options, const SmDelivery *delivery, guint defer_for)
{
    g_autoptr(SmEvent) event = sm_delivery_event(delivery);
    g_autoptr(GError) fault = NULL;
    int code;

    look_at_directories(delivery);
    if (!record(session, delivery, &fault))
        return fall_back(session, options, event, fault);
    if (options->lacking != NULL) {
        g_message("the parser's sandbox: the kernel offers %s", options->lacking);
        sm_alert(session->ledger, "", SM_ALERT_SANDBOX, options->lacking);
    }
    sm_session_enclose(session, sm_delivery_only_account(delivery), NULL);
    code = sm_delivery_act(delivery, session->ledger, defer_for);
    if (code == EX_OK && !sm_ledger_sync(session->ledger, &fault))
        return fall_back(session, options, event, fault);
    return code;
}

/* What is left to the worker goes to the spool, and nothing else is opened. SM_ERROR_WORKER where
 * it is there, but no worker has taken anything over for two intervals. */
static gboolean
put_in_queue(const SmConfig *config, const SmEvent *event, GError **error)
{
    g_autofree char *silent = NULL;
    SmWorkerSigns signs;

    if (!sm_spool_put(config->spool, event, error))
        return FALSE;
    if (sm_spool_is_worked(config->spool, config->worker_interval, sm_ledger_now()))
        return TRUE;
    sm_watch_worker_look(config, sm_ledger_now(), &signs);
    silent = sm_watch_worker_describe(&signs);
    return sm_error_set(error, SM_ERROR_WORKER, "queued in %s, but %s", config->spool, silent);
}

/* Alerts that no worker runs: nothing else may notice. A user who may not open the ledger has
 * logged it. */
static void
tell_worker(SmSession *session, const GError *fault)
{
    if (g_error_matches(fault, SM_ERROR, SM_ERROR_WORKER) &&
        sm_ledger_is_ours(session->config->ledger, NULL) &&
        sm_session_open_ledger(session, SM_LEDGER_CREATE, NULL))
        sm_alert(session->ledger, "", SM_ALERT_WORKER, fault->message);
}

/* Queued and inline names, each their own way; TEMPFAIL wins. */
static int
act(SmSession *session, const Options *options, const SmEvent *event, guint defer_for)
{
    g_autoptr(SmDelivery) delivery = sm_delivery_new(session->config, event);
    g_autoptr(SmEvent) queued = sm_delivery_take_queued(delivery);
    g_autoptr(GError) fault = NULL;
    int code = EX_OK;

    if (queued != NULL) {
        sm_session_start_log(session);
        if (put_in_queue(session->config, queued, &fault)) {
            g_message("queued for scorefetch run, in %s", session->config->spool);
        } else {
            code = fall_back(session, options, queued, fault);
            tell_worker(session, fault);
        }
    }
    if (!sm_delivery_is_empty(delivery) &&
        act_inline(session, options, delivery, defer_for) != EX_OK)
        code = EX_TEMPFAIL;
    return code;
}

static gboolean
plan(SmSession *session, const SmEvent *event, GError **error)
{
    if (!sm_session_open_ledger(session, SM_LEDGER_LOOK, error))
        return FALSE;
    if (session->ledger == NULL)
        session->ledger = sm_ledger_open_empty(error);
    return session->ledger != NULL && sm_preview(session->ledger, session->config, event, error);
}

static int
deliver(SmSession *session, gpointer values, char **arguments, GError **error)
{
    const Options *options = values;
    g_autoptr(SmEvent) event = read_event(error);
    GError *fault = NULL;
    guint defer_for;

    if (event == NULL)
        return EX_TEMPFAIL;
    if (sm_session_configure(session, &fault) && !sm_session_reaches(session, FALSE, error))
        return EX_OK;
    if (fault == NULL && find_deferral(session, options, &defer_for, &fault)) {
        if (!options->dry_run)
            return act(session, options, event, defer_for);
        plan(session, event, error);
    } else if (options->dry_run) {
        g_propagate_error(error, fault);
    } else {
        g_autoptr(GError) cause = fault;

        return fall_back(session, options, event, cause);
    }
    return EX_OK;
}

static const GOptionEntry options_of_deliver[] = {
    SM_OPTION(Options, dry_run, "dry-run", 'n', NONE, "Show what would be done, and do nothing",
              NULL),
    SM_OPTION(Options, defer_for, "defer-for", 0, STRING, "How long the mail system retries",
              "TIME|unlimited"),
    SM_OPTION(Options, lacking, "sandbox-lacking", 0, STRING,
              "The kernel's sandbox features, if some are missing", "TEXT"),
    {NULL}};

/* To people it is one program: deliver speaks in scoremail's name. */
const SmCommand sm_command_deliver = {
    .name = "deliver",
    .usage = "< EVENT",
    .most = G_MAXINT,
    .summary = "Act on an event that scoremail hands over (not for people)",
    .as_filter = TRUE,
    .size = sizeof(Options),
    .options = options_of_deliver,
    .run = deliver,
};
