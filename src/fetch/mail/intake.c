#include "fetch/mail/intake.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/cleanup.h"
#include "common/base/error.h"
#include "common/base/io.h"
#include "common/base/text.h"
#include "common/event/spool.h"
#include "fetch/alert/alert.h"
#include "fetch/mail/delivery.h"

enum {
    STALE = 3600, /* seconds after which a file without a name is a dead process's */
    GROUPS_MAX = 256,
    ENTRY_MAX = 1024 * 1024, /* bytes of a group and all its members */
    ASIDE_FILES = 100,       /* of one user, kept for a person to look at */
    ASIDE_BYTES = 1024 * 1024,
};

/* The spool that is being emptied, and where to. */
typedef struct {
    SmLedger *ledger;
    const SmConfig *config;
    const char *directory; /* the spool's path */
    int spool;             /* the same, open */
    SmIntake *intake;      /* what was taken over so far */
    GHashTable *uses;      /* SmSpoolUse by uid: what was met so far */
} Spool;

static gboolean
is_member(uid_t user, gid_t group)
{
    const struct passwd *entry = getpwuid(user);
    gid_t groups[GROUPS_MAX];
    int count = GROUPS_MAX;

    if (entry == NULL || getgrouplist(entry->pw_name, entry->pw_gid, groups, &count) < 0)
        return FALSE;
    for (int i = 0; i < count; i++)
        if (groups[i] == group)
            return TRUE;
    return FALSE;
}

/* Whether the answer about these two is complete: LDAP may be down, and the C library skips a file
 * that it cannot read without an error. */
static gboolean
is_known(uid_t user, gid_t group)
{
    static const char *const files[] = {"/etc/passwd", "/etc/group"};
    g_autofree char *entry = g_malloc(ENTRY_MAX);
    struct passwd user_entry, *user_found;
    struct group group_entry, *group_found;

    if (getpwuid_r(user, &user_entry, entry, ENTRY_MAX, &user_found) != 0 ||
        getgrgid_r(group, &group_entry, entry, ENTRY_MAX, &group_found) != 0)
        return FALSE;
    for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *text = NULL;

        if (!g_file_get_contents(files[i], &text, NULL, NULL))
            return FALSE;
    }
    return TRUE;
}

/* Whether the user may have left it: the spool's owner, root, or a member of the spool's group.
 * FALSE with errno if that is not known now; else errno is 0. */
static gboolean
is_trusted(const struct stat *spool, uid_t owner)
{
    gboolean trusted = owner == spool->st_uid || owner == geteuid() || owner == 0;

    if (!trusted && (spool->st_mode & S_IWGRP) != 0) /* twice: one of the calls may fail */
        trusted = is_member(owner, spool->st_gid) || is_member(owner, spool->st_gid);
    errno =
        trusted || (spool->st_mode & S_IWGRP) == 0 || is_known(owner, spool->st_gid) ? 0 : EAGAIN;
    return trusted;
}

/* Why the file can never be used; NULL if it can, and NULL with errno if that is not known now. */
static const char *
file_fault(const struct stat *spool, const char *name, const struct stat *about)
{
    char *end;
    guint64 uid = g_ascii_strtoull(name, &end, 10);

    errno = 0;
    if (!S_ISREG(about->st_mode))
        return "not a regular file";
    if (end == name || *end != '-' || uid != about->st_uid)
        return "its name does not match its owner";
    if (about->st_size > SM_EVENT_SIZE_MAX)
        return "larger than any event";
    if (!is_trusted(spool, about->st_uid) && errno == 0)
        return "its owner may not queue events here";
    return NULL;
}

/* All bytes of the file; FALSE with errno. */
static gboolean
read_bytes(int fd, guint8 *bytes, gsize size)
{
    gsize at = 0;

    while (at < size) {
        ssize_t got = TEMP_FAILURE_RETRY(pread(fd, bytes + at, size - at, (off_t)at));

        if (got <= 0) {
            errno = got == 0 ? EAGAIN : errno; /* it has become shorter */
            return FALSE;
        }
        at += (gsize)got;
    }
    return TRUE;
}

/*
 * The event in the file. NULL: with *why (static) where it can never be read; with errno where it
 * cannot be read now; with ENOENT where it is gone.
 */
