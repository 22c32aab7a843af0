/* Parts: what is written is what is hashed, over the borders of pieces, after starting over and
 * resuming. */
#include "fetch/store/part.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdarg.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/base/cleanup.h"
#include "common/base/error.h"
#include "fetch-fixture.h"

enum {
    PIECE = 512 * 1024, /* what a part hashes at once */
    WRITE = 64 * 1024,  /* what it writes at once */
};

#define PART ".a.csv.7.part"

/* Bytes that differ from place to place, so that pieces in a wrong order are seen. */
static char *
pattern(gsize length)
{
    char *bytes = g_malloc(length + 1);

    for (gsize i = 0; i < length; i++)
        bytes[i] = (char)('!' + (i * 7 + i / 1000) % 90);
    bytes[length] = '\0';
    return bytes;
}

static SmPart *
create(Fixture *fixture)
{
    g_autoptr(GError) error = NULL;
    SmPart *part = sm_part_create(fixture->store, "a.csv", 7, &error);

    g_assert_no_error(error);
    return part;
}

static SmPart *
resume(Fixture *fixture, gboolean with_md5, GError **error)
{
    return sm_part_resume(fixture->store, "a.csv", 7, with_md5, error);
}

static void
add(SmPart *part, const char *bytes, gsize length)
{
    g_autoptr(GError) error = NULL;

    sm_part_write(part, bytes, length, &error);
    g_assert_no_error(error);
}

