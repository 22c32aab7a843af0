/*
 * scorefetch tell: runs the commands of the configuration for which other processes of
 * scorefetch only left a row in the ledger: alerts that are due, on-stored for stored files; and
 * the report by mail.
 */
#include <sysexits.h>

#include "common/base/each.h"
#include "fetch/alert/send.h"
#include "fetch/commands/commands.h"
#include "fetch/job/on-stored.h"
#include "fetch/report/send.h"

enum { PASSES = 2 /* what comes in the first, another start of the unit does not see */ };

static guint
run_hooks(const SmSession *session)
{
    g_autoptr(GPtrArray) accounts = sm_session_accounts(session);
    guint failed = 0;

    SM_EACH (const SmAccount, account, accounts)
        if (account->enabled && account->fault == NULL)
            failed += sm_on_stored(session->ledger, account, NULL, 0);
    return failed;
}

static int
tell(SmSession *session, gpointer values, char **arguments, GError **error)
{
    guint failed = 0;

    session->ledger->hooks_off = FALSE;
    session->alerts = TRUE;
    failed += !sm_report_send(session->config, session->ledger); /* its alert is sent below */
    for (int pass = 0; pass < PASSES; pass++) {
        sm_alert_send(session->config, session->ledger); /* first: a hook may take minutes */
        failed += run_hooks(session);
    }
    return failed > 0 ? EX_TEMPFAIL : EX_OK;
}

const SmCommand sm_command_tell = {
    .name = "tell",
    .summary = "Send the alerts and report that are due, run the on-stored commands that wait",
    .needs = SM_NEEDS_CONFIG | SM_NEEDS_ACCOUNT | SM_NEEDS_LEDGER,
    .news_only = TRUE,
    .run = tell,
};
