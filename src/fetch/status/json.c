#include "fetch/status/forms.h"

#include "fetch/host/json.h"
#include "fetch/status/verdict.h"

static cJSON *
concern_as_json(const SmConcern *concern)
{
    cJSON *json = cJSON_CreateObject();

    sm_json_add_text(json, "level", sm_level_name(concern->level));
    sm_json_add_text(json, "account", concern->account);
    sm_json_add_text(json, "text", concern->text);
    return json;
}

static cJSON *
account_as_json(const SmAccountSurvey *account)
{
    const GError *fault = account->account->fault;
    cJSON *json = cJSON_CreateObject();
    cJSON *files;

    sm_json_add_text(json, "account", account->account->name);
    cJSON_AddBoolToObject(json, "enabled", account->account->enabled);
    sm_json_add_text(json, "fault", fault != NULL ? fault->message : NULL);
    sm_json_add_time(json, "last_mail_at", account->totals.mail_at);
    sm_json_add_time(json, "last_stored_at", account->totals.stored_at);
    sm_json_add_time(json, "last_sync_at", account->totals.synced_at);
    sm_json_add_time(json, "sync_tried_at", account->totals.sync_tried_at);
    sm_json_add_text(json, "sync_outcome",
                     *account->totals.sync_outcome != '\0' ? account->totals.sync_outcome : NULL);
    sm_json_add_number(json, "stored_today", account->totals.stored_today);
    sm_json_add_number(json, "stored_7_days", account->totals.stored_week);
    sm_json_add_number(json, "overdue", account->totals.overdue);
    files = cJSON_AddObjectToObject(json, "files");
    for (int state = 0; state < SM_FILE_N_STATES; state++)
        sm_json_add_number(files, sm_file_state_name(state), account->totals.files[state]);
    return json;
}

static cJSON *
alert_as_json(const SmAlertRow *alert, gint64 now)
{
    cJSON *json = cJSON_CreateObject();

    sm_json_add_text(json, "account", alert->account);
    sm_json_add_text(json, "kind", alert->kind);
    sm_json_add_text(json, "text", alert->text);
    sm_json_add_time(json, "first_at", alert->first);
    sm_json_add_time(json, "last_at", alert->last);
    sm_json_add_number(json, "times", alert->times);
    cJSON_AddBoolToObject(json, "counts", sm_alert_counts(alert, now));
    return json;
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
    sm_json_add_number(json, "size", stored ? file->stored.size : -1);
    sm_json_add_text(json, "sha256", stored ? file->stored.sha256 : NULL);
    sm_json_add_number(json, "size_plain", stored ? file->stored.size_plain : -1);
    sm_json_add_number(json, "listed_size", file->listed.size);
    sm_json_add_text(json, "sha256_plain", stored ? file->stored.sha256_plain : NULL);
    sm_json_add_text(json, "path", stored ? file->path : NULL);
    sm_json_add_number(json, "revision", file->revision);
    sm_json_add_number(json, "attempts", file->attempts);
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
    sm_json_add_number(json, "times", refusal->times);
    sm_json_add_time(json, "first_at", refusal->first_at);
    sm_json_add_time(json, "last_at", refusal->last_at);
    return json;
}

static cJSON *
host_as_json(const SmHost *host)
{
    cJSON *json = cJSON_CreateObject();

    sm_json_add_text(json, "host", host->name);
    sm_json_add_time(json, "heartbeat_at", host->beat_at);
    sm_json_add_number(json, "spooled", host->spooled);
    cJSON_AddBoolToObject(json, "silent", host->silent);
    return json;
}

cJSON *
sm_status_json(const SmSurvey *survey, const GPtrArray *concerns, const GPtrArray *files,
               gboolean more)
{
    cJSON *json = cJSON_CreateObject();
    cJSON *worker, *list;

    sm_json_add_number(json, "schema", SM_JSON_SCHEMA);
    sm_json_add_text(json, "config", survey->config->file);
    sm_json_add_text(json, "ledger", survey->config->ledger);
    sm_json_add_text(json, "level", sm_level_name(sm_verdict_level(concerns)));
    list = cJSON_AddArrayToObject(json, "findings");
    for (guint i = 0; i < concerns->len; i++)
        cJSON_AddItemToArray(list, concern_as_json(concerns->pdata[i]));
    worker = cJSON_AddObjectToObject(json, "worker");
    sm_json_add_time(worker, "heartbeat_at", survey->worker.beat_at);
    sm_json_add_number(worker, "spooled", survey->worker.spooled);
    list = cJSON_AddArrayToObject(json, "hosts");
    for (guint i = 0; i < survey->hosts->len; i++)
        cJSON_AddItemToArray(list, host_as_json(survey->hosts->pdata[i]));
    list = cJSON_AddArrayToObject(json, "accounts");
    for (guint i = 0; i < survey->accounts->len; i++)
        cJSON_AddItemToArray(list, account_as_json(survey->accounts->pdata[i]));
    list = cJSON_AddArrayToObject(json, "alerts");
    for (guint i = 0; i < survey->alerts->len; i++)
        cJSON_AddItemToArray(list, alert_as_json(survey->alerts->pdata[i], survey->now));
    list = cJSON_AddArrayToObject(json, "refused");
    for (guint i = 0; i < survey->refusals->len; i++)
        cJSON_AddItemToArray(list, refusal_as_json(survey->refusals->pdata[i]));
    list = cJSON_AddArrayToObject(json, "files");
    for (guint i = 0; i < files->len; i++)
        cJSON_AddItemToArray(list, file_as_json(files->pdata[i]));
    cJSON_AddBoolToObject(json, "more_files", more);
    return json;
}
