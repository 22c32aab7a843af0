#include "fetch/store/prune.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/error.h"
#include "common/base/text.h"
#include "fetch/notes/clock.h"
#include "fetch/rows/claim.h"
#include "fetch/rows/handovers.h"
#include "fetch/rows/prune.h"
#include "fetch/store/place.h"
#include "fetch/store/store.h"
#include "fetch/store/volume.h"

enum {
    STEADY = 7 * 86400, /* seconds after a jump until the clock is believed */
    ONE_GO = 86400,     /* seconds within which files are stored that keep-for ends for together */
};

typedef struct {
    SmLedger *ledger;
    const SmAccount *account;
    SmStore *store;
    SmPruneMode mode;
    gint64 before;
    SmPruned *result;
} Pruning;

/* Reports that the file stays; log: also in the ledger's log. */
static gboolean
keep(Pruning *p, const SmFile *file, const char *why, gboolean log, GError **error)
{
    p->result->kept++;
    if (p->mode == SM_PRUNE_DRY) {
        printf("%s/%s: would be kept: %s\n", p->store->directory, file->path, why);
        return TRUE;
    }
    g_warning("%s/%s: kept after keep-for: %s", p->store->directory, file->path, why);
    return !log || sm_prune_refuse(p->ledger, file, why, error);
}

/* *sha256: NULL for a file that we cannot have stored. One that cannot be read now may be ours:
 * FALSE, and the name is left to the next run. */
