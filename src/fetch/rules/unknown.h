/*
 * Names that the service does not know. Anybody can send a message with such names, and each of
 * them would cost a call: how many may, what a name tells of itself, and when a name is given up.
 * Pure.
 */
#pragma once

#include <glib.h>

enum {
    SM_UNKNOWN_WINDOW = 3600,          /* seconds that the limits are counted over */
    SM_UNKNOWN_KEPT_FOR = 366 * 86400, /* seconds after which the service has no file any more */
};

/* Names that cost a call each and that the service did not know, within the window, as far as they
 * concern one more. */
typedef struct {
    gint64 of_message; /* by the message that announces it */
    gint64 of_domain;  /* by senders of the same domain */
    gint64 of_all;
    gint64 alike; /* with the same beginning, see sm_unknown_prefix() */
} SmUnknowns;

/*
 * Whether one more may be asked for by itself. fits: it is as the account's names are. verified:
 * the mail system knows its sender. Each has a reserve that others cannot use up.
 */
gboolean sm_unknown_leaves_room(const SmUnknowns *unknown, gboolean fits, gboolean verified);

/* What the names of one organisation have in common: "4300_" of "4300_20180410_111604.csv", else
 * what stands before the date; NULL: nothing. Caller frees. */
char *sm_unknown_prefix(const char *name);

/* The date in the name, seconds since 1970, the earliest if there are several; 0: none. */
gint64 sm_unknown_date(const char *name);

/* How far back the listing has to look for a name that a message announced at posted, at the time
 * now: as far as the date in the name, but no further than files are kept. */
gint64 sm_unknown_listed_since(const char *name, gint64 posted, gint64 now);

/* Whether a name, recorded at announced by a message that was received at posted, comes from an old
 * mailbox, so that nobody waits for the file. */
gboolean sm_unknown_is_old(gint64 posted, gint64 announced);
