/*
 * What becomes of a name that the service does not know: whether it may be asked for by itself,
 * when it is given up, and whether anybody is told. Names that only strangers announced end
 * quietly: anybody can send such a message.
 */
#pragma once

#include <glib.h>

#include "fetch/job/job.h"

/* *may: whether file may be asked for by itself at the time now; if not, the listing tells
 * (lookup.h). SM_ERROR_LEDGER. */
gboolean sm_unknown_may_ask(const SmJob *job, const SmFile *file, gint64 now, gboolean *may,
                            GError **error);

/* Whether the service has said so often and for so long, at the time at last, that it does not know
 * file, that it is given up. */
gboolean sm_unknown_is_over(const SmFile *file, gint64 at);

/*
 * The state of a file that is given up: failed, which a person has to see, where a known sender
 * announced it and its name is as the account's names are; else not wanted. Whoever forges one such
 * message forges many: where the mail system verifies no senders, and more than a few names are
 * missing, all are not wanted. SM_ERROR_LEDGER does not end it: then it is failed.
 */
SmFileState sm_unknown_end(const SmJob *job, const SmFile *file);

/* Whether file can only be announced by a message that is older than any file that the service
 * has. */
gboolean sm_unknown_has_expired(const SmJob *job, const SmFile *file, gint64 now);

/* Why a file that is not wanted is not. Static. */
const char *sm_unknown_reason(const SmFile *file);
