#include "filter/sandbox/walls.h"

#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/base/error.h"
#include "common/base/landlock.h"

/* Whether the kernel has filters that can kill the process (Linux 4.14). */
static gboolean
has_seccomp(void)
{
    const guint32 action = SECCOMP_RET_KILL_PROCESS;

    return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

SmSandboxWalls
sm_sandbox_find(void)
{
    return (SmSandboxWalls){sm_landlock_abi(), has_seccomp()};
}

char *
sm_sandbox_describe(const SmSandboxWalls *walls)
{
    g_autofree char *landlock = walls->landlock > 0
                                    ? g_strdup_printf("landlock ABI %u", walls->landlock)
                                    : g_strdup("no landlock");

    return g_strconcat(landlock, walls->seccomp ? ", seccomp" : ", no seccomp", NULL);
}

gboolean
sm_sandbox_check(const SmSandboxWalls *walls, SmSandboxPolicy policy, GError **error)
{
    g_autofree char *found = NULL;

    if (policy == SM_SANDBOX_AUTO || (walls->landlock > 0 && walls->seccomp))
        return TRUE;
    found = sm_sandbox_describe(walls);
    return sm_error_set(
        error, SM_ERROR_SANDBOX,
        "the kernel offers %s, but --sandbox=required needs both; enable them, or use "
        "--sandbox=auto",
        found);
}

const char *
sm_sandbox_step_name(SmSandboxStep step)
{
    static const char *const names[SM_SANDBOX_N_STEPS] = {
        [SM_SANDBOX_ENTERED] = "nothing",
        [SM_SANDBOX_NO_NEW_PRIVS] = "no_new_privs",
        [SM_SANDBOX_LANDLOCK] = "landlock",
        [SM_SANDBOX_LIMITS] = "its limits",
        [SM_SANDBOX_DESCRIPTORS] = "its descriptors",
        [SM_SANDBOX_NOT_DUMPABLE] = "forbidding to attach",
        [SM_SANDBOX_SECCOMP] = "seccomp",
    };

    return step < SM_SANDBOX_N_STEPS ? names[step] : "an unknown step";
}
