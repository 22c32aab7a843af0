/*
 * A part: the file that a download is written to, hashed as it is written in
 * large pieces, before it gets its name. Where the file system can do that, it has
 * no name in the destination before it is whole or worth resuming, so that nobody
 * can take it away; then, and elsewhere from the start, `.NAME.NUMBER.part`, which
 * an importer's pattern does not meet. Or a descriptor of the caller's.
 */
#pragma once

#include <glib.h>
#include <sys/types.h>

#include "fetch/crypto/seal.h"
#include "fetch/store/store.h"

typedef struct SmPart SmPart;

/* The part's file name; number: see sm_file_new_part(). Caller frees. */
char *sm_part_name(const char *name, gint64 number);

/* A new part in store, which must live as long. SM_ERROR_DIRECTORY, also where a file of the
 * part's name is there, which is left alone. */
SmPart *sm_part_create(const SmStore *store, const char *name, gint64 number, GError **error);

/*
 * Goes on with a part that another process left, hashing again what is there.
 * NULL and error if it is not there or not a plain file of ours. SM_ERROR_DIRECTORY.
 */
SmPart *sm_part_resume(const SmStore *store, const char *name, gint64 number, gboolean with_md5,
                       GError **error);

/* Gives the part the name of sm_part_name(), if it has none yet, so that it outlives the process.
 * SM_ERROR_DIRECTORY, also where a file of that name is there, which is left alone. */
gboolean sm_part_show(SmPart *part, GError **error);

/* Whether it has a name already: from the start where the file system has no files without one. */
gboolean sm_part_is_shown(const SmPart *part);

/* Removes the part's file, if it has a name; nothing more can be written. SM_ERROR_DIRECTORY. */
gboolean sm_part_remove(SmPart *part, GError **error);

/*
 * From now on, nothing being written yet, the file holds what is written
 * encrypted; sizes, first byte and hashes stay those of what is written. It cannot
 * be resumed by another process. terms: copied; what they point to must outlive the part.
 */
void sm_part_seal(SmPart *part, const SmSealTerms *terms);

/* A part that is written to fd (kept open, not synced): it cannot start over, but after
 * sm_part_doubt(). */
SmPart *sm_part_for_descriptor(int fd);

/* Closes; the file stays if it has a name. */
void sm_part_free(SmPart *part);

/* Bytes so far. */
gint64 sm_part_size(const SmPart *part);

/* The first byte that is no white space (nor a byte order mark), or -1 while there is none. */
int sm_part_first_byte(const SmPart *part);

/* The first bytes, 64 at most; *length: how many there are. Valid until the next write. */
const char *sm_part_head(const SmPart *part, gsize *length);

/* What was written is whole, and comes once more to be compared: a descriptor keeps what it has. */
void sm_part_doubt(SmPart *part);

/* Throws away what was written. with_md5: hash for MD5 too. SM_ERROR_IO where bytes are gone for
 * good. */
gboolean sm_part_start_over(SmPart *part, gboolean with_md5, GError **error);

/* Adds bytes. SM_ERROR_DIRECTORY (disk or quota full, ...); errors of seal.h. */
gboolean sm_part_write(SmPart *part, const void *data, gsize length, GError **error);

/* Whether size bytes more would fit on the file system; SM_ERROR_DIRECTORY if not. */
gboolean sm_part_has_room(const SmPart *part, gint64 size, GError **error);

/* Writes what is still buffered and ends the hashes. Caller frees *sha256, *md5 (NULL if not
 * hashed). SM_ERROR_DIRECTORY, SM_ERROR_IO (a descriptor of the caller's); errors of seal.h. */
gboolean sm_part_finish(SmPart *part, char **sha256, char **md5, GError **error);

/* What the file of a finished part holds, where that is not what was written to it: encrypted.
 * FALSE where it is. Caller frees *sha256. */
gboolean sm_part_sealed(SmPart *part, gint64 *size, char **sha256);
/* Lines, after sm_part_finish(); the last one counts without a line break too. */
gint64 sm_part_lines(const SmPart *part);

/* The end of a finished part: mode and group ((gid_t)-1: leave it), to the disk, sm_part_show(),
 * closed. A file system without modes is a warning. SM_ERROR_DIRECTORY. */
gboolean sm_part_sync(SmPart *part, mode_t mode, gid_t group, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SmPart, sm_part_free)
