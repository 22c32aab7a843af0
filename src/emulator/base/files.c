#include "emulator/base/files.h"

#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/cleanup.h"
#include "common/base/each.h"
#include "common/base/error.h"
#include "common/base/text.h"

enum { MD5_SIZE = 16, PIECE = 256 * 1024 };

struct SmFiles {
    const char *folder;
    const char *const *single;
    GMutex lock;
    GHashTable *known; /* identity -> Contents */
};

/* What is known only after reading all of a file. */
typedef struct {
    char md5[2 * MD5_SIZE + 1];
    guint64 lines;
} Contents;

SmFiles *
sm_files_new(const char *folder, const char *const *single)
{
    SmFiles *files = g_new0(SmFiles, 1);

    files->folder = folder;
    files->single = single;
    files->known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_mutex_init(&files->lock);
    return files;
}

void
sm_files_free(SmFiles *files)
{
    g_hash_table_unref(files->known);
    g_mutex_clear(&files->lock);
    g_free(files);
}

gboolean
sm_files_configured(const SmFiles *files)
{
    return files->folder != NULL || (files->single != NULL && files->single[0] != NULL);
}

void
sm_file_free(SmFile *file)
{
    g_free(file->name);
    sm_close(&file->fd);
    g_free(file->md5);
    g_free(file);
}

gboolean
sm_files_check_single(SmFiles *files, GError **error)
{
    for (gsize i = 0; files->single != NULL && files->single[i] != NULL; i++) {
        g_autofree char *base = g_path_get_basename(files->single[i]);
        g_autoptr(SmFile) file = NULL;

        if (access(files->single[i], R_OK) < 0)
            return sm_error_from_errno(error, SM_ERROR_IO, "--file %s", files->single[i]);
        if ((file = sm_files_open(files, base)) != NULL)
            continue;
        return sm_error_set(error, SM_ERROR_IO,
                            "--file %s: name a plain file that does not start with a dot",
                            files->single[i]);
    }
    return TRUE;
}

/* A last line without its line end counts too. */
static gboolean
read_contents(int fd, Contents *contents)
{
    g_autofree char *piece = g_malloc(PIECE);
    g_autoptr(GChecksum) md5 = g_checksum_new(G_CHECKSUM_MD5);
    char last = '\n';
    gssize got;
    guint64 at = 0;

    while ((got = pread(fd, piece, PIECE, (off_t)at)) > 0) {
        g_checksum_update(md5, (const guchar *)piece, got);
        for (const char *c = piece; (c = memchr(c, '\n', (gsize)(piece + got - c))) != NULL; c++)
            contents->lines++;
        last = piece[got - 1];
        at += (guint64)got;
    }
    if (last != '\n')
        contents->lines++;
    g_strlcpy(contents->md5, g_checksum_get_string(md5), sizeof contents->md5);
    return got == 0;
}

static gboolean
is_known(SmFiles *files, const char *identity, Contents *contents)
{
    g_autoptr(GMutexLocker) held G_GNUC_UNUSED = g_mutex_locker_new(&files->lock);
    const Contents *known = g_hash_table_lookup(files->known, identity);

    if (known != NULL)
        *contents = *known;
    return known != NULL;
}

/*
 * The change time takes part, because a test may rewrite a file in place and
 * set its modification time back. Reading happens outside the lock: two that
 * ask at once both read, which is slower but never wrong.
 */
static gboolean
look_into(SmFiles *files, int fd, const struct stat *status, Contents *contents)
{
    g_autofree char *identity = g_strdup_printf(
        "%ju:%ju:%jd:%jd.%ld", (uintmax_t)status->st_dev, (uintmax_t)status->st_ino,
        (intmax_t)status->st_size, (intmax_t)status->st_ctim.tv_sec, status->st_ctim.tv_nsec);
    g_autoptr(GMutexLocker) held G_GNUC_UNUSED = NULL;

    if (is_known(files, identity, contents))
        return TRUE;
    if (!read_contents(fd, contents))
        return FALSE;
    held = g_mutex_locker_new(&files->lock);
    g_hash_table_replace(files->known, g_steal_pointer(&identity),
                         g_memdup2(contents, sizeof *contents));
    return TRUE;
}

static SmFile *
open_path(SmFiles *files, const char *path, const char *name)
{
    sm_autofd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    Contents contents = {0};
    struct stat status;
    SmFile *file;

    if (fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) ||
        !look_into(files, fd, &status, &contents))
        return NULL;
    file = g_new0(SmFile, 1);
    file->name = g_strdup(name);
    file->fd = sm_steal_fd(&fd);
    file->size = (guint64)status.st_size;
    file->modified = status.st_mtim.tv_sec;
    file->md5 = g_strdup(contents.md5);
    file->lines = contents.lines;
    return file;
}

SmFile *
sm_files_open(SmFiles *files, const char *name)
{
    if (name[0] == '\0' || name[0] == '.' || strchr(name, '/') != NULL)
        return NULL;
    for (gsize i = 0; files->single != NULL && files->single[i] != NULL; i++) {
        g_autofree char *base = g_path_get_basename(files->single[i]);

        if (strcmp(base, name) == 0)
            return open_path(files, files->single[i], name);
    }
    if (files->folder != NULL) {
        g_autofree char *path = g_build_filename(files->folder, name, NULL);

        return open_path(files, path, name);
    }
    return NULL;
}

static GPtrArray *
all_names(const SmFiles *files)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GDir) folder = NULL;
    const char *name;

    for (gsize i = 0; files->single != NULL && files->single[i] != NULL; i++)
        g_ptr_array_add(names, g_path_get_basename(files->single[i]));
    if (files->folder != NULL)
        folder = g_dir_open(files->folder, 0, NULL);
    while (folder != NULL && (name = g_dir_read_name(folder)) != NULL)
        g_ptr_array_add(names, g_strdup(name));
    g_ptr_array_sort(names, sm_text_compare);
    return names;
}

GPtrArray *
sm_files_list(SmFiles *files)
{
    g_autoptr(GPtrArray) names = all_names(files);
    GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)sm_file_free);
    const char *before = "";

    SM_EACH (const char, name, names) {
        SmFile *file = strcmp(name, before) != 0 ? sm_files_open(files, name) : NULL;

        before = name;
        if (file == NULL)
            continue;
        sm_close(&file->fd);
        g_ptr_array_add(list, file);
    }
    return list;
}
