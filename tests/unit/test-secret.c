/* Passwords: which files are taken, what is taken off, what is never said. */
#include "fetch/service/secret.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/error.h"
#include "fetch-fixture.h"
#include "fetch/host/memory.h"

enum { NOBODY = 65534 };

#define SECRET "hunter2-horse"

static const struct {
    const char *title;
    const char *bytes;
    gsize length;
    const char *password; /* NULL: refused */
    const char *fault;
} contents[] = {
    {"takes off a line feed", SECRET "\n", sizeof SECRET, SECRET, NULL},
    {"takes off a carriage return and line feed", SECRET "\r\n", sizeof SECRET + 1, SECRET, NULL},
    {"needs no line feed", SECRET, sizeof SECRET - 1, SECRET, NULL},
    {"keeps blanks around it", " a b \n", 6, " a b ", NULL},
    {"keeps letters of any script", "p\xc3\xa4ss\n", 6, "p\xc3\xa4ss", NULL},
    {"refuses an empty file", "", 0, NULL, "is empty"},
    {"refuses a line break alone", "\n", 1, NULL, "is empty"},
    {"refuses a CRLF alone", "\r\n", 2, NULL, "is empty"},
    {"refuses a second line", SECRET "\nmore\n", sizeof SECRET + 5, NULL, "one line"},
    {"refuses a second line feed", SECRET "\n\n", sizeof SECRET + 1, NULL, "one line"},
    {"refuses a carriage return inside", "a\rb\n", 4, NULL, "one line"},
    {"refuses a NUL", "hunter2\0horse\n", 14, NULL, "one line"},
    {"refuses a NUL at the end", SECRET, sizeof SECRET, NULL, "one line"},
    {"refuses a carriage return at the end", SECRET "\r", sizeof SECRET, NULL, "one line"},
    {"takes off one CRLF only", SECRET "\r\r\n", sizeof SECRET + 2, NULL, "one line"},
    {"refuses a byte order mark", "\xef\xbb\xbf" SECRET "\n", sizeof SECRET + 3, NULL,
     "byte order mark"},
    {"refuses UTF-16", "\xff\xfeh\0u\0", 6, NULL, "byte order mark"},
    {"refuses UTF-16 of the other order", "\xfe\xff\0h\0u", 6, NULL, "byte order mark"},
    {"refuses Latin-1", "p\xe4ss\n", 5, NULL, "not in UTF-8"},
};

static const struct {
    const char *title;
    uid_t owner; /* for root to give away */
    gid_t group;
    mode_t mode;
    const char *fault; /* NULL: taken */
} modes[] = {
    {"takes a file for its owner alone", 0, 0, 0600, NULL},
    {"takes a file that its owner can only read", 0, 0, 0400, NULL},
    {"takes a file that our group can read", 0, 0, 0640, NULL},
    {"refuses a file that everybody can read", 0, 0, 0604, "readable by everyone"},
    {"refuses a file that everybody can write", 0, 0, 0602, "readable by everyone"},
    {"refuses a file that everybody can execute", 0, 0, 0601, "readable by everyone"},
    {"refuses a file that our group can write", 0, 0, 0620, "readable by its group"},
    {"refuses a file that another group can read", 0, NOBODY, 0640, "readable by its group"},
    {"takes a file of another group that cannot read it", 0, NOBODY, 0600, NULL},
    {"refuses a file of another user's", NOBODY, 0, 0600, "owned by another user"},
};

static void
write_password(Fixture *fixture, const char *bytes, gsize length)
{
    g_assert_true(g_file_set_contents(fixture->account.password_file, bytes, (gssize)length, NULL));
    g_assert_cmpint(g_chmod(fixture->account.password_file, 0600), ==, 0);
}

static void
assert_refused(Fixture *fixture, const char *fault)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(SmSecret) secret = sm_secret_read(&fixture->account, 0, &error);

    g_assert_null(secret);
    g_assert_error(error, SM_ERROR, (int)SM_ERROR_SECRET);
    fixture_assert_says(error->message, "account main", fixture->account.password_file, fault,
                        NULL);
    g_assert_null(strstr(error->message, "hunter2"));
    g_assert_null(strstr(error->message, "horse"));
}

static void
assert_taken(Fixture *fixture, const char *password)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(SmSecret) secret = sm_secret_read(&fixture->account, 0, &error);

    g_assert_no_error(error);
    g_assert_cmpstr(sm_secret_text(secret), ==, password);
}

static void
reads(Fixture *fixture, gconstpointer data)
{
    gsize i = GPOINTER_TO_SIZE(data);

    write_password(fixture, contents[i].bytes, contents[i].length);
    if (contents[i].password != NULL)
        assert_taken(fixture, contents[i].password);
    else
        assert_refused(fixture, contents[i].fault);
}

