/*
 * As a filter scoremail exits 0 or 75, whatever happens; only a wrong command line and --extract
 * have other codes.
 */
#include "filter/filter.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include <glib.h>

#include "build-config.h"
#include "common/base/error.h"
#include "common/base/io.h"
#include "common/base/report.h"
#include "common/base/startup.h"
#include "common/config/config.h"
#include "common/event/event.h"
#include "common/event/fallback.h"
#include "common/event/name.h"
#include "filter/child.h"
#include "filter/envelope.h"
#include "filter/options.h"
#include "filter/reader.h"
#include "filter/scan/scan.h"

enum {
    EXTRACT_NO_SPAN = 1,     /* as grep */
    DRAIN_SIZE = 256 * 1024, /* bytes at a time */
};

static int
fail(const GError *error, SmRole role)
{
    g_warning("%s", error->message);
    return sm_error_exit_code(error, role);
}

/*
 * A person gets 64. A mail system would return the message to its sender for that: without a
 * terminal a wrong recipe is 75, and the message waits until the recipe is fixed.
 */
static int
refuse_usage(const char *why)
{
    g_autofree char *help = sm_options_help();
    g_auto(SmInput) input = {.data = NULL};

    if (isatty(STDIN_FILENO) || isatty(STDERR_FILENO)) {
        g_warning("%s", why);
        fputs(help, stderr);
        return EX_USAGE;
    }
    g_warning("%s. Usage: scoremail [OPTION...] < MESSAGE (see --help)", why);
    sm_input_read(&input, STDIN_FILENO, DRAIN_SIZE);
    return EX_TEMPFAIL;
}

static int
show_help(void)
{
    g_autofree char *help = sm_options_help();
    g_autoptr(GError) error = NULL;

    fputs(help, stdout);
    return sm_io_flush(&error) ? EX_OK : fail(error, SM_ROLE_PROMPT);
}

static int
show_version(void)
{
    const SmSandboxWalls walls = sm_sandbox_find();
    g_autofree char *sandbox = sm_sandbox_describe(&walls);
    g_autoptr(GError) error = NULL;
    const SmReader *reader = sm_reader_load(&error);
    g_autofree char *libraries = reader != NULL ? reader->describe() : NULL;

    if (reader == NULL)
        return fail(error, SM_ROLE_PROMPT);
    printf("scoremail %s\n%s\nsandbox: %s\n", SM_VERSION, libraries, sandbox);
    return sm_io_flush(&error) ? EX_OK : fail(error, SM_ROLE_PROMPT);
}

static int
say_too_large(const SmOptions *options)
{
    g_warning("the message is larger than %" G_GINT64_FORMAT " bytes (--max-message); ignored",
              options->max_message);
    return options->extract ? EX_DATAERR : EX_OK;
}

/* Only the extensions of score files: others need a configuration. */
static int
print_valid(const SmEvent *event)
{
    int code = EX_DATAERR;

    for (char **name = event->names; *name != NULL; name++) {
        if (sm_name_check(*name, strlen(*name), sm_default_extensions, NULL) == SM_NAME_VALID) {
            printf("%s\n", *name);
            code = EX_OK;
        }
    }
    if (code != EX_OK)
        g_warning("\"%s\" is neither .csv nor .txt", event->names[0]);
    return code;
}

static int
extract(const SmEvent *event)
{
    int code = EX_DATAERR;

    if (event->kind == SM_EVENT_NAMES)
        code = print_valid(event);
    else if (event->kind == SM_EVENT_NO_VALID_NAME)
        g_warning("no valid name: %s", event->reason);
    else
        g_warning("unusable message: %s", event->reason);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        g_warning("cannot write the names to standard output");
        return EX_IOERR;
    }
    return code;
}

/* The configuration's file, for a program that does not read it. */
static int
fall_back(const SmEvent *event, const SmOptions *options, SmReport *report, const char *cause)
{
    g_autofree char *file = sm_config_find(options->handoff.config);
    g_autoptr(SmConfig) config = sm_config_load(options->handoff.config, NULL);
    g_autofree char *spool =
        config == NULL ? sm_config_default_spool(file) : g_strdup(config->spool);
    guint defer_for = config != NULL ? config->defer_for : SM_EVENT_DEFER_FOR;

    if (options->defer_for != 0)
        defer_for = options->defer_for;
    return sm_fall_back(report, event, cause, spool, defer_for);
}

