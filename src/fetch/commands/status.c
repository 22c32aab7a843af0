/*
 * scorefetch status: how each account is doing, what a person should see to, and
 * the newest files; for people, as JSON, as a monitoring plugin or as metrics, or as a view that
 * renews itself.
 */
#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/base/error.h"
#include "fetch/commands/commands.h"
#include "fetch/host/json.h"
#include "fetch/host/screen.h"
#include "fetch/service/secret.h"
#include "fetch/status/forms.h"
#include "fetch/status/live.h"
#include "fetch/status/verdict.h"

enum {
    SHOWN = 20,        /* files, in the table */
    SHOWN_JSON = 1000, /* in JSON: as many as cost little */
    /* of --watch */
    LOOK_US = 1000 * 1000, /* between two looks */
    DRAW_MS = 250,
    SILENT_US = 5 * 1000 * 1000, /* without a new look, before that is said */
    END_US = 500 * 1000,         /* for the thread's end */
};

typedef struct {
    gboolean json, all, exit_code, watch;
    char *prometheus; /* FILE */
    SmLevel level;    /* what was found */
} Status;

/* As many as are shown, and one more if there are others. */
static GPtrArray *
load_files(SmSession *session, guint max, GError **error)
{
    if (session->ledger == NULL)
        return g_ptr_array_new();
    return sm_file_list(session->ledger, session->account, max > 0 ? max + 1 : 0, error);
}

static void
print_tables(const SmSession *session, const SmSurvey *survey, const GPtrArray *concerns,
             const GPtrArray *files, gboolean more)
{
    sm_status_print_accounts(survey);
    sm_status_print_concerns(concerns);
    if (files->len > 0) {
        putchar('\n');
        sm_status_print_files(files, session->config->accounts->len > 1, survey->now);
    }
    sm_status_print_refusals(survey);
    if (more)
        puts("more: scorefetch status --all");
}

static gboolean
print_files(SmSession *session, const Status *status, const SmSurvey *survey,
            const GPtrArray *concerns, GError **error)
{
    guint max = status->all ? 0 : status->json ? SHOWN_JSON : SHOWN;
    g_autoptr(GPtrArray) files = load_files(session, max, error);
    gboolean more;

    if (files == NULL)
        return FALSE;
    more = max > 0 && files->len > max;
    if (more)
        g_ptr_array_set_size(files, (gint)max);
    if (status->json) {
        g_autoptr(cJSON) json = sm_status_json(survey, concerns, files, more);

        sm_json_print(json);
    } else {
        print_tables(session, survey, concerns, files, more);
    }
    if (files->len == 0)
        g_message("no file announced or fetched yet (ledger %s)", session->config->ledger);
    return TRUE;
}

static gboolean
print(SmSession *session, Status *status, const SmSurvey *survey, GError **error)
{
    g_autoptr(GPtrArray) concerns = sm_verdict_new(survey);

    status->level = sm_verdict_level(concerns);
    if (status->prometheus != NULL && !sm_exposition_write(status->prometheus, survey, error))
        return FALSE;
    if (status->exit_code && !status->json) {
        sm_status_print_plugin(survey, concerns);
        sm_status_print_concerns(concerns);
    } else if ((status->prometheus == NULL || status->json) &&
               !print_files(session, status, survey, concerns, error)) {
        return FALSE;
    }
    return TRUE;
}

static gboolean
show(SmSession *session, Status *status, GError **error)
{
    g_autoptr(SmSurvey) survey = NULL;

    if (!sm_session_configure(session, error) || !sm_session_knows_account(session, error) ||
        !sm_session_open_ledger(session, SM_LEDGER_LOOK, error))
        return FALSE;
    survey =
        sm_survey_new(session->config, session->ledger, session->account, sm_ledger_now(), error);
    return survey != NULL && print(session, status, survey, error);
}

