/* scorefetch ledger: moves the ledger to another database. */
#include <string.h>
#include <sysexits.h>

#include "common/base/error.h"
#include "fetch/commands/commands.h"
#include "fetch/ledger/copy.h"

static gboolean
copy(SmSession *session, const char *where, GError **error)
{
    g_autofree char *place =
        sm_db_names_server(where) ? g_strdup(where) : g_canonicalize_filename(where, NULL);
    SmConfig target = *session->config;
    g_autoptr(SmLedger) to = NULL;
    SmCopied copied;

    if (session->ledger == NULL) {
        g_set_error(error, SM_ERROR, SM_ERROR_LEDGER, "ledger %s does not exist yet",
                    session->config->ledger);
        return FALSE;
    }
    target.ledger = place;
    to = sm_session_ledger(session, &target, SM_LEDGER_CREATE, error);
    if (to == NULL || !sm_ledger_copy(session->ledger->db, to->db, &copied, error))
        return FALSE;
    g_message("copied %" G_GINT64_FORMAT " rows from %s to %s, and found the same there (SHA-256 "
              "%.16s); now set ledger = %s",
              copied.rows, sm_db_path(session->ledger->db), sm_db_path(to->db), copied.hash, place);
    return TRUE;
}

static int
ledger(SmSession *session, gpointer values, char **arguments, GError **error)
{
    if (strcmp(arguments[0], "copy") != 0)
        g_set_error(error, SM_ERROR, SM_ERROR_USAGE,
                    "ledger: unknown action; allowed: scorefetch ledger copy TO");
    else
        copy(session, arguments[1], error);
    return EX_OK;
}

const SmCommand sm_command_ledger = {
    .name = "ledger",
    .usage = "copy TO",
    .least = 2,
    .most = 2,
    .summary = "Copy the ledger to an empty one, a file or a server's",
    .needs = SM_NEEDS_CONFIG | SM_NEEDS_LOOK,
    .run = ledger,
};
