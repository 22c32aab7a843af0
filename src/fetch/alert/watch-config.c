#include "fetch/alert/watch-config.h"

#include <string.h>

#include "common/base/each.h"
#include "common/base/error.h"
#include "fetch/alert/alert.h"
#include "fetch/alert/text.h"
#include "fetch/host/look.h"
#include "fetch/notes/alerts.h"

static gboolean
is_used(const SmAccount *account)
{
    return account->enabled && account->fault == NULL && account->directory != NULL;
}

void
sm_watch_config_directories(SmConfig *config)
{
    g_autoptr(GHashTable) owners = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GPtrArray) used = g_ptr_array_new();
    g_autoptr(GPtrArray) looks = NULL;

    SM_EACH (SmAccount, account, config->accounts)
        if (is_used(account))
            g_ptr_array_add(used, account);
    looks = sm_look_at_all(used, SM_WATCH_CONFIG_LIMIT_MS * G_TIME_SPAN_MILLISECOND);
    for (guint i = 0; i < used->len; i++) {
        SmAccount *account = used->pdata[i];
        g_autofree char *identity = sm_look_identity(looks->pdata[i]);
        const SmAccount *owner = identity != NULL ? g_hash_table_lookup(owners, identity) : NULL;

        if (owner != NULL)
            sm_error_set(
                &account->fault, SM_ERROR_CONFIG,
                "%s: [account %s] directory: %s is also the directory of [account %s], %s, "
                "by another path; give each account its own",
                config->file, account->name, account->directory, owner->name, owner->directory);
        else if (identity != NULL)
            g_hash_table_insert(owners, g_steal_pointer(&identity), account);
    }
}

/* Whether the alert that stands is of a kind that this module raised: a password that cannot be
 * read raises the same kind, and only the next attempt can clear that. */
static gboolean
is_of_configuration(SmLedger *ledger, const char *account)
{
    g_autofree SmAlertRow *row =
        sm_alerts_find(ledger, account, sm_alert_kind_name(SM_ALERT_ACCOUNT), NULL);
    g_autofree char *place = g_strdup_printf("[account %s]", account);

    return row != NULL && strstr(row->text, place) != NULL;
}

void
sm_watch_config(SmLedger *ledger, SmConfig *config, gint64 now)
{
    const GError *broken = sm_config_is_incomplete(config) ? config->broken->pdata[0] : NULL;

    sm_alert_watch(ledger, "", SM_ALERT_ACCOUNT, broken != NULL ? broken->message : NULL, now);
    sm_watch_config_directories(config);
    SM_EACH (const SmAccount, account, config->accounts) {
        if (account->enabled && account->fault != NULL)
            sm_alert_watch(ledger, account->name, SM_ALERT_ACCOUNT, account->fault->message, now);
        else if (is_of_configuration(ledger, account->name))
            sm_alert_clear(ledger, account->name, SM_ALERT_ACCOUNT);
    }
}
