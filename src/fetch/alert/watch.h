/*
 * Alerts of what no event tells: the wanted format is not announced, or
 * nothing is; no listing, no mail comes; a mailbox elsewhere is not collected; the configuration
 * has a fault. By what the ledger, the spool and the directories have; each call raises the alert
 * or clears it.
 */
#pragma once

#include "common/config/config.h"
#include "fetch/ledger/ledger.h"
#include "fetch/rows/files.h"

/*
 * SM_POLICY_DROPS_MAX names in a row were announced to account in the format
 * that its policy drops, and none since then in the one that it wants. Nothing
 * where the account wants either.
 */
void sm_watch_format(SmLedger *ledger, const SmAccount *account);

/* file is the first of account that is not wanted since its type is a new one, neither csv nor txt
 * nor in extensions: one alert for each type. */
void sm_watch_extension(SmLedger *ledger, const SmAccount *account, const SmFile *file);

/*
 * No sync of account was complete for expect-listing before the time now; an
 * account that never had one is watched from the first call on. Raised anew once a
 * day, as long as that lasts.
 */
void sm_watch_sync(SmLedger *ledger, const SmAccount *account, gint64 now);

/*
 * Nothing was announced to account, and nothing fetched for it otherwise, for
 * expect-every before the time now. An account of which the ledger knows nothing
 * yet is watched from the first call on. Raised anew once a day, as long as that lasts.
 */
void sm_watch_silence(SmLedger *ledger, const SmAccount *account, gint64 now);

enum {
    SM_WATCH_MAIL_FILES = 3,
    SM_WATCH_MAIL_LATE = 2 * 3600, /* seconds that a message may come after its file */
};

/* A stored file. */
typedef struct {
    gboolean by_sync; /* listed, and neither mail nor a person asked for it */
    gint64 posted_at; /* when the service says that it was, else when it was stored */
} SmArrival;

/*
 * Whether the last count files lack their messages, if the last message announced one at mail_at
 * (0: none ever did, so none is expected). Files that were posted before it do not count. Pure.
 */
gboolean sm_watch_mail_is_missed(const SmArrival *files, gsize count, gint64 mail_at);

/* Mail stops although files come: the account's last ones came by sync without a message. Raises
 * SM_ALERT_MAIL, or clears it; at the time now. Raised anew once a day. */
void sm_watch_mail(SmLedger *ledger, const char *account, gint64 now);

enum { SM_WATCH_PULL_AFTER = 86400 /* seconds without a success */ };

/* Whatever collects a mailbox elsewhere (a unit of filters/pull) touches a file in the spool,
 * pulled-NAME, after each success. The pull whose last success is longest ago and, at the time now,
 * too long ago: one line; NULL where there is none. Caller frees. */
char *sm_watch_pull_describe(const char *spool, gint64 now);

/* Raises or clears SM_ALERT_PULL; raised anew once a day. */
void sm_watch_pull(SmLedger *ledger, const char *spool, gint64 now);

enum { SM_WATCH_CONFIG_LIMIT_MS = 2000 }; /* for all directories to answer */

/*
 * What is wrong with a configuration that could be loaded. Loading looks at no directory, since one
 * on a dead share would stop every account; the worker and sync do, with a limit. Two enabled
 * accounts with one directory, by another path (a link, a mount), would take each other's files for
 * conflicts: the later of them in the configuration gets a fault (SM_ERROR_CONFIG). A
 * directory that is not there, or does not answer within the limit, is equal to none.
 */
void sm_watch_config_directories(SmConfig *config);

/*
 * Raises SM_ALERT_ACCOUNT of the whole program for the first broken file, and of
 * each enabled account that has a fault, also one of the above, or clears it.
 * Raised anew once a day.
 */
void sm_watch_config(SmLedger *ledger, SmConfig *config, gint64 now);
