#include "fetch/setup/site.h"

#include <grp.h>
#include <pwd.h>

#include "build-config.h"
#include "common/event/spool.h"

#define SPOOL_GROUP "scorespool"
#define DROP_IN "50-scoremail-directories.conf"

/* The units that write score files. */
static const char *const services[] = {"scoremail-run", "scoremail-sync"};

static void
plan_users(SmPlan *plan)
{
    static const char *const groupadd[] = {"groupadd", "--system", SPOOL_GROUP, NULL};
    static const char *const useradd[] = {
        "useradd",    "--system",    "--user-group",     "--groups", SPOOL_GROUP,
        "--home-dir", SM_SITE_STATE, "--no-create-home", "--shell",  "/usr/sbin/nologin",
        "--comment",  "Score files", SM_SITE_USER,       NULL};

    if (getgrnam(SPOOL_GROUP) == NULL)
        sm_plan_command(plan, TRUE, groupadd, NULL);
    if (getpwnam(SM_SITE_USER) == NULL)
        sm_plan_command(plan, TRUE, useradd, NULL);
}

void
sm_site_plan(SmPlan *plan, char **members)
{
    static const char *const tmpfiles[] = {"systemd-tmpfiles", "--create", "scoremail.conf", NULL};
    g_autofree char *program = g_find_program_in_path(tmpfiles[0]);

    plan_users(plan);
    sm_plan_folder(plan, SM_SITE_STATE, 0700, SM_SITE_USER, SM_SITE_USER);
    sm_plan_folder(plan, SM_SITE_SPOOL, 03770, SM_SITE_USER, SPOOL_GROUP);
    if (program != NULL) /* which knows the spool's ACL, too */
        sm_plan_command(plan, FALSE, tmpfiles, NULL);
    for (; members != NULL && *members != NULL; members++) {
        const char *const usermod[] = {"usermod", "-aG", SPOOL_GROUP, *members, NULL};

        sm_plan_command(plan, TRUE, usermod, NULL);
    }
}

char *
sm_site_quote(const char *word)
{
    g_autoptr(GString) text = g_string_new(word);

    g_string_replace(text, "\\", "\\\\", 0);
    g_string_replace(text, "\"", "\\\"", 0);
    g_string_replace(text, "%", "%%", 0);
    return g_strdup_printf("\"%s\"", text->str);
}

static gboolean
is_own(const char *directory)
{
    return g_str_has_prefix(directory, SM_SITE_STATE "/");
}

void
sm_site_plan_directories(SmPlan *plan, const char *const *directories)
{
    g_autoptr(GString) text =
        g_string_new("# Written by scorefetch setup: what lies outside of /var/lib/scoremail.\n"
                     "[Service]\n");
    gboolean any = FALSE;

    for (; *directories != NULL; directories++) {
        g_autofree char *if_there = g_strconcat("-", *directories, NULL);
        g_autofree char *quoted = sm_site_quote(if_there);

        if (is_own(*directories))
            continue;
        g_string_append_printf(text, "ReadWritePaths=%s\n", quoted);
        any = TRUE;
    }
    for (gsize i = 0; i < G_N_ELEMENTS(services); i++) {
        g_autofree char *folder = g_strdup_printf("/etc/systemd/system/%s.service.d", services[i]);
        g_autofree char *file = g_build_filename(folder, DROP_IN, NULL);

        if (!any && !g_file_test(file, G_FILE_TEST_EXISTS))
            continue;
        sm_plan_folder(plan, folder, 0755, "root", NULL);
        sm_plan_file(plan, file, text->str, 0644);
    }
}

/* systemctl with this verb, for each of them, since one that is masked would keep the others from
 * it; the check at the end sees what was not done. */
static void
plan_systemctl(SmPlan *plan, const char *verb)
{
    static const char *const units[] = {"scoremail-run.socket", "scoremail-run.timer",
                                        "scoremail-sync.timer", "scoremail-tell.timer"};

    for (gsize i = 0; i < G_N_ELEMENTS(units); i++) {
        const char *const argv[] = {"systemctl", verb, "--now", units[i], NULL};

        sm_plan_command(plan, FALSE, argv, NULL);
    }
}

/* Whether systemd looks into the folder of the units by itself. */
static gboolean
knows_units(void)
{
    return g_str_has_prefix(SM_UNITDIR, "/usr/") || g_str_has_prefix(SM_UNITDIR, "/etc/") ||
           g_str_has_prefix(SM_UNITDIR, "/lib/");
}

void
sm_site_plan_units(SmPlan *plan, gboolean on)
{
    static const char *const reload[] = {"systemctl", "daemon-reload", NULL};
    static const char *const link[] = {"sh", "-c", "systemctl link " SM_UNITDIR "/scoremail-*",
                                       NULL};

    if (on)
        sm_plan_command(plan, TRUE, reload, NULL);
    if (on && !knows_units())
        sm_plan_command(plan, FALSE, link, NULL);
    if (on || g_file_test("/run/systemd/system", G_FILE_TEST_IS_DIR))
        plan_systemctl(plan, on ? "enable" : "disable");
}
