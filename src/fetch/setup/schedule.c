#include "fetch/setup/schedule.h"

#include <string.h>
#include <unistd.h>

#include "common/base/error.h"
#include "fetch/check/calls.h"
#include "fetch/setup/edit.h"
#include "fetch/setup/site.h"

#define SITE_CRON "/etc/cron.d/scoremail"
#define MARK "# Written by scorefetch setup.\n"
#define CRONTAB "/usr/bin/crontab"
#define WORKER "scorefetch run"
#define RUN_TIMER "scoremail-run.timer"
#define SYNC_TIMER "scoremail-sync.timer"
#define UNIT_MARK "# Written by scorefetch setup; changes of your own: systemctl --user edit"

static char *
path_of(const SmPlace *place, const char *unit)
{
    return g_build_filename(place->home, ".config", "systemd", "user", unit, NULL);
}

/* Whether there is such a file; *ours: setup has written it. */
static gboolean
look_at(const char *path, gboolean *ours)
{
    g_autofree char *text = NULL;

    *ours = g_file_get_contents(path, &text, NULL, NULL) && g_str_has_prefix(text, UNIT_MARK);
    return text != NULL || g_file_test(path, G_FILE_TEST_EXISTS);
}

static void
plan_unit(SmPlan *plan, const SmPlace *place, const char *unit, const char *text)
{
    g_autofree char *path = path_of(place, unit);
    g_autofree char *whole = g_strdup_printf(UNIT_MARK " %s\n%s", unit, text);
    gboolean ours;

    if (look_at(path, &ours) && !ours)
        sm_plan_note(plan, "%s is not setup's; it stays as it is", path);
    else
        sm_plan_file(plan, path, whole, 0644);
}

/* A word of ExecStart=, in which $ stands for a variable. Caller frees. */
static char *
quote(const char *word)
{
    g_autofree char *quoted = sm_site_quote(word);
    g_autoptr(GString) text = g_string_new(quoted);

    g_string_replace(text, "$", "$$", 0);
    return g_strdup(text->str);
}

/* call: the command and its options. */
static void
plan_service(SmPlan *plan, const SmPlace *place, const char *unit, const char *what,
             const char *call)
{
    g_autofree char *path = g_build_filename(place->programs, "scorefetch", NULL);
    g_autofree char *program = quote(path);
    g_autofree char *config = quote(place->config);
    g_autofree char *text = g_strdup_printf(
        "[Unit]\n"
        "Description=%s\n"
        "Documentation=man:scorefetch(1)\n"
        "\n"
        "[Service]\n"
        "Type=oneshot\n"
        "ExecStart=%s %s%s%s\n"
        "# 75: something is left for the next run; SIGTERM: a download is resumed later.\n"
        "SuccessExitStatus=75 SIGTERM\n"
        "TimeoutStartSec=infinity\n"
        "# A sendmail may deliver in the background.\n"
        "KillMode=process\n",
        what, program, call, place->standard ? "" : " -c ", place->standard ? "" : config);

    plan_unit(plan, place, unit, text);
}

/* systemctl --user with these words, of which there are two at most behind the first. */
static void
plan_systemctl(SmPlan *plan, gboolean must, const char *verb, const char *now)
{
    g_autofree char *where = g_strdup_printf("XDG_RUNTIME_DIR=/run/user/%u", (guint)geteuid());
    const char *const argv[] = {"env",
                                where,
                                "systemctl",
                                "--user",
                                verb,
                                now,
                                now != NULL ? RUN_TIMER : NULL,
                                now != NULL ? SYNC_TIMER : NULL,
                                NULL};

    sm_plan_command(plan, must, argv, NULL);
}

/* A person's own timers, which start worker and sync, and that they go on after a logout. A file of
 * these names that is not setup's stays, and a note says so. */
static void
plan_own_units(SmPlan *plan, const SmPlace *place)
{
    const char *const linger[] = {"loginctl", "enable-linger", place->user, NULL};
    g_autofree char *folder = path_of(place, NULL);

    sm_plan_folder(plan, folder, 0700, NULL, NULL);
    plan_service(plan, place, "scoremail-run.service", "Fetch the score files that wait", "run");
    plan_unit(plan, place, RUN_TIMER, sm_recipe(RUN_TIMER));
    plan_service(plan, place, "scoremail-sync.service",
                 "Fetch the score files that the service lists", "sync --since last");
    plan_unit(plan, place, SYNC_TIMER, sm_recipe(SYNC_TIMER));
    plan_systemctl(plan, TRUE, "daemon-reload", NULL);
    plan_systemctl(plan, TRUE, "enable", "--now");
    sm_plan_command(plan, FALSE, linger, NULL);
}

/* That timers which setup has started are stopped. */
static void
plan_own_units_stop(SmPlan *plan, const SmPlace *place)
{
    g_autofree char *path = path_of(place, RUN_TIMER);
    gboolean ours = FALSE;

    if (look_at(path, &ours) && ours)
        plan_systemctl(plan, FALSE, "disable", "--now");
}

/* Whether cron starts the worker already. */
static gboolean
is_in_cron(const SmPlace *place)
{
    g_autofree char *text = NULL;

    if (place->site)
        g_file_get_contents(SITE_CRON, &text, NULL, NULL);
    else if (g_file_test(CRONTAB, G_FILE_TEST_IS_EXECUTABLE))
        text = sm_check_crontab(NULL);
    return text != NULL && sm_check_mentions(text, WORKER);
}

const char *
sm_schedule_find(const SmPlace *place)
{
    gboolean cron = place->site ? g_file_test("/etc/cron.d", G_FILE_TEST_IS_DIR)
                                : g_file_test(CRONTAB, G_FILE_TEST_IS_EXECUTABLE);

    if (is_in_cron(place))
        return "cron";
    if (place->site ? g_file_test("/run/systemd/system", G_FILE_TEST_IS_DIR)
                    : sm_check_has_own_systemd())
        return "timer";
    return cron ? "cron" : "none";
}

const char *
sm_schedule_choices(const SmPlace *place)
{
    if (place->site)
        return "timer: systemd's units; cron: /etc/cron.d; none";
    return sm_check_has_own_systemd()
               ? "timer: units of your own; cron: a line in your crontab; none"
               : "cron: a line in your crontab; none";
}

gboolean
sm_schedule_check(const char *choice, gpointer place, GError **error)
{
    gboolean timer = ((const SmPlace *)place)->site || sm_check_has_own_systemd();

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
    g_autoptr(GError) fault = NULL;
    g_autofree char *present = sm_check_crontab(&fault);
    g_autofree char *rest = present != NULL ? sm_edit_without_block(present) : NULL;
    const char *others = rest != NULL ? rest : present;
    g_autofree char *edited = NULL;

    if (present == NULL)
        return sm_error_set(error, SM_ERROR_DIRECTORY, "%s; nothing changed, use --schedule none",
                            fault->message);
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
        plan_own_units(plan, place);
    else
        plan_own_units_stop(plan, place);
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
    sm_site_plan_units(plan, timer);
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
