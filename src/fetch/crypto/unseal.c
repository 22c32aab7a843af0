#include "fetch/crypto/unseal.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/base/error.h"
#include "fetch/crypto/gpg-loop.h"

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
    ssize_t got;

    do {
        got = read(unsealing->fd, buffer, size);
    } while (got < 0 && errno == EINTR);
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
    if (unsealing.fault == NULL)
        return why == 0 || set_error(error, gpg, why);
    g_propagate_error(error, unsealing.fault);
    return FALSE;
}
