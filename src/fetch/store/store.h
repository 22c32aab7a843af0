/*
 * This room brings bytes to disk durably: parts, their final names, older versions,
 * retention.
 *
 * The destination directory: everything relative to one descriptor, links never
 * followed, nothing of others overwritten. This module knows files, not the
 * ledger; place.h joins the two.
 */
#pragma once

#include <glib.h>

#include "common/config/config.h"
#include "fetch/host/together.h"

#define SM_SUPERSEDED ".superseded"

typedef struct {
    int dir_fd;
    char *directory;      /* for messages */
    mode_t folder_mode;   /* of a directory that is made in it */
    gid_t group;          /* of the same; (gid_t)-1: leave it */
    gboolean hand_over;   /* on-stored runs for files that are stored here */
    SmTogether *together; /* other threads that sync this directory; NULL: none */
} SmStore;

/* Opens the account's directory, which must exist: a missing one may be an unmounted
 * share. SM_ERROR_VOLUME. */
SmStore *sm_store_open(const SmAccount *account, GError **error);

/* The same for any directory. SM_ERROR_VOLUME. */
SmStore *sm_store_open_at(const char *directory, GError **error);

/* Frees store; NULL is allowed. */
void sm_store_close(SmStore *store);

typedef enum { SM_MATCH_ABSENT, SM_MATCH_SAME, SM_MATCH_OTHER, SM_MATCH_ERROR } SmMatch;

/*
 * Whether name exists and has these bytes; if so, syncs it. A file that may not be read is
 * SM_MATCH_OTHER. SM_MATCH_ERROR with SM_ERROR_DIRECTORY.
 */
SmMatch sm_store_match(SmStore *store, const char *name, gint64 size, const char *sha256,
                       GError **error);

/* Size and SHA-256 of a regular file, which is synced. SM_ERROR_DIRECTORY. Caller frees *sha256. */
gboolean sm_store_measure(SmStore *store, const char *name, gint64 *size, char **sha256,
                          GError **error);

/*
 * "mode 0644", or "mode 0644 instead of file-mode 0600" where more people than with wanted may get
 * at the file of that name; "mode unknown". Caller frees.
 */
char *sm_store_mode(SmStore *store, const char *name, mode_t wanted);

/* "a folder", say: what name is in the directory, if it is nothing that can be adopted; NULL else.
 * Static. */
const char *sm_store_stranger(const SmStore *store, const char *name);

/* Identifies the file that name is now, "INODE:SIZE:MTIME"; NULL if none. Caller frees. */
char *sm_store_identity(SmStore *store, const char *name);

typedef enum {
    SM_PLACED,
    SM_PLACE_TAKEN,   /* a file has the name, and keeps it */
    SM_PLACE_NO_PART, /* the part does not exist */
    SM_PLACE_ERROR,
} SmPlacing;

/*
 * Gives the part its name. If the file system only allows a look and a rename, SM_PLACE_TAKEN may
 * also mean that the file does not look like the part afterwards: compare its content.
 * SM_PLACE_ERROR with SM_ERROR_DIRECTORY.
 */
SmPlacing sm_store_place(SmStore *store, const char *part, const char *name, GError **error);

/* Renames part to name, replacing any file. SM_ERROR_DIRECTORY. */
gboolean sm_store_overwrite(SmStore *store, const char *part, const char *name, GError **error);

/*
 * Keeps the file of that name as .superseded/NAME.~N~, N from number upwards, as a copy if there
 * are no hard links; then replaces it by the part. May be repeated after a crash.
 * SM_ERROR_DIRECTORY.
 */
gboolean sm_store_replace(SmStore *store, const char *part, const char *name, gint64 number,
                          GError **error);

/* The name of that version of name in .superseded. Caller frees. */
char *sm_store_older_name(const char *name, gint64 number);

/*
 * The older version of name with these bytes, number or a later one, relative to
 * the directory; NULL if none was kept. Caller frees.
 */
char *sm_store_find_older(SmStore *store, const char *name, gint64 number, gint64 size,
                          const char *sha256);

/* The folder of older versions, as a store; NULL without an error if there is none.
 * SM_ERROR_DIRECTORY. */
SmStore *sm_store_open_superseded(SmStore *store, GError **error);

/* The same for a file that leaves the directory, since part has another name by now.
 * SM_ERROR_DIRECTORY. */
gboolean sm_store_retire(SmStore *store, const char *part, const char *name, gint64 number,
                         GError **error);

/* Syncs the directory. SM_ERROR_DIRECTORY. */
gboolean sm_store_sync(SmStore *store, GError **error);

/* Removes a file, usually a part; a missing one is no error. SM_ERROR_DIRECTORY. */
gboolean sm_store_remove(SmStore *store, const char *part, GError **error);

/* Whether the directory has, or may have, a file of that name; TRUE on errors. */
gboolean sm_store_exists(SmStore *store, const char *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SmStore, sm_store_close)
