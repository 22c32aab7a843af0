#include "filter/sandbox/sandbox.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "build-config.h"
#include "common/base/cleanup.h"
#include "common/base/landlock.h"
#include "filter/sandbox/seccomp.h"

/* An agent may have set a lower limit already, which nobody can raise. */
static gboolean
set_limit(int resource, rlim_t soft, rlim_t hard)
{
    struct rlimit limit;

    if (getrlimit(resource, &limit) < 0)
        return FALSE;
    limit.rlim_max = MIN(limit.rlim_max, hard);
    limit.rlim_cur = MIN(limit.rlim_max, soft);
    return setrlimit(resource, &limit) == 0;
}

static gboolean
set_limits(const SmSandbox *sandbox)
{
#ifndef SM_SANITIZED /* the sanitizers' shadow is larger than any limit */
    if (!set_limit(RLIMIT_AS, sandbox->memory, sandbox->memory))
        return FALSE;
#endif
    /* The soft limit's signal tells that time has run out, the hard one is for who ignores it. */
    return set_limit(RLIMIT_CPU, sandbox->cpu, sandbox->cpu + 1) && set_limit(RLIMIT_FSIZE, 0, 0);
}

/*
 * What the libraries print about an odd message is dropped; the parent reports how the child ends.
 * Opened apart from the descriptors' closing, since landlock comes between.
 */
static gboolean
silence(void)
{
#ifndef SM_SANITIZED
    sm_autofd int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

    return null >= 0 ? dup2(null, STDERR_FILENO) == STDERR_FILENO : close(STDERR_FILENO) == 0;
#else
    return TRUE;
#endif
}

static gboolean
close_from(unsigned int first, unsigned int last)
{
    struct rlimit limit;

    if (first > last || close_range(first, last, 0) == 0)
        return TRUE;
    /* A kernel before 5.9, or a container that forbids it. */
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return FALSE;
    for (unsigned int fd = first; fd <= last && fd < limit.rlim_cur; fd++)
        close((int)fd);
    return TRUE;
}

static gboolean
close_others(int answer)
{
    unsigned int kept = (unsigned int)answer;

    close(STDIN_FILENO);
    close(STDOUT_FILENO);
    return answer > STDERR_FILENO && close_from(STDERR_FILENO + 1, kept - 1) &&
           close_from(kept + 1, ~0U);
}

/* Again, although start-up did it: the sandbox relies on nothing before it. */
static gboolean
forbid_attaching(void)
{
#ifndef SM_SANITIZED /* the leak checker attaches like a debugger */
    return prctl(PR_SET_DUMPABLE, 0) == 0;
#else
    return TRUE;
#endif
}

SmSandboxStep
sm_sandbox_enter(const SmSandbox *sandbox)
{
    const SmSandboxWalls *walls = &sandbox->walls;
    gboolean silent = silence();

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return SM_SANDBOX_NO_NEW_PRIVS;
    if (walls->landlock > 0 && !sm_landlock_enter(walls->landlock))
        return SM_SANDBOX_LANDLOCK;
    if (!set_limits(sandbox))
        return SM_SANDBOX_LIMITS;
    if (!silent || !close_others(sandbox->answer))
        return SM_SANDBOX_DESCRIPTORS;
    if (!forbid_attaching())
        return SM_SANDBOX_NOT_DUMPABLE;
    if (walls->seccomp && !sm_seccomp_enter(sandbox->answer))
        return SM_SANDBOX_SECCOMP;
    return SM_SANDBOX_ENTERED;
}