/* What a thread of its own finds: what it looks at may hang. */
typedef struct {
    const SmConfig *config;
    const char *account; /* NULL: all */
    SmSecret *secret;    /* the ledger's password; NULL: it wants none */
    GMutex mutex;
    GCond change;
    gboolean ending;  /* the view is closed */
    gboolean ended;   /* so is the thread */
    SmLive *live;     /* the last one, NULL: there was none yet */
    GError *fault;    /* of the last look */
    gint64 looked_at; /* monotonic time of its end; 0: none has ended */
} Lookout;

static void
lookout_clear(gpointer data)
{
    Lookout *lookout = data;

    g_clear_pointer(&lookout->live, sm_live_free);
    g_clear_pointer(&lookout->secret, sm_secret_free);
    g_clear_error(&lookout->fault);
    g_mutex_clear(&lookout->mutex);
    g_cond_clear(&lookout->change);
}

/* The ledger is opened anew each time: it may be made, or restored, meanwhile. */
static SmLive *
look(const Lookout *lookout, SmRates *rates, GError **error)
{
    const char *password = lookout->secret != NULL ? sm_secret_text(lookout->secret) : NULL;
    GError *fault = NULL;
    g_autoptr(SmLedger) ledger =
        sm_ledger_open(lookout->config->ledger, password, SM_LEDGER_LOOK, "status", &fault);

    return sm_error_pass(error, fault)
               ? sm_live_new(lookout->config, ledger, lookout->account, rates, error)
               : NULL;
}

static void
take(Lookout *lookout, SmLive *live, GError *fault)
{
    g_clear_error(&lookout->fault);
    lookout->fault = fault;
    lookout->looked_at = g_get_monotonic_time();
    if (live != NULL) {
        g_clear_pointer(&lookout->live, sm_live_free);
        lookout->live = live;
    }
}

static gpointer
run(gpointer data)
{
    Lookout *lookout = data;
    g_autoptr(SmRates) rates = sm_rates_new();

    g_mutex_lock(&lookout->mutex);
    while (!lookout->ending) {
        GError *fault = NULL;
        SmLive *live;

        g_mutex_unlock(&lookout->mutex);
        live = look(lookout, rates, &fault);
        g_mutex_lock(&lookout->mutex);
        take(lookout, live, fault);
        while (!lookout->ending &&
               g_cond_wait_until(&lookout->change, &lookout->mutex, lookout->looked_at + LOOK_US))
            ;
    }
    lookout->ended = TRUE;
    g_cond_signal(&lookout->change);
    g_mutex_unlock(&lookout->mutex);
    g_atomic_rc_box_release_full(lookout, lookout_clear);
    return NULL;
}

/* What a person has to know besides what was seen last. Caller frees; NULL: nothing. */
static char *
notice_of(const Lookout *lookout, gint64 begun)
{
    gint64 silent = g_get_monotonic_time() - MAX(lookout->looked_at, begun);

    if (silent > SILENT_US)
        return g_strdup_printf("no answer for %d s from ledger %s or spool %s: what follows is old",
                               (int)(silent / G_USEC_PER_SEC), lookout->config->ledger,
                               lookout->config->spool);
    return lookout->fault != NULL ? g_strdup(lookout->fault->message) : NULL;
}

/* FALSE: there is nothing to be shown, since not even the first look has succeeded. */
static gboolean
draw(Lookout *lookout, gint64 begun, GError **error)
{
    g_autoptr(GPtrArray) lines = NULL;
    g_autofree char *notice = NULL;
    guint columns, rows;

    g_mutex_lock(&lookout->mutex);
    if (lookout->live == NULL && lookout->fault != NULL) {
        g_propagate_error(error, g_steal_pointer(&lookout->fault));
        g_mutex_unlock(&lookout->mutex);
        return FALSE;
    }
    sm_screen_size(STDOUT_FILENO, &columns, &rows);
    notice = notice_of(lookout, begun);
    lines = sm_live_lines(lookout->live, notice, columns, rows);
    g_mutex_unlock(&lookout->mutex);
    sm_screen_draw(lines);
    return TRUE;
}

