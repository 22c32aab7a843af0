#include "fetch/rules/route.h"

#include <string.h>

#include "common/base/each.h"
#include "common/base/text.h"

enum { ORGANISATION_DIGITS = 8 /* without zeros in front */ };

static const char *
skip_zeros(const char *number)
{
    while (number[0] == '0' && g_ascii_isdigit(number[1]))
        number++;
    return number;
}

/* The number before the first '_' ("4300_20180410_111604.csv"); NULL where a name has none. Caller
 * frees. */
static char *
organisation_of(const char *name)
{
    const char *number = skip_zeros(name);
    gsize digits = strspn(number, "0123456789");

    if (digits == 0 || digits > ORGANISATION_DIGITS || number[digits] != '_')
        return NULL;
    return g_strndup(name, (gsize)(number - name) + digits);
}

/* Numbers are compared as such: 4300 is 004300. */
static gboolean
serves(const SmAccount *account, const char *organisation)
{
    const char *number = skip_zeros(organisation);

    for (char **pattern = account->org_ids; *pattern != NULL; pattern++)
        if (g_pattern_match_simple(*pattern, organisation) ||
            g_pattern_match_simple(skip_zeros(*pattern), number))
            return TRUE;
    return FALSE;
}

static gboolean
lists(const SmAccount *account, const char *address)
{
    return g_strv_contains((const char *const *)account->recipients, address);
}

static gboolean
is_listed(const SmConfig *config, const char *address)
{
    SM_EACH (const SmAccount, account, config->accounts)
        if (lists(account, address))
            return TRUE;
    return FALSE;
}

/* address, as sm_text_address() has it, without its last tag: +TAG, or the envelope's extension
 * behind the separator that the mail system has. NULL where there is none. Caller frees. */
static char *
without_tag(const char *address, const char *extension)
{
    const char *host = strrchr(address, '@');
    g_autofree char *local = host != NULL ? g_strndup(address, (gsize)(host - address)) : NULL;
    g_autofree char *lower = g_utf8_strdown(extension, -1);
    char *tag = local != NULL ? strrchr(local, '+') : NULL;

    if (local != NULL && tag == NULL && *lower != '\0' && g_str_has_suffix(local, lower) &&
        strlen(local) > strlen(lower) + 1 &&
        !g_ascii_isalnum(local[strlen(local) - strlen(lower) - 1]))
        tag = local + strlen(local) - strlen(lower) - 1;
    if (tag == NULL || tag == local)
        return NULL;
    *tag = '\0';
    return g_strconcat(local, host, NULL);
}

/* addresses as sm_text_address() has them; one that nobody lists as it is, without as many of its
 * tags as makes it one that is listed. Caller frees. */
static GStrv
find_bases(const SmConfig *config, char *const *addresses, const char *extension)
{
    GPtrArray *bases = g_ptr_array_new();

    for (; *addresses != NULL; addresses++) {
        char *address = sm_text_address(*addresses);
        char *base;

        while (!is_listed(config, address) && (base = without_tag(address, extension)) != NULL) {
            g_free(address);
            address = base;
        }
        g_ptr_array_add(bases, address);
    }
    g_ptr_array_add(bases, NULL);
    return (GStrv)g_ptr_array_free(bases, FALSE);
}

static gboolean
receives(const SmAccount *account, char *const *addresses)
{
    for (; *addresses != NULL; addresses++) {
        g_autofree char *address = sm_text_address(*addresses);

        if (lists(account, address))
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

    SM_EACH (SmAccount, account, config->accounts) {
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

/* user+NAME@host: a sender may choose among the user's accounts. */
static gboolean
fits_extension(const SmAccount *account, gconstpointer extension)
{
    return g_ascii_strcasecmp(account->name, extension) == 0;
}

static SmAccount *
choose(const SmConfig *config, const SmEvent *event, const char *organisation)
{
    g_auto(GStrv) envelope = find_bases(config, event->envelope, event->extension);
    g_auto(GStrv) recipients = find_bases(config, event->recipients, event->extension);
    g_auto(GStrv) to = find_bases(config, event->to, event->extension);
    SmAccount *account = only_match(config, fits_addresses, event->envelope);

    if (account == NULL)
        account = only_match(config, fits_extension, event->extension);
    if (account == NULL)
        account = only_match(config, fits_addresses, envelope);
    if (account == NULL)
        account = only_match(config, fits_addresses, recipients);
    if (account == NULL)
        account = only_match(config, fits_organisation, organisation);
    /* Not the only one if a file of accounts.d cannot be read: it would take their mail. */
    if (account == NULL && !sm_config_is_incomplete(config))
        account = only_match(config, fits_any, NULL);
    if (account == NULL)
        account = only_match(config, fits_addresses, to);
    return account;
}

SmAccount *
sm_route(const SmConfig *config, const SmEvent *event, const char *name, char **why)
{
    gboolean is_named = *event->account != '\0';
    g_autofree char *organisation = organisation_of(name);
    SmAccount *account =
        is_named ? sm_config_account(config, event->account) : choose(config, event, organisation);

    *why = NULL;
    if (account == NULL && sm_config_is_incomplete(config))
        *why = g_strdup_printf("no account matches it, and not all are known: %s",
                               ((GError *)config->broken->pdata[0])->message);
    else if (account == NULL)
        *why = is_named ? g_strdup_printf("no account %s in %s", event->account, config->file)
                        : g_strdup("no account matches its recipients (recipients) or its "
                                   "organisation (org-id)");
    else if (!account->enabled)
        *why = g_strdup_printf("account %s is not enabled", account->name);
    else if (organisation != NULL && account->org_ids[0] != NULL && !serves(account, organisation))
        *why = g_strdup_printf("organisation %s is not in org-id of account %s", organisation,
                               account->name);
    return *why == NULL ? account : NULL;
}

gboolean
sm_route_serves(const SmAccount *account, const char *name)
{
    g_autofree char *organisation = organisation_of(name);

    return fits_organisation(account, organisation);
}
