/*
 * Preloaded behind libfaketime by tests/integration/test_clock.py: newer versions of it read their
 * environment when the clock is first asked for, which is after our programs have emptied theirs.
 */
#include <time.h>

__attribute__((constructor)) static void
look_at_clock(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
}
