/* Hashes: known answers (FIPS 180-4's examples, RFC 1321's test suite), in one go, in pieces,
 * beside. */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/base/text.h"
#include "fetch/crypto/digest.h"

static const struct {
    const char *title;
    const char *text;
    const char *sha256;
    const char *md5;
} vectors[] = {
    {"hashes nothing", "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
     "d41d8cd98f00b204e9800998ecf8427e"},
    {"hashes abc", "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
     "900150983cd24fb0d6963f7d28e17f72"},
    {"hashes two blocks", "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
     "8215ef0796a20bcaaae116d3876c664a"},
};

static void
finishes_as(SmDigest *digest, const char *expected_sha256, const char *expected_md5)
{
    g_autofree char *sha256 = NULL;
    g_autofree char *md5 = NULL;

    sm_digest_finish(digest, &sha256, &md5);
    g_assert_cmpstr(sha256, ==, expected_sha256);
    g_assert_cmpstr(md5, ==, expected_md5);
}

static void
hashes(gconstpointer data)
{
    gsize i = GPOINTER_TO_SIZE(data);
    const char *text = vectors[i].text;
    g_autoptr(SmDigest) whole = sm_digest_new(TRUE);
    g_autoptr(SmDigest) pieces = sm_digest_new(TRUE);
    g_autoptr(SmDigest) alone = sm_digest_new(FALSE);
    g_autoptr(SmDigest) beside = sm_digest_new(TRUE);

    sm_digest_update(whole, text, strlen(text));
    finishes_as(whole, vectors[i].sha256, vectors[i].md5);
    for (const char *c = text; *c != '\0'; c++)
        sm_digest_update(pieces, c, 1);
    finishes_as(pieces, vectors[i].sha256, vectors[i].md5);
    sm_digest_update(alone, text, strlen(text));
    finishes_as(alone, vectors[i].sha256, NULL);
    for (const char *c = text; *c != '\0'; c++)
        sm_digest_update_beside(beside, c, 1);
    finishes_as(beside, vectors[i].sha256, vectors[i].md5);
}

