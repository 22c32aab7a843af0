/*
 * scorefetch cat: a stored file to standard output, decrypted where it is
 * encrypted, and compared with the hashes in the ledger. The read is recorded before the first byte
 * goes out.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/base/cleanup.h"
#include "common/base/error.h"
#include "common/base/io.h"
#include "fetch/commands/commands.h"
#include "fetch/crypto/seal.h"
#include "fetch/rows/files.h"
#include "fetch/store/store.h"

enum { PIECE = 256 * 1024 };

typedef struct {
    SmLedger *ledger;
    const SmAccount *account;
    const SmFile *file;
    SmDigest *stored;
    SmDigest *plain;
    gboolean recorded;
} Cat;

static gboolean
record(Cat *cat, GError **error)
{
    if (!cat->recorded)
        cat->recorded = sm_ledger_log(cat->ledger, cat->file->account, cat->file->name, "catted",
                                      cat->file->path, error);
    return cat->recorded;
}

static gboolean
print(const void *data, gsize length, gpointer user_data, GError **error)
{
    Cat *cat = user_data;

    if (!record(cat, error))
        return FALSE;
    sm_digest_update(cat->plain, data, length);
    return sm_write_all(STDOUT_FILENO, data, length) ||
           sm_error_from_errno(error, SM_ERROR_IO, "standard output");
}

static gboolean
print_plain(Cat *cat, int fd, GError **error)
{
    g_autofree guint8 *piece = g_malloc(PIECE);
    gboolean ok = TRUE;
    ssize_t got = 0;

    while (ok && (got = TEMP_FAILURE_RETRY(read(fd, piece, PIECE))) > 0) {
        sm_digest_update(cat->stored, piece, (gsize)got);
        ok = print(piece, (gsize)got, cat, error);
    }
    if (got < 0)
        ok = sm_error_from_errno(error, SM_ERROR_DIRECTORY, "it cannot be read");
    explicit_bzero(piece, PIECE); /* students' data */
    return ok;
}

/* Ends the digest. */
static gboolean
hashes_to(SmDigest *digest, const char *sha256, const char *name, GError **error)
{
    g_autofree char *found = NULL;

    sm_digest_finish(digest, &found, NULL);
    if (g_strcmp0(found, sha256) == 0)
        return TRUE;
    return sm_error_set(error, SM_ERROR_DATA,
                        "changed since it was stored: its SHA-256 differs from the ledger's; move "
                        "it away and run scorefetch get --force %s",
                        name);
}

/* fault: gpg's, taken. A changed file is reported as changed, whatever gpg says about it. */
static gboolean
blame(Cat *cat, int fd, GError *fault, GError **error)
{
    gboolean of_gpg = g_error_matches(fault, SM_ERROR, SM_ERROR_DATA) ||
                      g_error_matches(fault, SM_ERROR, SM_ERROR_ENCRYPTION);

    if (of_gpg && sm_digest_read(cat->stored, fd) &&
        !hashes_to(cat->stored, cat->file->stored.sha256, cat->file->name, error))
        g_error_free(fault);
    else
        g_propagate_error(error, fault);
    return FALSE;
}

static gboolean
cat_file(Cat *cat, int fd, GError **error)
{
    const SmFile *file = cat->file;
    GError *fault = NULL;

    if (!sm_file_is_encrypted(file)) {
        if (!print_plain(cat, fd, error))
            return FALSE;
    } else if (!sm_unseal(cat->account->gnupg_home, fd, cat->stored, print, cat, &fault)) {
        return blame(cat, fd, fault, error);
    } else if (!sm_digest_read(cat->stored, fd)) { /* what gpg left unread */
        return sm_error_from_errno(error, SM_ERROR_DIRECTORY, "it cannot be read");
    }
    return record(cat, error) && hashes_to(cat->stored, file->stored.sha256, file->name, error) &&
           hashes_to(cat->plain, file->stored.sha256_plain, file->name, error);
}

static int
open_file(SmStore *store, const SmFile *file, GError **error)
{
    int fd = openat(store->dir_fd, file->path,
                    O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd < 0 && errno == ENOENT)
        sm_error_set(error, SM_ERROR_NOT_FOUND,
                     "is no longer in %s; run scorefetch get --force %s to fetch it again",
                     store->directory, file->name);
    else if (fd < 0)
        sm_error_from_errno(error, SM_ERROR_DIRECTORY, "in %s", store->directory);
    return fd;
}

/* The row of a file that is stored. */
static SmFile *
stored_row(SmSession *session, const SmAccount *account, const char *name, GError **error)
{
    g_autoptr(SmFile) file = NULL;
    GError *fault = NULL;

    if (session->ledger != NULL)
        file = sm_file_load(session->ledger, account->name, name, &fault);
    if (file != NULL && file->stored_at > 0)
        return g_steal_pointer(&file);
    if (sm_error_pass(error, fault))
        sm_error_set(error, SM_ERROR_NOT_FOUND,
                     "%s: no stored file of that name in the ledger (account %s)", name,
                     account->name);
    return NULL;
}

static gboolean
cat_name(SmSession *session, const char *name, GError **error)
{
    const SmAccount *account = NULL;
    g_autoptr(SmFile) file = NULL;
    g_autoptr(SmStore) store = NULL;
    g_autoptr(SmDigest) stored = NULL;
    g_autoptr(SmDigest) plain = NULL;
    sm_autofd int fd = -1;
    Cat cat;

    if (sm_session_check_name(name, error))
        account = sm_session_account_at(session, name, error);
    if (account == NULL || (file = stored_row(session, account, name, error)) == NULL ||
        (store = sm_store_open(account, error)) == NULL)
        return FALSE;
    stored = sm_digest_new(FALSE);
    plain = sm_digest_new(FALSE);
    cat = (Cat){session->ledger, account, file, stored, plain, FALSE};
    fd = open_file(store, file, error);
    if (fd >= 0 && cat_file(&cat, fd, error))
        return TRUE;
    g_prefix_error(error, "%s: ", file->path);
    return FALSE;
}

static int
cat(SmSession *session, gpointer values, char **arguments, GError **error)
{
    cat_name(session, arguments[0], error);
    return EX_OK;
}

const SmCommand sm_command_cat = {
    .name = "cat",
    .usage = "NAME",
    .least = 1,
    .most = 1,
    .summary = "Print a stored file, decrypted if it is encrypted",
    .needs = SM_NEEDS_CONFIG | SM_NEEDS_LOOK,
    .run = cat,
};
