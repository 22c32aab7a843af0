/*
 * A stream on its way to being encrypted: what is written goes to gpg by a pipe,
 * and what gpg makes of it comes back by another and into a file, hashed as it
 * comes. The plain text is in memory and pipes only, and only as much of it as
 * these hold: a caller that is faster waits.
 *
 * Nothing is compressed: zlib would be slower than the network, and a file's
 * length would reveal its contents.
 */
#pragma once

#include <glib.h>

#include "fetch/crypto/digest.h"
#include "fetch/crypto/recipients.h"

typedef struct SmSeal SmSeal;

typedef struct {
    const SmRecipients *recipients;
    guint patience;  /* seconds that gpg may take nothing and give nothing */
    gint64 deadline; /* monotonic time (microseconds) after which nothing is waited for; 0: none */
} SmSealTerms;

/*
 * Starts gpg, which writes to fd from where that stands; shown names it in
 * messages. Both stay the caller's, as do the terms' recipients, until the seal
 * is freed. SM_ERROR_ENCRYPTION.
 */
SmSeal *sm_seal_new(const SmSealTerms *terms, int fd, const char *shown, GError **error);

/* Ends gpg if it still runs; what it has written stays as it is. */
void sm_seal_free(SmSeal *seal);

/*
 * Adds plain text. SM_ERROR_ENCRYPTION: gpg failed or stands still;
 * SM_ERROR_DIRECTORY: the file cannot be written (disk or quota full);
 * SM_ERROR_LIMIT: the deadline has passed while gpg was waited for.
 */
gboolean sm_seal_write(SmSeal *seal, const void *data, gsize length, GError **error);

/* Ends the stream; *size and *sha256 are those of what was written to the file. Errors as
 * sm_seal_write(). Caller frees *sha256. (SM_ERROR_ENCRYPTION, SM_ERROR_DIRECTORY, SM_ERROR_LIMIT)
 */
gboolean sm_seal_finish(SmSeal *seal, gint64 *size, char **sha256, GError **error);

/* Takes the next bytes; FALSE and error ends it all. */
typedef gboolean (*SmUnsealed)(const void *data, gsize length, gpointer user_data, GError **error);

/*
 * The way back, for whoever has the key, into memory and to a function: decrypts what fd holds from
 * where it stands, by the key in home (NULL: gpg's own), and adds what it reads to stored. gpg may
 * ask for a passphrase at the terminal. Errors: SM_ERROR_ENCRYPTION (no key for it, no gpg, no
 * passphrase), SM_ERROR_DATA (not a complete encrypted file), SM_ERROR_DIRECTORY (it cannot be
 * read), and take's own.
 */
gboolean sm_unseal(const char *home, int fd, SmDigest *stored, SmUnsealed take, gpointer user_data,
                   GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SmSeal, sm_seal_free)
