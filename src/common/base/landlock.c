#include "common/base/landlock.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/base/cleanup.h"

/* Debian 12's headers end with ABI 2; these are the kernel's numbers, which never change. */
enum {
    FS_ABI_1 = (1 << 13) - 1, /* execute, read, write, list, remove, make: all that there was */
    FS_REFER = 1 << 13,       /* ABI 2: link and rename across directories */
    FS_TRUNCATE = 1 << 14,    /* ABI 3 */
    FS_IOCTL_DEV = 1 << 15,   /* ABI 5 */
    NET_BIND = 1 << 0,        /* ABI 4 */
    NET_CONNECT = 1 << 1,     /* the same */
    SCOPES = 1 << 0 | 1 << 1, /* ABI 6: abstract Unix sockets, signals */
};

/* struct landlock_ruleset_attr as of ABI 6. Older kernels take it while what they lack is 0. */
typedef struct {
    guint64 handled_access_fs;
    guint64 handled_access_net;
    guint64 scoped;
} Ruleset;

static Ruleset
ruleset_of(guint abi)
{
    static const struct {
        guint abi;
        Ruleset adds;
    } known[] = {
        {1, {FS_ABI_1, 0, 0}},     {2, {FS_REFER, 0, 0}},
        {3, {FS_TRUNCATE, 0, 0}},  {4, {0, NET_BIND | NET_CONNECT, 0}},
        {5, {FS_IOCTL_DEV, 0, 0}}, {6, {0, 0, SCOPES}},
    };
    Ruleset ruleset = {0, 0, 0};

    for (gsize i = 0; i < G_N_ELEMENTS(known) && known[i].abi <= abi; i++) {
        ruleset.handled_access_fs |= known[i].adds.handled_access_fs;
        ruleset.handled_access_net |= known[i].adds.handled_access_net;
        ruleset.scoped |= known[i].adds.scoped;
    }
    return ruleset;
}

guint
sm_landlock_abi(void)
{
    long abi =
        syscall(SYS_landlock_create_ruleset, NULL, (gsize)0, LANDLOCK_CREATE_RULESET_VERSION);

    return abi > 0 ? (guint)abi : 0;
}

/* What may be done to a file; the rest is for folders alone. */
#define OF_FILES                                                                                   \
    (LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE |   \
     FS_TRUNCATE | FS_IOCTL_DEV)

static guint64
rights_of(SmLandlockAccess access)
{
    guint64 reading = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;

    if (access == SM_LANDLOCK_READ)
        return reading;
    if (access == SM_LANDLOCK_EXECUTE)
        return reading | LANDLOCK_ACCESS_FS_EXECUTE;
    return (FS_ABI_1 | FS_REFER | FS_TRUNCATE) & ~(guint64)LANDLOCK_ACCESS_FS_EXECUTE;
}

static gboolean
let(int ruleset, guint64 handled, const SmLandlockPlace *place)
{
    sm_autofd int fd = place->path != NULL ? open(place->path, O_PATH | O_CLOEXEC) : -1;
    struct landlock_path_beneath_attr rule = {rights_of(place->access) & handled, fd};
    struct stat about;

    if (fd < 0)
        return TRUE;
    if (fstat(fd, &about) < 0)
        return FALSE;
    if (!S_ISDIR(about.st_mode))
        rule.allowed_access &= OF_FILES;
    return syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
}

static gboolean
enter(const Ruleset *ruleset, const SmLandlockPlace *places, gsize count)
{
    sm_autofd int fd = (int)syscall(SYS_landlock_create_ruleset, ruleset, sizeof *ruleset, 0);

    if (fd < 0)
        return FALSE;
    for (gsize i = 0; i < count; i++)
        if (!let(fd, ruleset->handled_access_fs, &places[i]))
            return FALSE;
    return syscall(SYS_landlock_restrict_self, fd, 0) == 0;
}

gboolean
sm_landlock_enter(guint abi)
{
    const Ruleset ruleset = ruleset_of(abi);

    /* Without a single rule: nothing that it handles is allowed. */
    return enter(&ruleset, NULL, 0);
}

gboolean
sm_landlock_enter_with(guint abi, const SmLandlockPlace *places, gsize count)
{
    Ruleset ruleset = ruleset_of(abi);

    ruleset.handled_access_net &= ~(guint64)NET_CONNECT;
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && enter(&ruleset, places, count);
}
