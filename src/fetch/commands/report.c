/* scorefetch report: a page for an office, from the ledger: is all well, what came, what is
 * missing. */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "common/base/error.h"
#include "fetch/commands/commands.h"
#include "fetch/report/page.h"
#include "fetch/rules/since.h"
#include "fetch/store/output.h"

typedef struct {
    char *since, *output; /* NULL: the season; standard output */
    gboolean force;
} Report;

static gboolean
write_file(const char *page, const Report *report, GError **error)
{
    gsize size = strlen(page);
    g_auto(SmOutput) output = {0};
    g_autofree char *sha256 = NULL;
    g_autofree char *md5 = NULL;

    return sm_output_begin(&output, report->output, report->force, error) &&
           sm_part_write(output.part, page, size, error) &&
           sm_part_finish(output.part, &sha256, &md5, error) &&
           sm_output_place(&output, 0600, (gint64)size, sha256, error);
}

static int
report(SmSession *session, gpointer values, char **arguments, GError **error)
{
    const Report *report = values;
    g_autoptr(SmOverview) overview = NULL;
    g_autofree char *page = NULL;
    gint64 since, now = sm_ledger_now();

    if (!sm_since_read("--since", report->since, now, &since, error))
        return EX_OK;
    if (since > now) {
        sm_error_set(error, SM_ERROR_USAGE, "--since \"%s\" is in the future", report->since);
        return EX_OK;
    }
    overview =
        sm_overview_new(session->config, session->ledger, session->account, since, now, error);
    if (overview == NULL)
        return EX_OK;
    page = sm_page(overview);
    if (report->output != NULL && strcmp(report->output, "-") != 0) {
        if (write_file(page, report, error))
            g_message("%s: a report as of now; open it in a browser", report->output);
        return EX_OK;
    }
    fputs(page, stdout);
    return EX_OK;
}

static const GOptionEntry options_of_report[] = {
    SM_OPTION(Report, since, "since", 0, STRING,
              "The season begins then (2026-08-01, 90d), not on 1 August", "WHEN"),
    SM_OPTION(Report, output, "output", 'o', FILENAME, "Write to FILE (- for standard output)",
              "FILE"),
    SM_OPTION(Report, force, "force", 'f', NONE, "Overwrite FILE", NULL),
    {NULL}};

const SmCommand sm_command_report = {
    .name = "report",
    .summary = "Make a web page for an office: is all well, what came, what is missing",
    .needs = SM_NEEDS_CONFIG | SM_NEEDS_ACCOUNT | SM_NEEDS_LOOK,
    .size = sizeof(Report),
    .options = options_of_report,
    .run = report,
};
