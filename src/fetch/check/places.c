#include "fetch/check/places.h"

#include <errno.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "common/base/text.h"

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
                 "%s is writable by others (mode %04o), who can replace %s; run chmod go-w %s",
                 folder, (guint)about.st_mode & 07777, path, folder);
    return TRUE;
}

gboolean
sm_check_writers(SmCheck *check, const char *item, const SmAccount *account, const char *path,
                 gid_t allowed)
{
    g_autofree char *described = NULL;
    struct stat about;
    gboolean group, foreign;

    if (stat(path, &about) < 0)
        return FALSE;
    group = (about.st_mode & S_IWGRP) != 0 && about.st_gid != getegid() && about.st_gid != allowed;
    foreign = about.st_uid != 0 && about.st_uid != geteuid();
    if (!group && !foreign && (about.st_mode & S_IWOTH) == 0)
        return FALSE;
    described = sm_check_describe(&about);
    sm_check_say(check, SM_CHECK_WARNING, item, account,
                 "%s is writable by others (%s); run chmod %s %s", path, described,
                 foreign ? "go-w and chown" : "go-w", path);
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
    if (statvfs(path, &fs) < 0)
        return sm_check_say(check, SM_CHECK_WARNING, item, account,
                            "%s: cannot determine free space: %s", path, g_strerror(errno));
    if (fs.f_blocks == 0) { /* as some FUSE file systems, which do not tell */
        *text = g_strdup("unknown space");
        return TRUE;
    }
    bytes = (guint64)fs.f_bavail * fs.f_frsize;
    *text = sm_text_size(bytes);
    if (bytes < wanted)
        return sm_check_say(check, bytes < wanted / 10 ? SM_CHECK_FAILURE : SM_CHECK_WARNING, item,
                            account, "%s: only %s free, but %s may be needed; free space there",
                            path, *text, needed);
    if (fs.f_files > 0 && fs.f_favail < FILES_WANTED) /* some file systems don't count them */
        return sm_check_say(check, SM_CHECK_WARNING, item, account,
                            "%s: %s free, but no more than %" G_GUINT64_FORMAT
                            " new files (inodes); delete some",
                            path, *text, (guint64)fs.f_favail);
    return TRUE;
}

char *
sm_check_nearest(const char *path)
{
    char *place = g_strdup(path);

    while (access(place, F_OK) < 0 && errno == ENOENT && strcmp(place, "/") != 0) {
        char *above = g_path_get_dirname(place);

        g_free(place);
        place = above;
    }
    return place;
}