/* Whether the thread has ended; one that hangs keeps what it uses. */
static gboolean
end(Lookout *lookout)
{
    gint64 until = g_get_monotonic_time() + END_US;
    gboolean ended;

    g_mutex_lock(&lookout->mutex);
    lookout->ending = TRUE;
    g_cond_signal(&lookout->change);
    while (!lookout->ended && g_cond_wait_until(&lookout->change, &lookout->mutex, until))
        ;
    ended = lookout->ended;
    g_mutex_unlock(&lookout->mutex);
    return ended;
}

/*
 * --watch: a view in the terminal that renews itself, until a person or a signal ends it. It only
 * looks; where the ledger or the spool does not answer, it says so and still ends at once.
 */
static void
show_view(SmSession *session, GError **error)
{
    g_autoptr(SmSecret) secret = NULL;
    g_autoptr(SmScreen) screen = NULL;
    gint64 begun;
    Lookout *lookout;
    GThread *thread;
    gboolean ok;

    if (!sm_secret_read_ledger(session->config, &secret, error) ||
        (screen = sm_screen_open("status --watch", error)) == NULL)
        return;
    begun = g_get_monotonic_time();
    lookout = g_atomic_rc_box_new0(Lookout);
    lookout->secret = g_steal_pointer(&secret);
    lookout->config = session->config;
    lookout->account = session->account;
    g_mutex_init(&lookout->mutex);
    g_cond_init(&lookout->change);
    thread = g_thread_try_new("lookout", run, g_atomic_rc_box_acquire(lookout), error);
    ok = thread != NULL;
    while (ok && draw(lookout, begun, error) && sm_screen_wait(screen, DRAW_MS))
        ;
    if (!ok) {
        g_atomic_rc_box_release_full(lookout, lookout_clear); /* the thread's */
    } else if (end(lookout)) {
        g_thread_join(thread);
    } else {
        g_thread_unref(thread);
        session->config = NULL; /* the thread's until the process ends */
        session->account = NULL;
    }
    g_atomic_rc_box_release_full(lookout, lookout_clear);
}

static int
watch(SmSession *session, const Status *status, GError **error)
{
    if (status->json || status->all || status->exit_code || status->prometheus != NULL)
        sm_error_set(error, SM_ERROR_USAGE,
                     "--watch goes with none of --all, --json, --exit-code, --prometheus");
    else if (sm_session_configure(session, error) && sm_session_knows_account(session, error))
        show_view(session, error);
    return EX_OK;
}

/*
 * If status is unknown, the plugin's first line says so; a wrong command line is not the service's
 * state.
 */
static int
status_all(SmSession *session, gpointer values, char **arguments, GError **error)
{
    Status *status = values;
    GError *fault = NULL;

    if (status->watch)
        return watch(session, status, error);
    if (show(session, status, &fault))
        return status->exit_code ? (int)status->level : EX_OK;
    if (!status->exit_code || g_error_matches(fault, SM_ERROR, SM_ERROR_USAGE)) {
        g_propagate_error(error, fault);
        return EX_OK;
    }
    printf("scoremail CRITICAL: %s\n", fault->message);
    fflush(stdout);
    sm_session_exit(session, fault);
    return SM_LEVEL_CRITICAL;
}

static const GOptionEntry options_of_status[] = {
    SM_OPTION(Status, all, "all", 0, NONE, "Show all files, not only the newest", NULL),
    SM_OPTION(Status, json, "json", 0, NONE, "Print JSON", NULL),
    SM_OPTION(Status, exit_code, "exit-code", 0, NONE,
              "Answer as a monitoring plugin: 0 ok, 1 warning, 2 critical", NULL),
    SM_OPTION(Status, prometheus, "prometheus", 0, FILENAME,
              "Write metrics to FILE, for node_exporter's text-file collector", "FILE"),
    SM_OPTION(Status, watch, "watch", 0, NONE, "Show a view that renews itself, until q", NULL),
    {NULL}};

const SmCommand sm_command_status = {
    .name = "status",
    .summary = "Show each account's figures, and the newest files",
    .size = sizeof(Status),
    .options = options_of_status,
    .run = status_all,
};
