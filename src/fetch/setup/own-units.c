#include "fetch/setup/own-units.h"

#include <unistd.h>

#include "fetch/setup/site.h"

#define RUN_TIMER "scoremail-run.timer"
#define SYNC_TIMER "scoremail-sync.timer"
#define MARK "# Written by scorefetch setup; changes of your own: systemctl --user edit"

static char *
runtime_folder(void)
{
    return g_strdup_printf("/run/user/%u", (guint)geteuid());
}

gboolean
sm_own_units_can(void)
{
    g_autofree char *folder = runtime_folder();
    g_autofree char *socket = g_build_filename(folder, "systemd", "private", NULL);

    return g_file_test(socket, G_FILE_TEST_EXISTS);
}

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

    *ours = g_file_get_contents(path, &text, NULL, NULL) && g_str_has_prefix(text, MARK);
    return text != NULL || g_file_test(path, G_FILE_TEST_EXISTS);
}

static void
plan_unit(SmPlan *plan, const SmPlace *place, const char *unit, const char *text)
{
    g_autofree char *path = path_of(place, unit);
    g_autofree char *whole = g_strdup_printf(MARK " %s\n%s", unit, text);
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
    g_autofree char *folder = runtime_folder();
    g_autofree char *where = g_strconcat("XDG_RUNTIME_DIR=", folder, NULL);
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

void
sm_own_units_plan(SmPlan *plan, const SmPlace *place)
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

void
sm_own_units_plan_stop(SmPlan *plan, const SmPlace *place)
{
    g_autofree char *path = path_of(place, RUN_TIMER);
    gboolean ours = FALSE;

    if (look_at(path, &ours) && ours)
        plan_systemctl(plan, FALSE, "disable", "--now");
}
