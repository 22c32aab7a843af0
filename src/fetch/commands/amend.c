/*
 * scorefetch retry, forget, adopt: a person corrects the ledger, name by name, each under the
 * name's claim; adopt-directory: accepts that an account's directory is another one now.
 */
#include <string.h>
#include <sysexits.h>

#include "common/base/error.h"
#include "common/event/name.h"
#include "fetch/commands/commands.h"
#include "fetch/job/fetch.h"
#include "fetch/job/on-stored.h"
#include "fetch/job/outcome.h"
#include "fetch/notes/accounts.h"
#include "fetch/rows/claim.h"
#include "fetch/rows/files.h"
#include "fetch/rows/handovers.h"
#include "fetch/rows/updates.h"
#include "fetch/service/login.h"
#include "fetch/store/part.h"
#include "fetch/store/place.h"
#include "fetch/store/store.h"
#include "fetch/store/volume.h"

#define GPG ".gpg"

/* What is done to one name, and its row after that. */
typedef struct {
    gboolean (*amend)(SmSession *session, const SmAccount *account, const char *name,
                      SmFetched *amended, GError **error);
} Change;

static gboolean
nothing_to_retry(const SmFile *file, char **outcome)
{
    if (file->state == SM_FILE_STORED && file->newest_event <= file->stored.covers)
        *outcome = g_strdup_printf("%s is stored, nothing to retry (get --force fetches it again)",
                                   file->name);
    else if (file->state == SM_FILE_DROPPED || file->state == SM_FILE_NOT_WANTED)
        *outcome = g_strdup_printf("%s was %s by policy: scorefetch get %s fetches it", file->name,
                                   sm_file_state_name(file->state), file->name);
    return *outcome != NULL;
}

/* For a stored file whose hook has still to run; *outcome is another line then. */
static gboolean
retry_handover(SmSession *session, const SmAccount *account, const char *name, char **outcome,
               GError **error)
{
    int open = 0;

    if (account->on_stored == NULL)
        return TRUE;
    if (!sm_handover_reopen(session->ledger, account->name, name, &open, error))
        return FALSE;
    if (open == 0)
        return TRUE;
    if (session->config->commands_deferred) {
        g_free(*outcome);
        *outcome = g_strdup_printf("%s is stored; scorefetch tell runs on-stored", name);
        return TRUE;
    }
    if (sm_on_stored(session->ledger, account, name, 0) > 0)
        return sm_error_set(error, SM_ERROR_IO, "%s is stored, but on-stored failed again", name);
    g_free(*outcome);
    *outcome = g_strdup_printf("%s is stored, and on-stored has run", name);
    return TRUE;
}

static gboolean
retry(SmSession *session, const SmAccount *account, const char *name, SmFetched *amended,
      GError **error)
{
    SmJob job = {.ledger = session->ledger, .account = account, .role = SM_ROLE_PROMPT};
    SmClaim claim = {.ledger = session->ledger, .account = account->name, .name = name};
    gboolean ok;

    amended->file = sm_claim_take(&claim, SM_CLAIM_WAIT, error);
    if (amended->file == NULL)
        return FALSE;
    if (nothing_to_retry(amended->file, &amended->outcome)) {
        sm_claim_drop(&claim);
        return retry_handover(session, account, name, &amended->outcome, error);
    }
    ok = sm_file_reopen(session->ledger, amended->file, error) &&
         sm_account_reopen(session->ledger, account->name, error);
    sm_claim_drop(&claim);
    sm_fetched_clear(amended);
    return ok && sm_fetch(&job, name, amended, error);
}

static gboolean
forget_row(SmSession *session, const SmAccount *account, SmFile *file, GError **error)
{
    SmLedger *ledger = session->ledger;
    g_autofree char *part = sm_part_name(file->name, file->part);

    if (file->part != 0) {
        g_autoptr(SmStore) store = sm_store_open(account, error);

        if (store == NULL || !sm_store_remove(store, part, error))
            return FALSE;
    }
    return SM_TRANSACTION(ledger->db, file->account, error,
                          sm_file_forget(ledger, file, error) &&
                              sm_ledger_log(ledger, file->account, file->name, "forgotten",
                                            sm_file_state_name(file->state), error));
}

