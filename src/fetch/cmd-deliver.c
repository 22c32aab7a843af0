/*
 * scorefetch deliver: an event, handed over by scoremail in a sealed memfd as
 * standard input, becomes a decision, a file and a record.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "commands.h"
#include "common/error.h"
#include "common/event.h"
#include "fetch.h"
#include "ledger-events.h"
#include "ledger-files.h"
#include "plan.h"
#include "route.h"
#include "session.h"

/* One name of the event, and what became of it. */
typedef struct {
    SmSession *session;
    const SmEvent *event;
    const char *name;
    SmAccount *account; /* NULL: none found, and why tells the reason */
    char *why;
} Job;

/* Two versions side by side, as in the middle of an upgrade: a later try finds them alike, so this
 * is not the end of the message, as other malformed input is. */
static SmEvent *
decode(const guint8 *bytes, gsize size, GError **error)
{
    g_autoptr(GError) fault = NULL;
    SmEvent *event = sm_event_decode(bytes, size, &fault);

    if (event == NULL)
        g_set_error(error, SM_ERROR, SM_ERROR_INTERNAL,
                    "%s: are scoremail and scorefetch of the same version?", fault->message);
    return event;
}

static SmEvent *
read_event(GError **error)
{
    const int wanted = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
    int seals = fcntl(STDIN_FILENO, F_GET_SEALS);
    g_autofree guint8 *bytes = g_malloc(SM_EVENT_SIZE_MAX + 1);
    ssize_t size;

    /* Sealed: nobody can change it between our checks and our use. */
    if (seals < 0 || (seals & wanted) != wanted) {
        g_set_error(error, SM_ERROR, SM_ERROR_USAGE,
                    "deliver is scoremail's: pipe the message into scoremail");
        return NULL;
    }
    size = pread(STDIN_FILENO, bytes, SM_EVENT_SIZE_MAX + 1, 0);
    if (size < 0) {
        sm_error_from_errno(error, SM_ERROR_INTERNAL, "the event cannot be read");
        return NULL;
    }
    return decode(bytes, (gsize)size, error);
}

static const char *
account_name(const Job *job)
{
    return job->account != NULL ? job->account->name : "";
}

/* Commits the event before anything else is done about it. */
static gboolean
record(Job *job, GError **error)
{
    SmSession *session = job->session;

    job->account = sm_route(session->config, session->account, job->event, job->name, &job->why);
    return sm_event_record(session->ledger, job->event, account_name(job), job->name, error);
}

static gboolean
any_account_is_broken(const SmConfig *config)
{
    for (guint i = 0; i < config->accounts->len; i++)
        if (((SmAccount *)config->accounts->pdata[i])->fault != NULL)
            return TRUE;
    return FALSE;
}

/* Whether mending may still tell whose it is: a broken account, or one that --account names and
 * that is not there. */
static gboolean
mending_may_tell(const SmSession *session)
{
    if (session->account != NULL)
        return sm_config_account(session->config, session->account) == NULL;
    return any_account_is_broken(session->config);
}

static gboolean
no_account(const Job *job, GError **error)
{
    int code = mending_may_tell(job->session) ? SM_ERROR_CONFIG : SM_ERROR_DATA;

    g_set_error(error, SM_ERROR, code, "%s: not fetched: %s",
                *job->name != '\0' ? job->name : "a notification", job->why);
    return FALSE;
}

static gboolean
act(const Job *job, gint64 started, char **outcome, GError **error)
{
    SmFetch fetch = {
        .ledger = job->session->ledger, .account = job->account, .role = SM_ROLE_FILTER};

    if (job->account == NULL)
        return no_account(job, error);
    if (job->account->fault != NULL) {
        g_propagate_error(error, g_error_copy(job->account->fault));
        return FALSE;
    }
    fetch.deadline = started + (gint64)job->account->run_limit * G_USEC_PER_SEC;
    return sm_fetch(&fetch, job->name, outcome, error);
}

