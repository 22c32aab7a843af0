#include "fetch/rows/claim.h"

#include <string.h>

#include "common/base/each.h"
#include "common/base/error.h"
#include "fetch/ledger/lock.h"

static SmFile *
load(SmLedger *ledger, const char *account, const char *name, GError **error)
{
    GError *fault = NULL;
    SmFile *file = sm_file_load(ledger, account, name, &fault);

    if (sm_error_pass(error, fault) && file == NULL)
        sm_error_set(error, SM_ERROR_NOT_FOUND, "%s: not in the ledger (account %s)", name,
                     account);
    return file;
}

/* The lowest row of the stem, so that all its names contend for one byte. */
static gboolean
stem_byte(SmLedger *ledger, const SmFile *file, gint64 *byte, GError **error)
{
    g_autoptr(GPtrArray) siblings = sm_file_siblings(ledger, file, error);

    if (siblings == NULL)
        return FALSE;
    *byte = file->id;
    SM_EACH (const SmFile, sibling, siblings)
        *byte = MIN(*byte, sibling->id);
    return TRUE;
}

static gboolean
take(SmClaim *claim, guint which, gint64 byte, guint wait, gboolean *waited, GError **error)
{
    gboolean held;

    if (!sm_lock_take(claim->ledger, byte, wait, &held, error)) {
        g_prefix_error(error, "%s: ", claim->name);
        return FALSE;
    }
    claim->bytes[which] = byte;
    *waited = *waited || held;
    return TRUE;
}

/* Loads the row under its lock. The lock is on the row, not on the name, which may have another row
 * by now. */
static SmFile *
load_again(SmLedger *ledger, const SmFile *before, GError **error)
{
    g_autoptr(SmFile) file = load(ledger, before->account, before->name, error);

    if (file == NULL || file->id == before->id)
        return g_steal_pointer(&file);
    return sm_error_null(error, SM_ERROR_BUSY,
                         "%s: was forgotten and announced again just now; retried", before->name);
}

SmFile *
sm_claim_take(SmClaim *claim, guint wait, GError **error)
{
    SmLedger *ledger = claim->ledger;
    g_autoptr(SmFile) before = load(ledger, claim->account, claim->name, error);
    gboolean waited = FALSE;
    SmFile *file;
    gint64 first;

    if (before == NULL)
        return NULL;
    first = before->id;
    if (claim->per_stem && !stem_byte(ledger, before, &first, error))
        return NULL;
    if (!take(claim, 0, first, wait, &waited, error) ||
        (first != before->id && !take(claim, 1, before->id, wait, &waited, error)) ||
        (file = load_again(ledger, before, error)) == NULL) {
        sm_claim_drop(claim);
        return NULL;
    }
    claim->settled_meanwhile = waited && file->settled > before->settled;
    return file;
}

void
sm_claim_drop(SmClaim *claim)
{
    for (gsize i = G_N_ELEMENTS(claim->bytes); i-- > 0;)
        if (claim->bytes[i] != 0)
            sm_lock_drop(claim->ledger, claim->bytes[i]);
    memset(claim->bytes, 0, sizeof claim->bytes);
}
