#include "fetch/service/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "build-config.h"
#include "common/base/cleanup.h"
#include "common/base/error.h"
#include "common/base/text.h"
#include "fetch/host/memory.h"
#include "fetch/host/subprocess.h"

enum {
    COMMAND_LIMIT = 30, /* seconds */
};

struct SmSecret {
    char text[SM_SECRET_MAX + 1];
};

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

/* Where a password comes from; one member is set. */
typedef struct {
    const char *file;
    const char *const *command;
    const char *credential;
} Source;

static Source
source_of(const SmAccount *account)
{
    return (Source){account->password_file, (const char *const *)account->password_command,
                    account->password_credential};
}

static char *
describe(const Source *source)
{
    if (source->command != NULL)
        return g_strconcat("password-command ", source->command[0], NULL);
    if (source->credential != NULL)
        return g_strconcat("password-credential ", source->credential, NULL);
    return g_strconcat("password-file ", source->file, NULL);
}

char *
sm_secret_source(const SmAccount *account)
{
    const Source source = source_of(account);

    return describe(&source);
}

/* One LF or CRLF at the end is the line's, not the password's. */
static gsize
without_line_end(const char *bytes, gsize length)
{
    if (length > 0 && bytes[length - 1] == '\n')
        length -= length > 1 && bytes[length - 2] == '\r' ? 2 : 1;
    return length;
}

static const char *
line_fault(const char *line, gsize length)
{
    static const char *const marks[] = {"\xef\xbb\xbf", "\xff\xfe", "\xfe\xff"};

    for (gsize i = 0; i < G_N_ELEMENTS(marks); i++)
        if (length >= strlen(marks[i]) && memcmp(line, marks[i], strlen(marks[i])) == 0)
            return "starts with a byte order mark; save it as plain text";
    if (length == 0)
        return "is empty";
    if (length > SM_SECRET_MAX)
        return "is longer than 1023 bytes";
    if (memchr(line, '\0', length) != NULL || memchr(line, '\n', length) != NULL ||
        memchr(line, '\r', length) != NULL)
        return "must hold the password on one line and nothing else";
    if (!g_utf8_validate(line, (gssize)length, NULL))
        return "is not in UTF-8; save it as plain text in UTF-8";
    return NULL;
}

SmSecret *
sm_secret_new(const char *bytes, gsize length, const char **fault)
{
    gsize line = without_line_end(bytes, length);
    SmSecret *secret;

    *fault = line_fault(bytes, line);
    if (*fault != NULL)
        return NULL;
    secret = (SmSecret *)sm_secret_alloc(sizeof *secret);
    memcpy(secret->text, bytes, line);
    return secret;
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
    if (st->st_uid != geteuid() && st->st_uid != 0)
        return "is owned by another user; chown it to the user that runs this, or root";
    if ((st->st_mode & S_IRWXO) != 0)
        return "is readable by everyone; run chmod 600 on it";
    if ((st->st_mode & S_IWGRP) != 0 || ((st->st_mode & S_IRGRP) != 0 && !is_our_group(st->st_gid)))
        return "is readable by its group; run chmod 600 on it";
    return NULL;
}

static const char *
read_bytes(int fd, char *bytes, gsize *length)
{
    ssize_t got;

    *length = 0;
    do {
        got = read(fd, bytes + *length, SM_SECRET_BUFFER - *length);
        if (got > 0)
            *length += (gsize)got;
    } while ((got > 0 && *length < SM_SECRET_BUFFER) || (got < 0 && errno == EINTR));
    return got < 0 ? g_strerror(errno) : NULL;
}

/* The text of every error from here on follows the name of the source. */
static SmSecret *
take(const char *bytes, gsize length, const char *what, GError **error)
{
    const char *fault;
    SmSecret *secret = sm_secret_new(bytes, length, &fault);

    if (secret == NULL)
        sm_error_set(error, SM_ERROR_SECRET, "%s %s", what, fault);
    return secret;
}

static SmSecret *
read_file(const char *path, gboolean check_mode, char *bytes, GError **error)
{
    sm_autofd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    const char *fault = NULL;
    gsize length = 0;
    struct stat st;

    if (fd < 0 || fstat(fd, &st) < 0)
        return sm_error_null_errno(error, SM_ERROR_SECRET, "%s", "");
    if (!S_ISREG(st.st_mode))
        fault = "is not a regular file";
    else if (check_mode)
        fault = mode_fault(&st);
    if (fault == NULL)
        fault = read_bytes(fd, bytes, &length);
    if (fault == NULL)
        return take(bytes, length, "", error);
    return sm_error_null(error, SM_ERROR_SECRET, " %s", fault);
}

