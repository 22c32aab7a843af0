#include "fetch/alert/watch-pull.h"

#include <sys/stat.h>

#include "common/base/text.h"
#include "fetch/alert/alert.h"

#define PULLED "pulled-"

/* The name, and its time, of what was touched longest ago. Caller frees; NULL: there is none. */
static char *
find_oldest(const char *spool, gint64 *when)
{
    g_autoptr(GDir) folder = g_dir_open(spool, 0, NULL);
    char *oldest = NULL;
    const char *name;

    while (folder != NULL && (name = g_dir_read_name(folder)) != NULL) {
        g_autofree char *path = g_build_filename(spool, name, NULL);
        struct stat about;

        if (!g_str_has_prefix(name, PULLED) || lstat(path, &about) < 0 || !S_ISREG(about.st_mode) ||
            (oldest != NULL && about.st_mtime >= *when))
            continue;
        g_free(oldest);
        oldest = sm_text_clean(name, SM_TEXT_SHOWN_MAX);
        *when = about.st_mtime;
    }
    return oldest;
}

char *
sm_watch_pull_describe(const char *spool, gint64 now)
{
    gint64 when = 0;
    g_autofree char *oldest = find_oldest(spool, &when);
    g_autofree char *since = sm_text_time(when);

    if (oldest == NULL || now - when <= SM_WATCH_PULL_AFTER)
        return NULL;
    return g_strdup_printf("the mailbox has not been collected since %s, by %s/%s; see the unit or "
                           "crontab line that does it, or delete that file if none does any more",
                           since, spool, oldest);
}

void
sm_watch_pull(SmLedger *ledger, const char *spool, gint64 now)
{
    g_autofree char *fault = sm_watch_pull_describe(spool, now);

    sm_alert_watch(ledger, "", SM_ALERT_PULL, fault, now);
}
