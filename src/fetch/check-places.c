#include "check-places.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/error.h"
#include "common/text.h"
#include "store.h"

#define MEGABYTE ((guint64)1000 * 1000)

enum { FILES_WANTED = 100 }; /* new files that there should be room for */

char *
sm_check_describe(const struct stat *about)
{
    const struct passwd *user = getpwuid(about->st_uid);
    guint mode = (guint)about->st_mode & 07777;

    if (user != NULL)
        return g_strdup_printf("owner %s, mode %04o", user->pw_name, mode);
    return g_strdup_printf("owner uid %u, mode %04o", (guint)about->st_uid, mode);
}

gboolean
sm_check_folder(SmCheck *check, const char *item, const SmAccount *account, const char *path)
{
    g_autofree char *folder = g_path_get_dirname(path);
    struct stat about;

    if (stat(folder, &about) < 0 || (about.st_mode & (S_IWGRP | S_IWOTH)) == 0 ||
        (about.st_mode & S_ISVTX) != 0)
        return FALSE;
    sm_check_say(check, SM_CHECK_WARNING, item, account,
                 "others may write to %s (mode %04o), and so put another file in the place of %s: "
                 "chmod go-w %s",
                 folder, (guint)about.st_mode & 07777, path, folder);
    return TRUE;
}

gboolean
sm_check_space(SmCheck *check, const char *item, const SmAccount *account, const char *path,
               guint64 wanted, char **text)
{
    g_autofree char *needed = sm_text_size(wanted);
    struct statvfs fs;
    guint64 bytes;

    *text = NULL;
    if (statvfs(path, &fs) < 0) {
        sm_check_say(check, SM_CHECK_WARNING, item, account, "%s: free space cannot be told: %s",
                     path, g_strerror(errno));
        return FALSE;
    }
    bytes = (guint64)fs.f_bavail * fs.f_frsize;
    *text = sm_text_size(bytes);
    if (bytes < wanted) {
        sm_check_say(check, bytes < wanted / 10 ? SM_CHECK_FAILURE : SM_CHECK_WARNING, item,
                     account, "%s: only %s free, and %s may be needed: make room", path, *text,
                     needed);
        return FALSE;
    }
    if (fs.f_files > 0 && fs.f_favail < FILES_WANTED) { /* some file systems don't count them */
        sm_check_say(check, SM_CHECK_WARNING, item, account,
                     "%s: %s free, but no more than %" G_GUINT64_FORMAT
                     " new files (inodes): delete some",
                     path, *text, (guint64)fs.f_favail);
        return FALSE;
    }
    return TRUE;
}

char *
sm_check_nearest(const char *path)
{
    char *place = g_strdup(path);

    while (access(place, F_OK) < 0 && strcmp(place, "/") != 0) {
        char *above = g_path_get_dirname(place);

        g_free(place);
        place = above;
    }
    return place;
}

/* A log file that cannot be written to stops all else. */
static void
check_log(SmCheck *check)
{
    const char *file = check->config->log_file;
    g_autofree char *folder = file != NULL ? g_path_get_dirname(file) : NULL;
    const char *place = file != NULL && access(file, F_OK) == 0 ? file : folder;

    if (check->config->log == SM_LOG_SYSLOG)
        sm_check_say(check, SM_CHECK_OK, "log", NULL, "syslog, facility mail");
    else if (check->config->log == SM_LOG_STDERR)
        sm_check_say(check, SM_CHECK_OK, "log", NULL, "standard error");
    else if (faccessat(AT_FDCWD, place, W_OK, AT_EACCESS) < 0)
        sm_check_say(check, SM_CHECK_FAILURE, "log", NULL,
                     "%s cannot be written to (%s: %s): nothing is fetched before it can, so make "
                     "it writable or change log",
                     file, place, g_strerror(errno));
    else
        sm_check_say(check, SM_CHECK_OK, "log", NULL, "%s", file);
}

