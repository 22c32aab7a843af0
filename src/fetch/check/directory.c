#include "fetch/check/checks.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/error.h"
#include "fetch/check/places.h"
#include "fetch/host/look.h"
#include "fetch/rows/files.h"
#include "fetch/store/small.h"
#include "fetch/store/store.h"
#include "fetch/store/volume.h"

#define MEGABYTE ((guint64)1000 * 1000)

enum { LOOK_LIMIT = 5, STORE_LIMIT = 10 }; /* seconds in which a directory has to answer */

/* Whether the directory can do what storing needs, found out by storing something in it. */
static gboolean
try_to_store(SmCheck *check, const SmAccount *account, SmStore *store)
{
    g_autofree char *name = g_strdup_printf(".scoremail-check.%08x", g_random_int());
    GError *fault = NULL;
    struct stat stored = {0};
    SmFsWay way = SM_FS_RENAMES;
    gboolean ok = sm_small_store(store, name, "\n", account->file_mode, &way, &fault);

    if (ok && fstatat(store->dir_fd, name, &stored, AT_SYMLINK_NOFOLLOW) < 0)
        ok = sm_error_from_errno(&fault, SM_ERROR_DIRECTORY, "%s/%s", account->directory, name);
    sm_store_remove(store, name, ok ? &fault : NULL);
    if (fault != NULL) {
        g_prefix_error(&fault, "cannot store files: ");
        return sm_check_say_fault(check, "directory", account, fault);
    }
    if ((stored.st_mode & 07777) != account->file_mode)
        return sm_check_say(check, SM_CHECK_WARNING, "directory", account,
                            "%s: the file system refuses file-mode, files there have mode %04o",
                            account->directory, (guint)stored.st_mode & 07777);
    if (way == SM_FS_LOOKS)
        return sm_check_say(
            check, SM_CHECK_WARNING, "directory", account,
            "%s: the file system has neither renames that never replace nor hard links:"
            " a file that another program creates in the microseconds before a score file"
            " of that name gets it is lost; let only scorefetch create files there",
            account->directory);
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
    g_autofree char *older = NULL;

    if ((about->st_mode & S_IWOTH) != 0)
        return sm_check_say(
            check, SM_CHECK_WARNING, "directory", account,
            "%s: world-writable (mode %04o), anyone can plant score files; run chmod o-w %s",
            account->directory, (guint)about->st_mode & 07777, account->directory);
    older = g_build_filename(account->directory, SM_SUPERSEDED, NULL);
    if (sm_check_writers(check, "directory", account, account->directory, account->group) ||
        sm_check_writers(check, "directory", account, older, account->group) ||
        sm_check_folder(check, "directory", account, account->directory))
        return FALSE;
    if (account->group != (gid_t)-1 && (account->file_mode & S_IRGRP) != 0 &&
        (about->st_mode & S_IXGRP) == 0)
        return sm_check_say(check, SM_CHECK_WARNING, "directory", account,
                            "%s: the group of the files may read them, but not enter here; run "
                            "chgrp %u %s and chmod 2750 %s",
                            account->directory, (guint)account->group, account->directory,
                            account->directory);
    if ((account->file_mode & S_IROTH) != 0 && (about->st_mode & S_IXOTH) != 0)
        return sm_check_say(
            check, SM_CHECK_WARNING, "directory", account,
            "%s: everyone on this machine can read the score files; set file-mode to 0640 "
            "or 0600, or run chmod o-x %s",
            account->directory, account->directory);
    return TRUE;
}

/* Begins to store a byte in a process of its own: where the file system is frozen, nobody who
 * writes can even be killed. A descriptor of the process; -1: there is none. */
static int
begin_to_store(const SmAccount *account)
{
    pid_t parent = getpid(), pid = fork();

    if (pid == 0) {
        g_autoptr(SmCheck) unseen = sm_check_new();
        g_autoptr(SmStore) store = NULL;

        int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);

        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(nowhere,
             STDOUT_FILENO); /* whoever reads what we print waits until all have closed it */
        dup2(nowhere, STDERR_FILENO);
        if (getppid() == parent && (store = sm_store_open(account, NULL)) != NULL)
            try_to_store(unseen, account, store);
        _exit(0);
    }
    return pid > 0 ? pidfd_open(pid, 0) : -1;
}

