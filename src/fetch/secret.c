#include "secret.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/error.h"
#include "hex.h"

enum {
    SECRET_MAX = 1024, /* bytes */
    /* a power of two: passwords, request bodies and answers, of 16 calls at once */
    HEAP_SIZE = 2 * 1024 * 1024,
    HEAP_SMALLEST = 32,
};

struct SmSecret {
    char text[SECRET_MAX + 2];
};

char *
sm_secret_alloc(gsize size)
{
    /* Without permission to lock memory the heap works unlocked: better than no file. */
    if (!CRYPTO_secure_malloc_initialized())
        CRYPTO_secure_malloc_init(HEAP_SIZE, HEAP_SMALLEST);
    return OPENSSL_secure_zalloc(size);
}

void
sm_secret_release(char *buffer, gsize size)
{
    OPENSSL_secure_clear_free(buffer, size);
}

void
sm_secret_free(SmSecret *secret)
{
    sm_secret_release((char *)secret, sizeof *secret);
}

const char *
sm_secret_text(const SmSecret *secret)
{
    return secret->text;
}

static gboolean
is_our_group(gid_t group)
{
    int count = MAX(getgroups(0, NULL), 0);
    g_autofree gid_t *groups = g_new0(gid_t, (gsize)count + 1);

    count = getgroups(count, groups);
    for (int i = 0; i < count; i++)
        if (groups[i] == group)
            return TRUE;
    return group == getegid();
}

static const char *
mode_fault(const struct stat *st)
{
    if (!S_ISREG(st->st_mode))
        return "is not a regular file";
    if (st->st_uid != geteuid() && st->st_uid != 0)
        return "belongs to another user; it must be yours or root's";
    if ((st->st_mode & S_IRWXO) != 0)
        return "is open to everybody; chmod 600 it";
    if ((st->st_mode & S_IWGRP) != 0 || ((st->st_mode & S_IRGRP) != 0 && !is_our_group(st->st_gid)))
        return "is open to a group; chmod 600 it";
    return NULL;
}

static const char *
take_off_line_end(char *text, gsize length)
{
    if (length > 0 && text[length - 1] == '\n')
        text[--length] = '\0';
    if (length > 0 && text[length - 1] == '\r')
        text[--length] = '\0';
    if (length == 0)
        return "is empty";
    if (length > SECRET_MAX - 1)
        return "is longer than a password can be";
    if (g_str_has_prefix(text, "\xef\xbb\xbf"))
        return "starts with a byte order mark; save it as plain text";
    if (strlen(text) != length || strpbrk(text, "\r\n") != NULL)
        return "must hold the password on one line and nothing else";
    return NULL;
}

static const char *
read_text(int fd, char *text)
{
    gsize length = 0;
    ssize_t got;

    do {
        got = read(fd, text + length, SECRET_MAX + 1 - length);
        if (got > 0)
            length += (gsize)got;
    } while ((got > 0 && length <= SECRET_MAX) || (got < 0 && errno == EINTR));
    return got < 0 ? g_strerror(errno) : take_off_line_end(text, length);
}

SmSecret *
sm_secret_read(const SmAccount *account, GError **error)
{
    g_autoptr(SmSecret) secret = (SmSecret *)sm_secret_alloc(sizeof *secret);
    sm_autofd int fd = open(account->password_file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    const char *fault;
    struct stat st;

    if (secret == NULL) {
        g_set_error(error, SM_ERROR, SM_ERROR_INTERNAL, "no memory for the password");
        return NULL;
    }
    if (fd < 0 || fstat(fd, &st) < 0) {
        sm_error_from_errno(error, SM_ERROR_SECRET, "account %s: password-file %s", account->name,
                            account->password_file);
        return NULL;
    }
    fault = mode_fault(&st);
    if (fault == NULL)
        fault = read_text(fd, secret->text);
    if (fault != NULL) {
        g_set_error(error, SM_ERROR, SM_ERROR_SECRET, "account %s: password-file %s %s",
                    account->name, account->password_file, fault);
        return NULL;
    }
    return g_steal_pointer(&secret);
}

char *
sm_secret_fingerprint(const SmSecret *secret, const char *username, const char *key)
{
    gsize user = strlen(username) + 1, length = user + strlen(secret->text);
    char *both = sm_secret_alloc(length);
    guchar mac[EVP_MAX_MD_SIZE];
    unsigned int size = 0;

    memcpy(both, username, user); /* with its NUL: "a" + "bc" is not "ab" + "c" */
    memcpy(both + user, secret->text, length - user);
    HMAC(EVP_sha256(), key, (int)strlen(key), (const guchar *)both, length, mac, &size);
    sm_secret_release(both, length);
    return sm_hex(mac, size);
}
