#include "filter/sandbox/landlock.h"

#include <linux/landlock.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/base/cleanup.h"

/* Debian 12's headers end with ABI 2; these are the kernel's numbers, which never change. */
enum {
    FS_ABI_1 = (1 << 13) - 1,  /* execute, read, write, list, remove, make: all that there was */
    FS_REFER = 1 << 13,        /* ABI 2: link and rename across directories */
    FS_TRUNCATE = 1 << 14,     /* ABI 3 */
    FS_IOCTL_DEV = 1 << 15,    /* ABI 5 */
    NET_TCP = 1 << 0 | 1 << 1, /* ABI 4: bind, connect */
    SCOPES = 1 << 0 | 1 << 1,  /* ABI 6: abstract Unix sockets, signals */
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
        {1, {FS_ABI_1, 0, 0}}, {2, {FS_REFER, 0, 0}},     {3, {FS_TRUNCATE, 0, 0}},
        {4, {0, NET_TCP, 0}},  {5, {FS_IOCTL_DEV, 0, 0}}, {6, {0, 0, SCOPES}},
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

gboolean
sm_landlock_enter(guint abi)
{
    const Ruleset ruleset = ruleset_of(abi);
    sm_autofd int fd = (int)syscall(SYS_landlock_create_ruleset, &ruleset, sizeof ruleset, 0);

    /* Without a single rule: nothing that it handles is allowed. */
    return fd >= 0 && syscall(SYS_landlock_restrict_self, fd, 0) == 0;
}
