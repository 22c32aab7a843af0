/* scorefetch status: the ledger as a table, newest first, or as JSON. */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "autoptr.h"
#include "commands.h"
#include "common/error.h"
#include "common/text.h"
#include "json.h"
#include "ledger-events.h"
#include "ledger-files.h"
#include "session.h"

enum { REFUSALS_SHOWN = 20 };

static char *
human_time(gint64 when, gint64 now)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_local(when);

    if (now - when < 60 && now >= when)
        return g_strdup_printf("%d s ago", (int)(now - when));
    if (now - when < 3600 && now >= when)
        return g_strdup_printf("%d min ago", (int)((now - when) / 60));
    return g_date_time_format(time, "%Y-%m-%d %H:%M");
}

/* What a person wants to know of the state: why, and until when. */
static char *
remark(const SmFile *file, gint64 now)
{
    g_autofree char *next = NULL;

    if (file->state == SM_FILE_STORED && file->pruned_at > 0) {
        next = human_time(file->pruned_at, now);
        return g_strdup_printf("deleted, since keep-for was over: %s", next);
    }
    if (file->state == SM_FILE_STORED && file->revision > 0 && *file->reason == '\0')
        return g_strdup_printf("revision %d; older ones are in .superseded", (int)file->revision);
    if (file->next_attempt <= now || file->state == SM_FILE_FAILED)
        return g_strdup(file->reason);
    next = human_time(file->next_attempt, file->next_attempt + 3600);
    return g_strdup_printf("%s (next attempt %s)", file->reason, next);
}

static void
print_table(const SmSession *session, GPtrArray *files)
{
    gboolean accounts = session->config->accounts->len > 1;
    gint64 now = sm_ledger_now();
    int widest = 4;

    for (guint i = 0; i < files->len; i++)
        widest = MAX(widest, (int)strlen(((SmFile *)files->pdata[i])->name));
    printf("%-10s %-*s %10s  %-16s %s%s\n", "STATE", widest, "NAME", "SIZE", "WHEN",
           accounts ? "ACCOUNT  " : "", "REMARK");
    for (guint i = 0; i < files->len; i++) {
        const SmFile *file = files->pdata[i];
        g_autofree char *size =
            file->stored_at > 0 ? sm_text_size((guint64)file->size) : g_strdup("-");
        g_autofree char *when = human_time(file->updated_at, now);
        g_autofree char *note = remark(file, now);

        printf("%-10s %-*s %10s  %-16s %s%s%s\n", sm_file_state_name(file->state), widest,
               file->name, size, when, accounts ? file->account : "", accounts ? "  " : "", note);
    }
}

/* Beside the files, of which they made none. */
static void
print_refusals(GPtrArray *refusals)
{
    gint64 now = sm_ledger_now();

    for (guint i = 0; i < refusals->len; i++) {
        const SmRefusal *refusal = refusals->pdata[i];
        g_autofree char *when = human_time(refusal->last_at, now);

        printf("%-10s %s  %s  %s%s\n", "refused",
               *refusal->name != '\0' ? refusal->name : "(no name)", when, refusal->reason,
               refusal->times > 1 ? " (more than once)" : "");
    }
}

static cJSON *
file_as_json(const SmFile *file)
{
    gboolean stored = file->stored_at > 0;
    cJSON *json = cJSON_CreateObject();

    sm_json_add_text(json, "account", file->account);
    sm_json_add_text(json, "name", file->name);
    sm_json_add_text(json, "state", sm_file_state_name(file->state));
    sm_json_add_text(json, "reason", file->reason);
    cJSON_AddItemToObject(json, "size",
                          stored ? cJSON_CreateNumber((double)file->size) : cJSON_CreateNull());
    sm_json_add_text(json, "sha256", stored ? file->sha256 : NULL);
    cJSON_AddItemToObject(json, "size_plain",
                          stored ? cJSON_CreateNumber((double)file->size_plain)
                                 : cJSON_CreateNull());
    sm_json_add_text(json, "sha256_plain", stored ? file->sha256_plain : NULL);
    sm_json_add_text(json, "path", stored ? file->path : NULL);
    cJSON_AddNumberToObject(json, "revision", (double)file->revision);
    cJSON_AddNumberToObject(json, "attempts", (double)file->attempts);
    sm_json_add_time(json, "announced_at", file->announced_at);
    sm_json_add_time(json, "updated_at", file->updated_at);
    sm_json_add_time(json, "stored_at", file->stored_at);
    sm_json_add_time(json, "pruned_at", file->pruned_at);
    sm_json_add_time(json, "next_attempt", file->next_attempt);
    return json;
}