static gboolean
look_at_older(SmStore *folder, const char *name, char **sha256, GError **error)
{
    struct stat st;
    gint64 size;

    if (fstatat(folder->dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
        (!S_ISREG(st.st_mode) ||
         (faccessat(folder->dir_fd, name, R_OK, AT_EACCESS) < 0 && errno == EACCES)))
        return TRUE;
    return sm_store_measure(folder, name, &size, sha256, error);
}

/* Deletes one older version if the ledger knows its content, and adds it to deleted, for the log.
 */
static gboolean
delete_older(Pruning *p, const SmFile *file, SmStore *folder, const char *name, GString *deleted,
             GError **error)
{
    g_autofree char *before = sm_store_identity(folder, name);
    g_autofree char *sha256 = NULL;
    g_autofree char *now = NULL;
    gboolean was = FALSE;

    if (!look_at_older(folder, name, &sha256, error) ||
        (sha256 != NULL && !sm_prune_was_stored(p->ledger, file, sha256, &was, error)) ||
        !sm_prune_is_ours(p->ledger, file, error))
        return FALSE;
    now = sm_store_identity(folder, name);
    if (before == NULL || now == NULL)
        return sm_error_from_errno(error, SM_ERROR_DIRECTORY, "%s/%s: cannot be examined",
                                   folder->directory, name);
    if (!was || strcmp(before, now) != 0) {
        g_warning("%s/%s: kept after keep-for: its content is not in the ledger", folder->directory,
                  name);
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
        else if (n > file->revision) /* higher only if somebody else had taken a number */
            break;
    }
    return ok;
}

/* Older versions may be encrypted or not, since encrypt-to may have changed. */
static gboolean
delete_all_older(Pruning *p, const SmFile *file, GString *deleted, GError **error)
{
    GError *fault = NULL;
    g_autoptr(SmStore) folder = sm_store_open_superseded(p->store, &fault);

    if (folder == NULL)
        return sm_error_pass(error, fault);
    return delete_all_of(p, file, folder, FALSE, deleted, error) &&
           delete_all_of(p, file, folder, TRUE, deleted, error) &&
           (p->mode == SM_PRUNE_DRY || sm_store_sync(folder, error));
}

/* Checks identity and claim once more: reading the older versions took time. */
static gboolean
delete_newest(Pruning *p, const SmFile *file, const char *identity, GError **error)
{
    g_autofree char *now = NULL;

    if (!sm_prune_is_ours(p->ledger, file, error))
        return FALSE;
    now = sm_store_identity(p->store, file->path);
    if (now != NULL && strcmp(now, identity) != 0)
        return sm_error_set(error, SM_ERROR_BUSY, "%s/%s: kept after keep-for: it changed just now",
                            p->store->directory, file->path);
    return sm_store_remove(p->store, file->path, error);
}

/* identity: of the stored file; NULL: it is already gone. */
static gboolean
delete_file(Pruning *p, const SmFile *file, const char *identity, GError **error)
{
    gboolean is_there = identity != NULL;
    g_autoptr(GString) detail = g_string_new(NULL);
    g_autofree char *size = sm_text_size((guint64)file->stored.size);
    g_autofree char *stored = sm_text_time(file->stored_at);

    g_string_printf(detail, "%" G_GINT64_FORMAT " bytes, SHA-256 %s, stored since %s%s",
                    file->stored.size, file->stored.sha256, stored,
                    is_there ? "" : "; it was gone already");
    if (!delete_all_older(p, file, detail, error))
        return FALSE;
    if (p->mode == SM_PRUNE_DRY) {
        p->result->pruned++;
        if (is_there)
            printf("%s/%s (%s): would be deleted, stored since %s\n", p->store->directory,
                   file->path, size, stored);
        return TRUE;
    }
    if ((is_there && !delete_newest(p, file, identity, error)) || !sm_store_sync(p->store, error) ||
        !sm_prune_record(p->ledger, file, detail->str, error))
        return FALSE;
    p->result->pruned++;
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
        return keep(p, file, "on-stored has not run for it yet", FALSE, error);
    match = sm_place_match(p->ledger, p->store, file, file->path,
                           (SmContent){file->stored.size, file->stored.sha256}, error);
    now = sm_store_identity(p->store, file->path);
    if (match == SM_MATCH_ERROR)
        return FALSE;
    if (match == SM_MATCH_OTHER || g_strcmp0(before, now) != 0)
        return keep(p, file, "its content differs from what was stored", TRUE, error);
    return delete_file(p, file, match == SM_MATCH_SAME ? now : NULL, error);
}

/* A dry run takes no claim. */
static gboolean
look_at(Pruning *p, const char *name, GError **error)
{
    g_autoptr(SmFile) file = sm_file_load(p->ledger, p->account->name, name, error);

    return file != NULL && prune_file(p, file, error);
}

static gboolean
prune_name(Pruning *p, const char *name, GError **error)
{
    SmClaim claim = {.ledger = p->ledger, .account = p->account->name, .name = name};
    g_autoptr(SmFile) file = NULL;
    GError *fault = NULL;
    gboolean ok;

    if (p->mode == SM_PRUNE_DRY)
        return look_at(p, name, error);
    file = sm_claim_take(&claim, 0, &fault);
    if (file == NULL) {
        if (g_error_matches(fault, SM_ERROR, SM_ERROR_BUSY) ||
            g_error_matches(fault, SM_ERROR, SM_ERROR_NOT_FOUND)) /* forgotten just now */
            g_clear_error(&fault);
        return sm_error_pass(error, fault);
    }
    ok = !sm_prune_is_outlived(file, p->before) || prune_file(p, file, error);
    sm_claim_drop(&claim);
    return ok;
}

/* After a jump of the clock nothing is deleted until it has run evenly for STEADY. */
static gboolean
judge_clock(const Pruning *p, gint64 now, GError **error)
{
    SmClock clock;

    if (!sm_clock_look(p->ledger, now, &clock, error) ||
        (p->mode != SM_PRUNE_DRY && !sm_clock_note(p->ledger, now, &clock, error)))
        return FALSE;
    if (clock.since != 0 && now < clock.since + STEADY) {
        g_autofree char *from = sm_text_day(clock.from);
        g_autofree char *to = sm_text_day(clock.since);

        p->result->held = g_strdup_printf("the clock jumped from %s to %s", from, to);
    }
    return TRUE;
}

/* A worker that runs every few minutes finds files that were stored together, not those of weeks.
 */
static gboolean
judge_stock(const Pruning *p, guint candidates, GError **error)
{
    SmPruneStock stock;

    if (!sm_prune_stock(p->ledger, p->account->name, &stock, error))
        return FALSE;
    if (p->result->held == NULL && candidates >= stock.files && stock.last - stock.first > ONE_GO) {
        g_autofree char *first = sm_text_day(stock.first);
        g_autofree char *last = sm_text_day(stock.last);

        p->result->held = g_strdup_printf("all %u stored files, of %s to %s, would go at once",
                                          candidates, first, last);
    }
    return TRUE;
}

/* Completes the message about what is held back. */
static gboolean
hold(const Pruning *p)
{
    g_autofree char *why = p->result->held;

    p->result->held = g_strdup_printf("account %s: keep-for deletes nothing: %s; if that is right,"
                                      " run scorefetch prune --yes -a %s",
                                      p->account->name, why, p->account->name);
    return TRUE;
}

static gboolean
prune_names(Pruning *p, GStrv names, GError **error)
{
    g_autoptr(SmStore) store = sm_store_open(p->account, error);
    /* on another file system the files seem to be missing, and would be recorded as deleted */
    gboolean ok = store != NULL && sm_volume_compare(p->ledger, p->account, store, error);
    GError *first = NULL;

    p->store = store;
    for (char **name = names; ok && *name != NULL; name++) {
        GError *fault = NULL;

        if (prune_name(p, *name, &fault))
            continue;
        ok = sm_error_facts(fault)->reach != SM_REACH_ACCOUNT;
        if (first == NULL) {
            first = fault;
        } else {
            g_warning("%s", fault->message);
            g_error_free(fault);
        }
    }
    return sm_error_pass(error, first) && ok;
}

gboolean
sm_prune(SmLedger *ledger, const SmAccount *account, SmPruneMode mode, SmPruned *result,
         GError **error)
{
    gint64 now = sm_ledger_now();
    Pruning p = {ledger, account, NULL, mode, now - account->keep_for, result};
    g_auto(GStrv) names = NULL;

    *result = (SmPruned){0, 0, NULL};
    if (account->keep_for == 0)
        return TRUE;
    names = sm_prune_candidates(ledger, account->name, p.before, mode != SM_PRUNE_WORKER, error);
    if (names == NULL || !judge_clock(&p, now, error))
        return FALSE;
    if (result->held == NULL && mode != SM_PRUNE_DRY &&
        !sm_prune_date(ledger, account->name, now, error))
        return FALSE;
    /* counting the stock reads all its rows: only if there are candidates */
    if (names[0] != NULL && !judge_stock(&p, g_strv_length(names), error))
        return FALSE;
    if (names[0] == NULL || mode == SM_PRUNE_SURE)
        g_clear_pointer(&result->held, g_free);
    if (result->held != NULL)
        return hold(&p);
    return names[0] == NULL || prune_names(&p, names, error);
}
