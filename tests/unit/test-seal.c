/* Seals: what goes in comes out for whoever has the key, and what stops them is told. */
#include "fetch/crypto/seal.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>

#include "common/base/cleanup.h"
#include "common/base/error.h"
#include "fetch-fixture.h"

enum { LARGE = 5 * 1024 * 1024 + 7 };

/* A key without a passphrase in a home of its own, below /tmp: its agent's socket cannot have a
 * long path. */
typedef struct {
    SmAccount account;
    SmRecipients *recipients;
    char *path; /* of the encrypted file */
    int fd;
} Sealing;

static void
run(const char *const *argv)
{
    g_autoptr(GError) error = NULL;
    int status;

    g_spawn_sync(NULL, (char **)argv, NULL,
                 G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL,
                 NULL, NULL, NULL, NULL, &status, &error);
    g_assert_no_error(error);
    g_assert_cmpint(status, ==, 0);
}

/* The fingerprint of the only key in home. Caller frees. */
static char *
only_key(const char *home)
{
    g_autoptr(SmGpg) gpg = sm_gpg_open(home, NULL);
    g_autoptr(SmGpgKey) key = NULL;

    g_assert_cmpuint(gpgme_op_keylist_start(gpg, NULL, 0), ==, 0);
    g_assert_cmpuint(gpgme_op_keylist_next(gpg, &key), ==, 0);
    gpgme_op_keylist_end(gpg);
    return g_strdup(key->fpr);
}

