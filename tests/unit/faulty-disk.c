#include "faulty-disk.h"

#include <sqlite3.h>
#include <string.h>

typedef struct {
    sqlite3_file base;
    sqlite3_file *real; /* lies behind this */
} FaultyFile;

static sqlite3_vfs *real_vfs;
static sqlite3_vfs faulty_vfs;
static sqlite3_io_methods methods;
static guint counted, first, last; /* counted from first to last: fails */

static sqlite3_file *
real(sqlite3_file *file)
{
    return ((FaultyFile *)file)->real;
}

static gboolean
strikes(void)
{
    counted++;
    return counted >= first && counted <= last;
}

static int
close_file(sqlite3_file *file)
{
    return real(file)->pMethods->xClose(real(file));
}

static int
read_file(sqlite3_file *file, void *data, int size, sqlite3_int64 offset)
{
    return real(file)->pMethods->xRead(real(file), data, size, offset);
}

static int
write_file(sqlite3_file *file, const void *data, int size, sqlite3_int64 offset)
{
    if (strikes())
        return SQLITE_FULL;
    return real(file)->pMethods->xWrite(real(file), data, size, offset);
}

static int
truncate_file(sqlite3_file *file, sqlite3_int64 size)
{
    return real(file)->pMethods->xTruncate(real(file), size);
}

static int
sync_file(sqlite3_file *file, int flags)
{
    if (strikes())
        return SQLITE_IOERR_FSYNC;
    return real(file)->pMethods->xSync(real(file), flags);
}

static int
size_of_file(sqlite3_file *file, sqlite3_int64 *size)
{
    return real(file)->pMethods->xFileSize(real(file), size);
}

static int
lock_file(sqlite3_file *file, int level)
{
    return real(file)->pMethods->xLock(real(file), level);
}

static int
unlock_file(sqlite3_file *file, int level)
{
    return real(file)->pMethods->xUnlock(real(file), level);
}

static int
check_reserved(sqlite3_file *file, int *reserved)
{
    return real(file)->pMethods->xCheckReservedLock(real(file), reserved);
}

static int
control(sqlite3_file *file, int operation, void *argument)
{
    return real(file)->pMethods->xFileControl(real(file), operation, argument);
}

static int
sector_size(sqlite3_file *file)
{
    return real(file)->pMethods->xSectorSize(real(file));
}

static int
characteristics(sqlite3_file *file)
{
    return real(file)->pMethods->xDeviceCharacteristics(real(file));
}

static int
map_shared(sqlite3_file *file, int page, int size, int extend, void volatile **memory)
{
    return real(file)->pMethods->xShmMap(real(file), page, size, extend, memory);
}

static int
lock_shared(sqlite3_file *file, int offset, int count, int flags)
{
    return real(file)->pMethods->xShmLock(real(file), offset, count, flags);
}

static void
order_shared(sqlite3_file *file)
{
    real(file)->pMethods->xShmBarrier(real(file));
}

static int
unmap_shared(sqlite3_file *file, int remove)
{
    return real(file)->pMethods->xShmUnmap(real(file), remove);
}

static int
open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *got)
{
    FaultyFile *faulty = (FaultyFile *)file;
    int code;

    memset(faulty, 0, (gsize)vfs->szOsFile);
    faulty->real = (sqlite3_file *)(faulty + 1);
    code = real_vfs->xOpen(real_vfs, name, faulty->real, flags, got);
    if (faulty->real->pMethods != NULL)
        faulty->base.pMethods = &methods;
    return code;
}

void
faulty_disk_install(void)
{
    methods = (sqlite3_io_methods){
        .iVersion = 2, /* no memory mapping, which would write by itself */
        .xClose = close_file,
        .xRead = read_file,
        .xWrite = write_file,
        .xTruncate = truncate_file,
        .xSync = sync_file,
        .xFileSize = size_of_file,
        .xLock = lock_file,
        .xUnlock = unlock_file,
        .xCheckReservedLock = check_reserved,
        .xFileControl = control,
        .xSectorSize = sector_size,
        .xDeviceCharacteristics = characteristics,
        .xShmMap = map_shared,
        .xShmLock = lock_shared,
        .xShmBarrier = order_shared,
        .xShmUnmap = unmap_shared,
    };
    real_vfs = sqlite3_vfs_find(NULL);
    faulty_vfs = *real_vfs;
    faulty_vfs.zName = "faulty";
    faulty_vfs.szOsFile = (int)sizeof(FaultyFile) + real_vfs->szOsFile;
    faulty_vfs.xOpen = open_file;
    g_assert_cmpint(sqlite3_vfs_register(&faulty_vfs, 1), ==, SQLITE_OK);
}

void
faulty_disk_fail(guint number, guint times)
{
    counted = 0;
    first = number;
    last = times > G_MAXUINT - number ? G_MAXUINT : number + times - 1;
}

gboolean
faulty_disk_mend(void)
{
    gboolean struck = first > 0 && counted >= first;

    first = last = 0;
    return struck;
}