/* What the row says now, for the event's own row. */
static void
note_decision(const Job *job, const GError *fault)
{
    g_autoptr(SmFile) file = NULL;
    const char *decision = fault != NULL ? "waiting" : "done";
    SmLedger *ledger = job->session->ledger;

    if (job->account == NULL)
        decision = "no account";
    else
        file = sm_file_load(ledger, job->account->name, job->name, NULL);
    if (file != NULL)
        decision = sm_file_state_name(file->state);
    sm_event_decide(ledger, job->event, account_name(job), job->name, decision,
                    fault != NULL ? fault->message : (file != NULL ? file->reason : ""), NULL);
}

static int
settle_name(Job *job, gint64 started)
{
    g_autofree char *outcome = NULL;
    GError *fault = NULL;

    if (act(job, started, &outcome, &fault))
        g_message("%s", outcome);
    note_decision(job, fault);
    return sm_session_exit(job->session, fault);
}

static int
deliver_names(SmSession *session, const SmEvent *event, GError **error)
{
    gint64 started = g_get_monotonic_time();
    guint count = g_strv_length(event->names);
    g_autofree Job *jobs = g_new0(Job, count);
    gboolean recorded = TRUE;
    int code = EX_OK;

    for (guint i = 0; i < count && recorded; i++) {
        jobs[i] = (Job){.session = session, .event = event, .name = event->names[i]};
        recorded = record(&jobs[i], error);
    }
    for (guint i = 0; i < count; i++) {
        if (recorded && settle_name(&jobs[i], started) != EX_OK)
            code = EX_TEMPFAIL;
        g_free(jobs[i].why);
    }
    return recorded ? code : EX_TEMPFAIL;
}

/* A notification that names no file: recorded, said, and no try of the mail system's can mend it.
 */
static gboolean
deliver_oddity(SmSession *session, const SmEvent *event, GError **error)
{
    Job job = {.session = session, .event = event, .name = ""};
    gboolean recorded =
        record(&job, error) && sm_event_decide(session->ledger, event, account_name(&job), "",
                                               "no file", event->reason, error);

    g_free(job.why);
    if (!recorded)
        return FALSE;
    if (event->kind == SM_EVENT_UNUSABLE)
        g_set_error(error, SM_ERROR, SM_ERROR_DATA, "unusable message: %s", event->reason);
    else
        g_set_error(error, SM_ERROR, SM_ERROR_DATA,
                    "a notification without a valid file name: %s (has its form changed?)",
                    event->reason);
    return FALSE;
}

static int
deliver(SmSession *session, gboolean dry_run)
{
    g_autoptr(SmEvent) event = NULL;
    GError *fault = NULL;
    int code = EX_OK;

    event = read_event(&fault);
    if (event == NULL || !sm_session_configure(session, &fault))
        return sm_session_exit(session, fault);
    if (dry_run) {
        sm_plan(session, event, &fault);
        return sm_session_exit(session, fault);
    }
    if (!sm_session_open_ledger(session, SM_LEDGER_CREATE, &fault))
        return sm_session_exit(session, fault);
    if (event->kind == SM_EVENT_NAMES)
        code = deliver_names(session, event, &fault);
    else
        deliver_oddity(session, event, &fault);
    return fault != NULL ? sm_session_exit(session, fault) : code;
}

int
sm_cmd_deliver(int argc, char **argv)
{
    gboolean dry_run = FALSE;
    const GOptionEntry more[] = {
        {"dry-run", 'n', 0, G_OPTION_ARG_NONE, &dry_run, "Only say what would be done", NULL},
        {NULL}};
    GError *fault = NULL;
    SmSession session;
    int code;

    /* To people it is one program: what scoremail hands over answers in its name. */
    sm_session_start(&session, "scoremail", "deliver", SM_ROLE_FILTER);
    if (sm_session_parse(&session, &argc, &argv, more, "< EVENT",
                         "Acts on an event that scoremail hands over.", &fault))
        code = deliver(&session, dry_run);
    else
        code = sm_session_exit(&session, fault);
    sm_session_end(&session);
    return code;
}