static SmEvent *
read_event(int spool, const char *name, uid_t *owner, const char **why)
{
    /* A link is not followed, a FIFO not waited for. */
    sm_autofd int fd = openat(spool, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    int fault = fd < 0 ? errno : 0;
    g_autofree guint8 *bytes = NULL;
    struct stat about, folder;
    SmEvent *event;

    *why = NULL;
    if ((fd >= 0 ? fstat(fd, &about) : fstatat(spool, name, &about, AT_SYMLINK_NOFOLLOW)) < 0 ||
        fstat(spool, &folder) < 0)
        return NULL;
    *owner = about.st_uid;
    *why = file_fault(&folder, name, &about);
    if (*why == NULL && errno == 0 && fault == EACCES)
        *why = "its mode keeps the worker from reading it";
    if (*why != NULL || errno != 0)
        return NULL;
    errno = fault;
    bytes = g_malloc((gsize)about.st_size + 1);
    if (fd < 0 || !read_bytes(fd, bytes, (gsize)about.st_size))
        return NULL;
    event = sm_event_decode(bytes, (gsize)about.st_size, NULL);
    if (event == NULL)
        *why = "not an event of this version";
    return event;
}

static gboolean
log_file(SmLedger *ledger, const char *action, const char *name, const char *what, GError **error)
{
    g_autofree char *detail = g_strdup_printf("%s: %s", name, what);

    return sm_ledger_log(ledger, "", "", action, detail, error);
}

/* The folder of what was set aside, ours alone; -1 where there is none. */
static int
open_aside(int spool)
{
    struct stat about;
    int fd;

    sm_spool_make_way(spool, SM_INTAKE_ASIDE, S_IFDIR);
    mkdirat(spool, SM_INTAKE_ASIDE, 0700);
    fd = openat(spool, SM_INTAKE_ASIDE, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0 && (fstat(fd, &about) < 0 || about.st_uid != geteuid()))
        sm_close(&fd);
    return fd;
}

/* Moves the file into that folder; another user's folder, which cannot be moved there, is renamed.
 * Where it is then, for a message; caller frees. NULL with errno. */
static char *
move_aside(int spool, const char *name)
{
    sm_autofd int folder = open_aside(spool);
    g_autofree char *hidden = NULL;
    SmSpoolUse use = {0, 0};
    struct stat about;

    if (folder >= 0 && fstatat(spool, name, &about, AT_SYMLINK_NOFOLLOW) == 0 &&
        S_ISREG(about.st_mode)) {
        use = sm_spool_use(folder, about.st_uid);
        use.bytes += about.st_size;
    }
    if ((use.files >= ASIDE_FILES || use.bytes > ASIDE_BYTES) && unlinkat(spool, name, 0) == 0)
        return g_strdup("by deletion, since that user has enough there");
    if (folder >= 0 && renameat(spool, name, folder, name) == 0)
        return g_strdup("in " SM_INTAKE_ASIDE);
    hidden = sm_spool_hide(spool, name);
    return hidden != NULL ? g_strconcat("as ", hidden, NULL) : NULL;
}

/* The file stays, as one that a worker has looked at. */
static void
mark_left(const Spool *from, const char *name)
{
    from->intake->left++;
    if (from->intake->kept != NULL && g_str_equal(from->directory, from->config->spool) &&
        strchr(name, '\n') == NULL)
        g_string_append_printf(from->intake->kept, "%s\n", name);
}

/* The file stays, and the other files are read. */
static void
leave(const Spool *from, const char *name, int fault)
{
    g_autofree char *shown = sm_text_clean(name, SM_TEXT_SHOWN_MAX);

    mark_left(from, name);
    g_warning("%s/%s: cannot be read now (%s); the next scorefetch run retries", from->directory,
              shown, g_strerror(fault));
}

/* Moves the file out of the way, and alerts a person. */
static gboolean
set_aside(const Spool *from, const char *name, const char *why, GError **error)
{
    const char *directory = from->directory;
    g_autofree char *where = move_aside(from->spool, name);
    g_autofree char *shown = NULL;
    g_autofree char *text = NULL;

    if (where == NULL) {
        if (errno != ENOENT)
            leave(from, name, errno);
        return TRUE;
    }
    shown = sm_text_clean(name, SM_TEXT_SHOWN_MAX);
    text = g_strdup_printf("%s/%s: set aside %s: %s", directory, shown, where, why);
    from->intake->aside++;
    g_warning("%s", text);
    sm_alert(from->ledger, "", SM_ALERT_SPOOL, text);
    return log_file(from->ledger, "set aside", shown, why, error);
}

static gboolean
take_over(const Spool *from, const char *name, uid_t owner, const SmEvent *event, GError **error)
{
    g_autoptr(SmDelivery) delivery = sm_delivery_new(from->config, event);
    g_autofree char *who = g_strdup_printf("left by uid %u", (guint)owner);

    if (!sm_delivery_record(delivery, from->ledger, error))
        return FALSE;
    if (from->intake->accounts != NULL)
        sm_delivery_add_accounts(delivery, from->intake->accounts);
    if (sm_delivery_may_find(delivery)) {
        mark_left(from, name);
        return TRUE;
    }
    if (unlinkat(from->spool, name, 0) < 0) { /* it stays recorded, and only once */
        if (errno != ENOENT)
            leave(from, name, errno);
        return TRUE;
    }
    from->intake->taken++;
    return log_file(from->ledger, "taken over", name, who, error);
}

static void
tell_too_much(const Spool *from, uid_t user)
{
    g_autofree char *text = g_strdup_printf(
        "%s: uid %u left more than %d events or %d MiB; the rest is deleted unread",
        from->directory, (guint)user, 2 * SM_SPOOL_FILES_MAX, 2 * SM_SPOOL_BYTES_MAX / 1024 / 1024);

    g_warning("%s", text);
    sm_alert(from->ledger, "", SM_ALERT_SPOOL, text);
}

/* Deletes a file of a user who has left more than any mail would; alerts once. */
static gboolean
is_too_much(const Spool *from, const char *name)
{
    SmSpoolUse *use;
    struct stat about;

    if (fstatat(from->spool, name, &about, AT_SYMLINK_NOFOLLOW) < 0 || S_ISDIR(about.st_mode))
        return FALSE;
    use = g_hash_table_lookup(from->uses, GUINT_TO_POINTER(about.st_uid));
    if (use == NULL) {
        use = g_new0(SmSpoolUse, 1);
        g_hash_table_insert(from->uses, GUINT_TO_POINTER(about.st_uid), use);
    }
    if (use->files < 2 * SM_SPOOL_FILES_MAX && use->bytes < 2 * SM_SPOOL_BYTES_MAX) {
        use->files++;
        use->bytes += about.st_size;
        return FALSE;
    }
    if (unlinkat(from->spool, name, 0) < 0)
        return FALSE;
    from->intake->aside++;
    if (use->bytes < G_MAXINT64)
        tell_too_much(from, about.st_uid);
    use->bytes = G_MAXINT64;
    return TRUE;
}

static gboolean
take_file(const Spool *from, const char *name, GError **error)
{
    g_autoptr(SmEvent) event = NULL;
    const char *why;
    uid_t owner;
    int fault;

    if (is_too_much(from, name))
        return TRUE;

    event = read_event(from->spool, name, &owner, &why);
    fault = errno;
    if (event != NULL)
        return take_over(from, name, owner, event, error);
    if (why != NULL)
        return set_aside(from, name, why, error);
    if (fault != ENOENT) /* else another worker took it over */
        leave(from, name, fault);
    return TRUE;
}

/* An unnamed file of a process that died: its message was answered with 75.
 */
static void
clear_stale(int spool, const char *name)
{
    struct stat about;

    if (g_str_has_suffix(name, ".tmp") && fstatat(spool, name, &about, AT_SYMLINK_NOFOLLOW) == 0 &&
        S_ISREG(about.st_mode) && ABS(sm_ledger_now() - about.st_mtime) > STALE)
        unlinkat(spool, name, 0);
}

/* Caller frees; NULL on error. */
static GPtrArray *
list(int spool, const char *directory, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(DIR) dir = sm_open_folder(spool);
    struct dirent *entry;

    if (dir == NULL)
        return sm_error_null_errno(error, SM_ERROR_IO, "spool %s", directory);
    while ((entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] == '.')
            clear_stale(spool, entry->d_name);
        else if (g_str_has_suffix(entry->d_name, SM_SPOOL_SUFFIX))
            g_ptr_array_add(names, g_strdup(entry->d_name));
    }
    g_ptr_array_sort(names, sm_text_compare);
    return g_steal_pointer(&names);
}