/* Whether the process has ended; waits until that monotonic time for it, and asks no longer. */
static gboolean
has_stored(int process, gint64 until)
{
    struct pollfd end = {process, POLLIN, 0};
    gint64 left = MAX(until - g_get_monotonic_time(), 0);
    gboolean ended = process < 0 || poll(&end, 1, (int)(left / 1000)) > 0;
    siginfo_t how;

    if (process < 0)
        return TRUE;
    if (ended)
        waitid(P_PIDFD, (id_t)process, &how, WEXITED);
    else
        pidfd_send_signal(process, SIGKILL, NULL, 0);
    close(process);
    return ended;
}

static char *
device_of(SmLook *look)
{
    char *device = sm_look_identity(look);

    if (device != NULL)
        *strchrnul(device, ':') = '\0';
    return device;
}

static void
say_silent(SmCheck *check, const SmAccount *account, const char *path)
{
    g_hash_table_insert(check->silent, (gpointer)account, g_strdup(path));
}

/* Of the directories that answer, one on each file system is stored in. */
static void
look_for_frozen(SmCheck *check, const GPtrArray *accounts, const GPtrArray *looks)
{
    g_autoptr(GHashTable) devices = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    GHashTableIter each;
    gpointer process;
    gint64 until;

    for (guint i = 0; i < accounts->len; i++) {
        g_autofree char *device = device_of(looks->pdata[i]);

        if (device != NULL && !g_hash_table_contains(devices, device))
            g_hash_table_insert(devices, g_steal_pointer(&device),
                                GINT_TO_POINTER(begin_to_store(accounts->pdata[i])));
    }
    until = g_get_monotonic_time() + STORE_LIMIT * G_USEC_PER_SEC;
    g_hash_table_iter_init(&each, devices);
    while (g_hash_table_iter_next(&each, NULL, &process))
        if (has_stored(GPOINTER_TO_INT(process), until))
            g_hash_table_iter_remove(&each);
    for (guint i = 0; i < accounts->len; i++) {
        g_autofree char *device = device_of(looks->pdata[i]);

        if (device != NULL && g_hash_table_contains(devices, device))
            say_silent(check, accounts->pdata[i], ((SmAccount *)accounts->pdata[i])->directory);
    }
}

void
sm_check_look_for_silent(SmCheck *check, GPtrArray *accounts)
{
    g_autoptr(GPtrArray) looks = sm_look_at_all(accounts, LOOK_LIMIT * G_USEC_PER_SEC);

    for (guint i = 0; i < accounts->len; i++)
        if (sm_look_silent(looks->pdata[i]) != NULL)
            say_silent(check, accounts->pdata[i], sm_look_silent(looks->pdata[i]));
    look_for_frozen(check, accounts, looks);
}

/* Whether older versions, of files that are corrected, can be kept. */
static gboolean
check_older(SmCheck *check, const SmAccount *account, SmStore *store)
{
    GError *fault = NULL;
    g_autoptr(SmStore) older = sm_store_open_superseded(store, &fault);

    if (older != NULL && faccessat(older->dir_fd, ".", W_OK | X_OK, AT_EACCESS) < 0)
        sm_error_from_errno(&fault, SM_ERROR_DIRECTORY, "%s: give it to this user",
                            older->directory);
    return fault == NULL || sm_check_say_fault(check, "directory", account, fault);
}

void
sm_check_directory(SmCheck *check, const SmAccount *account)
{
    GError *fault = NULL;
    g_autoptr(SmStore) store = NULL;
    g_autofree char *space = NULL;
    g_autofree char *described = NULL;
    guint64 wanted = MAX(100 * MEGABYTE, largest_file(check, account));
    const char *silent = g_hash_table_lookup(check->silent, account);
    struct stat about;
    gboolean well;

    if (silent != NULL) {
        sm_check_say(check, SM_CHECK_FAILURE, "directory", account,
                     "%s does not answer; is what it is mounted from away, or frozen?", silent);
        return;
    }
    store = sm_store_open(account, &fault);
    if (store == NULL) {
        sm_check_say_fault(check, "directory", account, fault);
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
    if (check->seen != NULL && !sm_volume_compare(check->seen, account, store, &fault)) {
        sm_check_say_fault(check, "directory", account, fault);
        return;
    }
    well = try_to_store(check, account, store);
    well = check_older(check, account, store) && well;
    well = sm_check_space(check, "directory", account, account->directory, wanted, &space) && well;
    well = check_privacy(check, account, &about) && well;
    if (well)
        sm_check_say(check, SM_CHECK_OK, "directory", account, "%s (%s), writable, %s free",
                     account->directory, described, space);
}
