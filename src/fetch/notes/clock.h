/*
 * What the ledger has seen of this machine's clock. A clock that jumped (a new
 * battery, a virtual machine set back, 1970) makes all that is old look older or
 * all that is new look old; who deletes by age asks here first.
 */
#pragma once

#include "fetch/ledger/ledger.h"

typedef struct {
    gint64 seen;  /* the last time noted before now; where none was: the newest of the log, or 0 */
    gint64 since; /* the clock has run evenly since; 0: as long as the ledger knows */
    gint64 from;  /* what it showed before it jumped at since */
} SmClock;

/*
 * The clock as the ledger has it, judged at the time now, in seconds since 1970: later than what
 * was seen by more than SM_CLOCK_GAP, or earlier by more than SM_CLOCK_BACK, is a jump.
 * SM_ERROR_LEDGER.
 */
gboolean sm_clock_look(SmLedger *ledger, gint64 now, SmClock *clock, GError **error);

/* Notes that at the time now clock, from sm_clock_look(), was so. SM_ERROR_LEDGER. */
gboolean sm_clock_note(SmLedger *ledger, gint64 now, const SmClock *clock, GError **error);

enum {
    SM_CLOCK_GAP = 60 * 86400, /* seconds: longer than a worker is off as a rule */
    SM_CLOCK_BACK = 86400,     /* seconds: more than any zone or leap */
};
