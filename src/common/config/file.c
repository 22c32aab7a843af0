#include "common/config/file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "common/base/cleanup.h"
#include "common/base/each.h"
#include "common/base/error.h"
#include "common/base/text.h"
#include "common/config/lines.h"

enum { FILE_SIZE_MAX = 1 << 20 };

#define ACCOUNTS_FOLDER "accounts.d"

/* Who can change the configuration can send the files elsewhere. */
static gboolean
check_trust(const char *path, const struct stat *about, GError **error)
{
    if (about->st_uid != geteuid() && about->st_uid != 0)
        return sm_error_set(
            error, SM_ERROR_CONFIG,
            "%s: is owned by uid %u; chown it to root or to uid %u, which runs this", path,
            (guint)about->st_uid, (guint)geteuid());
    if ((about->st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return sm_error_set(error, SM_ERROR_CONFIG,
                            "%s: is writable by others (mode %04o); run chmod go-w on it", path,
                            (guint)about->st_mode & 07777);
    return TRUE;
}

static GString *
read_all(int fd, const char *path, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    char piece[16384];
    ssize_t got;

    while ((got = read(fd, piece, sizeof piece)) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return sm_error_null_errno(error, SM_ERROR_CONFIG, "%s", path);
        g_string_append_len(text, piece, got);
        if (text->len > FILE_SIZE_MAX)
            return sm_error_null(error, SM_ERROR_CONFIG,
                                 "%s: is larger than 1 MiB; this is no configuration", path);
    }
    return g_steal_pointer(&text);
}

static void
explain_open(const char *path, GError **error)
{
    if (errno == ENOENT)
        sm_error_set(error, SM_ERROR_CONFIG, "%s: does not exist; scorefetch setup writes it",
                     path);
    else if (errno == EACCES)
        sm_error_set(
            error, SM_ERROR_CONFIG,
            "%s: cannot be read by uid %u; check its permissions and those of the folders above it",
            path, (guint)geteuid());
    else
        sm_error_from_errno(error, SM_ERROR_CONFIG, "%s", path);
}

GString *
sm_config_read_text(const char *path, GError **error)
{
    /* Without O_NONBLOCK a FIFO would hold the delivery up for ever. */
    sm_autofd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    struct stat about;

    if (fd < 0 || fstat(fd, &about) < 0) {
        explain_open(path, error);
        return NULL;
    }
    if (!S_ISREG(about.st_mode))
        return sm_error_null(error, SM_ERROR_CONFIG, "%s: is not a regular file", path);
    return check_trust(path, &about, error) ? read_all(fd, path, error) : NULL;
}

static GPtrArray *
read_one(const char *path, GError **error)
{
    g_autoptr(GString) text = sm_config_read_text(path, error);

    return text != NULL ? sm_config_lines(path, text->str, text->len, error) : NULL;
}

static gboolean
list_entries(DIR *dir, const char *folder, GPtrArray *paths, GError **error)
{
    struct dirent *entry;
    struct stat about;

    if (fstat(dirfd(dir), &about) < 0)
        return sm_error_from_errno(error, SM_ERROR_CONFIG, "%s", folder);
    if (!check_trust(folder, &about, error))
        return FALSE;
    while (errno = 0, (entry = readdir(dir)) != NULL)
        if (entry->d_name[0] != '.' && g_str_has_suffix(entry->d_name, ".conf"))
            g_ptr_array_add(paths, g_build_filename(folder, entry->d_name, NULL));
    return errno == 0 || sm_error_from_errno(error, SM_ERROR_CONFIG, "%s", folder);
}

/* The paths of folder/ *.conf, sorted; an empty array if there is no such folder; NULL on error. */
static GPtrArray *
list_folder(const char *folder, GError **error)
{
    g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(DIR) dir = opendir(folder);

    if (dir == NULL && errno == ENOENT)
        return g_steal_pointer(&paths);
    if (dir == NULL) {
        explain_open(folder, error);
        return NULL;
    }
    if (!list_entries(dir, folder, paths, error))
        return NULL;
    g_ptr_array_sort(paths, sm_text_compare);
    return g_steal_pointer(&paths);
}

/* The groups of what can be read of folder/ *.conf are added to groups. */
static void
read_folder(const char *folder, GPtrArray *groups, GPtrArray *broken)
{
    GError *fault = NULL;
    g_autoptr(GPtrArray) paths = list_folder(folder, &fault);

    if (paths == NULL)
        g_ptr_array_add(broken, g_steal_pointer(&fault));
    SM_EACH (const char, path, paths) {
        GPtrArray *more = read_one(path, &fault);

        if (more != NULL)
            g_ptr_array_extend_and_steal(groups, more);
        else
            g_ptr_array_add(broken, g_steal_pointer(&fault));
    }
}

GPtrArray *
sm_config_read_files(const char *file, GPtrArray *broken, GError **error)
{
    g_autofree char *parent = g_path_get_dirname(file);
    g_autofree char *folder = g_build_filename(parent, ACCOUNTS_FOLDER, NULL);
    GPtrArray *groups = read_one(file, error);

    if (groups != NULL)
        read_folder(folder, groups, broken);
    return groups;
}
