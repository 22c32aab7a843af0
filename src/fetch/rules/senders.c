#include "fetch/rules/senders.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/each.h"
#include "common/base/text.h"

enum { SHOWN_MAX = 100 /* bytes of what a stranger wrote */ };

enum { HOPS, SERVER, RESULT, PROPERTIES }; /* the words of a line of event->auth */

/* The domain of an address; NULL: it has none. Caller frees. */
static char *
domain_of(const char *address)
{
    const char *at = strrchr(address, '@');

    return sm_text_domain(at != NULL ? at + 1 : address);
}

static gboolean
is_below(const char *domain, const char *parent)
{
    gsize length = strlen(domain), above = strlen(parent);

    return length > above + 1 && domain[length - above - 1] == '.' &&
           strcmp(domain + length - above, parent) == 0;
}

static gboolean
is_listed(char *const *senders, const char *from, const char *domain)
{
    g_autofree char *address = sm_text_address(from);

    for (; *senders != NULL; senders++)
        if (strchr(*senders, '@') != NULL      ? strcmp(*senders, address) == 0
            : g_str_has_prefix(*senders, "*.") ? is_below(domain, *senders + strlen("*."))
                                               : strcmp(*senders, domain) == 0)
            return TRUE;
    return FALSE;
}

/* A top-level domain is a parent of too many. */
static gboolean
is_aligned(const char *signer, const char *from)
{
    return strcmp(signer, from) == 0 || is_below(signer, from) ||
           (strchr(signer, '.') != NULL && is_below(from, signer));
}

static gboolean
is_same(const char *domain, const char *from)
{
    return strcmp(domain, from) == 0;
}

typedef enum { ABSENT, FITS, DIFFERS } Fit;

/* Whether the domains that the words give for property fit From's: all of them, if there are
 * several. */
static Fit
look_at(char *const *words, const char *property, gboolean (*fits)(const char *, const char *),
        const char *from)
{
    Fit fit = ABSENT;

    for (char *const *word = words + PROPERTIES; *word != NULL; word++) {
        g_autofree char *domain = NULL;

        if (!g_str_has_prefix(*word, property))
            continue;
        domain = domain_of(*word + strlen(property));
        if (domain == NULL || !fits(domain, from))
            return DIFFERS;
        fit = FITS;
    }
    return fit;
}

static gboolean
vouches(char *const *words, const char *from)
{
    Fit fit;

    if (strcmp(words[RESULT], "dmarc=pass") == 0)
        return look_at(words, "header.from=", is_same, from) != DIFFERS;
    if (strcmp(words[RESULT], "dkim=pass") != 0)
        return FALSE;
    fit = look_at(words, "header.d=", is_aligned, from);
    return (fit != ABSENT ? fit : look_at(words, "header.i=", is_aligned, from)) == FITS;
}

/* What the trusted results say, if none verifies From. Caller frees. */
static char *
describe(const SmAccount *account, const GPtrArray *found)
{
    g_autoptr(GString) results = g_string_new(NULL);
    g_autofree char *shown = NULL;

    if (found->len == 0)
        return g_strdup_printf("no Authentication-Results of %s below at most %u Received lines",
                               account->authserv_id, account->trusted_hops);
    for (guint i = 0; i < found->len; i++)
        g_string_append_printf(results, "%s%s", i > 0 ? ", " : "",
                               ((char **)found->pdata[i])[RESULT]);
    shown = sm_text_clean(results->str, SHOWN_MAX);
    return g_strdup_printf("%s found neither dmarc=pass nor dkim=pass for From's domain (%s)",
                           account->authserv_id, shown);
}

/* The results, each as its words, of the mail system that account trusts: those below the fewest
 * Received lines alone, since what stands lower may have come with the message. Caller frees. */
static GPtrArray *
trusted_results(const SmAccount *account, const SmEvent *event)
{
    GPtrArray *found = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);
    gulong depth = account->trusted_hops;

    for (char **line = event->auth; *line != NULL; line++) {
        g_auto(GStrv) words = g_strsplit(*line, " ", -1);
        gulong hops;

        if (g_strv_length(words) < PROPERTIES || (hops = strtoul(words[HOPS], NULL, 10)) > depth ||
            g_ascii_strcasecmp(words[SERVER], account->authserv_id) != 0)
            continue;
        if (hops < depth)
            g_ptr_array_set_size(found, 0);
        depth = hops;
        g_ptr_array_add(found, g_steal_pointer(&words));
    }
    return found;
}

static gboolean
is_vouched_for(const SmAccount *account, const SmEvent *event, const char *domain, char **why)
{
    g_autoptr(GPtrArray) found = trusted_results(account, event);
    gboolean vouched = FALSE, vetoed = FALSE;

    for (guint i = 0; i < found->len; i++) {
        char **words = found->pdata[i];
        gboolean good = vouches(words, domain);

        vouched |= good;
        vetoed |= !good && g_str_has_prefix(words[RESULT], "dmarc=");
    }
    if (vouched && !vetoed)
        return TRUE;
    *why = describe(account, found);
    return FALSE;
}

gboolean
sm_senders_lists(const SmAccount *account, const SmEvent *event)
{
    g_autofree char *domain = strchr(event->from, '@') != NULL ? domain_of(event->from) : NULL;

    return domain != NULL &&
           (account->senders[0] == NULL || is_listed(account->senders, event->from, domain));
}

/* Caller frees. */
static char *
describe_from(const char *from)
{
    g_autofree char *shown = sm_text_clean(from, SHOWN_MAX);

    return g_strdup_printf("From is %s%s, which is not in senders", shown,
                           strlen(from) > SHOWN_MAX ? "..." : "");
}

static gboolean
allows(const SmAccount *account, const SmEvent *event, char **why)
{
    g_autofree char *domain = NULL;

    if (account->senders[0] == NULL && account->authserv_id == NULL)
        return TRUE;
    domain = strchr(event->from, '@') != NULL ? domain_of(event->from) : NULL;
    if (domain == NULL)
        *why = g_strdup("it does not have exactly one address in From");
    else if (account->senders[0] != NULL && !is_listed(account->senders, event->from, domain))
        *why = describe_from(event->from);
    else if (account->authserv_id != NULL)
        return is_vouched_for(account, event, domain, why);
    return *why == NULL;
}

gboolean
sm_senders_allow(const SmConfig *config, const SmAccount *account, const SmEvent *event, char **why)
{
    *why = NULL;
    if (account != NULL)
        return allows(account, event, why);
    if (sm_config_is_incomplete(config))
        return TRUE; /* without an account no one can decide about its sender */
    SM_EACH (const SmAccount, any, config->accounts) {
        if (!any->enabled)
            continue;
        g_clear_pointer(why, g_free);
        if (allows(any, event, why))
            return TRUE;
    }
    return *why == NULL;
}
