#include "fetch/rules/route.h"

#include <string.h>

enum { ORGANISATION_DIGITS = 8 };

/* The number before the first '_' ("4300_20180410_111604.csv"); NULL where a name has none. Caller
 * frees. */
static char *
organisation_of(const char *name)
{
    gsize digits = strspn(name, "0123456789");

    if (digits == 0 || digits > ORGANISATION_DIGITS || name[digits] != '_')
        return NULL;
    return g_strndup(name, digits);
}

static gboolean
serves(const SmAccount *account, const char *organisation)
{
    for (char **pattern = account->org_ids; *pattern != NULL; pattern++)
        if (g_pattern_match_simple(*pattern, organisation))
            return TRUE;
    return FALSE;
}

static gboolean
receives(const SmAccount *account, char *const *addresses)
{
    for (; *addresses != NULL; addresses++) {
        g_autofree char *address = g_utf8_strdown(*addresses, -1);

        if (g_strv_contains((const char *const *)account->recipients, address))
            return TRUE;
    }
    return FALSE;
}

/* The one enabled account that fits; NULL if none or several do. */
static SmAccount *
only_match(const SmConfig *config, gboolean (*fits)(const SmAccount *, gconstpointer),
           gconstpointer what)
{
    SmAccount *match = NULL;

    for (guint i = 0; i < config->accounts->len; i++) {
        SmAccount *account = config->accounts->pdata[i];

        if (!account->enabled || !fits(account, what))
            continue;
        if (match != NULL)
            return NULL;
        match = account;
    }
    return match;
}

static gboolean
fits_addresses(const SmAccount *account, gconstpointer addresses)
{
    return receives(account, (char *const *)addresses);
}

static gboolean
fits_organisation(const SmAccount *account, gconstpointer organisation)
{
    return organisation != NULL && serves(account, organisation);
}

/* For the only account there is. */
static gboolean
fits_any(const SmAccount *account, gconstpointer unused)
{
    return TRUE;
}

/* user+NAME@host: whoever may write to the user may as well choose among the user's accounts. */
static gboolean
fits_extension(const SmAccount *account, gconstpointer extension)
{
    return g_ascii_strcasecmp(account->name, extension) == 0;
}

static SmAccount *
choose(const SmConfig *config, const SmEvent *event, const char *organisation)
{
    SmAccount *account = only_match(config, fits_addresses, event->envelope);

    if (account == NULL)
        account = only_match(config, fits_extension, event->extension);
    if (account == NULL)
        account = only_match(config, fits_addresses, event->recipients);
    if (account == NULL)
        account = only_match(config, fits_organisation, organisation);
    /* Not the only one where a file of others cannot be read: it would take theirs. */
    if (account == NULL && !sm_config_is_incomplete(config))
        account = only_match(config, fits_any, NULL);
    if (account == NULL)
        account = only_match(config, fits_addresses, event->to);
    return account;
}

SmAccount *
sm_route(const SmConfig *config, const SmEvent *event, const char *name, char **why)
{
    const char *wanted = *event->account != '\0' ? event->account : NULL;
    g_autofree char *organisation = organisation_of(name);
    SmAccount *account =
        wanted != NULL ? sm_config_account(config, wanted) : choose(config, event, organisation);

    *why = NULL;
    if (account == NULL && sm_config_is_incomplete(config))
        *why = g_strdup_printf("no account is known for it, and not all can be: %s",
                               ((GError *)config->broken->pdata[0])->message);
    else if (account == NULL)
        *why = wanted != NULL
                   ? g_strdup_printf("there is no account %s in %s", wanted, config->file)
                   : g_strdup("none of the accounts fits its recipients (recipients) or its"
                              " organisation (org-id)");
    else if (!account->enabled)
        *why = g_strdup_printf("account %s is not enabled", account->name);
    else if (organisation != NULL && account->org_ids[0] != NULL && !serves(account, organisation))
        *why = g_strdup_printf("organisation %s is not in org-id of account %s", organisation,
                               account->name);
    return *why == NULL ? account : NULL;
}
