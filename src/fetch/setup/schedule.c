#include "fetch/setup/schedule.h"

#include <string.h>

#include "common/base/error.h"
#include "fetch/check/agents.h"
#include "fetch/host/subprocess.h"
#include "fetch/setup/edit.h"
#include "fetch/setup/site.h"

#define SITE_CRON "/etc/cron.d/scoremail"

enum { CRONTAB_MAX = 256 * 1024 /* bytes */, LIMIT = 10 /* seconds */ };

const char *
sm_schedule_find(const SmPlace *place)
{
    if (place->site && g_file_test("/run/systemd/system", G_FILE_TEST_IS_DIR))
        return "timer";
    if (place->site ? g_file_test("/etc/cron.d", G_FILE_TEST_IS_DIR)
                    : g_file_test("/usr/bin/crontab", G_FILE_TEST_IS_EXECUTABLE))
        return "cron";
    return "none";
}

gboolean
sm_schedule_check(const SmPlace *place, const char *choice, GError **error)
{
    if ((place->site && strcmp(choice, "timer") == 0) || strcmp(choice, "cron") == 0 ||
        *choice == '\0')
        return TRUE;
    g_set_error(error, SM_ERROR, SM_ERROR_USAGE, "allowed: %scron, none",
                place->site ? "timer, " : "");
    return FALSE;
}

/* The lines for cron; user: who they run as, in a file of cron.d's, or "". Caller frees. */
static char *
cron_lines(const SmPlace *place, const char *user)
{
    g_autofree char *option =
        place->standard ? g_strdup("") : g_strdup_printf(" -c '%s'", place->config);

    /* hosts should not all come in the same minute */
    return g_strdup_printf("*/5 * * * * %s%s/scorefetch run -q%s\n"
                           "%u * * * * %s%s/scorefetch sync -q --since last%s\n",
                           user, place->programs, option, g_str_hash(place->user) % 60, user,
                           place->programs, option);
}

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
        g_set_error(error, SM_ERROR, SM_ERROR_DIRECTORY,
                    "crontab -l: %s; nothing changed, use --schedule none", fault->message);
        return NULL;
    }
    if (length < CRONTAB_MAX - 1 && strlen(text) == length)
        return g_steal_pointer(&text);
    g_set_error(error, SM_ERROR, SM_ERROR_DIRECTORY,
                "the crontab is too long to be edited; nothing changed, use --schedule none");
    return NULL;
}

static gboolean
plan_crontab(SmPlan *plan, const SmPlace *place, GError **error)
{
    static const char *const argv[] = {"crontab", "-", NULL};
    g_autofree char *present = read_crontab(error);
    g_autofree char *rest = present != NULL ? sm_edit_without_block(present) : NULL;
    g_autofree char *lines = cron_lines(place, "");
    g_autofree char *edited = NULL;

    if (present == NULL)
        return FALSE;
    if (sm_check_mentions(rest != NULL ? rest : present, "scorefetch run")) {
        sm_plan_note(plan, "your crontab starts scorefetch run already; it stays as it is");
        return TRUE;
    }
    edited = sm_edit_block(present, lines);
    if (strcmp(edited, present) != 0)
        sm_plan_command(plan, argv, edited);
    return TRUE;
}

gboolean
sm_schedule_plan(SmPlan *plan, const char *choice, const SmPlace *place, GError **error)
{
    g_autofree char *user = g_strdup_printf("%s ", SM_SITE_USER);
    g_autofree char *lines = cron_lines(place, place->site ? user : "");

    if (strcmp(choice, "timer") == 0) {
        sm_site_plan_units(plan);
    } else if (strcmp(choice, "cron") == 0 && place->site) {
        g_autofree char *text = g_strconcat("# Written by scorefetch setup.\n", lines, NULL);

        sm_plan_file(plan, SITE_CRON, text, 0644);
    } else if (strcmp(choice, "cron") == 0) {
        return plan_crontab(plan, place, error);
    } else {
        sm_plan_note(plan, "let cron, or another scheduler, start:\n%s", lines);
    }
    return TRUE;
}