static void
trusts(Fixture *fixture, gconstpointer data)
{
    gsize i = GPOINTER_TO_SIZE(data);
    const char *file = fixture->account.password_file;

    if ((modes[i].owner != 0 || modes[i].group != 0) && geteuid() != 0) {
        g_test_skip("only root can give a file away");
        return;
    }
    write_password(fixture, SECRET "\n", sizeof SECRET);
    if (geteuid() == 0)
        g_assert_cmpint(chown(file, modes[i].owner, modes[i].group), ==, 0);
    g_assert_cmpint(g_chmod(file, modes[i].mode), ==, 0);
    if (modes[i].fault == NULL)
        assert_taken(fixture, SECRET);
    else
        assert_refused(fixture, modes[i].fault);
}

static void
takes_a_file_of_roots_as_another_user(Fixture *fixture, gconstpointer data)
{
    if (geteuid() != 0) {
        g_test_skip("only root can be another user");
        return;
    }
    write_password(fixture, SECRET "\n", sizeof SECRET);
    g_assert_cmpint(chown(fixture->account.password_file, 0, getegid()), ==, 0);
    g_assert_cmpint(g_chmod(fixture->account.password_file, 0640), ==, 0);
    g_assert_cmpint(g_chmod(fixture->folder, 0755), ==, 0);
    g_assert_cmpint(seteuid(NOBODY), ==, 0);
    assert_taken(fixture, SECRET);
    g_assert_cmpint(seteuid(0), ==, 0);
}

static void
takes_passwords_up_to_its_limit(Fixture *fixture, gconstpointer data)
{
    g_autofree char *longest = g_strnfill(1023, 'x');
    g_autofree char *with_end = g_strconcat(longest, "\r\n", NULL);
    g_autofree char *too_long = g_strnfill(1024, 'x');
    g_autofree char *far_too_long = g_strnfill(100000, 'x');

    write_password(fixture, with_end, 1025);
    assert_taken(fixture, longest);
    write_password(fixture, too_long, 1024);
    assert_refused(fixture, "longer than 1023 bytes");
    write_password(fixture, far_too_long, 100000);
    assert_refused(fixture, "longer than 1023 bytes");
}

static void
follows_a_symbolic_link(Fixture *fixture, gconstpointer data)
{
    g_autofree char *target = g_build_filename(fixture->folder, "target", NULL);

    write_password(fixture, SECRET "\n", sizeof SECRET);
    g_assert_cmpint(g_rename(fixture->account.password_file, target), ==, 0);
    g_assert_cmpint(symlink(target, fixture->account.password_file), ==, 0);
    assert_taken(fixture, SECRET);
}

static void
refuses_what_is_no_regular_file(Fixture *fixture, gconstpointer data)
{
    const char *file = fixture->account.password_file;

    g_assert_cmpint(g_unlink(file), ==, 0);
    assert_refused(fixture, "No such file");
    g_assert_cmpint(g_mkdir(file, 0700), ==, 0);
    assert_refused(fixture, "not a regular file");
    g_assert_cmpint(g_rmdir(file), ==, 0);
    g_assert_cmpint(mkfifo(file, 0600), ==, 0); /* and never waits for a writer */
    assert_refused(fixture, "not a regular file");
}

/* The account's password is got by a command from here on. */
static void
use_command(Fixture *fixture, const char *script)
{
    const char *const argv[] = {"/bin/sh", "-c", script, "s3cret-argument", NULL};

    g_clear_pointer(&fixture->account.password_file, g_free);
    g_strfreev(fixture->account.password_command);
    fixture->account.password_command = g_strdupv((GStrv)argv);
}

static void
assert_command_refused(Fixture *fixture, const char *script, const char *message)
{
    g_autoptr(GError) error = NULL;

    use_command(fixture, script);
    g_assert_null(sm_secret_read(&fixture->account, 0, &error));
    g_assert_error(error, SM_ERROR, (int)SM_ERROR_SECRET);
    g_assert_cmpstr(error->message, ==, message);
}

static void
takes_the_first_line_of_a_command(Fixture *fixture, gconstpointer data)
{
    use_command(fixture, "echo " SECRET);
    assert_taken(fixture, SECRET);
    use_command(fixture, "printf '" SECRET "'");
    assert_taken(fixture, SECRET);
    use_command(fixture, "printf '" SECRET "\\r\\nurl: x\\n'; head -c 100000 /dev/zero");
    assert_taken(fixture, SECRET);
    g_clear_pointer(&fixture->account.password_command, g_strfreev);
}

#define COMMAND "account main: password-command /bin/sh"