static cJSON *
refusal_as_json(const SmRefusal *refusal)
{
    cJSON *json = cJSON_CreateObject();

    sm_json_add_text(json, "name", *refusal->name != '\0' ? refusal->name : NULL);
    sm_json_add_text(json, "sender", *refusal->sender != '\0' ? refusal->sender : NULL);
    sm_json_add_text(json, "reason", refusal->reason);
    cJSON_AddNumberToObject(json, "times", (double)refusal->times);
    sm_json_add_time(json, "first_at", refusal->first_at);
    sm_json_add_time(json, "last_at", refusal->last_at);
    return json;
}

static void
print_json(const SmSession *session, GPtrArray *files, GPtrArray *refusals)
{
    g_autoptr(cJSON) json = cJSON_CreateObject();
    cJSON *list = cJSON_AddArrayToObject(json, "files");

    sm_json_add_text(json, "config", session->config->file);
    sm_json_add_text(json, "ledger", session->config->ledger);
    for (guint i = 0; i < files->len; i++)
        cJSON_AddItemToArray(list, file_as_json(files->pdata[i]));
    list = cJSON_AddArrayToObject(json, "refused");
    for (guint i = 0; i < refusals->len; i++)
        cJSON_AddItemToArray(list, refusal_as_json(refusals->pdata[i]));
    sm_json_print(json);
}

static gboolean
status(SmSession *session, gboolean json, GError **error)
{
    g_autoptr(GPtrArray) files = NULL;
    g_autoptr(GPtrArray) refusals = NULL;

    if (!sm_session_configure(session, error) || !sm_session_knows_account(session, error) ||
        !sm_session_open_ledger(session, SM_LEDGER_LOOK, error))
        return FALSE;
    files = session->ledger != NULL ? sm_file_list(session->ledger, session->account, error)
                                    : g_ptr_array_new();
    refusals = session->ledger != NULL ? sm_event_refusals(session->ledger, REFUSALS_SHOWN, error)
                                       : g_ptr_array_new();
    if (files == NULL || refusals == NULL)
        return FALSE;
    for (guint i = 0; i < session->config->accounts->len; i++) {
        const SmAccount *account = session->config->accounts->pdata[i];

        if (account->fault != NULL)
            g_warning("%s", account->fault->message);
    }
    if (json)
        print_json(session, files, refusals);
    else if (files->len > 0)
        print_table(session, files);
    if (!json)
        print_refusals(refusals);
    if (files->len == 0)
        g_message("no file was announced or fetched yet (ledger %s)", session->config->ledger);
    return sm_session_flush(error);
}

int
sm_cmd_status(int argc, char **argv)
{
    gboolean json = FALSE;
    const GOptionEntry more[] = {{"json", 0, 0, G_OPTION_ARG_NONE, &json, "Print JSON", NULL},
                                 {NULL}};
    GError *fault = NULL;
    SmSession session;
    int code;

    sm_session_start(&session, "scorefetch", "status", SM_ROLE_PROMPT);
    if (sm_session_parse(&session, &argc, &argv, more, NULL,
                         "Shows what is stored, waiting, dropped, failed; newest first.", &fault))
        status(&session, json, &fault);
    code = sm_session_exit(&session, fault);
    sm_session_end(&session);
    return code;
}
