#include "place.h"

#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include "common/error.h"
#include "part.h"

typedef struct {
    SmLedger *ledger;
    SmStore *store;
    SmFile *file;
    char *part;
    gboolean same_boot;
    GError **error;
} Placing;

char *
sm_place_boot_id(const SmStore *store)
{
    g_autofree char *boot = NULL;
    struct stat st = {0};

    if (!g_file_get_contents("/proc/sys/kernel/random/boot_id", &boot, NULL, NULL))
        boot = g_uuid_string_random(); /* unknown: like no other */
    fstat(store->dir_fd, &st);
    return g_strdup_printf("%s %ju:%ju", g_strstrip(boot), (uintmax_t)st.st_dev,
                           (uintmax_t)st.st_ino);
}

static SmPlaceResult
record(Placing *p, const char *action, SmPlaceResult result)
{
    const SmFile *file = p->file;
    g_autofree char *previous = result == SM_PLACE_CORRECTED
                                    ? sm_store_find_older(p->store, file->path, file->revision + 1,
                                                          file->size, file->sha256)
                                    : NULL;

    if (sm_store_sync(p->store, p->error) &&
        sm_file_stored(p->ledger, p->file, action, p->store->hand_over, previous, p->error))
        return result;
    return SM_PLACE_FAILED;
}

static SmPlaceResult
record_stored(Placing *p)
{
    gboolean corrected =
        p->file->stored_at > 0 && g_strcmp0(p->file->sha256, p->file->new_sha256) != 0;

    return corrected ? record(p, "corrected", SM_PLACE_CORRECTED)
                     : record(p, "stored", SM_PLACE_STORED);
}

/* The bytes stand under the name already: put there by somebody, or by us before a crash. */
static SmPlaceResult
adopt(Placing *p)
{
    gboolean ours = !sm_store_exists(p->store, p->part);

    if (!sm_store_remove(p->store, p->part, p->error))
        return SM_PLACE_FAILED;
    return ours ? record_stored(p) : record(p, "adopted", SM_PLACE_ADOPTED);
}

static SmPlaceResult
conflict(Placing *p)
{
    const char *name = p->file->name;
    g_autofree char *reason =
        g_strdup_printf("another file of that name is in %s: not overwritten; move it away and"
                        " scorefetch retry %s, or keep it with scorefetch adopt %s",
                        p->store->directory, name, name);

    g_free(p->file->obstacle);
    p->file->obstacle = sm_store_identity(p->store, p->file->name);
    if (!sm_store_remove(p->store, p->part, p->error) ||
        !sm_file_settle(p->ledger, p->file, SM_FILE_CONFLICT, reason, 0, FALSE, p->error))
        return SM_PLACE_FAILED;
    return SM_PLACE_CONFLICT;
}

/* Neither part nor file. In the same boot and directory only an importer can have taken the file,
 * after it got its name. */
static SmPlaceResult
vanished(Placing *p)
{
    return p->same_boot ? record_stored(p) : SM_PLACE_LOST;
}

/* Gone between two looks, to an importer perhaps: the next run finds it so. */
static SmPlaceResult
just_vanished(Placing *p)
{
    g_set_error(p->error, SM_ERROR, SM_ERROR_DIRECTORY,
                "%s/%s: vanished while it was looked at; it is tried again", p->store->directory,
                p->file->name);
    return SM_PLACE_FAILED;
}

static SmPlaceResult
place_over_older(Placing *p)
{
    SmFile *file = p->file;

    switch (sm_store_match(p->store, file->name, file->size, file->sha256, p->error)) {
    case SM_MATCH_SAME:
        if (!sm_store_exists(p->store, p->part))
            return SM_PLACE_LOST;
        if (!sm_store_replace(p->store, p->part, file->name, file->revision + 1, p->error))
            return SM_PLACE_FAILED;
        return record_stored(p);
    case SM_MATCH_OTHER:
        return conflict(p);
    case SM_MATCH_ABSENT:
        return just_vanished(p);
    case SM_MATCH_ERROR:
        break;
    }
    return SM_PLACE_FAILED;
}

/* Somebody has the name: our new bytes, our older version, or a file that the ledger does not know.
 */
static SmPlaceResult
name_is_taken(Placing *p)
{
    SmFile *file = p->file;

    switch (sm_store_match(p->store, file->name, file->new_size, file->new_sha256, p->error)) {
    case SM_MATCH_SAME:
        return adopt(p);
    case SM_MATCH_OTHER:
        return file->stored_at > 0 ? place_over_older(p) : conflict(p);
    case SM_MATCH_ABSENT:
        return just_vanished(p);
    case SM_MATCH_ERROR:
        break;
    }
    return SM_PLACE_FAILED;
}

SmPlaceResult
sm_place(SmLedger *ledger, SmStore *store, SmFile *file, const char *boot_id, GError **error)
{
    g_autofree char *part = sm_part_name(file->name, file->part);
    Placing p = {ledger, store, file, part, g_strcmp0(file->boot_id, boot_id) == 0, error};

    switch (sm_store_place(store, part, file->name, error)) {
    case SM_PLACED:
        return record_stored(&p);
    case SM_PLACE_TAKEN:
        return name_is_taken(&p);
    case SM_PLACE_NO_PART:
        /* rename tells a missing part before a taken name */
        return sm_store_exists(store, file->name) ? name_is_taken(&p) : vanished(&p);
    case SM_PLACE_ERROR:
        break;
    }
    return SM_PLACE_FAILED;
}
