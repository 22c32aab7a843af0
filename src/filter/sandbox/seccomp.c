#include "filter/sandbox/seccomp.h"

#include <errno.h>
#include <linux/futex.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <unistd.h>

#include "build-config.h"

G_DEFINE_AUTO_CLEANUP_FREE_FUNC(scmp_filter_ctx, seccomp_release, NULL)

/* These come with any arguments. */
static const int allowed[] = {
    SCMP_SYS(brk),    /* malloc(), as the next two and mmap below */
    SCMP_SYS(munmap), /* for large pieces */
    SCMP_SYS(mremap), /* as they grow */
    SCMP_SYS(exit_group),
#ifdef SM_SANITIZED
    /* What the sanitizers' own runtime does, in their builds and nowhere else. */
    SCMP_SYS(madvise),     /* for the shadow of large pieces */
    SCMP_SYS(sigaltstack), /* before every exit */
#endif
};

/* How iconv looks for a converter. */
static const int denied[] = {
    SCMP_SYS(openat),     /* its table, its modules */
    SCMP_SYS(newfstatat), /* their folder */
};

static gboolean
add_plain(scmp_filter_ctx filter, guint32 action, const int *calls, gsize count)
{
    for (gsize i = 0; i < count; i++)
        if (seccomp_rule_add(filter, action, calls[i], 0) < 0)
            return FALSE;
    return TRUE;
}

static gboolean
add_by_argument(scmp_filter_ctx filter, int answer)
{
    const int writable[] = {answer, STDERR_FILENO};

    for (gsize i = 0; i < G_N_ELEMENTS(writable); i++)
        if (seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(write), 1,
                             SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)writable[i])) < 0)
            return FALSE;
    /* Memory, but neither executable nor mapped from a file. */
    if (seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 2,
                         SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0),
                         SCMP_A3(SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, MAP_ANONYMOUS)) < 0)
        return FALSE;
    /* GLib wakes threads that wait for a type's registration: there are none. */
    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(futex), 1,
                            SCMP_A1(SCMP_CMP_EQ, FUTEX_WAKE_PRIVATE)) == 0;
}

gboolean
sm_seccomp_enter(int answer)
{
    g_auto(scmp_filter_ctx) filter = seccomp_init(SCMP_ACT_KILL_PROCESS);

    return filter != NULL &&
           seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) == 0 &&
           add_plain(filter, SCMP_ACT_ALLOW, allowed, G_N_ELEMENTS(allowed)) &&
           /* as landlock answers */
           add_plain(filter, SCMP_ACT_ERRNO(EACCES), denied, G_N_ELEMENTS(denied)) &&
           add_by_argument(filter, answer) && seccomp_load(filter) == 0;
}
