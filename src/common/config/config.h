/*
 * This room reads the configuration, by one table of keys; each error names its file and
 * line.
 *
 * The configuration: one key file and accounts.d/ *.conf beside it (in byte
 * order of their names), read more strictly than GKeyFile reads. An invalid setting is an error
 * that names file, line, group, key and allowed values. An error inside one [account] disables that
 * account only; one in [scoremail], or in the main file's groups or the file as such, concerns all.
 * Such an error in a file of accounts.d disables the accounts of that file, whose names nobody
 * knows then.
 *
 * Keys that this version does not act on are unknown keys: a setting that is
 * accepted and ignored (an encryption key, say) would be worse than an error.
 */
#pragma once

#include <glib.h>
#include <sys/types.h>

#include "common/base/report.h"

typedef enum { SM_FORMAT_CSV = 1, SM_FORMAT_TXT, SM_FORMAT_BOTH, SM_FORMAT_FIRST } SmFormat;

typedef struct {
    char *name;
    GError *fault; /* SM_ERROR_CONFIG: why this account cannot be used; NULL when it can. What could
                      be read is set nevertheless, so that an event still finds its account */
    gboolean enabled;
    char *username;
    char *password_file;       /* absolute; of these three ways to the password one is set */
    GStrv password_command;    /* program and arguments */
    char *password_credential; /* a name in systemd's $CREDENTIALS_DIRECTORY */
    guint password_max_age;    /* seconds after which the password should be another; 0: never */
    char *directory; /* absolute, %{account} expanded; existence is for the store to judge */
    SmFormat format;
    GStrv extensions;    /* lower case, without dots; csv and txt unless configured */
    GStrv file_types;    /* types in listings that are fetched, lower case; NULL: all */
    GStrv recipients;    /* addresses that mean this account, lower case; may be empty */
    GStrv senders;       /* From addresses, domains, "*.DOMAIN", lower case, that may announce
                            files; empty: all */
    char *authserv_id;   /* whose Authentication-Results must verify From; NULL: not required */
    guint trusted_hops;  /* Received lines that may stand above those */
    GStrv org_ids;       /* numbers or patterns with * and ? against the name's organisation, lower
                            case; may be empty */
    char *service_url;   /* https, without trailing slash */
    GStrv storage_hosts; /* host names, lower case, "*" or "...-*" for a label but the last two,
                            each alone or with :PORT */
    char *ca_file;       /* absolute, or NULL: the system's authorities alone */
    char *proxy;         /* URL, or NULL: none, whatever the environment says */
    guint connect_timeout; /* seconds */
    guint give_up_after;   /* seconds without progress */
    guint run_limit;       /* seconds that one run as a filter may take */
    guint parallel;        /* transfers at once, of a sync */
    guint64 max_file_size; /* bytes */
    GStrv encrypt_to;      /* fingerprints and long key IDs, lower case; empty: not encrypted */
    char *gnupg_home;      /* absolute; NULL: gpg's own */
    mode_t file_mode;
    mode_t directory_mode;
    gboolean directory_id; /* the ledger knows the directory by an id that is kept in it */
    gid_t group;           /* (gid_t)-1: leave it */
    GStrv on_stored;       /* program and arguments, or NULL: no hook */
    guint on_stored_limit; /* seconds */
    guint keep_for;        /* seconds since it was stored; 0: for ever */
    guint expect_listing;  /* seconds within which a sync must be complete; 0: no limit */
    guint expect_every;    /* seconds within which something must be announced; 0: no limit */
    gboolean queued;       /* events go to the spool; the worker fetches */
} SmAccount;

/* The files and directories that work for account needs, its directory first. Caller frees. */
GStrv sm_account_places(const SmAccount *account);

typedef struct {
    char *file;                 /* the configuration in use, absolute */
    gboolean site;              /* it is /etc's: paths default to the site's */
    char *ledger;               /* absolute, or SM_LEDGER_SERVER... */
    char *ledger_password_file; /* absolute; at most one of these three is set, of a server */
    GStrv ledger_password_command;
    char *ledger_password_credential;
    char *spool;             /* absolute */
    guint worker_interval;   /* seconds */
    guint parallel_accounts; /* processes at once, of sync and run */
    guint defer_for;         /* seconds since a message was received; G_MAXUINT: no end */
    SmLogTarget log;
    char *log_file; /* for SM_LOG_FILE, absolute */
    GLogLevelFlags log_level;
    guint keep_events;   /* seconds that the ledger's records of messages stay; 0: for ever */
    guint keep_log;      /* the same of its log */
    GStrv alert_mail;    /* addresses, or NULL */
    char *alert_from;    /* address, or NULL: our user at this host */
    GStrv alert_command; /* program and arguments, or NULL */
    gboolean commands_deferred; /* alerts and on-stored are left to scorefetch tell */
    guint alert_every;          /* seconds between two alerts of one kind and account */
    GStrv report_mail;          /* addresses, or NULL */
    guint report_every;         /* seconds from report to report */
    GStrv sendmail;             /* program and arguments, to which recipients are added */
    GPtrArray *accounts;        /* of SmAccount, in the order of the files */
    GPtrArray *broken; /* of GError: files of accounts.d that cannot be used; usually none */
} SmConfig;

/*
 * The file that would be used: path if not NULL, else
 * $XDG_CONFIG_HOME/scoremail/scoremail.conf (~/.config by getpwuid) if it
 * exists, else /etc/scoremail/scoremail.conf. Caller frees.
 */
char *sm_config_find(const char *path);

/* Where a person's configuration lies, or a site's, if nothing else is said; NULL without a home
 * directory. Caller frees. */
char *sm_config_default_file(gboolean site);

/*
 * Where events are spooled while the configuration, of which sm_config_find()
 * says that it is in file, cannot be read. Caller frees; NULL without a home
 * directory.
 */
char *sm_config_default_spool(const char *file);

/*
 * Reads the configuration that sm_config_find(path) names. SM_ERROR_CONFIG when
 * a file cannot be read or could have been written by others (it decides where
 * files go: owner us or root, not writable by group or others), when the
 * [scoremail] group is wrong, or there is no account at all; an account's own
 * errors are in its fault, those of a file of accounts.d in broken. Follows no name service but
 * getpwuid and getgrnam, and looks at no directory of an account: one on a dead share harms only
 * its own.
 */
SmConfig *sm_config_load(const char *path, GError **error);

/* Frees config with its accounts; NULL is allowed. */
void sm_config_free(SmConfig *config);

/* Whether there may be unknown accounts, in a file that cannot be read. */
gboolean sm_config_is_incomplete(const SmConfig *config);

/* The account of that name, usable or not; NULL if there is none. */
SmAccount *sm_config_account(const SmConfig *config, const char *name);

/* Whether any account that is in use has its events queued for the worker. */
gboolean sm_config_is_queued(const SmConfig *config);

/* Whether files of the account are encrypted before they are stored. */
gboolean sm_account_encrypts(const SmAccount *account);

/* csv, txt, both, first. */
const char *sm_format_name(SmFormat format);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SmConfig, sm_config_free)
