#include "fetch/store/prune.h"

#include <stdio.h>
#include <string.h>

#include "common/base/error.h"
#include "common/base/text.h"
#include "fetch/ledger/claim.h"
#include "fetch/ledger/handovers.h"
#include "fetch/ledger/prune.h"
#include "fetch/store/store.h"

typedef struct {
    SmLedger *ledger;
    const SmAccount *account;
    SmStore *store;
    SmPruneMode mode;
    gint64 before;
    SmPruned *result;
} Pruning;

/* Stored for longer than a day is told by the day. Caller frees. */
static char *
since(const SmFile *file)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_local(file->stored_at);

    return g_date_time_format(time, "%Y-%m-%d %H:%M");
}

/* It stays: said, and in the log of the ledger too where that is of use. */
static gboolean
keep(Pruning *p, const SmFile *file, const char *why, gboolean log, GError **error)
{
    p->result->kept++;
    if (p->mode == SM_PRUNE_DRY) {
        printf("%s/%s: would stay: %s\n", p->store->directory, file->path, why);
        return TRUE;
    }
    g_warning("%s/%s: keep-for is over, but it stays: %s", p->store->directory, file->path, why);
    return !log || sm_prune_refuse(p->ledger, file, why, error);
}

/* One older version, if it is what was stored once. *deleted grows by what is to be said of it. */
static gboolean
delete_older(Pruning *p, const SmFile *file, SmStore *folder, const char *name, GString *deleted,
             GError **error)
{
    g_autofree char *before = sm_store_identity(folder, name);
    g_autofree char *sha256 = NULL;
    g_autofree char *now = NULL;
    gboolean was = FALSE;
    gint64 size;

    if (sm_store_measure(folder, name, &size, &sha256, NULL) &&
        !sm_prune_was_stored(p->ledger, file, sha256, &was, error))
        return FALSE;
    now = sm_store_identity(folder, name);
    if (!was || g_strcmp0(before, now) != 0) {
        g_warning("%s/%s: keep-for is over, but it stays: the ledger does not know its bytes",
                  folder->directory, name);
        return TRUE;
    }
    g_string_append_printf(deleted, "; %s/%s, SHA-256 %s", SM_SUPERSEDED, name, sha256);
    return p->mode == SM_PRUNE_DRY || sm_store_remove(folder, name, error);
}

static gboolean
delete_all_of(Pruning *p, const SmFile *file, SmStore *folder, gboolean encrypted, GString *deleted,
              GError **error)
{
    g_autofree char *path = sm_file_stored_name(file->name, encrypted);
    gboolean ok = TRUE;

    for (gint64 n = 1; ok; n++) {
        g_autofree char *name = sm_store_older_name(path, n);

        if (sm_store_exists(folder, name))
            ok = delete_older(p, file, folder, name, deleted, error);
        else if (n > file->revision) /* above it only where somebody else had taken a number */
            break;
    }
    return ok;
}

/* The older ones may be of a time before encrypt-to, or of it. */
static gboolean
delete_all_older(Pruning *p, const SmFile *file, GString *deleted, GError **error)
{
    GError *fault = NULL;
    g_autoptr(SmStore) folder = sm_store_open_superseded(p->store, &fault);

    if (folder == NULL) {
        if (fault != NULL)
            g_propagate_error(error, fault);
        return fault == NULL;
    }
    return delete_all_of(p, file, folder, FALSE, deleted, error) &&
           delete_all_of(p, file, folder, TRUE, deleted, error) &&
           (p->mode == SM_PRUNE_DRY || sm_store_sync(folder, error));
}

/* file is what was stored, or gone already. */
static gboolean
delete_file(Pruning *p, const SmFile *file, gboolean is_there, GError **error)
{
    g_autoptr(GString) detail = g_string_new(NULL);
    g_autofree char *size = sm_text_size((guint64)file->size);
    g_autofree char *stored = since(file);

    g_string_printf(detail, "%" G_GINT64_FORMAT " bytes, SHA-256 %s, stored since %s%s", file->size,
                    file->sha256, stored, is_there ? "" : "; it was not there any more");
    if (!delete_all_older(p, file, detail, error))
        return FALSE;
    p->result->pruned++;
    if (p->mode == SM_PRUNE_DRY) {
        if (is_there)
            printf("%s/%s (%s): would be deleted, stored since %s\n", p->store->directory,
                   file->path, size, stored);
        return TRUE;
    }
    if ((is_there && !sm_store_remove(p->store, file->path, error)) ||
        !sm_store_sync(p->store, error) || !sm_prune_record(p->ledger, file, detail->str, error))
        return FALSE;
    if (is_there)
        g_message("deleted %s/%s (%s), stored since %s", p->store->directory, file->path, size,
                  stored);
    return TRUE;
}

static gboolean
prune_file(Pruning *p, const SmFile *file, GError **error)
{
    g_autofree char *before = sm_store_identity(p->store, file->path);
    g_autofree char *now = NULL;
    SmMatch match;

    if (p->account->on_stored != NULL && sm_handover_is_open(p->ledger, file->account, file->name))
        return keep(p, file, "on-stored was not told of it yet", FALSE, error);
    match = sm_store_match(p->store, file->path, file->size, file->sha256, error);
    now = sm_store_identity(p->store, file->path);
    if (match == SM_MATCH_ERROR)
        return FALSE;
    if (match == SM_MATCH_OTHER || g_strcmp0(before, now) != 0)
        return keep(p, file, "it is not what was stored, and no longer ours to delete", TRUE,
                    error);
    return delete_file(p, file, match == SM_MATCH_SAME, error);
}

/* A dry run claims nothing: it looks. */
static gboolean
look_at(Pruning *p, const char *name, GError **error)
{
    g_autoptr(SmFile) file = sm_file_load(p->ledger, p->account->name, name, error);

    return file != NULL && prune_file(p, file, error);
}

static gboolean
prune_name(Pruning *p, const char *name, GError **error)
{
    g_autoptr(SmFile) file = NULL;
    GError *fault = NULL;
    gboolean settled, ok;
    SmClaim claim;

    if (p->mode == SM_PRUNE_DRY)
        return look_at(p, name, error);
    if (!sm_claim_take(&claim, p->ledger, p->account->name, name, FALSE, 0, &file, &settled,
                       &fault)) {
        ok = g_error_matches(fault, SM_ERROR, SM_ERROR_BUSY) ||
             g_error_matches(fault, SM_ERROR, SM_ERROR_NOT_FOUND); /* forgotten just now */
        if (ok)
            g_clear_error(&fault);
        else
            g_propagate_error(error, fault);
        return ok;
    }
    ok = !sm_prune_is_outlived(file, p->before) || prune_file(p, file, error);
    sm_claim_drop(&claim);
    return ok;
}

gboolean
sm_prune(SmLedger *ledger, const SmAccount *account, SmPruneMode mode, SmPruned *result,
         GError **error)
{
    Pruning p = {ledger, account, NULL, mode, sm_ledger_now() - account->keep_for, result};
    g_autoptr(SmStore) store = NULL;
    g_auto(GStrv) names = NULL;
    gboolean ok = TRUE;

    *result = (SmPruned){0, 0};
    if (account->keep_for == 0)
        return TRUE;
    names = sm_prune_candidates(ledger, account->name, p.before, mode != SM_PRUNE_WORKER, error);
    if (names == NULL)
        return FALSE;
    if (names[0] == NULL)
        return TRUE;
    store = sm_store_open(account, error);
    p.store = store;
    ok = store != NULL;
    for (char **name = names; ok && *name != NULL; name++)
        ok = prune_name(&p, *name, error);
    return ok;
}