void
sm_check_configuration(SmCheck *check, const SmAccount *none)
{
    const SmConfig *config = check->config;
    g_autofree char *described = NULL;
    struct stat about;

    if (stat(config->file, &about) == 0)
        described = sm_check_describe(&about);
    sm_check_say(check, SM_CHECK_OK, "configuration", NULL, "%s (%s), accounts: %u", config->file,
                 described != NULL ? described : "?", config->accounts->len);
    sm_check_folder(check, "configuration", NULL, config->file);
    check_log(check);
}

/* What storing does to a file, on one without a name that is gone when it is closed. */
static gboolean
try_to_write(SmCheck *check, const SmAccount *account, const SmStore *store)
{
    sm_autofd int fd = openat(store->dir_fd, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);

    if (fd < 0 && errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT && errno != EINVAL) {
        sm_check_say(check, SM_CHECK_FAILURE, "directory", account,
                     "%s: no file can be made there: %s", account->directory, g_strerror(errno));
        return FALSE;
    }
    if (fd >= 0 && account->group != (gid_t)-1 && fchown(fd, (uid_t)-1, account->group) < 0) {
        sm_check_say(check, SM_CHECK_FAILURE, "directory", account,
                     "%s: a file cannot be given to the group %u: %s: make uid %u a member of it",
                     account->directory, (guint)account->group, g_strerror(errno),
                     (guint)geteuid());
        return FALSE;
    }
    if (fd >= 0 && fchmod(fd, account->file_mode) < 0) {
        sm_check_say(check, SM_CHECK_WARNING, "directory", account,
                     "%s: the file system refuses file-mode: %s", account->directory,
                     g_strerror(errno));
        return FALSE;
    }
    return TRUE;
}

static guint64
largest_file(const SmCheck *check, const SmAccount *account)
{
    gint64 largest = 0;

    if (check->db != NULL)
        sm_db_integer(check->db, NULL, &largest,
                      "SELECT max(size) FROM files WHERE account = ? AND stored > 0", "s",
                      account->name);
    return (guint64)MAX(largest, 0);
}

/* Who else gets at the scores: students' personal data. */
static gboolean
check_privacy(SmCheck *check, const SmAccount *account, const struct stat *about)
{
    if ((about->st_mode & S_IWOTH) != 0) {
        sm_check_say(check, SM_CHECK_WARNING, "directory", account,
                     "%s: everybody may write there (mode %04o), and could leave files that look "
                     "like scores: chmod o-w %s",
                     account->directory, (guint)about->st_mode & 07777, account->directory);
        return FALSE;
    }
    if ((account->file_mode & S_IROTH) != 0 && (about->st_mode & S_IXOTH) != 0) {
        sm_check_say(check, SM_CHECK_WARNING, "directory", account,
                     "%s: everybody on this machine may read the score files: set file-mode to "
                     "0640 or 0600, or chmod o-x %s",
                     account->directory, account->directory);
        return FALSE;
    }
    return TRUE;
}

void
sm_check_directory(SmCheck *check, const SmAccount *account)
{
    GError *fault = NULL;
    g_autoptr(SmStore) store = sm_store_open(account, &fault);
    g_autofree char *space = NULL;
    g_autofree char *described = NULL;
    guint64 wanted = MAX(100 * MEGABYTE, largest_file(check, account));
    struct stat about;

    if (store == NULL) {
        sm_check_say_fault(check, SM_CHECK_FAILURE, "directory", account, fault);
        return;
    }
    if (faccessat(store->dir_fd, ".", R_OK | W_OK | X_OK, AT_EACCESS) < 0 ||
        fstat(store->dir_fd, &about) < 0) {
        sm_check_say(check, SM_CHECK_FAILURE, "directory", account,
                     "%s: uid %u may not write there: %s", account->directory, (guint)geteuid(),
                     g_strerror(errno));
        return;
    }
    described = sm_check_describe(&about);
    if (check_privacy(check, account, &about) && try_to_write(check, account, store) &&
        sm_check_space(check, "directory", account, account->directory, wanted, &space))
        sm_check_say(check, SM_CHECK_OK, "directory", account, "%s (%s), writable, %s free",
                     account->directory, described, space);
}
