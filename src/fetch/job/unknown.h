/*
 * Names that the service does not know: whether a call may ask for one, when it is given up, and
 * whether that raises an alert. A name that only strangers announced raises none: anybody can send
 * such a message.
 */
#pragma once

#include <glib.h>

#include "fetch/job/job.h"

/* *may: whether a call may ask for file at the time now; if not, the listing settles it (lookup.h).
 * SM_ERROR_LEDGER. */
gboolean sm_unknown_may_ask(const SmJob *job, const SmFile *file, gint64 now, gboolean *may,
                            GError **error);

/* The service does not know file at the time now, once more; of times that are still to come, by a
 * clock that was ahead, it starts anew. */
void sm_unknown_count(SmFile *file, gint64 now);

/* Whether to give file up: at the time at last, the service has said often and long enough that it
 * does not know it. */
gboolean sm_unknown_is_over(const SmFile *file, gint64 at);

/*
 * The state of a file that is given up: failed, which a person must see, if a known sender
 * announced it and its name begins like the account's names; else not wanted. Whoever forges one
 * such message forges many: if the mail system verifies no senders and more than a few names are
 * missing, all are not wanted. Failed if the ledger cannot be read.
 */
SmFileState sm_unknown_end(const SmJob *job, const SmFile *file);

/* Whether file was announced only by messages older than any file that the service has. */
gboolean sm_unknown_has_expired(const SmJob *job, const SmFile *file, gint64 now);

/* The reason for a file that is not wanted. Static. */
const char *sm_unknown_reason(const SmFile *file);
