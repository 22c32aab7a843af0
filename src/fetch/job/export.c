#include "fetch/job/export.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/base/cleanup.h"
#include "common/base/text.h"
#include "fetch/http/engine.h"
#include "fetch/job/download.h"
#include "fetch/ledger/updates.h"
#include "fetch/store/store.h"

static gboolean
started(const SmTransferFacts *facts, gpointer user_data, GError **error)
{
    return TRUE;
}

static gboolean
download(const SmJob *job, const char *name, SmPart *part, SmDownload *result, GError **error)
{
    g_autoptr(SmHttpEngine) own = NULL;
    const SmShared shared = sm_http_engine_share(job->shared, &own);
    g_autoptr(SmService) service = sm_service_new(job->account, job->ledger, &shared);
    g_autoptr(SmTransfer) transfer = sm_transfer_new(job->account, &shared, started, NULL);

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

/* Gives the part its name, which nothing has unless force says that it may be replaced. */
static gboolean
place(const SmJob *job, SmStore *store, const char *part, const char *file,
      const SmDownload *result, GError **error)
{
    SmPlacing placing = SM_PLACED;
    GError *fault = NULL;

    if (job->force && renameat(store->dir_fd, part, store->dir_fd, file) < 0)
        return sm_error_from_errno(error, SM_ERROR_DIRECTORY, "%s/%s", store->directory, file);
    if (!job->force)
        placing = sm_store_place(store, part, file, &fault);
    if (fault != NULL) {
        g_propagate_error(error, fault);
        return FALSE;
    }
    if (placing == SM_PLACED ||
        sm_store_match(store, file, result->size, result->sha256, NULL) == SM_MATCH_SAME)
        return sm_store_remove(store, part, error) && sm_store_sync(store, error);
    if (placing == SM_PLACE_NO_PART)
        g_set_error(error, SM_ERROR, SM_ERROR_DIRECTORY,
                    "%s/%s: somebody took the unfinished file away; run it again", store->directory,
                    file);
    else
        g_set_error(error, SM_ERROR, SM_ERROR_CONFLICT,
                    "%s/%s already exists (--force overwrites it)", store->directory, file);
    return FALSE;
}

static gboolean
to_file(const SmJob *job, const char *name, const char *output, SmDownload *result, GError **error)
{
    g_autofree char *directory = g_path_get_dirname(output);
    g_autofree char *file = g_path_get_basename(output);
    gint64 number = sm_file_new_part();
    g_autofree char *part_name = sm_part_name(file, number);
    g_autoptr(SmStore) store = sm_store_open_at(directory, error);
    g_autoptr(SmPart) part = NULL;

    if (store == NULL)
        return FALSE;
    if (sm_account_encrypts(job->account)) {
        g_set_error(error, SM_ERROR, SM_ERROR_USAGE,
                    "%s: refused, account %s has encrypt-to and the file would be plain text; run "
                    "scorefetch get %s to store it encrypted, or use -o -",
                    output, job->account->name, name);
        return FALSE;
    }
    if (g_str_has_suffix(output, "/")) {
        g_set_error(error, SM_ERROR, SM_ERROR_USAGE, "%s: is a directory; add the file's name",
                    output);
        return FALSE;
    }
    if (!job->force && sm_store_exists(store, file)) {
        g_set_error(error, SM_ERROR, SM_ERROR_CONFLICT, "%s already exists (--force overwrites it)",
                    output);
        return FALSE;
    }
    if (sm_store_exists(store, file) && !g_file_test(output, G_FILE_TEST_IS_REGULAR)) {
        g_set_error(error, SM_ERROR, SM_ERROR_CONFLICT, "%s is not a regular file; not replaced",
                    output);
        return FALSE;
    }
    part = sm_part_create(store, file, number, error);
    if (part == NULL)
        return FALSE;
    if (download(job, name, part, result, error) &&
        sm_part_sync(part, job->account->file_mode, (gid_t)-1, error) &&
        place(job, store, part_name, file, result, error))
        return TRUE;
    sm_part_remove(part, NULL);
    return FALSE;
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