/* Ends the part: it must have hashed and written exactly that. */
static void
assert_holds(Fixture *fixture, SmPart *part, const char *bytes, gboolean with_md5)
{
    g_autofree char *expected_sha256 = fixture_sha256(bytes);
    g_autofree char *expected_md5 = g_compute_checksum_for_string(G_CHECKSUM_MD5, bytes, -1);
    g_autofree char *sha256 = NULL;
    g_autofree char *md5 = NULL;
    g_autofree char *found = NULL;
    g_autoptr(GError) error = NULL;

    g_assert_cmpint(sm_part_size(part), ==, strlen(bytes));
    sm_part_finish(part, &sha256, &md5, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(sha256, ==, expected_sha256);
    g_assert_cmpstr(md5, ==, with_md5 ? expected_md5 : NULL);
    sm_part_show(part, &error);
    g_assert_no_error(error);
    found = fixture_get(fixture, PART);
    g_assert_true(g_strcmp0(found, bytes) == 0);
}

/* In place of libc's, to stand for other file systems. */
static gboolean no_unnamed_files, no_links;

int
openat(int dir_fd, const char *name, int flags, ...)
{
    va_list more;
    mode_t mode;

    va_start(more, flags);
    mode = (flags & (O_CREAT | __O_TMPFILE)) != 0 ? va_arg(more, mode_t) : 0;
    va_end(more);
    if (no_unnamed_files && (flags & O_TMPFILE) == O_TMPFILE) {
        errno = EOPNOTSUPP;
        return -1;
    }
    return (int)syscall(SYS_openat, dir_fd, name, flags, mode);
}

int
linkat(int from_fd, const char *from, int to_fd, const char *to, int flags)
{
    if (no_links) {
        errno = EPERM;
        return -1;
    }
    return (int)syscall(SYS_linkat, from_fd, from, to_fd, to, flags);
}

/* In place of libc's: up to where the disk was told to begin. */
static gint64 begun;

int
sync_file_range(int fd, off_t from, off_t length, unsigned int flags)
{
    g_assert_cmpint(from, ==, begun);
    g_assert_cmpuint(flags, ==, SYNC_FILE_RANGE_WRITE); /* without waiting */
    begun += length;
    errno = EIO; /* a hint only: fsync tells */
    return -1;
}

typedef enum { ORDINARY, NO_UNNAMED_FILES, NO_LINKS } FileSystem;

static void
stand_for(FileSystem file_system)
{
    no_unnamed_files = file_system == NO_UNNAMED_FILES;
    no_links = file_system == NO_LINKS;
}

static void
is_hidden_and_named_by_its_number(Fixture *fixture, gconstpointer data)
{
    FileSystem file_system = (FileSystem)GPOINTER_TO_INT(data);
    g_autofree char *name = sm_part_name("a.csv", 7);
    g_autofree char *before = NULL;
    g_autofree char *list = NULL;
    g_autofree char *after = NULL;
    g_autoptr(SmPart) part = NULL;
    struct stat st;

    stand_for(file_system);
    part = create(fixture);
    g_assert_nonnull(part);
    before = fixture_list(fixture);
    g_assert_cmpstr(before, ==, file_system == NO_UNNAMED_FILES ? PART : "");
    add(part, "bytes", 5);
    assert_holds(fixture, part, "bytes", FALSE);
    g_assert_cmpstr(name, ==, PART);
    list = fixture_list(fixture);
    g_assert_cmpstr(list, ==, PART);
    g_assert_cmpint(fstatat(fixture->store->dir_fd, PART, &st, 0), ==, 0);
    g_assert_cmpuint(st.st_mode & 07777, ==, 0600);
    g_assert_true(sm_part_remove(part, NULL));
    after = fixture_list(fixture);
    g_assert_cmpstr(after, ==, "");
    stand_for(ORDINARY);
}

static void
takes_the_place_of_nothing(Fixture *fixture, gconstpointer data)
{
    g_autoptr(SmPart) part = NULL;
    g_autoptr(GError) error = NULL;
    g_autofree char *kept = NULL;

    stand_for((FileSystem)GPOINTER_TO_INT(data));
    fixture_put(fixture, PART, "theirs");
    part = sm_part_create(fixture->store, "a.csv", 7, &error);
    g_assert_false(part != NULL && sm_part_show(part, &error));
    g_assert_error(error, SM_ERROR, (int)SM_ERROR_DIRECTORY);
    fixture_assert_says(error->message, PART, "exists", NULL);
    g_assert_true(part == NULL || sm_part_remove(part, NULL)); /* not ours to remove */
    kept = fixture_get(fixture, PART);
    g_assert_cmpstr(kept, ==, "theirs");
    stand_for(ORDINARY);
}

static void
holds_what_is_written_in_pieces_of(Fixture *fixture, gconstpointer data)
{
    gsize step = GPOINTER_TO_SIZE(data);
    gsize length = 2 * PIECE + 12345;
    g_autofree char *bytes = pattern(length);
    g_autoptr(SmPart) part = create(fixture);

    g_assert_cmpint(sm_part_first_byte(part), ==, -1);
    for (gsize at = 0; at < length; at += MIN(step, length - at))
        add(part, bytes + at, MIN(step, length - at));
    g_assert_cmpint(sm_part_first_byte(part), ==, '!');
    assert_holds(fixture, part, bytes, FALSE);
}

static void
holds_many_pieces_in_their_order(Fixture *fixture, gconstpointer data)
{
    gsize length = 11 * PIECE; /* more than it buffers, and a whole number of them */
    g_autofree char *bytes = pattern(length);
    g_autoptr(SmPart) part = create(fixture);

    add(part, bytes, length);
    assert_holds(fixture, part, bytes, FALSE);
}

/* A socket that keeps the borders of what is written. */
static gpointer
measure_writes(gpointer data)
{
    g_autofree char *buffer = g_malloc(2 * PIECE);
    gssize most = 0;
    gssize got;

    while ((got = recv(GPOINTER_TO_INT(data), buffer, 2 * PIECE, 0)) > 0)
        most = MAX(most, got);
    return GSIZE_TO_POINTER(most);
}

static void
writes_at_most_64_kb_at_once(void)
{
    g_autofree char *bytes = pattern(PIECE + WRITE + 1);
    g_autofree char *sha256 = NULL;
    int ends[2];
    GThread *reader;
    SmPart *part;

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), ==, 0);
    reader = g_thread_new("reader", measure_writes, GINT_TO_POINTER(ends[0]));
    part = sm_part_for_descriptor(ends[1]);
    add(part, bytes, PIECE + WRITE + 1);
    g_assert_true(sm_part_finish(part, &sha256, NULL, NULL));
    sm_part_free(part);
    close(ends[1]);
    g_assert_cmpint(GPOINTER_TO_SIZE(g_thread_join(reader)), ==, WRITE);
    close(ends[0]);
}