static void
refuses_what_is_no_line_of_a_command(Fixture *fixture, gconstpointer data)
{
    assert_command_refused(fixture, ":", COMMAND ": the first line it prints is empty");
    assert_command_refused(fixture, "echo; echo hunter2",
                           COMMAND ": the first line it prints is empty");
    assert_command_refused(fixture, "printf '\\357\\273\\277hunter2\\n'",
                           COMMAND ": the first line it prints starts with a byte order mark; save "
                                   "it as plain text");
    assert_command_refused(fixture, "head -c 5000 /dev/zero | tr '\\0' x",
                           COMMAND ": the first line it prints is longer than 1023 bytes");
    assert_command_refused(fixture, "echo hunter2; echo 'it is locked' >&2; exit 2",
                           COMMAND " exited with 2: it is locked");
    g_clear_pointer(&fixture->account.password_command, g_strfreev);
}

static void
a_command_has_no_longer_than_the_deadline(Fixture *fixture, gconstpointer data)
{
    gint64 deadline = g_get_monotonic_time() + G_USEC_PER_SEC / 2;
    g_autoptr(GError) error = NULL;

    use_command(fixture, "sleep 1000");
    g_assert_null(sm_secret_read(&fixture->account, deadline, &error));
    g_assert_error(error, SM_ERROR, (int)SM_ERROR_LIMIT);
    fixture_assert_says(error->message, COMMAND, "did not end in time", NULL);
    g_clear_pointer(&fixture->account.password_command, g_strfreev);
}

static void
takes_a_credential_whatever_its_mode(Fixture *fixture, gconstpointer data)
{
    write_password(fixture, SECRET "\n", sizeof SECRET);
    g_assert_cmpint(g_chmod(fixture->account.password_file, 0644), ==, 0);
    g_clear_pointer(&fixture->account.password_file, g_free);
    fixture->account.password_credential = (char *)"password";
    g_setenv("CREDENTIALS_DIRECTORY", fixture->folder, TRUE);
    assert_taken(fixture, SECRET);
    g_unsetenv("CREDENTIALS_DIRECTORY");
}

static void
assert_no_credential(Fixture *fixture, const char *directory, const char *fault)
{
    g_autoptr(GError) error = NULL;

    if (directory != NULL)
        g_setenv("CREDENTIALS_DIRECTORY", directory, TRUE);
    else
        g_unsetenv("CREDENTIALS_DIRECTORY");
    g_assert_null(sm_secret_read(&fixture->account, 0, &error));
    g_assert_error(error, SM_ERROR, (int)SM_ERROR_SECRET);
    fixture_assert_says(error->message, "account main: password-credential scores", fault, NULL);
    g_unsetenv("CREDENTIALS_DIRECTORY");
}

static void
says_what_a_credential_lacks(Fixture *fixture, gconstpointer data)
{
    g_clear_pointer(&fixture->account.password_file, g_free);
    fixture->account.password_credential = (char *)"scores";
    assert_no_credential(fixture, NULL, "-p LoadCredential=scores:FILE ");
    assert_no_credential(fixture, "relative", "systemd passes it to services only");
    assert_no_credential(fixture, fixture->account.directory, "No such file");
    fixture->account.password_credential = (char *)"scores/"; /* the fixture's directory */
    assert_no_credential(fixture, fixture->folder, "is not a regular file");
}

static char *
fingerprint(Fixture *fixture, const char *password, const char *user, const char *key)
{
    g_autoptr(SmSecret) secret = NULL;

    write_password(fixture, password, strlen(password));
    secret = sm_secret_read(&fixture->account, 0, NULL);
    g_assert_nonnull(secret);
    return sm_secret_fingerprint(secret, user, key);
}

static void
fingerprints_tell_password_user_and_key_apart(Fixture *fixture, gconstpointer data)
{
    g_autofree char *one = fingerprint(fixture, SECRET, "reg", "key");
    g_autofree char *same = fingerprint(fixture, SECRET "\n", "reg", "key");
    const char *const others[][3] = {{"hunter3", "reg", "key"},
                                     {SECRET, "registrar", "key"},
                                     {SECRET, "reg", "other key"},
                                     {"g" SECRET, "re", "key"},
                                     {SECRET, "Reg", "key"}};

    g_assert_cmpstr(one, ==, same);
    g_assert_cmpuint(strlen(one), ==, 64);
    for (gsize i = 0; i < G_N_ELEMENTS(others); i++) {
        g_autofree char *other = fingerprint(fixture, others[i][0], others[i][1], others[i][2]);

        g_assert_cmpstr(one, !=, other);
    }
}

static void
the_fingerprint_is_the_hmac_that_it_says(Fixture *fixture, gconstpointer data)
{
    g_autofree char *ours = fingerprint(fixture, "pw", "reg", "key");
    const guchar both[] = {'r', 'e', 'g', '\0', 'p', 'w'};
    g_autofree char *theirs =
        g_compute_hmac_for_data(G_CHECKSUM_SHA256, (const guchar *)"key", 3, both, sizeof both);

    g_assert_cmpstr(ours, ==, theirs);
}

