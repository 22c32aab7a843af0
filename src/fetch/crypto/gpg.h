/*
 * GnuPG by GPGME: a context with the keyring that the account uses, data that
 * come and go by functions of ours, and GPGME's errors as ours. gpg itself is a
 * program that GPGME starts; our data reach it and come back by pipes alone.
 */
#pragma once

#include <glib.h>
#include <gpgme.h>

typedef struct gpgme_context SmGpg;
typedef struct gpgme_data SmGpgData;
typedef struct _gpgme_key SmGpgKey;

/*
 * A context for OpenPGP with the keyring in home; NULL: gpg's own home of the
 * user we run as. SM_ERROR_ENCRYPTION: no gpg on this machine, or none that
 * GPGME can use.
 */
SmGpg *sm_gpg_open(const char *home, GError **error);

/*
 * Whether gpg itself works with the home of gpg, which it may not where it has just said that a key
 * is missing. list: --list-keys, or --list-secret-keys, which needs the agent, too.
 * SM_ERROR_ENCRYPTION with gpg's own words.
 */
gboolean sm_gpg_check(SmGpg *gpg, const char *list, GError **error);

/* Data of an operation, in large pieces, by the functions of callbacks; they are wiped from GPGME's
 * memory. SM_ERROR_INTERNAL. */
SmGpgData *sm_gpg_data(struct gpgme_data_cbs *callbacks, gpointer handle, GError **error);

/* "WHAT: why", with code, the SM_ERROR_ code. Returns FALSE, for return statements. */
gboolean sm_gpg_set_error(GError **error, int code, gpgme_error_t why, const char *what);

/*
 * Runs one operation of GPGME's step by step, in the caller's thread. GPGME's
 * own loop will not do: in 1.18 it goes round for ever when gpg dies while it is
 * written to, and does not notice that it was cancelled while gpg stands still.
 */
typedef struct {
    GPtrArray *watches;
    gboolean ended;
    gpgme_error_t result; /* when it has ended; success alone does not tell that gpg lived to its
                             end */
    gboolean encrypted;   /* gpg itself has said that it encrypted all */
} SmGpgLoop;

/* Makes the next operation that is started in gpg one of this loop, which must outlive gpg. */
void sm_gpg_loop_attach(SmGpgLoop *loop, SmGpg *gpg);

/* Frees what the loop holds. gpg must be gone before. */
void sm_gpg_loop_clear(SmGpgLoop *loop);

/* Moves what can be moved, waiting for it up to timeout milliseconds. gpg may be given input, of
 * which there is some, or the end. */
void sm_gpg_loop_turn(SmGpgLoop *loop, int timeout);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SmGpg, gpgme_release)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SmGpgData, gpgme_data_release)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SmGpgKey, gpgme_key_unref)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SmGpgLoop, sm_gpg_loop_clear)
