#include "fetch/crypto/seal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/error.h"

enum { LOOK_MS = 500 /* between two looks at whether gpg still moves */ };

struct SmSeal {
    SmSealTerms terms;
    int fd; /* the caller's */
    const char *shown;
    SmGpg *gpg;
    SmGpgData *plain, *sealed;
    SmGpgLoop loop;
    const guint8 *from; /* plain text that gpg has still to be given */
    gsize left;
    guint64 moved; /* bytes that gpg has taken and given so far */
    gint64 size;
    SmDigest *digest;
    GError *fault; /* of the file */
};

/* 0 bytes are the end: it is only called while there are some, or there will be no more. */
static ssize_t
give_plain(void *handle, void *buffer, size_t size)
{
    SmSeal *seal = handle;
    gsize length = MIN(size, seal->left);

    if (length == 0) /* and from may be NULL */
        return 0;
    memcpy(buffer, seal->from, length);
    seal->from += length;
    seal->left -= length;
    seal->moved += length;
    return (ssize_t)length;
}

static ssize_t
take_sealed(void *handle, const void *buffer, size_t size)
{
    SmSeal *seal = handle;
    ssize_t wrote = TEMP_FAILURE_RETRY(write(seal->fd, buffer, size));

    if (wrote < 0) {
        if (seal->fault == NULL)
            sm_error_from_errno(&seal->fault, SM_ERROR_DIRECTORY, "%s", seal->shown);
        return -1;
    }
    sm_digest_update(seal->digest, buffer, (gsize)wrote);
    seal->size += wrote;
    seal->moved += (gsize)wrote;
    return wrote;
}

static gboolean
start(SmSeal *seal, GError **error)
{
    static struct gpgme_data_cbs plain_calls = {.read = give_plain};
    static struct gpgme_data_cbs sealed_calls = {.write = take_sealed};
    /* The configuration decides which keys to trust, and only those can read the file. */
    const gpgme_encrypt_flags_t flags =
        GPGME_ENCRYPT_ALWAYS_TRUST | GPGME_ENCRYPT_NO_ENCRYPT_TO | GPGME_ENCRYPT_NO_COMPRESS;
    gpgme_error_t why;

    seal->gpg = sm_gpg_open(seal->terms.recipients->home, error);
    if (seal->gpg == NULL || (seal->plain = sm_gpg_data(&plain_calls, seal, error)) == NULL ||
        (seal->sealed = sm_gpg_data(&sealed_calls, seal, error)) == NULL)
        return FALSE;
    sm_gpg_loop_attach(&seal->loop, seal->gpg);
    why = gpgme_op_encrypt_start(seal->gpg, seal->terms.recipients->keys, flags, seal->plain,
                                 seal->sealed);
    return why == 0 || sm_gpg_set_error(error, SM_ERROR_ENCRYPTION, why, "gpg cannot be started");
}

SmSeal *
sm_seal_new(const SmSealTerms *terms, int fd, const char *shown, GError **error)
{
    g_autoptr(SmSeal) seal = g_new0(SmSeal, 1);

    seal->terms = *terms;
    seal->fd = fd;
    seal->shown = shown;
    seal->digest = sm_digest_new(FALSE);
    return start(seal, error) ? g_steal_pointer(&seal) : NULL;
}

void
sm_seal_free(SmSeal *seal)
{
    g_clear_pointer(&seal->gpg, gpgme_release); /* and closes gpg's pipes, if it still runs */
    g_clear_pointer(&seal->plain, gpgme_data_release);
    g_clear_pointer(&seal->sealed, gpgme_data_release);
    sm_gpg_loop_clear(&seal->loop);
    sm_digest_free(seal->digest);
    g_clear_error(&seal->fault);
    g_free(seal);
}

/* Why gpg ended early or failed. */
static gboolean
fail(SmSeal *seal, GError **error)
{
    if (seal->fault != NULL)
        g_propagate_error(error, g_steal_pointer(&seal->fault));
    else if (seal->loop.result != 0)
        sm_gpg_set_error(error, SM_ERROR_ENCRYPTION, seal->loop.result,
                         "gpg cannot encrypt to the keys of encrypt-to");
    else
        sm_error_set(error, SM_ERROR_ENCRYPTION, "gpg ended early; was it killed?");
    return FALSE;
}

/* How long gpg has been waited for without any movement. */
typedef struct {
    guint64 moved;
    gint64 since; /* monotonic time */
} Wait;

