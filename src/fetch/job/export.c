#include "fetch/job/export.h"

#include <string.h>
#include <unistd.h>

#include "common/base/text.h"
#include "fetch/http/engine.h"
#include "fetch/job/download.h"
#include "fetch/store/output.h"

static gboolean
download(const SmJob *job, const char *name, SmPart *part, SmDownload *result, GError **error)
{
    g_autoptr(SmHttpEngine) own = NULL;
    const SmShared shared = sm_http_engine_share(job->shared, &own);
    g_autoptr(SmService) service = sm_service_new(job->account, job->ledger, &shared);
    g_autoptr(SmTransfer) transfer = sm_transfer_new(job->account, &shared, NULL, NULL);

    *result = (SmDownload){.service = service,
                           .transfer = transfer,
                           .name = name,
                           .part = part,
                           .deadline = job->deadline};
    if (sm_download(result, error))
        return TRUE;
    g_prefix_error(error, "%s: ", name);
    return FALSE;
}

static gboolean
to_file(const SmJob *job, const char *name, const char *path, SmDownload *result, GError **error)
{
    g_auto(SmOutput) output = {0};

    if (sm_account_encrypts(job->account))
        return sm_error_set(
            error, SM_ERROR_USAGE,
            "%s: refused, account %s has encrypt-to and the file would be plain text; run "
            "scorefetch get %s to store it encrypted, or use -o -",
            path, job->account->name, name);
    return sm_output_begin(&output, path, job->force, error) &&
           download(job, name, output.part, result, error) &&
           sm_output_place(&output, job->account->file_mode, result->size, result->sha256, error);
}

static gboolean
to_stdout(const SmJob *job, const char *name, SmDownload *result, GError **error)
{
    g_autoptr(SmPart) part = sm_part_for_descriptor(STDOUT_FILENO);

    return download(job, name, part, result, error);
}

gboolean
sm_export(const SmJob *job, const char *name, const char *output, char **outcome, GError **error)
{
    gboolean piped = strcmp(output, "-") == 0;
    g_auto(SmDownload) result = {0};
    g_autofree char *detail = NULL;
    g_autofree char *size = NULL;

    if (!(piped ? to_stdout(job, name, &result, error)
                : to_file(job, name, output, &result, error)))
        return FALSE;
    detail = g_strdup_printf("to %s, %" G_GINT64_FORMAT " bytes, SHA-256 %s",
                             piped ? "standard output" : output, result.size, result.sha256);
    if (!sm_ledger_log(job->ledger, job->account->name, name, "exported", detail, error))
        return FALSE;
    size = sm_text_size((guint64)result.size);
    *outcome =
        g_strdup_printf("fetched %s (%s) to %s", name, size, piped ? "standard output" : output);
    return TRUE;
}
