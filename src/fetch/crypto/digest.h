/*
 * This room hashes, encrypts and decrypts streams of bytes, by libcrypto and GnuPG.
 *
 * What a stream of bytes hashes to: SHA-256 always, MD5 where an ETag is one, by
 * libcrypto (several times as fast as GChecksum).
 */
#pragma once

#include <glib.h>

typedef struct SmDigest SmDigest;

/* A new hash; with_md5: of MD5, too. Caller frees with sm_digest_free(). */
SmDigest *sm_digest_new(gboolean with_md5);

/* Frees digest; NULL is allowed. */
void sm_digest_free(SmDigest *digest);

/* Hashes length bytes. */
void sm_digest_update(SmDigest *digest, const void *data, gsize length);

/* The same, in a thread of the digest's own while the caller goes on, or at once where no thread is
 * to be had: data must stay as it is until the next call with digest, which waits for its end. */
void sm_digest_update_beside(SmDigest *digest, const void *data, gsize length);

/* Ends the stream: lower-case hex; md5 may be NULL, and *md5 becomes NULL where it was not asked
 * for. */
void sm_digest_finish(SmDigest *digest, char **sha256, char **md5);

/* Lines so far: a last one without a line break counts too. */
gint64 sm_digest_lines(const SmDigest *digest);

/* Reads descriptor fd from its current place to its end into digest. FALSE and errno on failure. */
gboolean sm_digest_read(SmDigest *digest, int fd);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SmDigest, sm_digest_free)
