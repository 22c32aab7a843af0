/* Hashes: known answers (FIPS 180-4's examples, RFC 1321's test suite), in one go and in pieces. */
#include <fcntl.h>
#include <string.h>
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

    sm_digest_update(whole, text, strlen(text));
    finishes_as(whole, vectors[i].sha256, vectors[i].md5);
    for (const char *c = text; *c != '\0'; c++)
        sm_digest_update(pieces, c, 1);
    finishes_as(pieces, vectors[i].sha256, vectors[i].md5);
    sm_digest_update(alone, text, strlen(text));
    finishes_as(alone, vectors[i].sha256, NULL);
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
hashes_in_order_beside_the_caller(void)
{
    g_autoptr(SmDigest) digest = sm_digest_new(FALSE);
    g_autofree char *letters = g_strnfill(500000, 'a');

    sm_digest_update_beside(digest, letters, 400000);
    sm_digest_update(digest, letters, 99999);
    sm_digest_update_beside(digest, letters, 1);
    sm_digest_update_beside(digest, letters, 500000);
    finishes_as(digest, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0", NULL);
}

static void
is_freed_while_it_hashes(void)
{
    g_autofree char *letters = g_strnfill(1000000, 'a');
    g_autoptr(SmDigest) digest = sm_digest_new(TRUE);

    sm_digest_update_beside(digest, letters, 1000000);
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
    g_test_add_func("/digest/hashes in order beside the caller", hashes_in_order_beside_the_caller);
    g_test_add_func("/digest/is freed while it hashes", is_freed_while_it_hashes);
    g_test_add_func("/digest/reads a descriptor from where it stands",
                    reads_a_descriptor_from_where_it_stands);
    g_test_add_func("/digest/says that a descriptor cannot be read",
                    says_that_a_descriptor_cannot_be_read);
    g_test_add_func("/hex/writes lower case", writes_hex_in_lower_case);
    return g_test_run();
}
