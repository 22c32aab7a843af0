#include "filter/sandbox/stack.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

enum { STRIDE = 64 * 1024 }; /* how far behind its end one function may reach at once */

/*
 * Runs on the spare part, which lies at the stack's top: what is up to the
 * stack's size below it belongs to the stack. An address there is bad only if
 * the kernel did not let the stack grow. The sanitizers, which look at their
 * own stack before every exit, would not find their way about here.
 */
__attribute__((no_sanitize("address", "undefined"))) static void
end_if_full(int number, siginfo_t *info, void *context)
{
    guintptr here = (guintptr)__builtin_frame_address(0);
    guintptr at = (guintptr)info->si_addr;

    if (at < here && here - at < SM_STACK_SIZE + STRIDE)
        _exit(SM_STACK_FULL);
    (void)*(
        volatile const char *)info->si_addr; /* again, without a handler: this ends the process */
    _exit(EXIT_FAILURE);
}

gboolean
sm_stack_watch(char *spare)
{
    const stack_t stack = {.ss_sp = spare, .ss_size = SM_STACK_SPARE};
    struct sigaction action = {.sa_sigaction = end_if_full,
                               .sa_flags = SA_SIGINFO | SA_ONSTACK | (int)SA_RESETHAND};
    struct rlimit limit;

    if (getrlimit(RLIMIT_STACK, &limit) < 0)
        return FALSE;
    limit.rlim_cur = MIN(limit.rlim_max, (rlim_t)SM_STACK_SIZE);
    sigemptyset(&action.sa_mask);
    return setrlimit(RLIMIT_STACK, &limit) == 0 && sigaltstack(&stack, NULL) == 0 &&
           sigaction(SIGSEGV, &action, NULL) == 0;
}