static void
set_up(Sealing *sealing, gconstpointer data)
{
    g_autofree char *home = g_strdup("/tmp/sm-gpg-XXXXXX");
    g_autoptr(GError) error = NULL;

    g_assert_nonnull(g_mkdtemp(home));
    run((const char *[]){"gpg", "--homedir", home, "--batch", "--quiet", "--passphrase", "",
                         "--quick-generate-key", "registrar@example.edu", "future-default",
                         "default", "never", NULL});
    sealing->account = (SmAccount){.name = (char *)"main"};
    sealing->account.encrypt_to = g_new0(char *, 2);
    sealing->account.encrypt_to[0] = only_key(home);
    sealing->path = g_build_filename(home, "sealed", NULL);
    sealing->fd = open(sealing->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    sealing->account.gnupg_home = g_steal_pointer(&home);
    sealing->recipients = sm_recipients_find(&sealing->account, &error);
    g_assert_no_error(error);
}

static void
tear_down(Sealing *sealing, gconstpointer data)
{
    const char *home = sealing->account.gnupg_home;

    run((const char *[]){"gpgconf", "--homedir", home, "--kill", "all", NULL});
    run((const char *[]){"rm", "-rf", home, NULL});
    sm_recipients_free(sealing->recipients);
    sm_close(&sealing->fd);
    g_strfreev(sealing->account.encrypt_to);
    g_free(sealing->account.gnupg_home);
    g_free(sealing->path);
}

static SmSealTerms
terms(const Sealing *sealing)
{
    return (SmSealTerms){sealing->recipients, 60, 0};
}

static gboolean
collect(const void *data, gsize length, gpointer user_data, GError **error)
{
    g_byte_array_append(user_data, data, (guint)length);
    return TRUE;
}

static GByteArray *
decrypt(Sealing *sealing, const char *sha256)
{
    g_autoptr(SmDigest) digest = sm_digest_new(FALSE);
    g_autofree char *found = NULL;
    g_autoptr(GError) error = NULL;
    GByteArray *plain = g_byte_array_new();

    g_assert_cmpint(lseek(sealing->fd, 0, SEEK_SET), ==, 0);
    sm_unseal(sealing->account.gnupg_home, sealing->fd, digest, collect, plain, &error);
    g_assert_no_error(error);
    sm_digest_finish(digest, &found, NULL);
    g_assert_cmpstr(found, ==, sha256);
    return plain;
}

/* data: how many bytes are written at once. */
static void
gives_back_what_was_written(Sealing *sealing, gconstpointer data)
{
    gsize piece = GPOINTER_TO_SIZE(data), size = piece > 0 ? LARGE : 0;
    g_autofree guint8 *bytes = g_malloc(LARGE);
    g_autoptr(GError) error = NULL;
    SmSealTerms how = terms(sealing);
    g_autoptr(SmSeal) seal = sm_seal_new(&how, sealing->fd, "x", &error);
    g_autoptr(GByteArray) plain = NULL;
    g_autofree char *sha256 = NULL;
    gint64 sealed;

    g_assert_no_error(error);
    for (gsize i = 0; i < LARGE; i++)
        bytes[i] = (guint8)(i * 31 + i / 4096);
    for (gsize at = 0; at < size; at += piece)
        g_assert_true(sm_seal_write(seal, bytes + at, MIN(piece, size - at), NULL));
    sm_seal_finish(seal, &sealed, &sha256, &error);
    g_assert_no_error(error);
    g_assert_cmpint(lseek(sealing->fd, 0, SEEK_END), ==, sealed);
    g_assert_cmpint(sealed, >, size);
    plain = decrypt(sealing, sha256);
    g_assert_cmpmem(plain->data, plain->len, bytes, size);
}

static void
says_that_the_disk_is_full(Sealing *sealing, gconstpointer data)
{
    sm_autofd int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    SmSealTerms how = terms(sealing);
    g_autoptr(SmSeal) seal = sm_seal_new(&how, full, "a.csv.part", NULL);
    g_autofree char *sha256 = NULL;
    g_autoptr(GError) error = NULL;
    gint64 size;

    if (sm_seal_write(seal, "bytes", 5, &error)) /* gpg may not have answered by then */
        sm_seal_finish(seal, &size, &sha256, &error);
    g_assert_error(error, SM_ERROR, (int)SM_ERROR_DIRECTORY);
    fixture_assert_says(error->message, "a.csv.part", "No space left", NULL);
}

static void
ends_at_the_deadline(Sealing *sealing, gconstpointer data)
{
    SmSealTerms how = {sealing->recipients, 60, g_get_monotonic_time()};
    g_autoptr(SmSeal) seal = sm_seal_new(&how, sealing->fd, "x", NULL);
    g_autofree char *sha256 = NULL;
    g_autoptr(GError) error = NULL;
    gint64 size;

    if (sm_seal_write(seal, "bytes", 5, &error))
        sm_seal_finish(seal, &size, &sha256, &error);
    g_assert_error(error, SM_ERROR, (int)SM_ERROR_LIMIT);
}

static void
may_be_given_up_in_the_middle(Sealing *sealing, gconstpointer data)
{
    g_autofree guint8 *bytes = g_malloc0(LARGE);
    SmSealTerms how = terms(sealing);
    SmSeal *seal = sm_seal_new(&how, sealing->fd, "x", NULL);

    g_assert_true(sm_seal_write(seal, bytes, LARGE, NULL));
    sm_seal_free(seal);
}

static void
tells_a_file_that_is_not_encrypted(Sealing *sealing, gconstpointer data)
{
    g_autoptr(SmDigest) digest = sm_digest_new(FALSE);
    g_autoptr(GByteArray) plain = g_byte_array_new();
    g_autoptr(GError) error = NULL;

    g_assert_cmpint(write(sealing->fd, "1,plain\n", 8), ==, 8);
    g_assert_cmpint(lseek(sealing->fd, 0, SEEK_SET), ==, 0);
    g_assert_false(
        sm_unseal(sealing->account.gnupg_home, sealing->fd, digest, collect, plain, &error));
    g_assert_error(error, SM_ERROR, (int)SM_ERROR_DATA);
}

int
main(int argc, char **argv)
{
#define CASE(title, data, body) g_test_add("/seal/" title, Sealing, data, set_up, body, tear_down)
    g_test_init(&argc, &argv, NULL);
    signal(SIGPIPE, SIG_IGN); /* as sm_startup() leaves it: GPGME relies on that */
    CASE("gives back what was written at once", GSIZE_TO_POINTER(LARGE),
         gives_back_what_was_written);
    CASE("gives back what was written in pieces", GSIZE_TO_POINTER(77777),
         gives_back_what_was_written);
    CASE("gives back nothing", NULL, gives_back_what_was_written);
    CASE("says that the disk is full", NULL, says_that_the_disk_is_full);
    CASE("ends at the deadline", NULL, ends_at_the_deadline);
    CASE("may be given up in the middle", NULL, may_be_given_up_in_the_middle);
    CASE("tells a file that is not encrypted", NULL, tells_a_file_that_is_not_encrypted);
    return g_test_run();
#undef CASE
}
