#include "fetch/setup/schedule.h"

#include <string.h>

#include "common/base/error.h"
#include "fetch/check/calls.h"
#include "fetch/host/subprocess.h"
#include "fetch/setup/edit.h"
#include "fetch/setup/own-units.h"
#include "fetch/setup/site.h"

#define SITE_CRON "/etc/cron.d/scoremail"
#define MARK "# Written by scorefetch setup.\n"
#define CRONTAB "/usr/bin/crontab"
#define WORKER "scorefetch run"

enum { CRONTAB_MAX = 256 * 1024 /* bytes */, LIMIT = 10 /* seconds */ };

/* Our user's crontab, "" where there is none. Caller frees. */
static char *
read_crontab(GError **error)
{
    static const char *const argv[] = {"crontab", "-l", NULL};
    g_autofree char *text = g_malloc0(CRONTAB_MAX + 1);
    gsize length = CRONTAB_MAX;
    g_autoptr(GError) fault = NULL;

    if (!sm_subprocess(argv, g_get_monotonic_time() + LIMIT * G_USEC_PER_SEC, text, &length,
                       SM_ERROR_DIRECTORY, &fault)) {
        if (strstr(fault->message, "no crontab for") != NULL)
            return g_strdup("");
        return sm_error_null(error, SM_ERROR_DIRECTORY,
                             "crontab -l: %s; nothing changed, use --schedule none",
                             fault->message);
    }
    if (length < CRONTAB_MAX - 1 && strlen(text) == length)
        return g_steal_pointer(&text);
    return sm_error_null(
        error, SM_ERROR_DIRECTORY,
        "the crontab is too long to be edited; nothing changed, use --schedule none");
}

/* Whether cron starts the worker already. */
static gboolean
is_in_cron(const SmPlace *place)
{
    g_autofree char *text = NULL;

    if (place->site)
        g_file_get_contents(SITE_CRON, &text, NULL, NULL);
    else if (g_file_test(CRONTAB, G_FILE_TEST_IS_EXECUTABLE))
        text = read_crontab(NULL);
    return text != NULL && sm_check_mentions(text, WORKER);
}

const char *
sm_schedule_find(const SmPlace *place)
{
    gboolean cron = place->site ? g_file_test("/etc/cron.d", G_FILE_TEST_IS_DIR)
                                : g_file_test(CRONTAB, G_FILE_TEST_IS_EXECUTABLE);

    if (is_in_cron(place))
        return "cron";
    if (place->site ? g_file_test("/run/systemd/system", G_FILE_TEST_IS_DIR) : sm_own_units_can())
        return "timer";
    return cron ? "cron" : "none";
}

const char *
sm_schedule_choices(const SmPlace *place)
{
    if (place->site)
        return "timer: systemd's units; cron: /etc/cron.d; none";
    return sm_own_units_can() ? "timer: units of your own; cron: a line in your crontab; none"
                              : "cron: a line in your crontab; none";
}

gboolean
sm_schedule_check(const char *choice, gpointer place, GError **error)
{
    gboolean timer = ((const SmPlace *)place)->site || sm_own_units_can();

    if ((timer && strcmp(choice, "timer") == 0) || strcmp(choice, "cron") == 0 || *choice == '\0')
        return TRUE;
    return sm_error_set(error, SM_ERROR_USAGE, "allowed: %scron, none%s", timer ? "timer, " : "",
                        timer ? "" : "; for timer, systemctl --user must work for you");
}

/* The lines for cron. Those of a site say who they run as, and end quietly where the program has
 * been removed. Caller frees. */
static char *
cron_lines(const SmPlace *place)
{
    g_autofree char *user =
        place->site ? g_strdup_printf("%s test -x %s/scorefetch && ", SM_SITE_USER, place->programs)
                    : g_strdup("");
    g_autofree char *option =
        place->standard ? g_strdup("") : g_strdup_printf(" -c '%s'", place->config);

    /* hosts should not all come in the same minute */
    return g_strdup_printf("*/5 * * * * %s%s/scorefetch run -q%s\n"
                           "%u * * * * %s%s/scorefetch sync -q --since last%s\n",
                           user, place->programs, option, g_str_hash(place->user) % 60, user,
                           place->programs, option);
}

/* Gives our block of the crontab these lines; NULL: there is to be none. *theirs: a line of the
 * person's own starts the worker, and nothing is to be done. */
static gboolean
plan_crontab(SmPlan *plan, const char *lines, gboolean *theirs, GError **error)
{
    static const char *const argv[] = {"crontab", "-", NULL};
    g_autofree char *present = read_crontab(error);
    g_autofree char *rest = present != NULL ? sm_edit_without_block(present) : NULL;
    const char *others = rest != NULL ? rest : present;
    g_autofree char *edited = NULL;

    if (present == NULL)
        return FALSE;
    *theirs = sm_check_mentions(others, WORKER);
    if (*theirs) {
        sm_plan_note(plan, "your crontab starts scorefetch run already; it stays as it is");
        return TRUE;
    }
    edited = lines != NULL ? sm_edit_block(present, lines) : g_strdup(others);
    if (strcmp(edited, present) != 0)
        sm_plan_command(plan, TRUE, argv, edited);
    return TRUE;
}

/* A person's: one of the two takes the place of the other. */
static gboolean
plan_own(SmPlan *plan, const SmPlace *place, gboolean timer, const char *lines, GError **error)
{
    gboolean theirs = FALSE;

    if ((!timer || g_file_test(CRONTAB, G_FILE_TEST_IS_EXECUTABLE)) &&
        !plan_crontab(plan, timer ? NULL : lines, &theirs, error))
        return FALSE;
    if (timer && !theirs)
        sm_own_units_plan(plan, place);
    else
        sm_own_units_plan_stop(plan, place);
    return TRUE;
}

static void
plan_site(SmPlan *plan, gboolean timer, const char *lines)
{
    g_autofree char *text = g_strconcat(MARK, timer ? "# systemd's units do it.\n" : lines, NULL);
    g_autofree char *present = NULL;

    if (g_file_get_contents(SITE_CRON, &present, NULL, NULL) && !g_str_has_prefix(present, MARK))
        sm_plan_note(plan, "%s is not setup's; it stays as it is; setup's is:\n%s", SITE_CRON,
                     text);
    else if (!timer || present != NULL)
        sm_plan_file(plan, SITE_CRON, text, 0644);
    if (timer)
        sm_site_plan_units(plan);
    else
        sm_site_plan_units_off(plan);
}

gboolean
sm_schedule_plan(SmPlan *plan, const char *choice, const SmPlace *place, GError **error)
{
    g_autofree char *lines = cron_lines(place);
    gboolean timer = strcmp(choice, "timer") == 0;

    if (!timer && strcmp(choice, "cron") != 0)
        sm_plan_note(plan, "let cron, or another scheduler, start:\n%s", lines);
    else if (place->site)
        plan_site(plan, timer, lines);
    else
        return plan_own(plan, place, timer, lines, error);
    return TRUE;
}