/* One turn of the loop, and whether to take another. */
static gboolean
turn(SmSeal *seal, Wait *wait, GError **error)
{
    gint64 now;

    sm_gpg_loop_turn(&seal->loop, LOOK_MS);
    now = g_get_monotonic_time();
    if (wait->since == 0 || seal->moved != wait->moved)
        *wait = (Wait){seal->moved, now};
    if (seal->terms.deadline != 0 && now >= seal->terms.deadline)
        return sm_error_set(error, SM_ERROR_LIMIT, "not encrypted within run-limit");
    if (now - wait->since < (gint64)seal->terms.patience * G_USEC_PER_SEC)
        return TRUE;
    return sm_error_set(error, SM_ERROR_ENCRYPTION,
                        "gpg has made no progress for %u s; is it stopped?", seal->terms.patience);
}

gboolean
sm_seal_write(SmSeal *seal, const void *data, gsize length, GError **error)
{
    Wait wait = {0, 0};

    seal->from = data;
    seal->left = length;
    while (seal->left > 0 && !seal->loop.ended)
        if (!turn(seal, &wait, error))
            return FALSE;
    return !seal->loop.ended || fail(seal, error);
}

gboolean
sm_seal_finish(SmSeal *seal, gint64 *size, char **sha256, GError **error)
{
    Wait wait = {0, 0};

    while (!seal->loop.ended)
        if (!turn(seal, &wait, error))
            return FALSE;
    /* GPGME takes a killed gpg for one that is done. */
    if (seal->loop.result != 0 || seal->fault != NULL || !seal->loop.encrypted)
        return fail(seal, error);
    *size = seal->size;
    sm_digest_finish(seal->digest, sha256, NULL);
    return TRUE;
}

/* The way back. */
typedef struct {
    int fd;
    SmDigest *stored;
    SmUnsealed take;
    gpointer user_data;
    GError *fault;
} Unsealing;

static ssize_t
give_sealed(void *handle, void *buffer, size_t size)
{
    Unsealing *unsealing = handle;
    ssize_t got = TEMP_FAILURE_RETRY(read(unsealing->fd, buffer, size));

    if (got < 0)
        sm_error_from_errno(&unsealing->fault, SM_ERROR_DIRECTORY, "it cannot be read");
    else
        sm_digest_update(unsealing->stored, buffer, (gsize)got);
    return got;
}

static ssize_t
take_plain(void *handle, const void *buffer, size_t size)
{
    Unsealing *unsealing = handle;

    if (unsealing->take(buffer, size, unsealing->user_data, &unsealing->fault))
        return (ssize_t)size;
    errno = ECANCELED;
    return -1;
}

/* Where a passphrase can be asked for: gpg learns of it by this variable alone. */
static void
name_the_terminal(void)
{
    const char *terminal = ttyname(STDERR_FILENO);

    if (terminal != NULL)
        setenv("GPG_TTY", terminal, 1);
}

static gboolean
set_error(GError **error, SmGpg *gpg, gpgme_error_t why)
{
    switch (gpgme_err_code(why)) {
    case GPG_ERR_NO_SECKEY:
    case GPG_ERR_DECRYPT_FAILED:
        if (!sm_gpg_check(gpg, "--list-secret-keys", error))
            return FALSE;
        return sm_gpg_set_error(error, SM_ERROR_ENCRYPTION, why,
                                "this user has no key that decrypts it");
    case GPG_ERR_NO_DATA:
    case GPG_ERR_BAD_DATA:
        return sm_gpg_set_error(error, SM_ERROR_DATA, why, "not a complete encrypted file");
    default:
        return sm_gpg_set_error(error, SM_ERROR_ENCRYPTION, why, "gpg cannot decrypt it");
    }
}

gboolean
sm_unseal(const char *home, int fd, SmDigest *stored, SmUnsealed take, gpointer user_data,
          GError **error)
{
    static struct gpgme_data_cbs sealed_calls = {.read = give_sealed};
    static struct gpgme_data_cbs plain_calls = {.write = take_plain};
    Unsealing unsealing = {fd, stored, take, user_data, NULL};
    g_auto(SmGpgLoop) loop = {0};
    g_autoptr(SmGpgData) sealed = NULL;
    g_autoptr(SmGpgData) plain = NULL;
    g_autoptr(SmGpg) gpg = sm_gpg_open(home, error);
    gpgme_error_t why;

    if (gpg == NULL || (sealed = sm_gpg_data(&sealed_calls, &unsealing, error)) == NULL ||
        (plain = sm_gpg_data(&plain_calls, &unsealing, error)) == NULL)
        return FALSE;
    name_the_terminal();
    sm_gpg_loop_attach(&loop, gpg);
    why = gpgme_op_decrypt_start(gpg, sealed, plain);
    while (why == 0 && !loop.ended)
        sm_gpg_loop_turn(&loop, -1);
    if (why == 0)
        why = loop.result;
    return sm_error_pass(error, unsealing.fault) && (why == 0 || set_error(error, gpg, why));
}