/* What is freed stays in the heap, where it can be read. */
static void
leaves_nothing_in_memory(void)
{
    static const char line[] = "4711,Ada Lovelace,1600\n";
    int null = open("/dev/null", O_WRONLY);
    int memory = open("/proc/self/mem", O_RDONLY);
    g_autofree char *left = g_malloc(2 * PIECE);
    SmPart *part;
    off_t place;

    mallopt(M_MMAP_THRESHOLD, 8 * PIECE);
    mallopt(M_TRIM_THRESHOLD, 64 * PIECE);
    part = sm_part_for_descriptor(null);
    place = (off_t)(gintptr)part;
    for (int i = 0; i < 2; i++) {
        g_autofree char *sha256 = NULL;

        add(part, line, strlen(line));
        g_assert_true(sm_part_finish(part, &sha256, NULL, NULL));
        sm_part_doubt(part);
        g_assert_true(sm_part_start_over(part, FALSE, NULL));
    }
    sm_part_free(part);
    g_assert_cmpint(pread(memory, left, 2 * PIECE, place), ==, 2 * PIECE);
    g_assert_null(memmem(left, 2 * PIECE, line, strlen(line)));
    close(memory);
    close(null);
}

static void
may_hold_nothing(Fixture *fixture, gconstpointer data)
{
    g_autoptr(SmPart) part = create(fixture);

    add(part, "", 0);
    g_assert_cmpint(sm_part_first_byte(part), ==, -1);
    assert_holds(fixture, part, "", FALSE);
}

static void
looks_behind_what_is_blank(Fixture *fixture, gconstpointer data)
{
    gsize length;
    g_autoptr(SmPart) part = create(fixture);

    add(part, "\xef\xbb\xbf \r\n", 6);
    g_assert_cmpint(sm_part_first_byte(part), ==, -1);
    add(part, "\t\0<html", 7);
    g_assert_cmpint(sm_part_first_byte(part), ==, '<');
    g_assert_cmpmem(sm_part_head(part, &length), 13, "\xef\xbb\xbf \r\n\t\0<html", 13);
    g_assert_cmpuint(length, ==, 13);
    g_assert_true(sm_part_start_over(part, FALSE, NULL));
    sm_part_head(part, &length);
    g_assert_cmpuint(length, ==, 0);
}

static void
starts_over(Fixture *fixture, gconstpointer data)
{
    gsize before = GPOINTER_TO_SIZE(data);
    g_autofree char *bytes = pattern(before);
    g_autoptr(SmPart) part = create(fixture);
    g_autoptr(GError) error = NULL;

    add(part, bytes, before);
    sm_part_start_over(part, TRUE, &error);
    g_assert_no_error(error);
    g_assert_cmpint(sm_part_size(part), ==, 0);
    g_assert_cmpint(sm_part_first_byte(part), ==, -1);
    add(part, "another", 7);
    g_assert_cmpint(sm_part_first_byte(part), ==, 'a');
    assert_holds(fixture, part, "another", TRUE);
}

static void
starts_over_after_its_end(Fixture *fixture, gconstpointer data)
{
    g_autofree char *sha256 = NULL;
    g_autoptr(SmPart) part = create(fixture);

    add(part, "damaged", 7);
    g_assert_true(sm_part_finish(part, &sha256, NULL, NULL));
    g_assert_true(sm_part_start_over(part, FALSE, NULL));
    add(part, "whole", 5);
    assert_holds(fixture, part, "whole", FALSE);
}

static void
resumes_and_hashes_again_what_is_there(Fixture *fixture, gconstpointer data)
{
    gsize cut = GPOINTER_TO_SIZE(data);
    gsize length = PIECE + 1000;
    g_autofree char *bytes = pattern(length);
    g_autofree char *start = g_strndup(bytes, cut);
    g_autoptr(SmPart) part = NULL;
    g_autoptr(GError) error = NULL;

    fixture_put(fixture, PART, start);
    part = resume(fixture, TRUE, &error);
    g_assert_no_error(error);
    g_assert_cmpint(sm_part_size(part), ==, cut);
    g_assert_cmpint(sm_part_first_byte(part), ==, cut > 0 ? '!' : -1);
    add(part, bytes + cut, length - cut);
    g_assert_cmpint(sm_part_first_byte(part), ==, '!');
    assert_holds(fixture, part, bytes, TRUE);
}