static void
keeps_the_order_of_what_is_hashed_here_and_beside(void)
{
    static const char text[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    g_autoptr(SmDigest) digest = sm_digest_new(FALSE);

    for (gsize i = 0; i < sizeof text - 1; i++)
        if (i % 3 == 0)
            sm_digest_update(digest, text + i, 1);
        else
            sm_digest_update_beside(digest, text + i, 1);
    finishes_as(digest, vectors[2].sha256, NULL);
}

static void
lets_a_block_go_once_it_is_hashed(void)
{
    g_autoptr(SmDigest) digest = sm_digest_new(FALSE);
    char block[3];

    for (int i = 0; i < 3; i++) {
        block[0] = "abc"[i];
        sm_digest_update_beside(digest, block, 1);
        sm_digest_wait(digest, 0);
        block[0] = '?';
    }
    finishes_as(digest, vectors[1].sha256, NULL);
}

/* How many threads this process has. */
static guint
threads(void)
{
    g_autoptr(GDir) tasks = g_dir_open("/proc/self/task", 0, NULL);
    guint n = 0;

    g_assert_nonnull(tasks);
    while (g_dir_read_name(tasks) != NULL)
        n++;
    return n;
}

/* A thread that went on with a block would be killed by SIGSEGV here, one that stayed is seen. */
static void
may_be_freed_before_its_end(void)
{
    const gsize length = 1024 * 1024;
    SmDigest *digest = sm_digest_new(TRUE);
    guint before = threads();
    gint64 deadline = g_get_monotonic_time() + 10 * G_USEC_PER_SEC;
    void *block = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    g_assert_true(block != MAP_FAILED);
    for (int i = 0; i < 10; i++)
        sm_digest_update_beside(digest, block, length);
    g_assert_cmpuint(threads(), ==, before + 1);
    sm_digest_free(digest);
    g_assert_cmpint(mprotect(block, length, PROT_NONE), ==, 0);
    /* The kernel may list a thread for a moment after it was joined. */
    while (threads() > before && g_get_monotonic_time() < deadline)
        g_usleep(1000);
    g_assert_cmpuint(threads(), ==, before);
    g_assert_cmpint(munmap(block, length), ==, 0);
    sm_digest_free(NULL);
}

static void
hashes_a_million_letters(void)
{
    g_autoptr(SmDigest) digest = sm_digest_new(FALSE);
    g_autofree char *letters = g_strnfill(1000000, 'a');

    sm_digest_update(digest, letters, 1000000);
    finishes_as(digest, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0", NULL);
}

static void
reads_a_descriptor_from_where_it_stands(void)
{
    g_autofree char *path = NULL;
    int fd = g_file_open_tmp("scoremail-digest-XXXXXX", &path, NULL);
    g_autoptr(SmDigest) digest = sm_digest_new(FALSE);

    g_assert_cmpint(write(fd, "xxabc", 5), ==, 5);
    g_assert_cmpint(lseek(fd, 2, SEEK_SET), ==, 2);
    g_assert_true(sm_digest_read(digest, fd));
    finishes_as(digest, vectors[1].sha256, NULL);
    close(fd);
    unlink(path);
}

static void
says_that_a_descriptor_cannot_be_read(void)
{
    g_autoptr(SmDigest) digest = sm_digest_new(FALSE);
    int fd = open("/", O_RDONLY | O_DIRECTORY);

    g_assert_false(sm_digest_read(digest, fd));
    g_assert_cmpint(errno, ==, EISDIR);
    close(fd);
}

/* A mail system's limits may leave no room for a thread: then there is none, and all is well. */
static void
needs_no_thread(void)
{
    const struct rlimit none = {0, 0};
    g_autoptr(SmDigest) digest = NULL;

    if (!g_test_subprocess()) {
        g_test_trap_subprocess(NULL, 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
        g_test_trap_assert_passed();
        return;
    }
    if (geteuid() == 0 && setuid(65534) != 0)
        g_error("cannot be another user");
    g_assert_cmpint(setrlimit(RLIMIT_NPROC, &none), ==, 0);
    digest = sm_digest_new(TRUE);
    sm_digest_update_beside(digest, "ab", 2);
    sm_digest_update_beside(digest, "c", 1);
    finishes_as(digest, vectors[1].sha256, vectors[1].md5);
    _exit(0); /* a leak checker needs a thread */
}

static void
writes_hex_in_lower_case(void)
{
    const guint8 bytes[] = {0x00, 0x0f, 0xa5, 0xff};
    g_autofree char *hex = sm_text_hex(bytes, sizeof bytes);
    g_autofree char *nothing = sm_text_hex(bytes, 0);

    g_assert_cmpstr(hex, ==, "000fa5ff");
    g_assert_cmpstr(nothing, ==, "");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(vectors); i++) {
        g_autofree char *path = g_strconcat("/digest/", vectors[i].title, NULL);

        g_test_add_data_func(path, GSIZE_TO_POINTER(i), hashes);
    }
    g_test_add_func("/digest/hashes a million letters", hashes_a_million_letters);
    g_test_add_func("/digest/keeps the order of what is hashed here and beside",
                    keeps_the_order_of_what_is_hashed_here_and_beside);
    g_test_add_func("/digest/lets a block go once it is hashed", lets_a_block_go_once_it_is_hashed);
    g_test_add_func("/digest/may be freed before its end", may_be_freed_before_its_end);
    g_test_add_func("/digest/reads a descriptor from where it stands",
                    reads_a_descriptor_from_where_it_stands);
    g_test_add_func("/digest/says that a descriptor cannot be read",
                    says_that_a_descriptor_cannot_be_read);
    g_test_add_func("/digest/needs no thread", needs_no_thread);
    g_test_add_func("/hex/writes lower case", writes_hex_in_lower_case);
    return g_test_run();
}
