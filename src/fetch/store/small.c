#include "fetch/store/small.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/cleanup.h"
#include "common/base/error.h"
#include "fetch/rows/updates.h"
#include "fetch/store/part.h"

enum { LONGEST = 255 }; /* bytes that are read */

#define PART "scoremail.csv" /* the name of its part, which sm_sweep() knows */

gboolean
sm_small_store(SmStore *store, const char *name, const char *text, mode_t mode, SmFsWay *way,
               GError **error)
{
    gint64 number = sm_file_new_part();
    g_autofree char *file = sm_part_name(PART, number);
    g_autoptr(SmPart) part = sm_part_create(store, PART, number, error);
    g_autofree char *sha256 = NULL;

    if (part == NULL)
        return FALSE;
    if (sm_part_write(part, text, strlen(text), error) &&
        sm_part_finish(part, &sha256, NULL, error) &&
        sm_part_sync(part, mode, store->group, error)) {
        if (sm_fs_move(store->dir_fd, file, store->dir_fd, name, way) ||
            !sm_store_exists(store, file)) /* moved, but its inode changed */
            return sm_store_sync(store, error);
        sm_error_from_errno(error, SM_ERROR_DIRECTORY, "%s/%s", store->directory, name);
    }
    sm_part_remove(part, NULL);
    return FALSE;
}

gboolean
sm_small_read(const SmStore *store, const char *name, char **text, GError **error)
{
    sm_autofd int fd =
        openat(store->dir_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    char found[LONGEST + 1] = "";
    struct stat st = {0};

    *text = NULL;
    if (fd < 0 && errno == ENOENT)
        return TRUE;
    if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || read(fd, found, LONGEST) < 0) {
        errno = fd >= 0 && !S_ISREG(st.st_mode) ? EINVAL : errno;
        return sm_error_from_errno(error, SM_ERROR_DIRECTORY, "%s/%s", store->directory, name);
    }
    *text = g_strdup(found);
    return TRUE;
}