/* scorefetch's answer, or one without it. */
static int
hand_over(SmEvent *event, const SmOptions *options, const SmEnvelope *envelope, SmReport *report,
          SmHandoffRun *scorefetch)
{
    g_autoptr(GError) error = NULL;
    int code;

    sm_envelope_note(envelope, event);
    g_free(event->account);
    event->account = g_strdup(options->account != NULL ? options->account : "");
    code = sm_handoff(scorefetch, event, &error);
    if (code >= 0)
        return code;
    if (options->handoff.dry_run)
        return fail(error, report->role);
    return fall_back(event, options, report, error->message);
}

/* Our own failure: the mail system keeps the message as long as that is safe. */
static int
give_up(const SmInput *input, const SmOptions *options, const SmEnvelope *envelope,
        SmReport *report, SmHandoffRun *scorefetch, const GError *error)
{
    const SmChildRules rules = {1, options->sandbox};
    guint defer_for = options->defer_for != 0 ? options->defer_for : SM_EVENT_DEFER_FOR;
    g_autoptr(SmEvent) event = NULL;

    if (options->extract)
        return fail(error, report->role);
    event = sm_child_read_header(input->data, input->length, &rules, error->message);
    if (!sm_event_is_overdue(event, defer_for, g_get_real_time() / G_USEC_PER_SEC))
        return fail(error, report->role);
    return hand_over(event, options, envelope, report, scorefetch);
}

static int
answer_none(const SmOptions *options)
{
    if (options->extract)
        return EXTRACT_NO_SPAN;
    g_message("no notification");
    return EX_OK;
}

static int
fail_to_read(const SmInput *input, SmRole role)
{
    g_autoptr(GError) error = NULL;

    errno = input->cause;
    if (errno != 0)
        sm_error_from_errno(&error, input->code, "%s", input->fault);
    else
        sm_error_set(&error, input->code, "%s", input->fault);
    return fail(error, role);
}

static int
run(SmOptions *options, const SmEnvelope *envelope, SmReport *report, SmInput begun)
{
    const SmChildRules rules = {(guint)options->max_cpu, options->sandbox};
    const SmSandboxWalls walls = sm_sandbox_find();
    g_autofree char *lacking =
        walls.landlock > 0 && walls.seccomp ? NULL : sm_sandbox_describe(&walls);
    g_autoptr(SmHandoffRun) scorefetch = NULL;
    gboolean is_read = begun.data != NULL || begun.fault != NULL;
    g_auto(SmInput) input = begun;
    g_autoptr(SmEvent) event = NULL;
    g_autoptr(GError) error = NULL;

    if (!is_read)
        sm_input_read(&input, STDIN_FILENO, (gsize)options->max_message);
    if (input.fault != NULL)
        return fail_to_read(&input, report->role);
    if (input.too_large)
        return say_too_large(options);
    g_info("read a message of %zu bytes", input.length);
    if (!sm_sandbox_check(&walls, options->sandbox, &error))
        return fail(error, report->role);
    if (!is_read && !sm_scan_could_announce(input.data, input.length))
        return answer_none(options);
    options->handoff.lacking = lacking;
    if (!options->extract)
        scorefetch = sm_handoff_start(&options->handoff);
    if (!sm_child_read(input.data, input.length, &rules, &event, &error))
        return give_up(&input, options, envelope, report, scorefetch, error);
    if (event == NULL)
        return answer_none(options);
    if (options->extract)
        return extract(event);
    sm_input_clear(&input);
    return hand_over(event, options, envelope, report, scorefetch);
}

static int
filter(int argc, char **argv, SmInput input)
{
    SmReport report = {.program = "scoremail", .role = SM_ROLE_FILTER, .log_fd = -1};
    g_auto(SmOptions) options = {.extract = FALSE};
    g_auto(SmEnvelope) envelope = {NULL, NULL};
    g_autoptr(GError) error = NULL;

    sm_report_start(&report);
    sm_envelope_read(&envelope);
    sm_startup_environment();
    if (!sm_options_parse(&options, argc, argv, &error))
        return refuse_usage(error->message);
    report.role = options.extract ? SM_ROLE_PROMPT : SM_ROLE_FILTER;
    report.verbose = options.handoff.verbose;
    report.quiet = options.handoff.quiet;
    if (options.help)
        return show_help();
    if (options.version)
        return show_version();
    if (isatty(STDIN_FILENO))
        return refuse_usage("standard input is a terminal; pipe a message into scoremail");
    if (options.extract)
        sm_startup_end_by_signal();
    return run(&options, &envelope, &report, input);
}

const SmFilter sm_filter = {SM_VERSION, filter};
