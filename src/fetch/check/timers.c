#include "fetch/check/timers.h"

#include <glob.h>
#include <string.h>

#include "common/base/error.h"
#include "common/base/startup.h"
#include "fetch/check/agents.h"
#include "fetch/host/subprocess.h"

enum {
    LIMIT = 10, /* seconds, for a program that is asked */
    UNIT_MAX = 200,
    CRONTAB_MAX = 64 * 1024,
};

SmUnitState
sm_check_unit_state(const char *said)
{
    static const char *const on[] = {"enabled", "enabled-runtime", "static", "generated", "alias"};
    static const char *const off[] = {"disabled", "masked", "masked-runtime", "linked", "bad"};
    gsize line = strcspn(said, "\n");

    for (gsize i = 0; i < G_N_ELEMENTS(on); i++)
        if (strlen(on[i]) == line && strncmp(said, on[i], line) == 0)
            return SM_UNIT_ON;
    for (gsize i = 0; i < G_N_ELEMENTS(off); i++)
        if (strlen(off[i]) == line && strncmp(said, off[i], line) == 0)
            return SM_UNIT_OFF;
    return SM_UNIT_ABSENT;
}

static gint64
soon(void)
{
    return g_get_monotonic_time() + LIMIT * G_USEC_PER_SEC;
}

static SmUnitState
state_of(const char *timer)
{
    const char *const argv[] = {"systemctl", "is-enabled", timer, NULL};
    char said[UNIT_MAX] = "";
    gsize length = sizeof said;

    /* it ends with 1 for each answer but the first ones */
    sm_subprocess(argv, soon(), said, &length, SM_ERROR_INTERNAL, NULL);
    return sm_check_unit_state(said);
}

static gboolean
site_crontabs_start(const char *command)
{
    gboolean starts = FALSE;
    glob_t found;

    if (glob("/etc/cron*/*", 0, NULL, &found) == 0)
        glob("/etc/crontab", GLOB_APPEND, NULL, &found);
    else if (glob("/etc/crontab", 0, NULL, &found) != 0)
        return FALSE;
    for (gsize i = 0; i < found.gl_pathc && !starts; i++) {
        g_autofree char *text = NULL;

        starts = g_file_test(found.gl_pathv[i], G_FILE_TEST_IS_REGULAR) &&
                 g_file_get_contents(found.gl_pathv[i], &text, NULL, NULL) &&
                 sm_check_mentions(text, command);
    }
    globfree(&found);
    return starts;
}

static gboolean
own_crontab_starts(const char *command)
{
    static const char *const argv[] = {"crontab", "-l", NULL};
    g_autofree char *text = g_malloc0(CRONTAB_MAX);
    gsize length = CRONTAB_MAX;

    return sm_subprocess(argv, soon(), text, &length, SM_ERROR_INTERNAL, NULL) &&
           sm_check_mentions(text, command);
}

gboolean
sm_check_timer_is_off(const SmConfig *config, const char *timer, const char *command)
{
    return config->site && g_file_test("/run/systemd/system", G_FILE_TEST_IS_DIR) &&
           state_of(timer) == SM_UNIT_OFF && !site_crontabs_start(command) &&
           !own_crontab_starts(command);
}

gboolean
sm_check_own_timer(void)
{
    g_autofree char *home = sm_startup_home();
    g_autofree char *link =
        g_strconcat(home != NULL ? home : "",
                    "/.config/systemd/user/timers.target.wants/scoremail-run.timer", NULL);

    return g_file_test(link, G_FILE_TEST_EXISTS);
}

gboolean
sm_check_lingers(void)
{
    g_autofree char *path = g_strconcat("/var/lib/systemd/linger/", g_get_user_name(), NULL);

    return g_file_test(path, G_FILE_TEST_EXISTS);
}
