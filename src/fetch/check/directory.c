#include "fetch/check/directory.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/cleanup.h"
#include "fetch/check/places.h"
#include "fetch/ledger/files.h"
#include "fetch/store/store.h"

#define MEGABYTE ((guint64)1000 * 1000)

/* What storing does to a file, on one without a name that is gone when it is closed. */
static gboolean
try_to_write(SmCheck *check, const SmAccount *account, const SmStore *store)
{
    sm_autofd int fd = openat(store->dir_fd, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);

    if (fd < 0 && errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT && errno != EINVAL) {
        sm_check_say(check, SM_CHECK_FAILURE, "directory", account,
                     "%s: cannot create a file there: %s", account->directory, g_strerror(errno));
        return FALSE;
    }
    if (fd >= 0 && account->group != (gid_t)-1 && fchown(fd, (uid_t)-1, account->group) < 0) {
        sm_check_say(check, SM_CHECK_FAILURE, "directory", account,
                     "%s: cannot give a file to group %u: %s; add uid %u to that group",
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

    if (check->seen != NULL)
        sm_file_largest(check->seen, account->name, &largest, NULL);
    return (guint64)MAX(largest, 0);
}

/* Who else gets at the scores: students' personal data. */
static gboolean
check_privacy(SmCheck *check, const SmAccount *account, const struct stat *about)
{
    if ((about->st_mode & S_IWOTH) != 0) {
        sm_check_say(
            check, SM_CHECK_WARNING, "directory", account,
            "%s: world-writable (mode %04o), anyone can plant score files; run chmod o-w %s",
            account->directory, (guint)about->st_mode & 07777, account->directory);
        return FALSE;
    }
    if ((account->file_mode & S_IROTH) != 0 && (about->st_mode & S_IXOTH) != 0) {
        sm_check_say(check, SM_CHECK_WARNING, "directory", account,
                     "%s: everyone on this machine can read the score files; set file-mode to 0640 "
                     "or 0600, or run chmod o-x %s",
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
    gboolean well;

    if (store == NULL) {
        sm_check_say_fault(check, SM_CHECK_FAILURE, "directory", account, fault);
        return;
    }
    if (faccessat(store->dir_fd, ".", R_OK | W_OK | X_OK, AT_EACCESS) < 0 ||
        fstat(store->dir_fd, &about) < 0) {
        sm_check_say(check, SM_CHECK_FAILURE, "directory", account,
                     "%s: not writable by uid %u: %s", account->directory, (guint)geteuid(),
                     g_strerror(errno));
        return;
    }
    described = sm_check_describe(&about);
    well = try_to_write(check, account, store);
    well = sm_check_space(check, "directory", account, account->directory, wanted, &space) && well;
    well = check_privacy(check, account, &about) && well;
    if (well)
        sm_check_say(check, SM_CHECK_OK, "directory", account, "%s (%s), writable, %s free",
                     account->directory, described, space);
}
