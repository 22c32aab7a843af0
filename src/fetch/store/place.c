#include "fetch/store/place.h"

#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include "fetch/store/fs.h"
#include "fetch/store/part.h"

typedef struct {
    SmLedger *ledger;
    SmStore *store;
    SmFile *file;
    char *part;
    char *target; /* the name that it gets */
    GError **error;
} Placing;

SmMatch
sm_place_match(SmLedger *ledger, SmStore *store, const SmFile *file, const char *target,
               SmContent content, GError **error)
{
    SmMatch match = sm_store_match(store, target, content.size, content.sha256, error);
    gboolean has_twin;

    /* A file system that shows all names in lower case spells it differently, too. */
    if (match != SM_MATCH_SAME || sm_fs_is_spelled(store->dir_fd, target))
        return match;
    if (!sm_file_has_twin(ledger, file->name, &has_twin, error))
        return SM_MATCH_ERROR;
    return has_twin ? SM_MATCH_OTHER : SM_MATCH_SAME;
}

/* Compares the file of that name with what the row says is stored. */
static SmMatch
match_stored(const Placing *p, const char *name)
{
    const SmFile *file = p->file;

    return sm_place_match(p->ledger, p->store, file, name,
                          (SmContent){file->stored.size, file->stored.sha256}, p->error);
}

char *
sm_place_boot_id(const SmStore *store)
{
    struct stat st = {0};

    fstat(store->dir_fd, &st);
    return g_strdup_printf("%s %ju:%ju %s", sm_fs_boot_id(), (uintmax_t)st.st_dev,
                           (uintmax_t)st.st_ino, g_get_host_name());
}

static SmPlaceResult
record(Placing *p, const char *action, SmPlaceResult result)
{
    const SmFile *file = p->file;
    g_autofree char *previous = result == SM_PLACE_CORRECTED
                                    ? sm_store_find_older(p->store, file->path, file->revision + 1,
                                                          file->stored.size, file->stored.sha256)
                                    : NULL;

    if (sm_store_sync(p->store, p->error) &&
        sm_file_stored(p->ledger, p->file, action, p->store->hand_over, previous, p->error))
        return result;
    return SM_PLACE_FAILED;
}

/* Retires an older version with another name, from before encrypt-to was set or removed. Keeps
 * other files. */
static gboolean
retire_older(Placing *p)
{
    const SmFile *file = p->file;

    if (g_strcmp0(file->path, p->target) == 0)
        return TRUE;
    switch (match_stored(p, file->path)) {
    case SM_MATCH_SAME:
        return sm_store_retire(p->store, p->part, file->path, file->revision + 1, p->error);
    case SM_MATCH_ABSENT:
    case SM_MATCH_OTHER:
        return TRUE;
    case SM_MATCH_ERROR:
        break;
    }
    return FALSE;
}

static SmPlaceResult
record_stored(Placing *p)
{
    const SmFile *file = p->file;

    /* compares plain text, since encryptions of it differ */
    if (file->stored_at == 0 ||
        g_strcmp0(file->stored.sha256_plain, file->placing.sha256_plain) == 0)
        return record(p, "stored", SM_PLACE_STORED);
    return retire_older(p) ? record(p, "corrected", SM_PLACE_CORRECTED) : SM_PLACE_FAILED;
}

/* Somebody, or we before a crash, already stored these bytes under the name. */
static SmPlaceResult
adopt(Placing *p)
{
    gboolean ours = !sm_store_exists(p->store, p->part);

    if (!sm_store_remove(p->store, p->part, p->error))
        return SM_PLACE_FAILED;
    return ours ? record_stored(p) : record(p, "adopted", SM_PLACE_ADOPTED);
}

/* adopt is no remedy for what is no file, for a file of another name, which only differs in case,
 * or for an encrypted one, whose content is unknown without the key. */
static char *
describe_conflict(const Placing *p)
{
    const char *name = p->file->name;
    g_autofree char *keep = g_strdup_printf(", or run scorefetch adopt %s to keep it", name);
    gboolean encrypted = sm_file_places_encrypted(p->file);
    const char *stranger = sm_store_stranger(p->store, p->target);
    gboolean adoptable =
        !encrypted && stranger == NULL && sm_fs_is_spelled(p->store->dir_fd, p->target);

    return g_strdup_printf("%s of that name%s is in %s and was not overwritten; move it "
                           "away and run scorefetch retry %s%s",
                           stranger != NULL ? stranger : "another file",
                           encrypted ? ", with .gpg," : "", p->store->directory, name,
                           adoptable ? keep : "");
}

static SmPlaceResult
conflict(Placing *p)
{
    g_autofree char *reason = describe_conflict(p);

    g_free(p->file->obstacle);
    p->file->obstacle = sm_store_identity(p->store, p->target);
    if (!sm_store_remove(p->store, p->part, p->error) ||
        !sm_file_settle(p->ledger, p->file, &(SmSettling){SM_FILE_CONFLICT, reason, 0, FALSE},
                        p->error))
        return SM_PLACE_FAILED;
    return SM_PLACE_CONFLICT;
}

static SmPlaceResult place(Placing *p);

static SmPlaceResult
replace_older(Placing *p)
{
    if (!sm_store_exists(p->store, p->part))
        return SM_PLACE_LOST;
    if (!sm_store_replace(p->store, p->part, p->target, p->file->revision + 1, p->error))
        return SM_PLACE_FAILED;
    return record_stored(p);
}

/* The name has our new bytes, our older version, or a file that is not in the ledger. */
static SmPlaceResult
name_is_taken(Placing *p)
{
    SmFile *file = p->file;
    SmMatch match = sm_place_match(p->ledger, p->store, file, p->target,
                                   (SmContent){file->placing.size, file->placing.sha256}, p->error);

    if (match == SM_MATCH_SAME)
        return adopt(p);
    if (match == SM_MATCH_OTHER && file->stored_at > 0 && strcmp(file->path, p->target) == 0) {
        match = match_stored(p, p->target);
        if (match == SM_MATCH_SAME)
            return replace_older(p);
    }
    if (match == SM_MATCH_ABSENT)
        return place(p); /* an importer has just taken what was there */
    return match == SM_MATCH_OTHER ? conflict(p) : SM_PLACE_FAILED;
}

static SmPlaceResult
place(Placing *p)
{
    switch (sm_store_place(p->store, p->part, p->target, p->error)) {
    case SM_PLACED:
        return record_stored(p);
    case SM_PLACE_TAKEN:
        return name_is_taken(p);
    case SM_PLACE_NO_PART:
        /* rename reports a missing part before a taken name */
        return sm_store_exists(p->store, p->target) ? name_is_taken(p) : SM_PLACE_LOST;
    case SM_PLACE_ERROR:
        break;
    }
    return SM_PLACE_FAILED;
}

SmPlaceResult
sm_place(SmLedger *ledger, SmStore *store, SmFile *file, GError **error)
{
    g_autofree char *part = sm_part_name(file->name, file->part);
    g_autofree char *target = sm_file_stored_name(file->name, sm_file_places_encrypted(file));

    return place(&(Placing){ledger, store, file, part, target, error});
}
