#include "fetch/check/checks.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "build-config.h"
#include "common/base/startup.h"
#include "common/event/spool.h"
#include "fetch/alert/watch-worker.h"
#include "fetch/alert/watch.h"
#include "fetch/check/calls.h"
#include "fetch/check/places.h"

#define REMEDY_SITE                                                                                \
    "systemctl enable --now scoremail-run.socket scoremail-run.timer scoremail-tell.timer"
#define CRONTAB "/usr/bin/crontab"
#define TIMER "scoremail-run.timer"
#define WORKER "scorefetch run"
#define SYNC_TIMER "scoremail-sync.timer"

/* A personal one is made when it is needed; the site's has a group that we could not give it. */
static void
say_no_spool(SmCheck *check, const char *spool)
{
    g_autofree char *place = sm_check_nearest(spool);

    if (errno != ENOENT)
        sm_check_say(check, SM_CHECK_FAILURE, "spool", NULL, "%s: %s", spool, g_strerror(errno));
    else if (strcmp(spool, SM_SITE_SPOOL) == 0)
        sm_check_say(check, SM_CHECK_FAILURE, "spool", NULL,
                     "%s does not exist; run systemd-sysusers && systemd-tmpfiles --create", spool);
    else if (faccessat(AT_FDCWD, place, W_OK | X_OK, AT_EACCESS) < 0)
        sm_check_say(check, SM_CHECK_FAILURE, "spool", NULL,
                     "%s: does not exist and cannot be created in %s: %s", spool, place,
                     g_strerror(errno));
    else
        sm_check_say(check, SM_CHECK_OK, "spool", NULL,
                     "%s: does not exist yet; created when needed", spool);
}

void
sm_check_spool(SmCheck *check, const SmAccount *none)
{
    const char *spool = check->config->spool;
    g_autofree char *described = NULL;
    struct stat about;

    if (stat(spool, &about) < 0) {
        say_no_spool(check, spool);
        return;
    }
    described = sm_check_describe(&about);
    if (!S_ISDIR(about.st_mode))
        sm_check_say(check, SM_CHECK_FAILURE, "spool", NULL, "%s is not a directory; move it away",
                     spool);
    else if (faccessat(AT_FDCWD, spool, R_OK | W_OK | X_OK, AT_EACCESS) < 0)
        sm_check_say(check, SM_CHECK_FAILURE, "spool", NULL, "%s: uid %u has no access: %s", spool,
                     (guint)geteuid(), g_strerror(errno));
    else if ((about.st_mode & S_IWOTH) != 0)
        sm_check_say(check, SM_CHECK_FAILURE, "spool", NULL,
                     "%s: everyone may queue events (%s); run chmod o-rwx %s", spool, described,
                     spool);
    else if ((about.st_mode & S_IWGRP) != 0 && (~about.st_mode & (S_ISVTX | S_ISGID)) != 0)
        sm_check_say(check, SM_CHECK_WARNING, "spool", NULL,
                     "%s: group members can delete each other's events, or queue unreadable ones "
                     "(%s); run chmod 3770 %s",
                     spool, described, spool);
    else if ((about.st_mode & S_IWGRP) != 0 &&
             getxattr(spool, "system.posix_acl_default", NULL, 0) < 0)
        sm_check_say(check, SM_CHECK_WARNING, "spool", NULL,
                     "%s: group members can read each other's events; run setfacl -d -m "
                     "u:%u:r,g::- %s (systemd-tmpfiles --create does it for a site's)",
                     spool, (guint)about.st_uid, spool);
    else
        sm_check_say(check, SM_CHECK_OK, "spool", NULL, "%s (%s), queued events: %d", spool,
                     described, (int)sm_spool_count(spool));
}

static gboolean
site_crontabs_start(const char *command)
{
    gboolean starts = FALSE;
    glob_t found;

    if (glob("{/etc/cron*/*,/etc/crontab}", GLOB_BRACE, NULL, &found) != 0)
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
    g_autofree char *text = sm_check_crontab(NULL);

    return text != NULL && sm_check_mentions(text, command);
}

/* Whether a timer of the site's is off, and no crontab that may be read starts command instead. */
static gboolean
is_off(SmCheck *check, const char *timer, const char *command)
{
    return sm_units_is_off(check, timer) && !site_crontabs_start(command) &&
           !own_crontab_starts(command);
}

/* Whether a timer of our user's own systemd starts the worker, as scorefetch setup makes one. */
static gboolean
has_own_timer(void)
{
    g_autofree char *home = sm_startup_home();
    g_autofree char *link = g_strconcat(home != NULL ? home : "",
                                        "/.config/systemd/user/timers.target.wants/" TIMER, NULL);

    return g_file_test(link, G_FILE_TEST_EXISTS);
}

