/*
 * This room has what every command works in: its options, the configuration, the log, the ledger,
 * and a turn for each account.
 */
#pragma once

#include <glib.h>

#include "common/base/report.h"
#include "common/config/config.h"
#include "fetch/host/crew.h"
#include "fetch/ledger/ledger.h"

typedef struct {
    const char *command; /* static */
    SmReport report;
    /* options */
    char *config_file; /* NULL: where sm_config_find() looks */
    char *account;     /* NULL: not said */
    gboolean quiet, verbose;
    /* opened on demand */
    SmConfig *config;
    SmLedger *ledger;
    gboolean preview; /* nothing but a look: nothing is noted of what was said, no alert is sent */
    gboolean alerts;  /* the ledger was opened for work, and `commands` is inline: what is due in it
                         is sent at the end */
    /* in a process of its own for one account (turns.h) */
    SmCrewNote *note; /* what its parent sees; NULL: it is no such process */
    gint64 turn_end;  /* monotonic time after which it begins no file; 0: nobody else waits */
    gint64 round_at;  /* when its parent began, in microseconds since 1970 */
} SmSession;

/* A session for command; as_filter: it answers to a mail system, in scoremail's name. */
void sm_session_start(SmSession *session, const char *command, gboolean as_filter);

/*
 * For a command that cron starts every few minutes: with --quiet, and no terminal
 * there, a failure is said on stderr when the session ends, and only where it was not said within
 * the last day. The log has each. Call it once the options are read; what was held before is
 * forgotten.
 */
void sm_session_say_news(SmSession *session);

/* Sends what alerts are due, where the ledger was opened for more than a look, and ends. */
void sm_session_end(SmSession *session);

/* Loads the configuration. SM_ERROR_CONFIG. */
gboolean sm_session_configure(SmSession *session, GError **error);

/* The log without the ledger, after sm_session_configure(): where the configuration says, else
 * syslog. */
void sm_session_start_log(SmSession *session);

/* Opens the ledger of a configuration, with the password that it names. SM_ERROR_SECRET, and errors
 * of ledger.h. */
SmLedger *sm_session_ledger(const SmSession *session, const SmConfig *config, SmLedgerUse use,
                            GError **error);

/* Whether the spool, the log's file and, if asked for, the ledger answer, or are not there: on a
 * dead share they would hold us up without end. SM_ERROR_LEDGER. */
gboolean sm_session_reaches(const SmSession *session, gboolean ledger, GError **error);

/* Opens the ledger (after sm_session_configure()); session->ledger stays NULL as sm_ledger_open()
 * says. SM_ERROR_OWNER, SM_ERROR_LEDGER, SM_ERROR_CONFIG (the log, a server), SM_ERROR_SECRET. */
gboolean sm_session_open_ledger(SmSession *session, SmLedgerUse use, GError **error);

/* Whether --account, if it was given, names an account of the configuration. SM_ERROR_USAGE. */
gboolean sm_session_knows_account(const SmSession *session, GError **error);

/*
 * The account that a person means for name (which may be ""): --account, by
 * org-id, or the only one. SM_ERROR_USAGE when that is not clear, else the account's fault.
 */
SmAccount *sm_session_account_for(SmSession *session, const char *name, GError **error);

/* The same, for work in its directory: that has to answer (sm_session_answers()). Also
 * SM_ERROR_VOLUME. */
SmAccount *sm_session_account_at(SmSession *session, const char *name, GError **error);

/* The account that --account names, or else those that are enabled, in the order of the
 * configuration: of SmAccount. Caller frees. */
GPtrArray *sm_session_accounts(const SmSession *session);

/* The account that --account names, or else the only one that is enabled; NULL where there are
 * several, or where it cannot be used. */
SmAccount *sm_session_only_account(const SmSession *session);

/*
 * Looks at what these accounts (of SmAccount) need, which takes no more than seconds: a directory
 * or password-file on a dead share would hold up what follows without end. Whose does not answer
 * has that, SM_ERROR_VOLUME, as its fault from here on.
 */
void sm_session_look_at(const GPtrArray *accounts);

/* Looks at one; FALSE and its fault, where it has one, as SM_ERROR_VOLUME. account may be NULL:
 * TRUE then. */
gboolean sm_session_answers(SmAccount *account, GError **error);

/*
 * From here on the process works for account alone, and closes itself in (enclosure.h) where
 * nothing keeps it from that; without landlock the log says so once a day. output: a file that it
 * writes besides, or NULL. account may be NULL: nothing is done then. Before any thread is started.
 */
void sm_session_enclose(SmSession *session, const SmAccount *account, const char *output);

/* Works for one account; says its own failure and returns its exit code. */
typedef int (*SmForAccount)(SmSession *session, SmAccount *account, gpointer data);

/*
 * Calls each for the account that --account names or else for all that are
 * enabled, in the order of the configuration; each says its own failure and gives its exit code.
 * One that fails, or whose configuration is wrong, does not stop the others, nor
 * does a broken file of the configuration; the first failure tells the exit code.
 */
int sm_session_each_account(SmSession *session, SmForAccount each, gpointer data);

/* Works on one name; what it cannot do is its error, of any code. */
typedef gboolean (*SmForName)(SmSession *session, const char *name, gconstpointer data,
                              GError **error);

/* Calls each for all names, NULL-terminated, and says each failure; the first tells the exit code.
 */
int sm_session_each_name(SmSession *session, char **names, SmForName each, gconstpointer data);

/* A name from the command line; SM_ERROR_USAGE unless it is well formed. */
gboolean sm_session_check_name(const char *name, GError **error);

/* Says error, if it is one, and gives the exit code for it. Takes error. */
int sm_session_exit(SmSession *session, GError *error);
