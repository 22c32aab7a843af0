/*
 * The configuration as a person has it, and as it is going to be: texts that are edited, never
 * written anew, for one account.
 */
#pragma once

#include "common/config/config.h"
#include "fetch/setup/plan.h"

typedef struct {
    char *file;         /* the main file, absolute; it need not exist */
    char *text;         /* its text */
    char *account;      /* the account's name */
    char *account_file; /* where its group is: the main file, or one of accounts.d */
    char *account_text; /* of that, where it is another file; else NULL */
    gboolean others;    /* there are other accounts */
} SmDraft;

/*
 * Reads file, and accounts.d beside it, and chooses the account: name, else the only one, else
 * "main" where there is none. SM_ERROR_CONFIG (a file cannot be read, or could have been written
 * by others), SM_ERROR_USAGE (there are several, or the name is not valid). Caller frees.
 */
SmDraft *sm_draft_open(const char *file, const char *name, GError **error);

/* Frees draft. */
void sm_draft_free(SmDraft *draft);

/* The value of key for the account, also one for all accounts; NULL: not set. Caller frees. */
char *sm_draft_get(const SmDraft *draft, const char *key);

/* Sets key where it belongs, unless it has that value for the account already; NULL or "" takes it
 * out. Unknown keys are for [account]. */
void sm_draft_set(SmDraft *draft, const char *key, const char *value);

/* Whether value is one for key, a known one. SM_ERROR_CONFIG: "is invalid; allowed: ..." */
gboolean sm_draft_check(const char *key, const char *value, GError **error);

/* The configuration with the account alone, as it would be read; unknown keys are left out.
 * SM_ERROR_CONFIG, also for the account's own fault. Caller frees. */
SmConfig *sm_draft_try(const SmDraft *draft, GError **error);

/* The folders that worker and sync write to, as far as they are configured: directory and
 * gnupg-home of all accounts, %{account} expanded, and those of ledger, log and spool. Caller owns.
 */
GStrv sm_draft_directories(const SmDraft *draft);

/* Adds the files that changed to the plan; new ones have that mode. */
void sm_draft_plan(const SmDraft *draft, SmPlan *plan, mode_t mode);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SmDraft, sm_draft_free)