/* The process beside a command is a fork that lives as long as that does. */
static void
a_fork_has_none_of_it(Fixture *f, gconstpointer data)
{
    char *secret = sm_secret_alloc(64);
    int status;
    pid_t child;

    g_strlcpy(secret, SECRET, 64);
    child = fork();
    if (child == 0)
        _exit(*secret == '\0' ? 0 : 1);
    g_assert_cmpint(waitpid(child, &status, 0), ==, child);
    g_assert_cmpint(status, ==, 0);
    g_assert_cmpstr(secret, ==, SECRET);
    sm_secret_release(secret, 64);
}

/* The memory works on in the process of an account, and in what that starts it is empty again. */
static void
a_process_of_an_account_goes_on_with_it(Fixture *f, gconstpointer data)
{
    char *secret = sm_secret_alloc(64);
    int status;
    pid_t child;

    g_strlcpy(secret, SECRET, 64);
    child = sm_secret_fork();
    if (child == 0) {
        char *own = sm_secret_alloc(64);
        gboolean kept = strcmp(secret, SECRET) == 0 && *own == '\0';

        sm_secret_release(own, 64);
        child = fork();
        if (child == 0)
            _exit(*secret == '\0' ? 0 : 1);
        waitpid(child, &status, 0);
        _exit(kept && status == 0 ? 0 : 1);
    }
    g_assert_cmpint(waitpid(child, &status, 0), ==, child);
    g_assert_cmpint(status, ==, 0);
    sm_secret_release(secret, 64);
    a_fork_has_none_of_it(f, data);
}

/* More than the heap holds at once. */
static void
goes_on_where_the_heap_is_full(Fixture *f, gconstpointer data)
{
    enum { SIZE = 1 << 20, COUNT = 4 };
    char *secrets[COUNT];

    for (gsize i = 0; i < COUNT; i++) {
        secrets[i] = sm_secret_alloc(SIZE);
        g_assert_nonnull(secrets[i]);
        g_assert_cmpint(secrets[i][0] | secrets[i][SIZE - 1], ==, 0);
        memset(secrets[i], 'x', SIZE);
    }
    for (gsize i = 0; i < COUNT; i++)
        sm_secret_release(secrets[i], SIZE);
}

static void
copies_what_fits(Fixture *f, gconstpointer data)
{
    char *whole = sm_secret_copy(SECRET, strlen(SECRET) + 1);
    char *cut = sm_secret_copy(SECRET, 3);

    g_assert_cmpstr(whole, ==, SECRET);
    g_assert_true(g_str_has_prefix(SECRET, cut) && strlen(cut) == 2);
    sm_secret_release(whole, strlen(SECRET) + 1);
    sm_secret_release(cut, 3);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(contents); i++) {
        g_autofree char *path = g_strconcat("/secret/", contents[i].title, NULL);

        ADD(path, GSIZE_TO_POINTER(i), reads);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(modes); i++) {
        g_autofree char *path = g_strconcat("/secret/", modes[i].title, NULL);

        ADD(path, GSIZE_TO_POINTER(i), trusts);
    }
    ADD("/secret/takes a file of root's as another user", NULL,
        takes_a_file_of_roots_as_another_user);
    ADD("/secret/takes passwords up to its limit", NULL, takes_passwords_up_to_its_limit);
    ADD("/secret/follows a symbolic link", NULL, follows_a_symbolic_link);
    ADD("/secret/refuses what is no regular file", NULL, refuses_what_is_no_regular_file);
    ADD("/secret/takes the first line of a command", NULL, takes_the_first_line_of_a_command);
    ADD("/secret/refuses what is no line of a command", NULL, refuses_what_is_no_line_of_a_command);
    ADD("/secret/a command has no longer than the deadline", NULL,
        a_command_has_no_longer_than_the_deadline);
    ADD("/secret/takes a credential whatever its mode", NULL, takes_a_credential_whatever_its_mode);
    ADD("/secret/says what a credential lacks", NULL, says_what_a_credential_lacks);
    ADD("/secret/fingerprints tell password, user and key apart", NULL,
        fingerprints_tell_password_user_and_key_apart);
    ADD("/secret/the fingerprint is the HMAC that it says", NULL,
        the_fingerprint_is_the_hmac_that_it_says);
    ADD("/secret/a fork has none of it", NULL, a_fork_has_none_of_it);
    ADD("/secret/a process of an account goes on with it", NULL,
        a_process_of_an_account_goes_on_with_it);
    ADD("/secret/goes on where the heap is full", NULL, goes_on_where_the_heap_is_full);
    ADD("/secret/copies what fits", NULL, copies_what_fits);
    return g_test_run();
}
