#include "fetch/ledger/keys.h"

#include "common/base/error.h"

gboolean
sm_keys_get(SmLedger *ledger, const char *name, char **value, GError **error)
{
    GError *fault = NULL;

    *value = sm_db_first(ledger->db, &fault, &sm_db_texts, "SELECT value FROM keys WHERE name = ?",
                         "s", name);
    return sm_error_pass(error, fault);
}

gboolean
sm_keys_set(SmLedger *ledger, const char *name, const char *value, GError **error)
{
    return sm_db_run(ledger->db, error, NULL,
                     "INSERT INTO keys (name, value) VALUES (?1, ?2)"
                     " ON CONFLICT (name) DO UPDATE SET value = ?2",
                     "ss", name, value);
}

gboolean
sm_keys_change(SmLedger *ledger, const char *name, const char *before, const char *value,
               gboolean *changed, GError **error)
{
    int count = 0;
    gboolean ok =
        before == NULL
            ? sm_db_run(
                  ledger->db, error, &count,
                  "INSERT INTO keys (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING",
                  "ss", name, value)
            : sm_db_run(ledger->db, error, &count,
                        "UPDATE keys SET value = ? WHERE name = ? AND value = ?", "sss", value,
                        name, before);

    *changed = count == 1;
    return ok;
}

gboolean
sm_keys_get_time(SmLedger *ledger, const char *name, gint64 *value, GError **error)
{
    g_autofree char *text = NULL;

    if (!sm_keys_get(ledger, name, &text, error))
        return FALSE;
    *value = text != NULL ? g_ascii_strtoll(text, NULL, 10) : 0;
    return TRUE;
}

gboolean
sm_keys_set_time(SmLedger *ledger, const char *name, gint64 value, GError **error)
{
    g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, value);

    return sm_keys_set(ledger, name, text, error);
}
