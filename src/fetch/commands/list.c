/* scorefetch list: what the service has, and what the ledger says of each, as a table or JSON. */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "common/base/each.h"
#include "common/base/text.h"
#include "fetch/commands/commands.h"
#include "fetch/host/json.h"
#include "fetch/notes/syncs.h"
#include "fetch/queries/listing.h"
#include "fetch/rules/since.h"
#include "fetch/service/channel.h"
#include "fetch/service/service.h"

typedef struct {
    char *since; /* NULL: everything */
    gboolean json;
    guint accounts;  /* that were printed as JSON */
    gboolean titled; /* the table's head has been printed */
    gboolean interrupted;
} List;

static const char *
state_of(const SmListedRow *row)
{
    if (row->file == NULL)
        return "new";
    if (row->changed ||
        (row->file->state == SM_FILE_STORED && row->file->newest_event > row->file->stored.covers))
        return "changed";
    return sm_file_state_name(row->file->state);
}

/* Local time, or what the service wrote where that cannot be read. */
static char *
delivered_text(const SmListed *listed)
{
    if (listed->delivered_at > 0)
        return sm_text_time(listed->delivered_at);
    return g_strdup(listed->delivered != NULL ? listed->delivered : "-");
}

static char *
size_text(const SmListed *listed, const SmFile *file)
{
    g_autofree char *said = listed->size >= 0 ? sm_text_size((guint64)listed->size) : g_strdup("-");
    g_autofree char *stored = NULL;

    if (file == NULL || !sm_listing_size_differs(file, listed->size))
        return g_steal_pointer(&said);
    stored = sm_text_size((guint64)file->stored.size_plain);
    return g_strdup_printf("%s (file: %s)", said, stored);
}

static char *
records_text(const SmListed *listed, const SmFile *file)
{
    g_autofree char *said = listed->records >= 0
                                ? g_strdup_printf("%" G_GINT64_FORMAT, listed->records)
                                : g_strdup("-");

    if (file == NULL || !sm_listing_records_differ(file))
        return g_steal_pointer(&said);
    return g_strdup_printf("%s (file: %" G_GINT64_FORMAT ")", said, file->stored.records);
}

static void
print_row(const SmSession *session, const SmAccount *account, const SmListed *listed,
          const SmListedRow *row, int widest)
{
    g_autofree char *size = size_text(listed, row->file);
    g_autofree char *delivered = delivered_text(listed);
    g_autofree char *records = records_text(listed, row->file);
    gboolean accounts = session->config->accounts->len > 1;
    const char *reason = row->file != NULL ? row->file->reason : "";

    printf("%-*s  %-12s %10s  %8s  %-16s  %-10s  %s%s%s\n", widest, listed->name,
           listed->type != NULL ? listed->type : "-", size, records, delivered, state_of(row),
           accounts ? account->name : "", accounts ? "  " : "", reason);
}

static void
print_title(const SmSession *session, List *list, int widest)
{
    if (!list->titled)
        printf("%-*s  %-12s %10s  %8s  %-16s  %-10s  %s%s\n", widest, "NAME", "TYPE", "SIZE",
               "RECORDS", "DELIVERED", "LEDGER",
               session->config->accounts->len > 1 ? "ACCOUNT  " : "", "REMARK");
    list->titled = TRUE;
}

static cJSON *
row_as_json(const SmListed *listed, const SmListedRow *row)
{
    const SmFile *file = row->file;
    cJSON *json = cJSON_CreateObject();

    sm_json_add_text(json, "name", listed->name);
    sm_json_add_text(json, "type", listed->type);
    sm_json_add_number(json, "size", listed->size);
    sm_json_add_number(json, "records", listed->records);
    sm_json_add_text(json, "delivered", listed->delivered);
    sm_json_add_time(json, "delivered_at", listed->delivered_at);
    sm_json_add_text(json, "ledger", state_of(row));
    sm_json_add_text(json, "reason", file != NULL ? file->reason : NULL);
    sm_json_add_number(json, "records_counted", file != NULL ? file->stored.records : -1);
    cJSON_AddBoolToObject(json, "size_differs",
                          file != NULL && sm_listing_size_differs(file, listed->size));
    cJSON_AddBoolToObject(json, "records_differ", file != NULL && sm_listing_records_differ(file));
    return json;
}

/* Begins the object of an account; error: NULL for none. */
static void
begin_account(List *list, const SmAccount *account, const char *error)
{
    fputs(list->accounts++ > 0 ? ",\n{\"account\": " : "{\"account\": ", stdout);
    sm_json_write(cJSON_CreateString(account->name));
    fputs(", \"error\": ", stdout);
    sm_json_write(error != NULL ? cJSON_CreateString(error) : cJSON_CreateNull());
}

