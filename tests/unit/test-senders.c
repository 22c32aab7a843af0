/* Who may announce files: one table. */
#include "fetch/rules/senders.h"

#include <string.h>

#define MX "mx.example.edu"

static const struct {
    const char *title;
    const char *senders;     /* one blank between */
    const char *authserv_id; /* NULL: none is asked */
    guint hops;
    const char *from;
    const char *auth; /* with | between */
    const char *why;  /* NULL: it is allowed; else a part of the reason */
} cases[] = {
    {"anybody where nothing is said", "", NULL, 1, "", "", NULL},

    /* senders */
    {"an address", "reports@a.org", NULL, 1, "Reports@A.org", "", NULL},
    {"another address of its domain", "reports@a.org", NULL, 1, "x@a.org", "",
     "From is x@a.org, which is not in senders"},
    {"a domain", "a.org", NULL, 1, "x@A.ORG", "", NULL},
    {"a domain with a dot at its end", "a.org", NULL, 1, "x@a.org.", "", NULL},
    {"not a domain below it", "a.org", NULL, 1, "x@b.a.org", "", "not in senders"},
    {"a long From is cut off", "a.org", NULL, 1,
     "0123456789012345678901234567890123456789012345678901234567890123456789@"
     "0123456789012345678901234567890.org",
     "", "01234567890123456789012345678..., which is not in senders"},
    {"not one that ends alike", "a.org", NULL, 1, "x@ba.org", "", "not in senders"},
    {"not one that begins alike", "a.org", NULL, 1, "x@a.org.b.net", "", "not in senders"},
    {"domains below", "*.a.org", NULL, 1, "x@c.b.a.org", "", NULL},
    {"not the domain itself", "*.a.org", NULL, 1, "x@a.org", "", "not in senders"},
    {"not one that ends alike without a dot", "*.a.org", NULL, 1, "x@ba.org", "", "not in senders"},
    {"one of several", "b.net *.a.org x@c.com", NULL, 1, "x@c.com", "", NULL},
    {"a domain in another script", "xn--bcher-kva.example", NULL, 1, "x@b\303\274cher.example", "",
     NULL},
    {"an address in another script", "x@xn--bcher-kva.example", NULL, 1, "X@B\303\234CHER.example.",
     "", NULL},
    {"nobody without From, or with two", "a.org", NULL, 1, "", "", "not have exactly one address"},
    {"nobody without a domain", "a.org", NULL, 1, "x", "", "not have exactly one address"},
    {"nobody with an empty domain", "a.org", NULL, 1, "x@", "", "not have exactly one address"},
    {"by the last @", "a.org", NULL, 1, "\"x@a.org\"@b.net", "", "not in senders"},

    /* authserv-id */
    {"dmarc=pass", "", MX, 1, "x@a.org", "0 MX.example.edu dmarc=pass header.from=a.org", NULL},
    {"dmarc=pass that does not say for whom", "", MX, 1, "x@a.org", "0 " MX " dmarc=pass", NULL},
    {"not dmarc=pass for another domain", "", MX, 1, "x@a.org",
     "0 " MX " dmarc=pass header.from=b.net", "neither dmarc=pass nor dkim=pass"},
    {"not dmarc=fail", "", MX, 1, "x@a.org", "0 " MX " dmarc=fail header.from=a.org",
     "(dmarc=fail)"},
    {"not dmarc=bestguesspass", "", MX, 1, "x@a.org",
     "0 " MX " dmarc=bestguesspass header.from=a.org", "(dmarc=bestguesspass)"},
    {"dkim=pass by From's domain", "", MX, 1, "x@a.org", "0 " MX " dkim=pass header.d=A.org", NULL},
    {"dkim=pass by a domain below", "", MX, 1, "x@a.org", "0 " MX " dkim=pass header.d=m.a.org",
     NULL},
    {"dkim=pass by a domain above", "", MX, 1, "x@e.a.org", "0 " MX " dkim=pass header.d=a.org",
     NULL},
    {"not by a sibling, which may be another's", "", MX, 1, "x@e.a.org",
     "0 " MX " dkim=pass header.d=m.a.org", "neither"},
    {"not by a top-level domain", "", MX, 1, "x@a.org", "0 " MX " dkim=pass header.d=org",
     "neither"},
    {"not by one that ends alike", "", MX, 1, "x@a.org", "0 " MX " dkim=pass header.d=ba.org",
     "neither"},
    {"by the signer's identity where the domain is not said", "", MX, 1, "x@a.org",
     "0 " MX " dkim=pass header.i=@a.org header.s=s", NULL},
    {"not by the identity where the domain is another's", "", MX, 1, "x@a.org",
     "0 " MX " dkim=pass header.d=b.net header.i=@a.org", "neither"},
    {"not where two domains are said", "", MX, 1, "x@a.org",
     "0 " MX " dkim=pass header.d=a.org header.d=b.net", "neither"},
    {"not dkim=pass for nobody", "", MX, 1, "x@a.org", "0 " MX " dkim=pass header.s=s", "neither"},
    {"not dkim=fail", "", MX, 1, "x@a.org", "0 " MX " dkim=fail header.d=a.org", "(dkim=fail)"},
    {"not spf=pass", "", MX, 1, "x@a.org", "0 " MX " spf=pass", "(spf=pass)"},
    {"not where nothing was checked", "", MX, 1, "x@a.org", "0 " MX " none", "(none)"},
    {"any of several results", "", MX, 1, "x@a.org",
     "0 " MX " spf=fail|0 " MX " dkim=fail header.d=a.org|0 " MX " dkim=pass header.d=a.org", NULL},
    {"nothing, the verifier is down", "", MX, 1, "x@a.org", "",
     "no Authentication-Results of " MX " below at most 1 Received"},
    {"not another's word", "", MX, 1, "x@a.org", "0 mx.evil.net dmarc=pass header.from=a.org",
     "no Authentication-Results"},
    {"not the word of a name that ends alike", "", MX, 1, "x@a.org",
     "0 a." MX " dmarc=pass header.from=a.org", "no Authentication-Results"},
    {"below one Received", "", MX, 1, "x@a.org", "1 " MX " dmarc=pass header.from=a.org", NULL},
    {"not below two", "", MX, 1, "x@a.org", "2 " MX " dmarc=pass header.from=a.org",
     "no Authentication-Results"},
    {"not below one where the top is trusted alone", "", MX, 0, "x@a.org",
     "1 " MX " dmarc=pass header.from=a.org", "below at most 0 Received"},
    {"not a forged one below a failure", "", MX, 1, "x@a.org",
     "0 " MX " dmarc=fail header.from=a.org|2 " MX " dmarc=pass header.from=a.org", "(dmarc=fail)"},
    {"not the word below another one of the same name", "", MX, 2, "x@a.org",
     "1 " MX " spf=pass|2 " MX " dmarc=pass header.from=a.org", "(spf=pass)"},
    {"not dkim=pass where dmarc fails", "", MX, 0, "x@a.org",
     "0 " MX " dkim=pass header.d=a.org|0 " MX " dmarc=fail header.from=a.org", "dmarc=fail"},
    {"nor where dmarc is unclear", "", MX, 0, "x@a.org",
     "0 " MX " dkim=pass header.d=a.org|0 " MX " dmarc=unclear", "dmarc=unclear"},
    {"nor where dmarc passes for another", "", MX, 0, "x@a.org",
     "0 " MX " dkim=pass header.d=a.org|0 " MX " dmarc=pass header.from=b.net", "neither"},
    {"below more where that is said", "", MX, 3, "x@a.org", "3 " MX " dkim=pass header.d=a.org",
     NULL},
    {"not an empty line, which is no result", "", MX, 1, "x@a.org",
     "|0 " MX " dmarc=pass header.from=a.org||", NULL},
    {"not a line of blanks", "", MX, 1, "x@a.org", " |  |0", "no Authentication-Results"},
    {"not a line without a result", "", MX, 1, "x@a.org", "0 " MX, "no Authentication-Results"},

    /* both */
    {"who is both listed and vouched for", "a.org", MX, 1, "x@a.org",
     "0 " MX " dkim=pass header.d=a.org", NULL},
    {"not who is vouched for alone", "a.org", MX, 1, "x@b.net", "0 " MX " dkim=pass header.d=b.net",
     "not in senders"},
    {"not who is listed alone", "a.org", MX, 1, "x@a.org", "", "no Authentication-Results"},
};

