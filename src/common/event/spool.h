/*
 * The spool: a directory in which events wait for the worker (scorefetch run).
 * Whoever may write there can put an event in it; the worker judges the file
 * by its owner and its contents by decoding them again. The site's has a group
 * of its own, is setgid and sticky, and comes by tmpfiles.d; any other is made,
 * 0700, where it is missing.
 *
 * One event is one file, UID-HASH.event: the same event of the same user twice
 * is one file. The worker's heartbeat lies beside them.
 */
#pragma once

#include <sys/types.h>

#include <glib.h>

#include "build-config.h"
#include "common/event/event.h"

#define SM_SITE_SPOOL SM_LOCALSTATEDIR "/spool/scoremail"
#define SM_SPOOL_SUFFIX ".event"
#define SM_SPOOL_HEARTBEAT "heartbeat"
#define SM_SPOOL_HIDDEN ".stray." /* how the name of what was in the way begins */

enum { /* what one user may have in the spool; the worker deletes what is more than twice as much */
       SM_SPOOL_FILES_MAX = 10000,
       SM_SPOOL_BYTES_MAX = 32 * 1024 * 1024
};

typedef struct {
    gint64 files, bytes;
} SmSpoolUse;

/* What user has in the folder that fd is open on; nothing, where it cannot be listed. */
SmSpoolUse sm_spool_use(int folder, uid_t user);

/*
 * Puts event into the spool at directory: written, synced, named, synced; and wakes a site's
 * worker. TRUE where it is there already. SM_ERROR_IO, which names the directory,
 * also where the user has too much in it.
 */
gboolean sm_spool_put(const char *directory, const SmEvent *event, GError **error);

/* Opens the spool, which is made where it may be made. SM_ERROR_IO and -1 on failure. */
int sm_spool_open(const char *directory, GError **error);

/*
 * Renames what lies in the spool as name, within the spool: the spool's owner can
 * do that to a folder, too, into which another user lets nobody. Its new name,
 * which the caller frees; NULL with errno.
 */
char *sm_spool_hide(int spool, const char *name);

/*
 * What others left as name, where the spool's owner needs a file or folder (type,
 * S_IFREG or S_IFDIR) of its own, is hidden, with a warning.
 */
void sm_spool_make_way(int spool, const char *name, mode_t type);

/* Writes the heartbeat: a worker has just looked through the spool, and could not take the files of
 * these names (each with a line's end; "": it took all; NULL: as before, since it has only come so
 * far). SM_ERROR_IO. */
gboolean sm_spool_beat(int spool, const char *kept, GError **error);

/*
 * The time of the last heartbeat, seconds since 1970; 0 where there is none, or
 * one that somebody else than the spool's owner left.
 */
gint64 sm_spool_last_beat(const char *directory);

/* Whether a worker that is started every interval seconds, and whose last heartbeat was then, is
 * alive at the time now. */
gboolean sm_spool_beat_is_fresh(gint64 beat, guint interval, gint64 now);

/* How many events wait there; -1 if unknown. */
gint64 sm_spool_count(const char *directory);

/*
 * When the oldest event came that no worker has looked at, in seconds since 1970, if that is longer
 * than two intervals (seconds) ago: nobody takes events, whatever the heartbeat says. Else 0.
 */
gint64 sm_spool_untaken(const char *directory, guint interval, gint64 now);

/* Whether the heartbeat is fresh, and events are taken. */
gboolean sm_spool_is_worked(const char *directory, guint interval, gint64 now);
