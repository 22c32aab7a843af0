/*
 * scorefetch log: the audit trail, the oldest first, as a table, JSON or CSV
 * (RFC 4180). Times are UTC in all of them, so that trails of several hosts can
 * be laid side by side. Rows are printed as they are read: there may be millions.
 */
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "common/base/error.h"
#include "common/base/text.h"
#include "fetch/commands/commands.h"
#include "fetch/host/json.h"
#include "fetch/queries/log.h"
#include "fetch/rules/since.h"

enum { FIELD_MAX = 1000, COLUMNS = 5 /* that the table lines up */ };

typedef struct {
    char *since, *until; /* options */
    gboolean json, csv;
    GHashTable *users; /* uid -> name */
    guint64 rows;
    int widths[COLUMNS]; /* of the table's columns, in characters: of its widest entry */
} Log;

/* "alice", or the number of a user that is gone. */
static const char *
user_name(Log *log, gint64 uid)
{
    char *name = g_hash_table_lookup(log->users, GUINT_TO_POINTER((guint)uid));
    const struct passwd *user;

    if (name != NULL)
        return name;
    user = getpwuid((uid_t)uid);
    name = user != NULL ? g_strdup(user->pw_name) : g_strdup_printf("%" G_GINT64_FORMAT, uid);
    g_hash_table_insert(log->users, GUINT_TO_POINTER((guint)uid), name);
    return name;
}

/* What the table lines up: a column, "-" for nothing. Caller frees. */
static char *
column_of(Log *log, const SmLogRow *row, gsize which)
{
    const char *const texts[COLUMNS] = {user_name(log, row->uid), row->command, row->action,
                                        row->account, row->name};

    return sm_text_clean(*texts[which] != '\0' ? texts[which] : "-", FIELD_MAX);
}

static void
print_table_row(Log *log, const SmLogRow *row)
{
    g_autofree char *when = sm_text_time_utc(row->at);
    g_autofree char *detail = sm_text_clean(row->detail, FIELD_MAX);

    fputs(when, stdout);
    for (gsize i = 0; i < COLUMNS; i++) {
        g_autofree char *column = column_of(log, row, i);
        int width = i + 1 < COLUMNS || *detail != '\0' ? log->widths[i] : 0;

        printf("  %s%*s", column, MAX(width - (int)g_utf8_strlen(column, -1), 0), "");
    }
    printf("%s%s\n", *detail != '\0' ? "  " : "", detail);
}

static gboolean
measure_row(gconstpointer row, gpointer user_data)
{
    Log *log = user_data;

    for (gsize i = 0; i < COLUMNS; i++) {
        g_autofree char *column = column_of(log, row, i);

        log->widths[i] = MAX(log->widths[i], (int)g_utf8_strlen(column, -1));
    }
    return TRUE;
}

static void
print_json_row(Log *log, const SmLogRow *row)
{
    cJSON *json = cJSON_CreateObject();

    sm_json_add_time(json, "at", row->at);
    sm_json_add_text(json, "action", row->action);
    sm_json_add_text(json, "account", row->account);
    sm_json_add_text(json, "name", row->name);
    sm_json_add_text(json, "detail", row->detail);
    sm_json_add_number(json, "uid", row->uid);
    sm_json_add_text(json, "user", user_name(log, row->uid));
    sm_json_add_text(json, "command", row->command);
    fputs(log->rows == 0 ? "" : ",\n", stdout);
    sm_json_write(json);
}

/* Always quoted, so that no spreadsheet has to guess; text that looks like a formula is marked as
 * text. */
static void
print_csv_field(const char *text, const char *end)
{
    g_autofree char *clean = sm_text_clean(text, FIELD_MAX);
    g_auto(GStrv) pieces = g_strsplit(clean, "\"", -1);
    g_autofree char *escaped = g_strjoinv("\"\"", pieces);
    gboolean formula = *clean != '\0' && strchr("=+-@", *clean) != NULL;

    printf("\"%s%s\"%s", formula ? "'" : "", escaped, end);
}

static void
print_csv_row(Log *log, const SmLogRow *row)
{
    g_autofree char *when = sm_text_time_utc(row->at);
    g_autofree char *uid = g_strdup_printf("%" G_GINT64_FORMAT, row->uid);

    const char *const fields[] = {when,
                                  row->action,
                                  row->account,
                                  row->name,
                                  row->detail,
                                  uid,
                                  user_name(log, row->uid),
                                  row->command};

    for (gsize i = 0; i < G_N_ELEMENTS(fields); i++)
        print_csv_field(fields[i], i + 1 < G_N_ELEMENTS(fields) ? "," : "\r\n");
}

static gboolean
print_row(gconstpointer row, gpointer user_data)
{
    Log *log = user_data;

    if (log->json)
        print_json_row(log, row);
    else if (log->csv)
        print_csv_row(log, row);
    else
        print_table_row(log, row);
    log->rows++;
    return !ferror(stdout);
}

static gboolean
print_all(SmSession *session, Log *log, const SmLogFilter *filter, GError **error)
{
    if (log->json)
        printf("{\"schema\": %d, \"log\": [\n", SM_JSON_SCHEMA);
    else if (log->csv)
        fputs("\"at\",\"action\",\"account\",\"name\",\"detail\",\"uid\",\"user\",\"command\"\r\n",
              stdout);
    if (session->ledger != NULL && !log->json && !log->csv &&
        !sm_log_read(session->ledger, filter, measure_row, log, error))
        return FALSE;
    if (session->ledger != NULL && !sm_log_read(session->ledger, filter, print_row, log, error))
        return FALSE; /* without the end, so that it is not taken for complete */
    if (log->json)
        fputs("\n]}\n", stdout);
    if (log->rows == 0)
        g_message("no such entry in ledger %s", session->config->ledger);
    return TRUE;
}

static gboolean
read_filter(const Log *log, const char *name, SmLogFilter *filter, GError **error)
{
    if (log->json && log->csv)
        return sm_error_set(error, SM_ERROR_USAGE, "--json and --csv exclude each other");
    filter->name = name;
    return (name == NULL || sm_session_check_name(name, error)) &&
           sm_since_read("--since", log->since, sm_ledger_now(), &filter->since, error) &&
           sm_since_read("--until", log->until, sm_ledger_now(), &filter->until, error);
}

static int
show(SmSession *session, gpointer values, char **arguments, GError **error)
{
    Log *log = values;
    /* An account that was taken out of the configuration is still in the trail. */
    SmLogFilter filter = {.account = session->account};

    log->users = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    if (read_filter(log, arguments[0], &filter, error))
        print_all(session, log, &filter, error);
    g_hash_table_unref(log->users);
    return EX_OK;
}

static const GOptionEntry options_of_log[] = {
    SM_OPTION(Log, since, "since", 0, STRING, "From then on (7d, 2026-03-28)", "WHEN"),
    SM_OPTION(Log, until, "until", 0, STRING, "Before then", "WHEN"),
    SM_OPTION(Log, json, "json", 0, NONE, "Print JSON", NULL),
    SM_OPTION(Log, csv, "csv", 0, NONE, "Print CSV", NULL),
    {NULL}};

const SmCommand sm_command_log = {
    .name = "log",
    .usage = "[NAME]",
    .most = 1,
    .summary = "Show who did what, when, and why: the oldest first",
    .needs = SM_NEEDS_CONFIG | SM_NEEDS_LOOK,
    .size = sizeof(Log),
    .options = options_of_log,
    .run = show,
};
