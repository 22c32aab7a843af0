/*
 * Times what a delivery asks of the ledger, for ledger.py:
 *
 *   ledger-calls LEDGER ROWS ROUNDS
 *
 * LEDGER, a path or a server's place, is made where it is missing; with ROUNDS 0 that is all.
 * Prints a line for each round: the microseconds from a claim to a stored file (a new name's row,
 * its claim, a raised fence, `placing`, `stored`) and those of a lookup (a known name's row and its
 * siblings).
 */
#include <stdio.h>
#include <stdlib.h>

#include "fetch/rows/claim.h"
#include "fetch/rows/updates.h"

#define ACCOUNT "main"

static void
need(gboolean ok, GError *fault)
{
    if (ok)
        return;
    fprintf(stderr, "ledger-calls: %s\n", fault != NULL ? fault->message : "failed");
    exit(1);
}

static gint64
claim(SmLedger *ledger, const char *name)
{
    gint64 start = g_get_monotonic_time();
    GError *fault = NULL;
    SmFile *file = NULL;
    SmClaim taken = {ledger, ACCOUNT, name};

    need(sm_db_end(ledger->db,
                   sm_db_begin(ledger->db, ACCOUNT, &fault) &&
                       sm_file_ensure(ledger, ACCOUNT, name, &fault),
                   &fault) &&
             (file = sm_claim_take(&taken, 0, &fault)) != NULL &&
             sm_file_raise_fence(ledger, file, 0, &fault) &&
             sm_file_placing(ledger, file, &(SmContents){{1, "ab"}, {1, "ab"}, NULL}, "boot",
                             &fault) &&
             sm_file_stored(ledger, file, "stored", FALSE, NULL, &fault),
         fault);
    sm_claim_drop(&taken);
    sm_file_free(file);
    return g_get_monotonic_time() - start;
}

static gint64
lookup(SmLedger *ledger, const char *name)
{
    gint64 start = g_get_monotonic_time();
    GError *fault = NULL;
    g_autoptr(SmFile) file = sm_file_load(ledger, ACCOUNT, name, &fault);
    g_autoptr(GPtrArray) siblings = NULL;

    need(file != NULL, fault);
    siblings = sm_file_siblings(ledger, file, &fault);
    need(siblings != NULL, fault);
    return g_get_monotonic_time() - start;
}

int
main(int argc, char **argv)
{
    gint64 rows = argc == 4 ? g_ascii_strtoll(argv[2], NULL, 10) : 0;
    gint64 rounds = argc == 4 ? g_ascii_strtoll(argv[3], NULL, 10) : 0;
    g_autoptr(SmLedger) ledger = NULL;
    GError *fault = NULL;

    need(argc == 4, NULL);
    ledger = sm_ledger_open(argv[1], NULL, SM_LEDGER_CREATE, "bench", &fault);
    need(ledger != NULL, fault);
    for (gint64 i = 0; i < rounds; i++) {
        g_autofree char *fresh = g_strdup_printf("%u-%d.csv", g_random_int(), (int)i);
        g_autofree char *known =
            g_strdup_printf("4300_%08d.csv", (int)g_random_int_range(0, (gint32)rows));

        printf("%d %d\n", (int)claim(ledger, fresh), (int)lookup(ledger, known));
    }
    return 0;
}
