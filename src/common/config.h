/*
 * The configuration: one GKeyFile and accounts.d/ *.conf beside it, read more
 * strictly than GKeyFile reads. What is not understood is an error that names
 * file, group, key and what is allowed; nothing is guessed. An error inside one
 * [account] disables that account only.
 *
 * Keys that this version does not act on are unknown keys: a setting that is
 * accepted and ignored (an encryption key, say) would be worse than an error.
 */
#pragma once

#include <glib.h>
#include <sys/types.h>

#include "report.h"

typedef enum { SM_FORMAT_CSV = 1, SM_FORMAT_TXT, SM_FORMAT_BOTH, SM_FORMAT_FIRST } SmFormat;

typedef struct {
    char *name;
    GError *fault; /* why this account cannot be used; NULL when it can */
    gboolean enabled;
    char *username;
    char *password_file; /* absolute */
    char *directory;     /* absolute, %{account} expanded; existence is for the store to judge */
    SmFormat format;
    GStrv extensions;      /* lower case, without dots; csv and txt unless configured */
    GStrv recipients;      /* addresses that mean this account, lower case */
    GStrv org_ids;         /* numbers or glob patterns against the name's organisation */
    char *service_url;     /* https, without trailing slash */
    GStrv storage_hosts;   /* HOST, *.HOST patterns, or either with :PORT */
    char *ca_file;         /* absolute, or NULL: the system's authorities alone */
    char *proxy;           /* URL, or NULL: none, whatever the environment says */
    guint connect_timeout; /* seconds */
    guint give_up_after;   /* seconds without progress */
    guint run_limit;       /* seconds that one run as a filter may take */
    guint64 max_file_size; /* bytes */
    mode_t file_mode;
    gid_t group; /* (gid_t)-1: leave it */
} SmAccount;

typedef struct {
    char *file;    /* the configuration in use, absolute */
    gboolean site; /* it is /etc's: paths default to the site's */
    char *ledger;  /* absolute */
    SmLogTarget log;
    char *log_file; /* for SM_LOG_FILE, absolute */
    GLogLevelFlags log_level;
    GPtrArray *accounts; /* of SmAccount, in the order of the files */
} SmConfig;

/*
 * The file that would be used: path if not NULL, else
 * $XDG_CONFIG_HOME/scoremail/scoremail.conf (~/.config by getpwuid) if it
 * exists, else /etc/scoremail/scoremail.conf. Caller frees.
 */
char *sm_config_find(const char *path);

/*
 * Reads the configuration. SM_ERROR_CONFIG when the file cannot be read, the
 * [scoremail] group is wrong, or there is no account at all; an account's own
 * errors are in its fault.
 */
SmConfig *sm_config_load(const char *path, GError **error);
void sm_config_free(SmConfig *config);

/* The account of that name, usable or not; NULL if there is none. */
SmAccount *sm_config_account(const SmConfig *config, const char *name);

/* csv, txt, both, first. */
const char *sm_format_name(SmFormat format);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SmConfig, sm_config_free)
