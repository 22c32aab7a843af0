/*
 * This room examines an installation for `scorefetch check`: configuration, ledger, spool,
 * worker, accounts, mail agents, network.
 *
 * scorefetch check: what its checks share. Each looks at one thing,
 * changes nothing that lasts, and says in plain words what it found and what to do: one
 * finding or more, in the order in which they are printed.
 */
#pragma once

#include <glib.h>

#include "common/config/config.h"
#include "fetch/ledger/ledger.h"

typedef enum { SM_CHECK_OK, SM_CHECK_WARNING, SM_CHECK_FAILURE } SmCheckLevel;

typedef struct {
    SmCheckLevel level;
    const char *item; /* what was looked at: "ledger"; static */
    char *account;    /* NULL: it concerns all */
    char *text;       /* one line, clean */
    GPtrArray *group; /* while they are printed: of those that say the same */
} SmFinding;

typedef struct {
    const SmConfig *config; /* NULL where it cannot be read, or is another user's affair */
    SmLedger *seen;         /* the ledger, to look at; NULL where there is none to be read */
    SmLedger *ledger;       /* the ledger, for calls; NULL unless --online */
    char *units;            /* what systemctl shows of a site's units; NULL: not asked yet */
    GHashTable *probed;     /* what was probed at the network already */
    GHashTable *silent;     /* by SmAccount: the path that does not answer, of those with one */
    GPtrArray *findings;    /* of SmFinding */
} SmCheck;

/* A check without findings. Caller frees with sm_check_free(). */
SmCheck *sm_check_new(void);

/* Closes the ledger too. */
void sm_check_free(SmCheck *check);

/* Adds a finding. account may be NULL. Returns FALSE, for return statements. */
gboolean sm_check_say(SmCheck *check, SmCheckLevel level, const char *item,
                      const SmAccount *account, const char *text, ...) G_GNUC_PRINTF(5, 6);

/* Adds a failure with the words of fault, which it takes. Returns FALSE. */
gboolean sm_check_say_fault(SmCheck *check, const char *item, const SmAccount *account,
                            GError *fault);

/* Prints a line for each finding, or, if quiet, for each that is not ok; one for accounts of which
 * the same is said. */
void sm_check_print(const SmCheck *check, gboolean quiet);

/* Prints all findings as one JSON object on standard output. */
void sm_check_print_json(const SmCheck *check);

/* The worst level: SM_CHECK_OK where nothing was found. As a number it is the exit code. */
SmCheckLevel sm_check_worst(const SmCheck *check);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SmCheck, sm_check_free)