static gboolean
forget(SmSession *session, const SmAccount *account, const char *name, SmFetched *amended,
       GError **error)
{
    SmClaim claim = {.ledger = session->ledger, .account = account->name, .name = name};
    g_autoptr(SmFile) file = sm_claim_take(&claim, SM_CLAIM_WAIT, error);
    gboolean ok;

    if (file == NULL)
        return FALSE;
    ok = forget_row(session, account, file, error);
    sm_claim_drop(&claim);
    if (ok)
        amended->outcome = g_strdup_printf(
            "forgot %s (it was %s); its file, if there is one, stays in the directory", name,
            sm_file_state_name(file->state));
    return ok;
}

/* Whether the ledger has the file as it is already: no hook runs again. */
static gboolean
is_adopted(const SmFile *file, gint64 size, const char *sha256)
{
    return file->state == SM_FILE_STORED && file->newest_event <= file->stored.covers &&
           file->pruned_at == 0 && g_strcmp0(file->path, file->name) == 0 &&
           file->stored.size == size && g_strcmp0(file->stored.sha256, sha256) == 0;
}

/* As for every stored file, from a part that is in place already. */
static gboolean
adopt_file(SmSession *session, SmStore *store, SmFile *file, GError **error)
{
    g_autofree char *boot_id = sm_place_boot_id(store);
    g_autofree char *part = sm_part_name(file->name, file->part);
    g_autofree char *sha256 = NULL;
    gint64 size;

    if (!sm_store_measure(store, file->name, &size, &sha256, error))
        return FALSE;
    if (is_adopted(file, size, sha256))
        return TRUE;
    return (file->part == 0 || sm_store_remove(store, part, error)) &&
           sm_file_raise_fence(session->ledger, file, 0, error) &&
           sm_file_start_over(session->ledger, file, error) &&
           sm_file_placing(session->ledger, file,
                           &(SmContents){{size, sha256}, {size, sha256}, NULL}, boot_id, error) &&
           sm_file_stored(session->ledger, file, "adopted", store->hand_over, NULL, error);
}

/* The NAME where name, or what there is of it, is NAME.gpg; NULL: it is not. Caller frees. */
static char *
name_of_encrypted(const SmAccount *account, SmStore *store, const char *name)
{
    const char *const *wanted = (const char *const *)account->extensions;
    g_autofree char *encrypted = sm_file_stored_name(name, TRUE);

    if (!sm_store_exists(store, name))
        return sm_store_exists(store, encrypted) ? g_strdup(name) : NULL;
    return g_str_has_suffix(name, GPG) &&
                   sm_name_check(name, strlen(name), wanted, NULL) != SM_NAME_VALID
               ? g_strndup(name, strlen(name) - strlen(GPG))
               : NULL;
}

static gboolean
adopt(SmSession *session, const SmAccount *account, const char *name, SmFetched *amended,
      GError **error)
{
    g_autofree char *plain = NULL;
    g_autoptr(SmStore) store = sm_store_open(account, error);
    const char *stranger = store != NULL ? sm_store_stranger(store, name) : NULL;
    SmClaim claim = {.ledger = session->ledger, .account = account->name, .name = name};
    gboolean ok;

    if (store == NULL || !sm_volume_check(session->ledger, account, store, error))
        return FALSE;
    plain = name_of_encrypted(account, store, name);
    if (plain != NULL)
        return sm_error_set(error, SM_ERROR_CONFLICT,
                            "%s" GPG " in %s is encrypted, so its content is unknown; move it "
                            "away and run scorefetch get %s",
                            plain, store->directory, plain);
    if (stranger != NULL)
        return sm_error_set(error, SM_ERROR_CONFLICT,
                            "%s in %s is %s, which cannot be adopted; move it away and run "
                            "scorefetch get %s",
                            name, store->directory, stranger, name);
    /* and no row is made that would never be settled */
    if (!sm_store_exists(store, name))
        return sm_error_set(error, SM_ERROR_NOT_FOUND, "%s: no such file in %s", name,
                            store->directory);
    if (!sm_file_ensure(session->ledger, account->name, name, error) ||
        (amended->file = sm_claim_take(&claim, SM_CLAIM_WAIT, error)) == NULL)
        return FALSE;
    ok = adopt_file(session, store, amended->file, error);
    sm_claim_drop(&claim);
    if (ok)
        sm_on_stored(session->ledger, account, name, 0);
    if (ok) {
        g_autofree char *mode = sm_store_mode(store, name, account->file_mode);

        amended->outcome = g_strdup_printf("adopted %s: recorded as stored, %s, SHA-256 %s", name,
                                           mode, amended->file->stored.sha256);
    }
    return ok;
}

