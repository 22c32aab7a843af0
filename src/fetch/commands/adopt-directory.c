/* scorefetch adopt-directory: accepts that an account's directory is another one now. */
#include <sysexits.h>

#include "common/base/error.h"
#include "fetch/commands/commands.h"
#include "fetch/store/volume.h"

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

const SmCommand sm_command_adopt_directory = {
    .name = "adopt-directory",
    .summary = "Accept that an account's directory is another one now",
    .needs = SM_NEEDS_CONFIG | SM_NEEDS_ACCOUNT | SM_NEEDS_LEDGER,
    .run = adopt_directory,
};