static void
resumes_no_stranger_file(Fixture *fixture, gconstpointer data)
{
    int dir = fixture->store->dir_fd;
    g_autoptr(GError) missing = NULL;
    g_autoptr(GError) linked = NULL;
    g_autoptr(GError) twice = NULL;
    g_autoptr(GError) folder = NULL;

    g_assert_null(resume(fixture, FALSE, &missing));
    g_assert_error(missing, SM_ERROR, (int)SM_ERROR_DIRECTORY);

    fixture_put(fixture, "target", "x");
    g_assert_cmpint(symlinkat("target", dir, PART), ==, 0);
    g_assert_null(resume(fixture, FALSE, &linked));
    g_assert_error(linked, SM_ERROR, (int)SM_ERROR_DIRECTORY);

    g_assert_cmpint(unlinkat(dir, PART, 0), ==, 0);
    g_assert_cmpint(linkat(dir, "target", dir, PART, 0), ==, 0);
    g_assert_null(resume(fixture, FALSE, &twice));
    g_assert_error(twice, SM_ERROR, (int)SM_ERROR_DIRECTORY);

    g_assert_cmpint(unlinkat(dir, PART, 0), ==, 0);
    g_assert_cmpint(mkdirat(dir, PART, 0700), ==, 0);
    g_assert_null(resume(fixture, FALSE, &folder));
    g_assert_error(folder, SM_ERROR, (int)SM_ERROR_DIRECTORY);
}

static void
gets_mode_and_survives_its_end(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *sha256 = NULL;
    struct stat st;

    {
        g_autoptr(SmPart) part = create(fixture);

        add(part, "x", 1);
        g_assert_true(sm_part_finish(part, &sha256, NULL, NULL));
        sm_part_sync(part, 0640, getegid(), &error);
        g_assert_no_error(error);
    }
    g_assert_cmpint(fstatat(fixture->store->dir_fd, PART, &st, 0), ==, 0);
    g_assert_cmpuint(st.st_mode & 07777, ==, 0640);
    g_assert_cmpuint(st.st_gid, ==, getegid());
}

static void
lets_the_disk_begin_early(Fixture *fixture, gconstpointer data)
{
    enum { MIB = 1024 * 1024, TIMES = 20 };
    g_autofree char *mib = g_strnfill(MIB, 'x');
    g_autoptr(SmPart) part = create(fixture);
    g_autofree char *sha256 = NULL;

    begun = 0;
    add(part, mib, 1);
    for (int i = 0; i < TIMES; i++)
        add(part, mib, MIB);
    g_assert_cmpint(begun, >=, 16 * MIB);
    g_assert_true(sm_part_finish(part, &sha256, NULL, NULL));
    g_assert_cmpint(begun, <=, sm_part_size(part));
    begun = 0;
    g_assert_true(sm_part_start_over(part, FALSE, NULL));
    for (int i = 0; i < TIMES; i++)
        add(part, mib, MIB);
    g_assert_cmpint(begun, >=, 16 * MIB);
}

static void
knows_what_cannot_fit(Fixture *fixture, gconstpointer data)
{
    g_autoptr(SmPart) part = create(fixture);
    g_autoptr(GError) error = NULL;

    g_assert_true(sm_part_has_room(part, 1, NULL));
    g_assert_false(sm_part_has_room(part, G_MAXINT64, &error));
    g_assert_error(error, SM_ERROR, (int)SM_ERROR_DIRECTORY);
    fixture_assert_says(error->message, PART, "do not fit", "No space left", NULL);
}

static void
says_that_the_disk_is_full(Fixture *fixture, gconstpointer data)
{
    g_autofree char *bytes = pattern(2 * PIECE);
    const struct rlimit small = {PIECE + 100, PIECE + 100};
    g_autoptr(SmPart) part = NULL;
    g_autoptr(GError) error = NULL;

    if (!g_test_subprocess()) {
        g_test_trap_subprocess(NULL, 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
        g_test_trap_assert_passed();
        return;
    }
    signal(SIGXFSZ, SIG_IGN);
    part = create(fixture);
    g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &small), ==, 0);
    g_assert_false(sm_part_write(part, bytes, 2 * PIECE, &error));
    g_assert_error(error, SM_ERROR, (int)SM_ERROR_DIRECTORY);
    fixture_assert_says(error->message, PART, "too large", NULL);
}

static void
a_borrowed_descriptor_stays_open_and_has_no_way_back(Fixture *fixture, gconstpointer data)
{
    sm_autofd int fd = openat(fixture->store->dir_fd, PART, O_RDWR | O_CREAT, 0600);
    g_autoptr(GError) error = NULL;

    {
        g_autoptr(SmPart) part = sm_part_for_descriptor(fd);

        g_assert_true(sm_part_start_over(part, TRUE, &error)); /* nothing is gone yet */
        add(part, "gone", 4);
        g_assert_true(sm_part_has_room(part, G_MAXINT64, &error));
        assert_holds(fixture, part, "gone", TRUE);
        g_assert_false(sm_part_start_over(part, TRUE, &error));
        g_assert_error(error, SM_ERROR, (int)SM_ERROR_IO);
        fixture_assert_says(error->message, NULL);
    }
    g_assert_cmpint(fcntl(fd, F_GETFD), >=, 0);
}