static gboolean
amend_name(SmSession *session, const char *name, gconstpointer data, GError **error)
{
    const Change *change = data;
    SmAccount *account = NULL;
    g_auto(SmFetched) amended = {0};

    if (sm_session_check_name(name, error))
        account = sm_session_account_at(session, name, error);
    if (account == NULL || !change->amend(session, account, name, &amended, error))
        return FALSE;
    sm_outcome_say(amended.file, account->name, name, G_LOG_LEVEL_MESSAGE, amended.outcome);
    return TRUE;
}

/* Without a name: the account that -a names, whose password was rejected. */
static int
retry_account(SmSession *session, GError **error)
{
    SmAccount *account = sm_session_account_for(session, "", error);

    if (account != NULL && sm_login_check(account, session->ledger, error))
        g_message("account %s: the service accepts user name and password; scorefetch run"
                  " fetches what waits",
                  account->name);
    return EX_OK;
}

static int
retry_all(SmSession *session, gpointer values, char **names, GError **error)
{
    return *names == NULL ? retry_account(session, error)
                          : sm_session_each_name(session, names, amend_name, &(Change){retry});
}

static int
forget_all(SmSession *session, gpointer values, char **names, GError **error)
{
    return sm_session_each_name(session, names, amend_name, &(Change){forget});
}

static int
adopt_all(SmSession *session, gpointer values, char **names, GError **error)
{
    return sm_session_each_name(session, names, amend_name, &(Change){adopt});
}

static int
adopt_directory(SmSession *session, gpointer values, char **arguments, GError **error)
{
    const SmAccount *account = sm_session_account_at(session, "", error);
    g_autoptr(SmStore) store = account != NULL ? sm_store_open(account, error) : NULL;

    if (store == NULL || !sm_volume_adopt(session->ledger, account, store, error) ||
        !sm_ledger_log(session->ledger, account->name, "", "directory-adopted", store->directory,
                       error))
        return EX_OK;
    g_message("account %s: files go to %s as it is now", account->name, store->directory);
    return EX_OK;
}

const SmCommand sm_command_retry = {
    .name = "retry",
    .usage = "[NAME...]",
    .most = G_MAXINT,
    .summary = "Retry files that failed, conflict or wait, at once; reopen a closed account",
    .needs = SM_NEEDS_CONFIG | SM_NEEDS_LEDGER,
    .run = retry_all,
};

const SmCommand sm_command_forget = {
    .name = "forget",
    .usage = "NAME...",
    .least = 1,
    .most = G_MAXINT,
    .summary = "Delete names from the ledger; files stay in the directory",
    .needs = SM_NEEDS_CONFIG | SM_NEEDS_LEDGER,
    .run = forget_all,
};

const SmCommand sm_command_adopt = {
    .name = "adopt",
    .usage = "NAME...",
    .least = 1,
    .most = G_MAXINT,
    .summary = "Record files as stored that are in the directory already",
    .needs = SM_NEEDS_CONFIG | SM_NEEDS_LEDGER,
    .run = adopt_all,
};

const SmCommand sm_command_adopt_directory = {
    .name = "adopt-directory",
    .summary = "Accept that an account's directory is another one now",
    .needs = SM_NEEDS_CONFIG | SM_NEEDS_ACCOUNT | SM_NEEDS_LEDGER,
    .run = adopt_directory,
};
