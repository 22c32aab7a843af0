#include "fetch/database/sqlite-wal.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/cleanup.h"
#include "fetch/database/db.h"

enum {
    NOTE_SIZE = 64,  /* bytes, at the beginning of the lock file */
    WAL_HEADER = 32, /* the format is in SQLite's fileformat2.html */
    FRAME_HEADER = 24,
    AT_PAGE_SIZE = 8, /* in the header */
    AT_SALTS = 16,
    AT_COMMIT = 4, /* in a frame's header: not 0 where a transaction ends */
    AT_FRAME_SALTS = 8,
    SALTS = 8,
    PAGE_MAX = 65536,
    LOOKS = 3, /* at a file that another process may be writing to */
    NAP_US = 100 * 1000,
};

static int
open_notes(const char *path, int flags)
{
    g_autofree char *file = sm_db_lock_file(path);

    return open(file, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
}

/* How the file looks: its size and when it was written to; empty where it is not there. Before that
 * the lock file's own number, since copies of a whole folder have other times, too. */
static void
look(const char *path, int notes, char note[NOTE_SIZE])
{
    struct stat st, own;

    memset(note, 0, NOTE_SIZE);
    if (stat(path, &st) == 0 && fstat(notes, &own) == 0)
        g_snprintf(note, NOTE_SIZE,
                   "%" G_GUINT64_FORMAT " %" G_GINT64_FORMAT " %" G_GINT64_FORMAT ".%09ld",
                   (guint64)own.st_ino, (gint64)st.st_size, (gint64)st.st_mtim.tv_sec,
                   st.st_mtim.tv_nsec);
}

static void
put(const char *path, gboolean whole)
{
    sm_autofd int fd = open_notes(path, O_WRONLY);
    char note[NOTE_SIZE];
    ssize_t ignored;

    if (fd < 0)
        return;
    look(path, fd, note);
    if (!whole)
        memset(note + strcspn(note, " "), 0, NOTE_SIZE - strcspn(note, " "));
    ignored = pwrite(fd, note, sizeof note, 0);
    (void)ignored; /* then nothing is refused on its word */
}

void
sm_db_wal_note_begin(const char *path)
{
    put(path, FALSE);
}

void
sm_db_wal_note(const char *path)
{
    put(path, TRUE);
}

/* FALSE, too, where nothing was noted yet in this lock file, or whoever began to write did not end.
 */
static gboolean
looks_otherwise(const char *path)
{
    sm_autofd int fd = open_notes(path, O_RDONLY);
    char now[NOTE_SIZE], noted[NOTE_SIZE];
    gsize own;

    if (fd < 0 || pread(fd, noted, sizeof noted, 0) != NOTE_SIZE)
        return FALSE;
    look(path, fd, now);
    own = strcspn(now, " ") + 1; /* with the blank, which says that more is noted */
    return memcmp(now, noted, MIN(own, NOTE_SIZE)) == 0 && memcmp(now, noted, sizeof now) != 0;
}

static guint32
number_at(const guint8 *bytes)
{
    guint32 number;

    memcpy(&number, bytes, sizeof number);
    return GUINT32_FROM_BE(number);
}

/* Where in the -wal file the last frame of each page is that a transaction has committed; *size: of
 * a page. Caller frees. */
static GHashTable *
find_frames(int wal, guint32 *size)
{
    GHashTable *frames = g_hash_table_new(NULL, NULL), *open = g_hash_table_new(NULL, NULL);
    guint8 header[WAL_HEADER], frame[FRAME_HEADER];
    gsize at = WAL_HEADER;
    GHashTableIter all;
    gpointer page, place;

    *size = 0;
    if (pread(wal, header, sizeof header, 0) == sizeof header)
        *size = number_at(header + AT_PAGE_SIZE);
    for (; *size > 0 && *size <= PAGE_MAX &&
           pread(wal, frame, sizeof frame, (off_t)at) == sizeof frame &&
           memcmp(frame + AT_FRAME_SALTS, header + AT_SALTS, SALTS) == 0;
         at += FRAME_HEADER + *size) {
        g_hash_table_insert(open, GUINT_TO_POINTER(number_at(frame)), GSIZE_TO_POINTER(at));
        if (number_at(frame + AT_COMMIT) == 0)
            continue;
        g_hash_table_iter_init(&all, open);
        while (g_hash_table_iter_next(&all, &page, &place))
            g_hash_table_insert(frames, page, place);
        g_hash_table_remove_all(open);
    }
    g_hash_table_unref(open);
    return frames;
}

static gboolean
is_in_place(int db, int wal, guint32 page, gsize at, guint32 size)
{
    g_autofree guint8 *here = g_malloc(size);
    g_autofree guint8 *there = g_malloc(size);

    return pread(db, here, size, ((off_t)page - 1) * (off_t)size) == (ssize_t)size &&
           pread(wal, there, size, (off_t)at + FRAME_HEADER) == (ssize_t)size &&
           memcmp(here, there, size) == 0;
}

/* A checkpoint that was not noted, another program's or before a loss of power, leaves the pages of
 * the -wal in the database; in another time's copy are but those that had not changed. */
static gboolean
are_strangers(const char *path, const char *wal_path)
{
    sm_autofd int db = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    sm_autofd int wal = open(wal_path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    guint32 size;
    g_autoptr(GHashTable) frames = find_frames(wal, &size);
    guint count = g_hash_table_size(frames), same = 0;
    GHashTableIter all;
    gpointer page, at;

    g_hash_table_iter_init(&all, frames);
    while (db >= 0 && g_hash_table_iter_next(&all, &page, &at))
        same += is_in_place(db, wal, GPOINTER_TO_UINT(page), GPOINTER_TO_SIZE(at), size);
    return db >= 0 && same * 2 < count;
}

gboolean
sm_db_wal_is_foreign(const char *path)
{
    g_autofree char *wal = g_strconcat(path, "-wal", NULL);
    struct stat st;

    if (!looks_otherwise(path))
        return FALSE;
    if (stat(wal, &st) < 0 || st.st_size == 0) {
        sm_db_wal_note(path);
        return FALSE;
    }
    for (int looks = 0; looks < LOOKS; looks++) {
        if (looks > 0)
            g_usleep(NAP_US);
        if (!looks_otherwise(path) || !are_strangers(path, wal))
            return FALSE;
    }
    return TRUE;
}