static void
a_closed_pipe_is_the_output_s_fault(Fixture *fixture, gconstpointer data)
{
    g_autoptr(SmPart) part = NULL;
    g_autoptr(GError) error = NULL;
    g_autofree char *sha256 = NULL;
    int pipe_fds[2];

    signal(SIGPIPE, SIG_IGN);
    g_assert_cmpint(pipe2(pipe_fds, O_CLOEXEC), ==, 0);
    close(pipe_fds[0]);
    part = sm_part_for_descriptor(pipe_fds[1]);
    add(part, "x", 1);
    g_assert_false(sm_part_finish(part, &sha256, NULL, &error));
    g_assert_error(error, SM_ERROR, (int)SM_ERROR_PIPE);
    close(pipe_fds[1]);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/part/is hidden and named by its number", GINT_TO_POINTER(ORDINARY),
        is_hidden_and_named_by_its_number);
    ADD("/part/is named from the start where every file is", GINT_TO_POINTER(NO_UNNAMED_FILES),
        is_hidden_and_named_by_its_number);
    ADD("/part/is copied to its name where there are no links", GINT_TO_POINTER(NO_LINKS),
        is_hidden_and_named_by_its_number);
    ADD("/part/takes the place of nothing", GINT_TO_POINTER(ORDINARY), takes_the_place_of_nothing);
    ADD("/part/takes the place of nothing where every file has a name",
        GINT_TO_POINTER(NO_UNNAMED_FILES), takes_the_place_of_nothing);
    ADD("/part/takes the place of nothing where there are no links", GINT_TO_POINTER(NO_LINKS),
        takes_the_place_of_nothing);
    ADD("/part/holds what is written in small pieces", GSIZE_TO_POINTER(997),
        holds_what_is_written_in_pieces_of);
    ADD("/part/holds what is written piece by piece", GSIZE_TO_POINTER(PIECE),
        holds_what_is_written_in_pieces_of);
    ADD("/part/holds what is written a byte over a piece", GSIZE_TO_POINTER(PIECE + 1),
        holds_what_is_written_in_pieces_of);
    ADD("/part/holds what is written at once", GSIZE_TO_POINTER(PIECE * 4),
        holds_what_is_written_in_pieces_of);
    ADD("/part/holds many pieces in their order", NULL, holds_many_pieces_in_their_order);
    g_test_add_func("/part/writes at most 64 KB at once", writes_at_most_64_kb_at_once);
    g_test_add_func("/part/leaves nothing in memory", leaves_nothing_in_memory);
    ADD("/part/may hold nothing", NULL, may_hold_nothing);
    ADD("/part/looks behind what is blank", NULL, looks_behind_what_is_blank);
    ADD("/part/starts over from its buffer", GSIZE_TO_POINTER(10), starts_over);
    ADD("/part/starts over from the disk", GSIZE_TO_POINTER(PIECE * 2 + 10), starts_over);
    ADD("/part/starts over from nothing", GSIZE_TO_POINTER(0), starts_over);
    ADD("/part/starts over after its end", NULL, starts_over_after_its_end);
    ADD("/part/resumes nothing", GSIZE_TO_POINTER(0), resumes_and_hashes_again_what_is_there);
    ADD("/part/resumes a byte", GSIZE_TO_POINTER(1), resumes_and_hashes_again_what_is_there);
    ADD("/part/resumes a piece", GSIZE_TO_POINTER(PIECE), resumes_and_hashes_again_what_is_there);
    ADD("/part/resumes all of it", GSIZE_TO_POINTER(PIECE + 1000),
        resumes_and_hashes_again_what_is_there);
    ADD("/part/resumes no stranger's file", NULL, resumes_no_stranger_file);
    ADD("/part/gets its mode and survives its end", NULL, gets_mode_and_survives_its_end);
    ADD("/part/lets the disk begin early", NULL, lets_the_disk_begin_early);
    ADD("/part/knows what cannot fit", NULL, knows_what_cannot_fit);
    ADD("/part/says that the disk is full", NULL, says_that_the_disk_is_full);
    ADD("/part/a borrowed descriptor stays open and has no way back", NULL,
        a_borrowed_descriptor_stays_open_and_has_no_way_back);
    ADD("/part/a closed pipe is the output's fault", NULL, a_closed_pipe_is_the_output_s_fault);
    return g_test_run();
}
