/*
 * The worker's side of the spool: events that others left there are judged,
 * committed to the ledger, and only then taken out. Whoever may write to the
 * spool is trusted with no more than that: what a file says is decoded and
 * validated again, and one that is no event, or that no member of the spool's
 * group left, is set aside and recorded. One that cannot be read now, for any
 * reason that can pass, stays for the next run.
 */
#pragma once

#include <glib.h>

#include "common/config/config.h"
#include "fetch/ledger/ledger.h"

#define SM_INTAKE_ASIDE "aside" /* the folder, in the spool, of what was set aside */

typedef struct {
    guint taken;         /* events that are in the ledger now */
    guint aside;         /* files that were set aside */
    guint left;          /* events that wait for a fixed configuration, or that could not be read */
    GPtrArray *accounts; /* the caller's, NULL: none; those (SmAccount) that events came for are
                            added, each once */
    GString *kept;       /* the caller's, NULL: none; the names of the files that are left are
                             added, a line each */
} SmIntake;

/*
 * Takes over what lies in the spool that fd is open on, and in the one that would be used without a
 * configuration. SM_ERROR_LEDGER;
 * SM_ERROR_IO where the spool cannot be listed, or an event not be removed: what
 * was not taken over by then is still there.
 */
gboolean sm_intake(SmLedger *ledger, const SmConfig *config, int spool, SmIntake *intake,
                   GError **error);

/* Deletes what was set aside in the spool that fd is open on before that time (seconds since 1970);
 * what cannot be deleted stays. */
void sm_intake_expire(int spool, gint64 before);