char *
sm_secret_credential_call(const char *name)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);

    return g_strdup_printf("systemd-run --pipe --wait -p User=%s -p LoadCredential=%s:FILE %s",
                           g_get_user_name(), name, self != NULL ? self : SM_BINDIR "/scorefetch");
}

static SmSecret *
read_credential(const char *name, char *bytes, GError **error)
{
    const char *directory = g_getenv("CREDENTIALS_DIRECTORY");
    g_autofree char *path = NULL;

    if (directory == NULL || !g_path_is_absolute(directory)) {
        g_autofree char *call = sm_secret_credential_call(name);

        return sm_error_null(error, SM_ERROR_SECRET,
                             ": systemd passes it to services only; run %s ..., as root", call);
    }
    path = g_build_filename(directory, name, NULL);
    return read_file(path, FALSE, bytes, error);
}

static SmSecret *
read_output(const char *const *argv, gint64 deadline, char *bytes, GError **error)
{
    gint64 limit = g_get_monotonic_time() + COMMAND_LIMIT * G_USEC_PER_SEC;
    GError *failure = NULL;
    const char *end;
    gsize length = SM_SECRET_BUFFER;

    if (deadline != 0)
        limit = MIN(limit, deadline);
    if (!sm_subprocess(argv, limit, bytes, &length, SM_ERROR_SECRET, &failure)) {
        if (deadline != 0 && g_get_monotonic_time() >= deadline)
            failure->code = SM_ERROR_LIMIT;
        g_propagate_prefixed_error(error, failure, " ");
        return NULL;
    }
    end = memchr(bytes, '\n', length);
    return take(bytes, end != NULL ? (gsize)(end - bytes) + 1 : length,
                ": the first line it prints", error);
}

/* whose: what stands before the source in errors. */
static SmSecret *
read_source(const Source *source, gint64 deadline, const char *whose, GError **error)
{
    char *bytes = sm_secret_alloc(SM_SECRET_BUFFER);
    SmSecret *secret = NULL;
    GError *failure = NULL;

    if (source->command != NULL)
        secret = read_output(source->command, deadline, bytes, &failure);
    else if (source->credential != NULL)
        secret = read_credential(source->credential, bytes, &failure);
    else
        secret = read_file(source->file, TRUE, bytes, &failure);
    sm_secret_release(bytes, SM_SECRET_BUFFER);
    if (failure != NULL) {
        g_autofree char *description = describe(source);

        g_propagate_prefixed_error(error, failure, "%s%s", whose, description);
    }
    return secret;
}

SmSecret *
sm_secret_read(const SmAccount *account, gint64 deadline, GError **error)
{
    g_autofree char *whose = g_strdup_printf("account %s: ", account->name);
    const Source source = source_of(account);

    return read_source(&source, deadline, whose, error);
}

gboolean
sm_secret_read_ledger(const SmConfig *config, SmSecret **secret, GError **error)
{
    const Source source = {config->ledger_password_file,
                           (const char *const *)config->ledger_password_command,
                           config->ledger_password_credential};

    *secret = NULL;
    if (source.file == NULL && source.command == NULL && source.credential == NULL)
        return TRUE;
    *secret = read_source(&source, 0, "ledger-", error);
    return *secret != NULL;
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
    return sm_text_hex(mac, size);
}

char *
sm_secret_age_warning(const SmAccount *account, gint64 since, gint64 now)
{
    gint64 due = since + account->password_max_age;
    g_autofree char *source = NULL;
    g_autofree char *from = NULL;
    g_autofree char *until = NULL;

    if (account->password_max_age == 0 || since <= 0 || now < due - SM_SECRET_WARN_AHEAD)
        return NULL;
    source = sm_secret_source(account);
    from = sm_text_day(since);
    until = sm_text_day(due);
    return g_strdup_printf("account %s: the password of %s has been in use since %s and %s"
                           " password-max-age old on %s: sign in at the portal, which asks for that"
                           " before passwords expire, and give the account another one",
                           account->name, source, from, now < due ? "gets" : "got", until);
}