static void
judge(gconstpointer data)
{
    gsize i = GPOINTER_TO_SIZE(data);
    g_autoptr(SmEvent) event = sm_event_new(SM_EVENT_UNUSABLE);
    g_auto(GStrv) senders = g_strsplit(cases[i].senders, " ", -1);
    SmAccount account = {.senders = senders,
                         .authserv_id = (char *)cases[i].authserv_id,
                         .trusted_hops = cases[i].hops};
    g_autofree char *why = NULL;
    gboolean allowed;

    g_free(event->from);
    event->from = g_strdup(cases[i].from);
    g_strfreev(event->auth);
    event->auth = g_strsplit(cases[i].auth, "|", -1);
    allowed = sm_senders_allow(NULL, &account, event, &why);
    g_assert_cmpint(allowed, ==, cases[i].why == NULL);
    g_assert_cmpint(allowed, ==, why == NULL);
    if (!allowed && strstr(why, cases[i].why) == NULL)
        g_error("\"%s\" does not say \"%s\"", why, cases[i].why);
}

/* An event that belongs to no account: strangers are refused where every account would. */
static void
nobody_s_event_is_judged_by_all(void)
{
    char *listed[] = {(char *)"a.org", NULL}, *none[] = {NULL};
    SmAccount strict = {.enabled = TRUE, .senders = listed};
    SmAccount open = {.enabled = FALSE, .senders = none};
    g_autoptr(SmEvent) event = sm_event_new(SM_EVENT_UNUSABLE);
    g_autoptr(GPtrArray) accounts = g_ptr_array_new();
    const SmConfig config = {.accounts = accounts};
    char *why;

    g_ptr_array_add(accounts, &strict);
    g_ptr_array_add(accounts, &open);
    g_assert_false(sm_senders_allow(&config, NULL, event, &why));
    g_assert_cmpstr(why, ==, "it does not have exactly one address in From");
    g_free(why);
    open.enabled = TRUE;
    g_assert_true(sm_senders_allow(&config, NULL, event, &why));
    g_assert_null(why);
    strict.enabled = open.enabled = FALSE;
    g_assert_true(sm_senders_allow(&config, NULL, event, &why));
    g_assert_null(why);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strconcat("/senders/", cases[i].title, NULL);

        g_test_add_data_func(path, GSIZE_TO_POINTER(i), judge);
    }
    g_test_add_func("/senders/nobody's event is judged by all", nobody_s_event_is_judged_by_all);
    return g_test_run();
}
