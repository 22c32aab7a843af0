#include "fetch/database/sqlite-file.h"

#include <errno.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "common/base/error.h"
#include "fetch/database/sqlite-wal.h"

#ifndef MADV_POPULATE_WRITE /* since Linux 5.14; older ones answer EINVAL */
#define MADV_POPULATE_WRITE 23
#endif

/* SQLite's own for a file, but for its locks and xShmMap. */
typedef struct {
    sqlite3_io_methods methods;
    const sqlite3_io_methods *real;
    const char *path; /* of the database; the connection's owner has it */
    gboolean
        writing; /* since its last sync; of a -wal: nothing yet but the header of an empty one */
} Methods;

static const sqlite3_io_methods *
real_methods(const sqlite3_file *file)
{
    return ((const Methods *)file->pMethods)->real;
}

/* A file system without locks (ENOLCK) is to SQLite one whose locks are held: it would wait.
 * before: errno as it was, by which SQLite tells later why the call before this one failed. */
static int
judge_lock(int code, int before)
{
    if (code == SQLITE_BUSY && errno == ENOLCK)
        return SQLITE_IOERR_LOCK;
    if (code == SQLITE_OK)
        errno = before;
    return code;
}

static int
lock_file(sqlite3_file *file, int level)
{
    int before = errno;

    errno = 0;
    return judge_lock(real_methods(file)->xLock(file, level), before);
}

static int
lock_shared(sqlite3_file *file, int offset, int count, int flags)
{
    int before = errno;

    errno = 0;
    return judge_lock(real_methods(file)->xShmLock(file, offset, count, flags), before);
}

/*
 * The -shm file is mapped with holes where a disk's blocks are smaller than a page, and on some
 * file systems anyway: a disk that is full later on would end us by SIGBUS. So its blocks are had
 * now.
 */
static int
map_shared(sqlite3_file *file, int region, int size, int extend, void volatile **memory)
{
    int code, before = errno;

    errno = 0;
    code = judge_lock(real_methods(file)->xShmMap(file, region, size, extend, memory), before);
    if (code == SQLITE_OK && *memory != NULL &&
        madvise((void *)*memory, (gsize)size, MADV_POPULATE_WRITE) < 0 && errno == EFAULT)
        return SQLITE_FULL;
    return code;
}

/* Of the database itself: a part of a checkpoint. */
static int
write_file(sqlite3_file *file, const void *data, int size, sqlite3_int64 offset)
{
    Methods *methods = (Methods *)file->pMethods;

    if (!methods->writing)
        sm_db_wal_note_begin(methods->path);
    methods->writing = TRUE;
    return methods->real->xWrite(file, data, size, offset);
}

/* The end of a checkpoint. */
static int
sync_file(sqlite3_file *file, int flags)
{
    Methods *methods = (Methods *)file->pMethods;
    int code = methods->real->xSync(file, flags), before = errno;

    if (code == SQLITE_OK) {
        sm_db_wal_note(methods->path);
        methods->writing = FALSE;
    }
    errno = before;
    return code;
}

static int
write_wal(sqlite3_file *file, const void *data, int size, sqlite3_int64 offset)
{
    Methods *methods = (Methods *)file->pMethods;
    sqlite3_int64 length = 1;

    if (offset == 0)
        methods->real->xFileSize(file, &length);
    g_atomic_int_set(&methods->writing, length == 0);
    return methods->real->xWrite(file, data, size, offset);
}

/* SQLite syncs the header before the pages, lest a header of before is found with newer pages, or
 * the other way round: where there was none, the pages' own sync is enough. */
static int
sync_wal(sqlite3_file *file, int flags)
{
    Methods *methods = (Methods *)file->pMethods;

    if (g_atomic_int_compare_and_exchange(&methods->writing, TRUE, FALSE))
        return SQLITE_OK;
    return methods->real->xSync(file, flags);
}

/* An open file of the database; NULL: it is in memory, or not open. */
static sqlite3_file *
file_of(sqlite3 *handle, int which)
{
    sqlite3_file *file = NULL;

    sqlite3_file_control(handle, "main", which, &file);
    return file != NULL && file->pMethods != NULL && file->pMethods->iVersion >= 2 ? file : NULL;
}

/* A copy of the file's own methods, in use from now on. */
static Methods *
copy_methods(sqlite3_file *file)
{
    Methods *methods = g_new0(Methods, 1);

    methods->real = file->pMethods;
    /* an older version's table is shorter than this one's type */
    memcpy(&methods->methods, file->pMethods,
           file->pMethods->iVersion >= 3 ? sizeof methods->methods
                                         : G_STRUCT_OFFSET(sqlite3_io_methods, xFetch));
    file->pMethods = &methods->methods;
    return methods;
}

/*
 * Whether the -wal file beside it is another database's: a copy that sm_db_copy() made says in its
 * header that it has none, until it is used; sqlite-wal.h knows other copies. SQLite would write
 * the other's pages into it. The -wal is looked at first, since who uses a database for the first
 * time changes its header first.
 */
static gboolean
has_foreign_wal(const char *path, sqlite3_file *file, GError **error)
{
    enum { WRITE_VERSION = 18, HEADER = 20, NO_WAL = 1 };
    g_autofree char *wal = g_strconcat(path, "-wal", NULL);
    guint8 header[HEADER] = {0};
    struct stat st;

    if (!sm_db_wal_is_foreign(path) &&
        (stat(wal, &st) < 0 || st.st_size == 0 ||
         file->pMethods->xRead(file, header, HEADER, 0) != SQLITE_OK ||
         header[WRITE_VERSION] != NO_WAL))
        return FALSE;
    sm_error_set(error, SM_ERROR_LEDGER,
                 "ledger %s: a restored copy, but %s of the ledger before it is still there; remove"
                 " that and %s-shm while no scorefetch runs",
                 path, wal, path);
    return TRUE;
}

gboolean
sm_db_file_adapt(sqlite3 *handle, const char *path, gpointer *methods, GError **error)
{
    sqlite3_file *file = file_of(handle, SQLITE_FCNTL_FILE_POINTER);
    Methods *own;

    *methods = NULL;
    if (file == NULL)
        return TRUE;
    if (has_foreign_wal(path, file, error))
        return FALSE;
    *methods = own = copy_methods(file);
    own->path = path;
    own->methods.xLock = lock_file;
    own->methods.xShmLock = lock_shared;
    own->methods.xShmMap = map_shared;
    own->methods.xWrite = write_file;
    own->methods.xSync = sync_file;
    return TRUE;
}

void
sm_db_wal_adapt(sqlite3 *handle, gpointer *methods)
{
    sqlite3_file *file = *methods == NULL ? file_of(handle, SQLITE_FCNTL_JOURNAL_POINTER) : NULL;
    Methods *own;

    if (file == NULL)
        return;
    *methods = own = copy_methods(file);
    own->methods.xWrite = write_wal;
    own->methods.xSync = sync_wal;
}
