#include "fetch/notes/mailing.h"

#include "common/base/text.h"
#include "fetch/ledger/keys.h"

#define KEY "report"

enum { FAULT_MAX = 300 /* bytes */ };

static const char *const stages[] = {
    [SM_MAILING_NONE] = "none",
    [SM_MAILING_SENDING] = "sending",
    [SM_MAILING_SENT] = "sent",
    [SM_MAILING_FAILED] = "failed",
};

/* "STAGE PERIOD AT FAULT". Caller frees. */
static char *
as_text(const SmMailing *mailing)
{
    g_autofree char *fault = sm_text_clean(mailing->fault, FAULT_MAX);

    return g_strdup_printf("%s %" G_GINT64_FORMAT " %" G_GINT64_FORMAT " %s",
                           stages[mailing->stage], mailing->period, mailing->at, fault);
}

/* Treats what a later version may have written as nothing sent. */
static void
read_text(const char *text, SmMailing *mailing)
{
    g_auto(GStrv) words = g_strsplit(text, " ", 4);

    if (g_strv_length(words) < 4)
        return;
    for (guint i = 0; i < G_N_ELEMENTS(stages); i++)
        if (g_str_equal(words[0], stages[i]))
            mailing->stage = (SmMailingStage)i;
    mailing->period = g_ascii_strtoll(words[1], NULL, 10);
    mailing->at = g_ascii_strtoll(words[2], NULL, 10);
    if (mailing->stage == SM_MAILING_FAILED)
        mailing->fault = g_steal_pointer(&words[3]);
}

gboolean
sm_mailing_look(SmLedger *ledger, SmMailing *mailing, GError **error)
{
    *mailing = (SmMailing){0};
    if (!sm_keys_get(ledger, KEY, &mailing->raw, error))
        return FALSE;
    if (mailing->raw != NULL)
        read_text(mailing->raw, mailing);
    return TRUE;
}

void
sm_mailing_clear(SmMailing *mailing)
{
    g_clear_pointer(&mailing->fault, g_free);
    g_clear_pointer(&mailing->raw, g_free);
}

gboolean
sm_mailing_change(SmLedger *ledger, const SmMailing *before, const SmMailing *now, gboolean *won,
                  GError **error)
{
    g_autofree char *made = before->stage != SM_MAILING_NONE ? as_text(before) : NULL;
    g_autofree char *new = as_text(now);

    return sm_keys_change(ledger, KEY, before->raw != NULL ? before->raw : made, new, won, error);
}
