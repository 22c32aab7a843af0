/*
 * Passwords: read into locked memory (OpenSSL's secure heap) that is wiped when
 * freed, compared by a keyed fingerprint, never printed. Where an account's comes
 * from: its password-file, password-command or password-credential.
 */
#pragma once

#include <glib.h>

#include "common/config/config.h"

typedef struct SmSecret SmSecret;

enum {
    SM_SECRET_MAX = 1023,                /* bytes of a password */
    SM_SECRET_BUFFER = SM_SECRET_MAX + 4 /* for one with its line end and a byte too much */
};

/*
 * The account's password. A file is checked on its open descriptor: a regular one
 * of ours or of root's, closed to others, and to the group unless the group is
 * ours; a credential's owner and mode are systemd's affair. A command has 30
 * seconds, and no longer than until deadline (monotonic time, microseconds; 0:
 * none). SM_ERROR_SECRET names the account and where the password was to come
 * from, never what is there; SM_ERROR_LIMIT when the deadline is over.
 */
SmSecret *sm_secret_read(const SmAccount *account, gint64 deadline, GError **error);

/* The ledger's in the same way; *secret becomes NULL where none is configured. SM_ERROR_SECRET. */
gboolean sm_secret_read_ledger(const SmConfig *config, SmSecret **secret, GError **error);

/*
 * A secret of the one line that bytes (in secret memory, size of them) are, with
 * or without its LF or CRLF; else NULL and what is wrong with it, *fault, which follows "it ".
 */
SmSecret *sm_secret_new(const char *bytes, gsize length, const char **fault);

/*
 * "password-file PATH", "password-command PROGRAM" or "password-credential NAME",
 * for messages: without the arguments of a command, which may be secret too. Caller frees.
 */
char *sm_secret_source(const SmAccount *account);

/* How a person at a prompt has systemd pass the credential of that name: the command up to
 * scorefetch's own words. Caller frees. */
char *sm_secret_credential_call(const char *name);

/* Frees secret. */
void sm_secret_free(SmSecret *secret);

/* The password; valid as long as secret. */
const char *sm_secret_text(const SmSecret *secret);

/* HMAC-SHA-256 under key over user name and password, hex. Caller frees. */
char *sm_secret_fingerprint(const SmSecret *secret, const char *username, const char *key);

enum { SM_SECRET_WARN_AHEAD = 14 * 86400 }; /* seconds */

/*
 * What is to be said at now of the account's password, which has been in use
 * since then (Unix times; since 0: not known): NULL until SM_SECRET_WARN_AHEAD
 * before it is password-max-age old. Caller frees.
 */
char *sm_secret_age_warning(const SmAccount *account, gint64 since, gint64 now);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SmSecret, sm_secret_free)
