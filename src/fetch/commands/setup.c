/*
 * scorefetch setup: asks a few questions, writes configuration, password, recipe and schedule, and
 * ends with a check. Nothing is written before the last question is answered.
 */
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/base/error.h"
#include "common/base/startup.h"
#include "fetch/commands/commands.h"
#include "fetch/host/subprocess.h"
#include "fetch/setup/setup.h"
#include "fetch/setup/site.h"

enum { CHECK_LIMIT = 120 /* seconds */, REPORT_MAX = 64 * 1024 /* bytes */ };

typedef struct {
    SmAnswers answers;
    gboolean site;
} Options;

static void
place_clear(SmPlace *place)
{
    g_free(place->home);
    g_free(place->user);
    g_free(place->programs);
    g_free(place->config);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SmPlace, place_clear)

static gboolean
knows_members(char **members, GError **error)
{
    for (; members != NULL && *members != NULL; members++)
        if (getpwnam(*members) == NULL)
            return sm_error_set(error, SM_ERROR_USAGE, "--member: there is no user %s", *members);
    return TRUE;
}

static gboolean
look_around(const SmSession *session, const Options *options, SmPlace *here, GError **error)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *standard = sm_config_default_file(options->site);
    g_autofree char *home = NULL;
    const struct passwd *user = getpwuid(geteuid());

    here->home = sm_startup_home();
    if (self == NULL || standard == NULL || here->home == NULL || user == NULL)
        return sm_error_set(
            error, SM_ERROR_CONFIG,
            "uid %u has no name and home directory; run setup as the user who gets the files",
            (guint)geteuid());
    if (options->site && geteuid() != 0 && !options->answers.print)
        return sm_error_set(error, SM_ERROR_USAGE,
                            "--site is for root; --print shows what it does");
    here->user = g_strdup(user->pw_name); /* before getpwnam(3) takes its place */
    if (!knows_members(options->answers.members, error))
        return FALSE;
    here->programs = g_path_get_dirname(self);
    here->config = session->config_file != NULL
                       ? g_canonicalize_filename(session->config_file, NULL)
                       : g_strdup(standard);
    /* neither cron nor a mail agent has our environment: what XDG_CONFIG_HOME says is told */
    home = g_build_filename(here->home, ".config", "scoremail", "scoremail.conf", NULL);
    here->standard = !options->site && strcmp(here->config, home) == 0;
    here->site = options->site;
    return TRUE;
}

/* The check, as the user who owns the ledger; its report is shown. The exit code: 2 where it found
 * a failure. */
static int
check(const SmPlace *here, GError **error)
{
    g_autofree char *program = g_build_filename(here->programs, "scorefetch", NULL);
    const char *const own[] = {program, "check", "-c", here->config, NULL};
    const char *const sites[] = {"runuser", "-u", SM_SITE_USER, "--", program,
                                 "check",   "-c", here->config, NULL};
    g_autofree char *report = g_malloc0(REPORT_MAX + 1);
    g_autoptr(GError) fault = NULL;
    gsize length = REPORT_MAX;

    sm_subprocess(here->site ? sites : own, g_get_monotonic_time() + CHECK_LIMIT * G_USEC_PER_SEC,
                  report, &length, SM_ERROR_INTERNAL, &fault);
    if (*report == '\0' && fault != NULL) {
        g_propagate_prefixed_error(error, g_steal_pointer(&fault), "check: ");
        return EX_OK;
    }
    fputs(report, stdout);
    return g_str_has_prefix(report, "failure") || strstr(report, "\nfailure") != NULL ? 2 : EX_OK;
}

static int
setup(SmSession *session, gpointer values, char **arguments, GError **error)
{
    const Options *options = values;
    g_auto(SmPlace) here = {0};
    g_autoptr(SmDraft) draft = NULL;
    g_autoptr(SmPlan) plan = sm_plan_new();

    if (!look_around(session, options, &here, error) ||
        (draft = sm_draft_open(here.config, session->account, error)) == NULL ||
        !sm_setup_ask(draft, &options->answers, &here, plan, error))
        return EX_OK;
    if (options->answers.print)
        sm_plan_print(plan);
    if (options->answers.print || !sm_plan_do(plan, error))
        return EX_OK;
    sm_plan_print_notes(plan);
    return check(&here, error);
}

#define ANSWER(member, name, letter, kind, text, value)                                            \
    SM_OPTION(Options, answers.member, name, letter, kind, text, value)

static const GOptionEntry options_of_setup[] = {
    ANSWER(username, "username", 'u', STRING, "User name at College Board", "NAME"),
    ANSWER(directory, "directory", 'd', FILENAME, "Directory for the score files", "DIRECTORY"),
    ANSWER(format, "format", 0, STRING, "Which posting of the same data to store",
           "csv|txt|both|first"),
    ANSWER(alert_mail, "alert-mail", 0, STRING, "Address for alerts; none", "ADDRESS"),
    ANSWER(agent, "agent", 0, STRING, "Mail agent whose recipe to install",
           "procmail|maildrop|dovecot|fdm|postfix|exim|opensmtpd|none"),
    ANSWER(schedule, "schedule", 0, STRING, "What starts the worker", "timer|cron|none"),
    ANSWER(password_file, "password-file", 0, FILENAME, "File for the password", "FILE"),
    ANSWER(password_stdin, "password-stdin", 0, NONE, "Read the password from standard input",
           NULL),
    ANSWER(force, "force", 'f', NONE, "Write a password that cannot be tested", NULL),
    ANSWER(set, "set", 0, STRING_ARRAY, "Set any other key; may be repeated", "KEY=VALUE"),
    ANSWER(members, "member", 0, STRING_ARRAY,
           "With --site: a user whose mail may announce files; may be repeated", "USER"),
    ANSWER(defaults, "yes", 'y', NONE, "Ask nothing: take the default of what is not given", NULL),
    ANSWER(print, "print", 0, NONE, "Show what would be written, and write nothing", NULL),
    SM_OPTION(Options, site, "site", 0, NONE, "Set up /etc, a system user and units, as root",
              NULL),
    {NULL}};

const SmCommand sm_command_setup = {
    .name = "setup",
    .summary = "Ask what is needed, write configuration and recipe, and check",
    .size = sizeof(Options),
    .options = options_of_setup,
    .run = setup,
};
