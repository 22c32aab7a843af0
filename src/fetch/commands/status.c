/*
 * scorefetch status: how each account is doing, what a person should see to, and
 * the newest files; for people, as JSON, as a monitoring plugin or as metrics.
 */
#include <stdio.h>
#include <sysexits.h>

#include "common/base/error.h"
#include "common/base/io.h"
#include "fetch/commands/status-watch.h"
#include "fetch/host/json.h"
#include "fetch/status/exposition.h"
#include "fetch/status/json.h"
#include "fetch/status/table.h"
#include "fetch/status/verdict.h"

enum {
    SHOWN = 20,        /* files, in the table */
    SHOWN_JSON = 1000, /* in JSON: as many as cost little */
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
    if (status->prometheus != NULL) {
        g_autofree char *text = sm_exposition(survey);

        if (!sm_exposition_write(status->prometheus, text, error))
            return FALSE;
    }
    if (status->exit_code && !status->json) {
        sm_status_print_plugin(survey, concerns);
        sm_status_print_concerns(concerns);
    } else if ((status->prometheus == NULL || status->json) &&
               !print_files(session, status, survey, concerns, error)) {
        return FALSE;
    }
    return sm_io_flush(error);
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

static int
watch(SmSession *session, const Status *status, GError **error)
{
    if (status->json || status->all || status->exit_code || status->prometheus != NULL)
        g_set_error_literal(error, SM_ERROR, SM_ERROR_USAGE,
                            "--watch goes with none of --all, --json, --exit-code, --prometheus");
    else if (sm_session_configure(session, error) && sm_session_knows_account(session, error))
        sm_status_watch(session, error);
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