static gboolean
take_all(const Spool *from, GError **error)
{
    g_autoptr(GPtrArray) names = list(from->spool, from->directory, error);
    gboolean ok = names != NULL;

    for (guint i = 0; ok && i < names->len; i++)
        ok = take_file(from, names->pdata[i], error);
    return ok;
}

/* Who could not read the configuration, and so did not know of its spool, left it in the usual one.
 */
static gboolean
take_strays(const Spool *usual, GError **error)
{
    g_autofree char *directory = sm_config_default_spool(usual->config->file);
    sm_autofd int spool = -1;
    Spool stray = *usual;

    if (directory == NULL || g_str_equal(directory, usual->directory))
        return TRUE;
    spool = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    stray.directory = directory;
    stray.spool = spool;
    return spool < 0 || take_all(&stray, error);
}

gboolean
sm_intake(SmLedger *ledger, const SmConfig *config, int spool, SmIntake *intake, GError **error)
{
    g_autoptr(GHashTable) uses = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    const Spool from = {ledger, config, config->spool, spool, intake, uses};

    *intake = (SmIntake){.accounts = intake->accounts, .kept = intake->kept};
    return take_all(&from, error) && take_strays(&from, error);
}

/* Deletes what is in folder under a name that begins with prefix, was moved there before that time,
 * and is no folder. */
static void
expire_in(int folder, const char *prefix, gint64 before)
{
    g_autoptr(DIR) dir = sm_open_folder(folder);
    struct dirent *entry;
    struct stat about;

    while (dir != NULL && (entry = readdir(dir)) != NULL)
        if (g_str_has_prefix(entry->d_name, prefix) &&
            fstatat(folder, entry->d_name, &about, AT_SYMLINK_NOFOLLOW) == 0 &&
            !S_ISDIR(about.st_mode) && about.st_ctime < before)
            unlinkat(folder, entry->d_name, 0);
}

void
sm_intake_expire(int spool, gint64 before)
{
    sm_autofd int aside =
        openat(spool, SM_INTAKE_ASIDE, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    expire_in(spool, SM_SPOOL_HIDDEN, before);
    if (aside >= 0)
        expire_in(aside, "", before);
}
