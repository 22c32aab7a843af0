#include "fetch/check/check.h"

#include <stdio.h>

#include "common/base/each.h"
#include "common/base/text.h"
#include "fetch/host/json.h"

enum { TEXT_MAX = 1000, ACCOUNTS_SHOWN = 3 };

static const char *const levels[] = {"ok", "warning", "failure"};

static void
finding_free(gpointer data)
{
    SmFinding *finding = data;

    g_free(finding->account);
    g_free(finding->text);
    g_free(finding);
}

SmCheck *
sm_check_new(void)
{
    SmCheck *check = g_new0(SmCheck, 1);

    check->findings = g_ptr_array_new_with_free_func(finding_free);
    check->silent = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    check->probed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return check;
}

void
sm_check_free(SmCheck *check)
{
    sm_ledger_close(check->seen);
    sm_ledger_close(check->ledger);
    g_hash_table_unref(check->probed);
    g_hash_table_unref(check->silent);
    g_free(check->units);
    g_ptr_array_unref(check->findings);
    g_free(check);
}

gboolean
sm_check_say(SmCheck *check, SmCheckLevel level, const char *item, const SmAccount *account,
             const char *text, ...)
{
    SmFinding *finding = g_new0(SmFinding, 1);
    g_autofree char *raw = NULL;
    va_list args;

    va_start(args, text);
    raw = g_strdup_vprintf(text, args);
    va_end(args);
    finding->level = level;
    finding->item = item;
    finding->account = account != NULL ? g_strdup(account->name) : NULL;
    finding->text = sm_text_clean(raw, TEXT_MAX);
    g_ptr_array_add(check->findings, finding);
    return FALSE;
}

gboolean
sm_check_say_fault(SmCheck *check, const char *item, const SmAccount *account, GError *fault)
{
    g_autofree char *start =
        account != NULL ? g_strdup_printf("account %s: ", account->name) : NULL;
    const char *text = fault->message;

    if (start != NULL && g_str_has_prefix(text, start))
        text += strlen(start); /* the line says so already */
    sm_check_say(check, SM_CHECK_FAILURE, item, account, "%s", text);
    g_error_free(fault);
    return FALSE;
}

/* The finding's text with %{account} for the account's name, where that is a word. Caller frees. */
static char *
common_text(const SmFinding *finding)
{
    g_autofree char *name =
        finding->account != NULL ? g_regex_escape_string(finding->account, -1) : NULL;
    g_autofree char *pattern = g_strdup_printf("(?<![\\w-])%s(?![\\w-])", name);
    g_autoptr(GRegex) regex = name != NULL ? g_regex_new(pattern, 0, 0, NULL) : NULL;

    return regex != NULL
               ? g_regex_replace_literal(regex, finding->text, -1, 0, "%{account}", 0, NULL)
               : g_strdup(finding->text);
}

/* Of SmFinding, by what the findings of several accounts have in common. Caller frees. */
static GHashTable *
group(const SmCheck *check)
{
    GHashTable *groups =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref);

    SM_EACH (SmFinding, finding, check->findings) {
        g_autofree char *text = common_text(finding);
        g_autofree char *key =
            g_strconcat(levels[finding->level], " ", finding->item, ": ", text, NULL);
        GPtrArray *same = g_hash_table_lookup(groups, key);

        if (same == NULL) {
            same = g_ptr_array_new();
            g_hash_table_insert(groups, g_steal_pointer(&key), same);
        }
        g_ptr_array_add(same, finding);
        finding->group = same;
    }
    return groups;
}

static void
print_accounts(const GPtrArray *same)
{
    for (guint i = 0; i < MIN(same->len, ACCOUNTS_SHOWN); i++) {
        const SmFinding *finding = same->pdata[i];

        if (finding->account != NULL)
            printf("%s%s", i == 0 ? " [" : ", ", finding->account);
    }
    if (same->len > ACCOUNTS_SHOWN)
        printf(" and %u more", same->len - ACCOUNTS_SHOWN);
    if (((const SmFinding *)same->pdata[0])->account != NULL)
        printf("]");
}

void
sm_check_print(const SmCheck *check, gboolean quiet)
{
    GHashTable *groups = group(check);

    SM_EACH (const SmFinding, finding, check->findings) {
        g_autofree char *common = finding->group->len > 1 ? common_text(finding) : NULL;

        if ((quiet && finding->level == SM_CHECK_OK) || finding->group->pdata[0] != finding)
            continue;
        printf("%-8s %s", levels[finding->level], finding->item);
        print_accounts(finding->group);
        printf(": %s\n", common != NULL ? common : finding->text);
    }
    g_hash_table_unref(groups);
}

static cJSON *
finding_as_json(const SmFinding *finding)
{
    cJSON *json = cJSON_CreateObject();

    sm_json_add_text(json, "level", levels[finding->level]);
    sm_json_add_text(json, "item", finding->item);
    sm_json_add_text(json, "account", finding->account);
    sm_json_add_text(json, "text", finding->text);
    return json;
}

void
sm_check_print_json(const SmCheck *check)
{
    g_autoptr(cJSON) json = cJSON_CreateObject();
    cJSON *list;

    sm_json_add_number(json, "schema", SM_JSON_SCHEMA);
    sm_json_add_text(json, "level", levels[sm_check_worst(check)]);
    list = cJSON_AddArrayToObject(json, "findings");
    SM_EACH (const SmFinding, finding, check->findings)
        cJSON_AddItemToArray(list, finding_as_json(finding));
    sm_json_print(json);
}

SmCheckLevel
sm_check_worst(const SmCheck *check)
{
    SmCheckLevel worst = SM_CHECK_OK;

    SM_EACH (const SmFinding, finding, check->findings)
        worst = MAX(worst, finding->level);
    return worst;
}
