#include "fetch/store/sweep.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "common/base/cleanup.h"
#include "common/base/io.h"
#include "common/event/name.h"
#include "fetch/rows/files.h"
#include "fetch/store/store.h"

enum { OLD = 3600 }; /* seconds: a part that is being filled is younger */

/* The name and number in ".NAME.NUMBER.part", as sm_part_name() makes it; NULL for any other file.
 * Caller frees. */
static char *
name_in(const char *part, gint64 *number)
{
    static const char *const any[] = {NULL};
    g_autofree char *name = NULL;
    const char *dot;
    char *end;

    if (*part != '.' || !g_str_has_suffix(part, ".part"))
        return NULL;
    name = g_strndup(part + 1, strlen(part) - strlen(".part") - 1);
    dot = strrchr(name, '.');
    if (dot == NULL || !g_ascii_isdigit(dot[1]))
        return NULL;
    *number = g_ascii_strtoll(dot + 1, &end, 10);
    if (*end != '\0')
        return NULL;
    name[dot - name] = '\0';
    return sm_name_check(name, strlen(name), any, NULL) != SM_NAME_INVALID ? g_steal_pointer(&name)
                                                                           : NULL;
}

static gboolean
is_old(const SmStore *store, const char *part)
{
    struct stat about;

    return fstatat(store->dir_fd, part, &about, AT_SYMLINK_NOFOLLOW) == 0 &&
           S_ISREG(about.st_mode) && about.st_mtime + OLD < sm_ledger_now();
}

/* Whether a row of the ledger has this part; TRUE if unknown. */
static gboolean
is_known(SmLedger *ledger, const SmAccount *account, const char *name, gint64 number)
{
    g_autoptr(GError) fault = NULL;
    g_autoptr(SmFile) file = sm_file_load(ledger, account->name, name, &fault);

    return fault != NULL || (file != NULL && file->part == number);
}

static gboolean
sweep(SmLedger *ledger, const SmAccount *account, SmStore *store, const char *part)
{
    gint64 number;
    g_autofree char *name = name_in(part, &number);
    g_autoptr(GError) fault = NULL;

    if (name == NULL || !is_old(store, part) || is_known(ledger, account, name, number))
        return FALSE;
    if (sm_store_remove(store, part, &fault)) {
        g_message("removed %s/%s, a part file that is not in the ledger", store->directory, part);
        return TRUE;
    }
    g_info("%s", fault->message);
    return FALSE;
}

guint
sm_sweep(SmLedger *ledger, const SmAccount *account)
{
    g_autoptr(SmStore) store = sm_store_open(account, NULL);
    g_autoptr(DIR) dir = store != NULL ? sm_open_folder(store->dir_fd) : NULL;
    struct dirent *entry;
    guint removed = 0;

    /* a missing directory is reported by the next file for it */
    while (dir != NULL && (entry = readdir(dir)) != NULL)
        removed += sweep(ledger, account, store, entry->d_name) ? 1 : 0;
    return removed;
}
