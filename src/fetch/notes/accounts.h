/*
 * This room has what the ledger remembers besides files: of accounts and their syncs, of hosts and
 * their clocks, of alerts, mailings and what was said.
 *
 * What the ledger knows of an account's password: proven, rejected or neither.
 * A rejected one closes the account for every process until the secret changes
 * (told by its fingerprint) or a probe is due, since repeating it may lock the
 * account at the service.
 */
#pragma once

#include <glib.h>

#include "fetch/ledger/ledger.h"

enum { /* seconds */
       SM_ACCOUNT_PROBE_AFTER = 6 * 3600,
       SM_ACCOUNT_EAGER_AFTER = 60, /* where a person looks */
};

typedef enum {
    SM_ACCOUNT_UNPROVEN, /* one process at a time may try it */
    SM_ACCOUNT_PROVEN,
    SM_ACCOUNT_CLOSED,
} SmAccountStanding;

typedef struct {
    gint64 id; /* for the account's lock byte */
    SmAccountStanding standing;
    gint64 rejected_at;  /* of this password, 0: never; where it may be tried, it is a probe */
    gint64 secret_since; /* when the proven or rejected secret, if it is this one, was proven
                            first; 0: never, or not known */
    char *reason;        /* the service's words, cleaned; NULL unless closed */
    gint64 probe_at;     /* closed: until then nobody tries it */
} SmAccountRecord;

/* The random key of this ledger by which secrets are fingerprinted; NULL on error. Caller frees.
 * SM_ERROR_LEDGER. */
char *sm_account_fingerprint_key(SmLedger *ledger, GError **error);

/*
 * Standing of the secret with that fingerprint; makes the row. Where a probe of
 * a closed account is due, this call takes it: it answers SM_ACCOUNT_UNPROVEN
 * to one caller, and the next is due only after SM_ACCOUNT_PROBE_AFTER; for an eager
 * caller, after SM_ACCOUNT_EAGER_AFTER. SM_ERROR_LEDGER.
 */
SmAccountRecord *sm_account_look(SmLedger *ledger, const char *account, const char *fingerprint,
                                 gboolean eager, GError **error);

/* The same to look at: makes no row, takes no probe. NULL without an error where there is none.
 * SM_ERROR_LEDGER. */
SmAccountRecord *sm_account_peek(SmLedger *ledger, const char *account, const char *fingerprint,
                                 GError **error);

/* Records that the service accepted it; its age counts from the first time, despite rejections in
 * between. Where hosts share the ledger, other ones' passwords stay rejected. SM_ERROR_LEDGER. */
gboolean sm_account_proven(SmLedger *ledger, const char *account, const char *fingerprint,
                           GError **error);

/* Records that the service rejected the secret, with reason, the service's words. SM_ERROR_LEDGER.
 */
gboolean sm_account_rejected(SmLedger *ledger, const char *account, const char *fingerprint,
                             const char *reason, GError **error);

/* Requests a look at the listing: a message without a usable name may have announced anything.
 * SM_ERROR_LEDGER. */
gboolean sm_account_want_listing(SmLedger *ledger, const char *account, GError **error);

/*
 * Since when such a look is due at the time now, and none was tried within the
 * last hour; *wanted 0: none is. SM_ERROR_LEDGER.
 */
gboolean sm_account_listing_due(SmLedger *ledger, const char *account, gint64 now, gint64 *wanted,
                                GError **error);

/* The service wants no calls with the password for a while, only with a token. SM_ERROR_LEDGER. */
gboolean sm_account_pause_password(SmLedger *ledger, const char *account, GError **error);

/* Whether that is so; FALSE where the ledger cannot tell. */
gboolean sm_account_wants_token(SmLedger *ledger, const char *account);

/* Reopens a closed account for a person. SM_ERROR_LEDGER. */
gboolean sm_account_reopen(SmLedger *ledger, const char *account, GError **error);

/* When the last message announced something new for account (NULL: for any); 0: never.
 * SM_ERROR_LEDGER. */
gboolean sm_account_mail_seen(SmLedger *ledger, const char *account, gint64 *when, GError **error);

/* When the last sync of account (NULL: of any) began that left nothing; 0: never. SM_ERROR_LEDGER.
 */
gboolean sm_account_synced(SmLedger *ledger, const char *account, gint64 *when, GError **error);

/*
 * When the ledger heard of account last, by mail, a person or a listing; 0: never.
 * What was announced before the time after, and is not stored, does not count.
 * SM_ERROR_LEDGER.
 */
gboolean sm_account_heard(SmLedger *ledger, const char *account, gint64 after, gint64 *when,
                          GError **error);