static void
print_failure(List *list, const SmAccount *account, const GError *fault)
{
    begin_account(list, account, fault->message);
    fputs("}", stdout);
}

static void
end_account(const SmListing *listing)
{
    fputs("], \"invalid\": [", stdout);
    for (guint i = 0; i < listing->invalid->len; i++) {
        fputs(i > 0 ? ", " : "", stdout);
        sm_json_write(cJSON_CreateString(listing->invalid->pdata[i]));
    }
    fputs("]}", stdout);
}

static void
print_file(const SmListed *listed, const SmListedRow *row, gboolean first)
{
    fputs(first ? "\n" : ",\n", stdout);
    sm_json_write(row_as_json(listed, row));
}

static gboolean
show(SmSession *session, const SmAccount *account, List *list, const SmListing *listing,
     GError **error)
{
    gboolean ok = TRUE;
    int widest = 4;

    for (guint i = 0; i < listing->files->len; i++)
        widest = MAX(widest, (int)strlen(((SmListed *)listing->files->pdata[i])->name));
    if (list->json) {
        begin_account(list, account, NULL);
        fputs(", \"files\": [", stdout);
    } else if (listing->files->len > 0) {
        print_title(session, list, widest);
    }
    for (guint i = 0; ok && i < listing->files->len; i++) {
        const SmListed *listed = listing->files->pdata[i];
        g_auto(SmListedRow) row = {0};

        ok = sm_listing_look(session->ledger, account->name, listed, &row, error);
        if (ok && list->json)
            print_file(listed, &row, i == 0);
        else if (ok)
            print_row(session, account, listed, &row, widest);
    }
    if (list->json)
        end_account(listing);
    if (listing->files->len == 0)
        g_message("account %s: the service lists no files", account->name);
    return ok;
}

static gboolean
list_account(SmSession *session, const SmAccount *account, List *list, GError **error)
{
    g_auto(SmChannel) channel = {0};
    g_autoptr(SmService) service = NULL;
    g_autoptr(SmListing) listing = NULL;
    SmSyncRecord record;
    gint64 since = 0;

    if (!sm_sync_look(session->ledger, account->name, &record, error) ||
        (list->since != NULL &&
         !sm_since_parse(list->since, sm_ledger_now(), sm_sync_last(&record), &since, error)) ||
        !sm_channel_open(&channel, account, error))
        return FALSE;
    service = sm_service_new(account, session->ledger, &channel.shared);
    service->eager = TRUE;
    listing = sm_service_list(service, since, error);
    list->interrupted = sm_channel_was_interrupted(&channel);
    if (listing == NULL)
        return FALSE;
    sm_listing_warn(listing, account->name);
    return show(session, account, list, listing, error);
}

/* Accounts with a wrong configuration, for which no call was made: that was reported. */
static void
print_broken_accounts(const SmSession *session, List *list)
{
    g_autoptr(GPtrArray) accounts = sm_session_accounts(session);

    SM_EACH (const SmAccount, account, accounts)
        if (account->fault != NULL)
            print_failure(list, account, account->fault);
}

static int
each(SmSession *session, SmAccount *account, gpointer data)
{
    List *list = data;
    GError *fault = NULL;

    if (list->interrupted)
        return EX_OK; /* what was interrupted has told its code */
    if (!list_account(session, account, list, &fault) && list->json)
        print_failure(list, account, fault);
    return sm_session_exit(session, fault);
}

static int
list_all(SmSession *session, gpointer values, char **arguments, GError **error)
{
    List *list = values;
    int code;

    if (!sm_session_answers(sm_session_only_account(session), error))
        return EX_OK;
    if (list->json) {
        printf("{\"schema\": %d, \"config\": ", SM_JSON_SCHEMA);
        sm_json_write(cJSON_CreateString(session->config->file));
        fputs(", \"ledger\": ", stdout);
        sm_json_write(cJSON_CreateString(session->config->ledger));
        fputs(", \"accounts\": [\n", stdout);
    }
    sm_session_enclose(session, sm_session_only_account(session), NULL);
    code = sm_session_each_account(session, each, list);
    if (list->json) {
        print_broken_accounts(session, list);
        fputs("]}\n", stdout);
    }
    return code;
}

static const GOptionEntry options_of_list[] = {
    SM_OPTION(List, since, "since", 0, STRING, "Files delivered since (7d, 2026-03-28, last)",
              "WHEN"),
    SM_OPTION(List, json, "json", 0, NONE, "Print JSON", NULL),
    {NULL}};

const SmCommand sm_command_list = {
    .name = "list",
    .summary = "List the service's files, each with its state in the ledger",
    .needs = SM_NEEDS_CONFIG | SM_NEEDS_LEDGER,
    .size = sizeof(List),
    .options = options_of_list,
    .run = list_all,
};
