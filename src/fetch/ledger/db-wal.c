#include "fetch/ledger/db-wal.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/cleanup.h"
#include "fetch/ledger/ledger.h"

enum {
    NOTE_SIZE = 64,  /* bytes, at the beginning of the lock file */
    WAL_HEADER = 32, /* the format is in SQLite's fileformat2.html */
    FRAME_HEADER = 24,
    AT_PAGE_SIZE = 8, /* in the header */
    AT_SALTS = 16,    /* there, and in a frame's header at 8 */
    AT_FRAME_SALTS = 8,
    SALTS = 8,
    PAGE_MAX = 65536,
    LOOKS = 3, /* at a file that another process may be writing to */
    NAP_US = 100 * 1000,
};

static int
open_notes(const char *path, int flags)
{
    g_autofree char *file = sm_ledger_lock_file(path);

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

void
sm_db_wal_note(const char *path)
{
    sm_autofd int fd = open_notes(path, O_WRONLY);
    char note[NOTE_SIZE];
    ssize_t ignored;

    if (fd < 0)
        return;
    look(path, fd, note);
    ignored = pwrite(fd, note, sizeof note, 0);
    (void)ignored; /* then nothing is refused on its word */
}

/* FALSE, too, where nothing was noted yet in this lock file. */
static gboolean
looks_otherwise(const char *path)
{
    sm_autofd int fd = open_notes(path, O_RDONLY);
    char now[NOTE_SIZE], noted[NOTE_SIZE];
    gsize own;

    if (fd < 0 || pread(fd, noted, sizeof noted, 0) != NOTE_SIZE)
        return FALSE;
    look(path, fd, now);
    own = strcspn(now, " ") + 1;
    return memcmp(now, noted, MIN(own, NOTE_SIZE)) == 0 && memcmp(now, noted, sizeof now) != 0;
}

static guint32
number_at(const guint8 *bytes)
{
    guint32 number;

    memcpy(&number, bytes, sizeof number);
    return GUINT32_FROM_BE(number);
}

/* Whether one of the frames is in the database as it is: then it is the one that they are of. */
static gboolean
has_page_of(int db, int wal, gboolean *any)
{
    g_autofree guint8 *frame = g_malloc(FRAME_HEADER + PAGE_MAX);
    g_autofree guint8 *page = g_malloc(PAGE_MAX);
    guint8 header[WAL_HEADER];
    guint32 size;
    off_t at = WAL_HEADER;

    *any = FALSE;
    if (pread(wal, header, sizeof header, 0) != sizeof header)
        return FALSE;
    size = number_at(header + AT_PAGE_SIZE);
    if (size == 0 || size > PAGE_MAX)
        return FALSE;
    for (; pread(wal, frame, FRAME_HEADER + size, at) == (ssize_t)(FRAME_HEADER + size) &&
           memcmp(frame + AT_FRAME_SALTS, header + AT_SALTS, SALTS) == 0;
         at += FRAME_HEADER + (off_t)size) {
        off_t where = ((off_t)number_at(frame) - 1) * (off_t)size;

        *any = TRUE;
        if (pread(db, page, size, where) == (ssize_t)size &&
            memcmp(page, frame + FRAME_HEADER, size) == 0)
            return TRUE;
    }
    return FALSE;
}

static gboolean
are_strangers(const char *path, const char *wal_path)
{
    sm_autofd int db = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    sm_autofd int wal = open(wal_path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    gboolean any = FALSE;

    return db >= 0 && wal >= 0 && !has_page_of(db, wal, &any) && any;
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