/* Whether that systemd goes on when our user logs out. */
static gboolean
lingers(void)
{
    g_autofree char *path = g_strconcat("/var/lib/systemd/linger/", g_get_user_name(), NULL);

    return g_file_test(path, G_FILE_TEST_EXISTS);
}

/* How cron calls the worker: its PATH has neither /usr/local/bin nor a prefix of somebody's own,
 * and it knows no configuration but the usual one. Caller frees. */
static char *
call(const SmConfig *config)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *home = sm_startup_home();
    g_autofree char *usual =
        g_strconcat(home != NULL ? home : "", "/.config/scoremail/scoremail.conf", NULL);
    gboolean named = !config->site && strcmp(config->file, usual) != 0;

    return g_strdup_printf("%s run -q%s%s%s", self != NULL ? self : SM_BINDIR "/scorefetch",
                           named ? " -c '" : "", named ? config->file : "", named ? "'" : "");
}

/* What whoever asks can do on this machine. Caller frees. */
static char *
remedy_for(const SmConfig *config)
{
    g_autofree char *called = call(config);

    if (own_crontab_starts(WORKER) || (config->site && site_crontabs_start(WORKER)))
        return g_strdup("a crontab line starts it: is cron running, and what does it mail?");
    if (config->site && g_file_test("/run/systemd/system", G_FILE_TEST_IS_DIR))
        return g_strdup("run " REMEDY_SITE ", and see systemctl status scoremail-run.service");
    if (config->site)
        return g_strdup_printf("add to /etc/cron.d/scoremail: */5 * * * * %s %s", g_get_user_name(),
                               called);
    if (has_own_timer())
        return g_strdup("run systemctl --user restart " TIMER
                        ", and see systemctl --user status " TIMER " scoremail-run.service");
    if (g_file_test(CRONTAB, G_FILE_TEST_IS_EXECUTABLE))
        return g_strdup_printf("add to your crontab: */5 * * * * %s", called);
    return g_strdup_printf(
        "%sstart this every 5 minutes: %s",
        sm_check_has_own_systemd() ? "run scorefetch setup --yes --schedule=timer, or " : "",
        called);
}

void
sm_check_worker(SmCheck *check, const SmAccount *none)
{
    const SmConfig *config = check->config;
    gboolean queued = sm_config_is_queued(config);
    gboolean lives = sm_spool_is_worked(config->spool, config->worker_interval, sm_ledger_now());
    g_autofree char *remedy = remedy_for(config);
    g_autofree char *silent = NULL;
    SmWorkerSigns signs;

    sm_watch_worker_look(config, sm_ledger_now(), &signs);
    silent = sm_watch_worker_describe(&signs);
    if (!lives)
        sm_check_say(check, queued ? SM_CHECK_FAILURE : SM_CHECK_WARNING, "worker", NULL,
                     "%s (worker-interval %u s); %s; %s", silent, config->worker_interval,
                     queued ? "queued mail stays in the mail system and is not fetched"
                            : "nothing retries what was deferred too long",
                     remedy);
    else if (is_off(check, TIMER, WORKER))
        sm_check_say(check, SM_CHECK_WARNING, "worker", NULL,
                     "it has run lately, but %s is not enabled and no crontab line starts it after "
                     "a reboot; %s",
                     TIMER, remedy);
    else if (!config->site && has_own_timer() && !lingers())
        sm_check_say(check, SM_CHECK_WARNING, "worker", NULL,
                     "it has run lately, but %s stops when you log out; run loginctl "
                     "enable-linger %s",
                     TIMER, g_get_user_name());
    else
        sm_check_say(check, SM_CHECK_OK, "worker", NULL, "scorefetch run has run lately");
}

void
sm_check_pull(SmCheck *check, const SmAccount *none)
{
    g_autofree char *fault = sm_watch_pull_describe(check->config->spool, sm_ledger_now());

    if (fault != NULL)
        sm_check_say(check, SM_CHECK_WARNING, "pull", NULL, "%s", fault);
}

void
sm_check_sync(SmCheck *check, const SmAccount *none)
{
    if (is_off(check, SYNC_TIMER, "scorefetch sync"))
        sm_check_say(check, SM_CHECK_WARNING, "sync", NULL,
                     "%s is not enabled and no crontab line replaces it, so a lost e-mail loses "
                     "its file; run systemctl enable --now %s",
                     SYNC_TIMER, SYNC_TIMER);
}
