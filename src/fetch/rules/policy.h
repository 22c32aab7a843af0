/*
 * This room decides without any I/O: which account, which sender, which format, which URL,
 * how long to wait. Its functions are pure.
 *
 * The duplicate policy. The same data is announced twice, as .csv and as .txt;
 * what to do with a name is decided here and nowhere else, from a snapshot that
 * the claim's transaction read.
 */
#pragma once

#include <glib.h>

#include "common/config/config.h"

/* What is known of the name's sibling: the same stem with the other of csv and txt. */
typedef enum {
    SM_SIBLING_NONE,    /* not announced, or nothing is to be expected of it (failed, dropped) */
    SM_SIBLING_EARLIER, /* announced before this name, not stored yet */
    SM_SIBLING_LATER,   /* announced after this name, not stored yet */
    SM_SIBLING_STORED,
} SmSibling;

typedef enum {
    SM_DECISION_FETCH,
    SM_DECISION_DROP,
    SM_DECISION_WAIT, /* `first`: the sibling was announced earlier and is being fetched */
    SM_DECISION_NOT_WANTED,
} SmDecision;

/*
 * Decides for a well-formed name. *reason becomes words for the outcome line
 * and the ledger ("format = csv"). Caller frees.
 */
SmDecision sm_policy_decide(SmFormat format, const char *const *extensions, const char *name,
                            SmSibling sibling, char **reason);

/* Drops in a row after which an alert says that the wanted format never comes. */
enum { SM_POLICY_DROPS_MAX = 3 };

/*
 * The extension that format wants of the pair, and the one that it drops. FALSE
 * where it drops neither as such.
 */
gboolean sm_policy_drops(SmFormat format, const char **wanted, const char **dropped);

/* Whether a listing's type (NULL: not said) is among types (NULL: all are wanted); if not, *reason
 * as above. */
gboolean sm_policy_wants_type(const char *const *types, const char *type, char **reason);

/* Whether name is one of the pair of formats, .csv or .txt, that the policy is about. */
gboolean sm_policy_is_pair(const char *name);
