/* Authentication-Results, as RFC 8601 has them and as mail systems write them: one table. */
#include "filter/message/auth-results.h"

#include <string.h>

#include "common/event/event.h"

static const struct {
    const char *title;
    const char *value;
    const char *lines; /* with | between; "" nothing */
} cases[] = {
    /* the examples of RFC 8601, appendix B */
    {"nothing was checked", " example.org 1; none", "0 example.org none"},
    {"one result", " example.com;\r\n\tspf=pass smtp.mailfrom=example.net",
     "0 example.com spf=pass"},
    {"several results",
     " example.com;\n auth=pass (cram-md5) smtp.auth=sender@example.net;\n"
     " spf=pass smtp.mailfrom=example.net",
     "0 example.com auth=pass|0 example.com spf=pass"},
    {"several properties",
     " example.com; dkim=pass reason=\"good signature\"\n header.i=@mail-router.example.net;\n"
     " dkim=fail reason=\"bad signature\" header.i=@newyork.example.com",
     "0 example.com dkim=pass header.i=@mail-router.example.net"
     "|0 example.com dkim=fail header.i=@newyork.example.com"},
    {"comments everywhere",
     " foo.example.net (foobar) 1 (baz);\n dkim (Because I like it) / 1 (One yay) = (wait for it) "
     "fail\n policy (A dot can go here) . (like that) expired\n"
     " (this surprised me) = (as I wasn't expecting it) 1362471462",
     "0 foo.example.net dkim=unclear"},
    {"comments inside of comments", " a (x (y (;dkim=pass) \\) z) w); dkim=fail", "0 a dkim=fail"},

    /* as they are found */
    {"of Gmail",
     " mx.google.com;\r\n       dkim=pass header.i=@example.org header.s=s1 header.b=AbC/dE+f;\r\n"
     "       spf=pass (google.com: domain of b@e.example.org designates 192.0.2.1 as permitted "
     "sender) smtp.mailfrom=\"a b\"@e.example.org;\r\n"
     "       dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=example.org",
     "0 mx.google.com dkim=pass header.i=@example.org header.s=s1 header.b=AbC/dE+f"
     "|0 mx.google.com spf=pass"
     "|0 mx.google.com dmarc=pass header.from=example.org"},
    {"of OpenDKIM",
     " mx.example.edu;\n\tdkim=pass (2048-bit key; unprotected) header.d=example.org "
     "header.i=@example.org header.a=rsa-sha256 header.s=mail header.b=Xy1;\n\tdkim-atps=neutral",
     "0 mx.example.edu dkim=pass header.d=example.org header.i=@example.org header.a=rsa-sha256 "
     "header.s=mail header.b=Xy1|0 mx.example.edu dkim-atps=neutral"},
    {"a semicolon at the end", " a; dkim=pass header.d=b.org;", "0 a dkim=pass header.d=b.org"},
    {"a property without a type", " a; dmarc=pass action=none header.from=b.org",
     "0 a dmarc=pass header.from=b.org"},
    {"capitals", " MX.Example.edu; DKIM=Pass Header.D=B.org",
     "0 MX.Example.edu dkim=pass header.d=B.org"},
    {"a quoted name", " \"mx.example.edu\" 1; dkim=pass header.d=b.org",
     "0 mx.example.edu dkim=pass header.d=b.org"},
    {"a quoted domain is not plain", " mx.example.edu; dkim=pass header.d=\"b.org\"",
     "0 mx.example.edu dkim=unclear"},
    {"no blanks", "a;dkim=pass;dmarc=fail", "0 a dkim=pass|0 a dmarc=fail"},
    {"none beside a result", " a; none; dkim=pass", "0 a none|0 a dkim=pass"},

    /* what a sender might get into them */
    {"a result in a quoted value", " a; spf=fail smtp.mailfrom=\";dmarc=pass\"@b.org",
     "0 a spf=fail"},
    {"a result in a comment", " a; spf=fail (; dmarc=pass)", "0 a spf=fail"},
    {"a result in the reason", " a; dkim=fail reason=\"x; dmarc=pass\"", "0 a dkim=fail"},
    {"a blank in a domain", " a; dkim=pass header.d=\"b.org header.d=c.org\"; dmarc=fail",
     "0 a dkim=unclear|0 a dmarc=fail"},
    {"a control character in a domain", " a; dkim=pass header.d=\"b.org\001\"", "0 a dkim=unclear"},
    {"another version", " a 2; dkim=pass", ""},
    {"another version of the method", " a; dkim/2=pass; spf=pass", "0 a dkim=unclear|0 a spf=pass"},

    /* what is none */
    {"nothing at all", "", ""},
    {"a server alone", " a", ""},
    {"a server with its semicolon", " a;", ""},
    {"no server", " ; dkim=pass", ""},
    {"a server of two words", " a b; dkim=pass", ""},
    {"a server with a blank", " \"a b\"; dkim=pass", ""},
    {"Exchange Online's, which names nobody", " spf=pass (x) smtp.mailfrom=b.org; dkim=pass", ""},
    {"a method without a result", " a; dkim; spf=pass", "0 a dkim=unclear|0 a spf=pass"},
    {"a result without a method", " a; =pass", ""},
    {"a result that is no word", " a; dkim=\"pass\"", "0 a dkim=unclear"},
    {"a comment without an end", " a; dkim=pass (x", "0 a dkim=unclear|0 a dmarc=unclear"},
    {"a comment that ends twice", " a; dkim=pass x)", "0 a dkim=unclear|0 a dmarc=unclear"},
    {"a quote without an end", " a; dkim=pass header.d=\"b.org",
     "0 a dkim=unclear|0 a dmarc=unclear"},
    {"a quote alone", " a; dkim=pass \"", "0 a dkim=unclear|0 a dmarc=unclear"},
    {"a comment whose inner one ends", " a; dkim=pass (x (y)",
     "0 a dkim=unclear|0 a dmarc=unclear"},
    {"a backslash at the end", " a; dkim=pass (\\", "0 a dkim=unclear|0 a dmarc=unclear"},
    {"a property without a value", " a; dkim=pass header.d=; spf=pass",
     "0 a dkim=unclear|0 a spf=pass"},
    {"rubbish behind good results", " a; dkim=pass header.d=b.org; {}",
     "0 a dkim=pass header.d=b.org"},

    /* one odd result voids none of the others */
    {"an empty value", " a; spf=none smtp.mailfrom=; dkim=pass header.d=b.org",
     "0 a spf=none|0 a dkim=pass header.d=b.org"},
    {"words of a mail system's own", " a; dmarc=pass header.from=b.org; spf=pass x=y for z@b.org",
     "0 a dmarc=pass header.from=b.org|0 a spf=pass"},
    {"a backslash", " a; auth=pass smtp.auth=CAMPUS\\x; dkim=pass header.d=b.org",
     "0 a auth=pass|0 a dkim=pass header.d=b.org"},
    {"an empty result", " a; iprev=pass;; dkim=pass header.d=b.org",
     "0 a iprev=pass|0 a dkim=pass header.d=b.org"},
    {"its own name again", " a; spf=pass;\n b.edu; dkim=pass header.d=b.org;",
     "0 a spf=pass|0 a dkim=pass header.d=b.org"},
    {"of Microsoft 365, with a name",
     " mx.edu; spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=b.org; dkim=pass (signature was "
     "verified) header.d=b.org;dmarc=pass action=none header.from=b.org;compauth=pass reason=100",
     "0 mx.edu spf=pass|0 mx.edu dkim=pass header.d=b.org|0 mx.edu dmarc=pass header.from=b.org"
     "|0 mx.edu compauth=pass"},

    /* only what is written plainly is a pass */
    {"a blank before the sign", " a; dkim =pass header.d=b.org", "0 a dkim=unclear"},
    {"a comment in a result", " a; dkim=(x)pass header.d=b.org", "0 a dkim=unclear"},
    {"a comment in a property", " a; dkim=pass header.(x)d=b.org", "0 a dkim=unclear"},
    {"a blank in a property", " a; dmarc=pass header.from =b.org", "0 a dmarc=unclear"},
    {"a version", " a; dkim/1=pass header.d=b.org", "0 a dkim=unclear"},
    {"a bracket in a domain", " a; dkim=pass header.d=b.org)",
     "0 a dkim=unclear|0 a dmarc=unclear"},
};

static void
reads(gconstpointer data)
{
    gsize i = GPOINTER_TO_SIZE(data);
    g_autoptr(GPtrArray) results = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *lines = NULL;

    sm_auth_results_read(cases[i].value, 0, results);
    g_ptr_array_add(results, NULL);
    lines = g_strjoinv("|", (char **)results->pdata);
    g_assert_cmpstr(lines, ==, cases[i].lines);
}

static char *
joined(GPtrArray *results)
{
    g_ptr_array_add(results, NULL);
    return g_strjoinv("|", (char **)results->pdata);
}

static void
adds_to_what_came_before(void)
{
    g_autoptr(GPtrArray) results = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *lines = NULL;

    sm_auth_results_read("a; dkim=pass", 0, results);
    sm_auth_results_read("b 2; dkim=pass", 1, results);
    sm_auth_results_read("c; dkim=pass", 2, results);
    lines = joined(results);
    g_assert_cmpstr(lines, ==, "0 a dkim=pass|2 c dkim=pass");
}

/* Below the header that a mail system has just written may stand one that came with the message. */
static void
the_topmost_header_tells_of_a_method(void)
{
    g_autoptr(GPtrArray) results = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *lines = NULL;

    sm_auth_results_read("a; dmarc=fail", 1, results);
    sm_auth_results_read("A; dkim=fail; dkim=pass header.d=b.org", 1, results);
    sm_auth_results_read("a; dmarc=pass; dkim=pass header.d=c.org; spf=pass", 1, results);
    sm_auth_results_read("b; dmarc=pass", 1, results);
    sm_auth_results_read("a; dmarc=pass", 2, results);
    lines = joined(results);
    g_assert_cmpstr(lines, ==,
                    "1 a dmarc=fail|1 A dkim=fail|1 A dkim=pass header.d=b.org|1 a spf=pass"
                    "|1 b dmarc=pass|2 a dmarc=pass");
}

static void
what_has_checked_nothing_tells_of_all(void)
{
    g_autoptr(GPtrArray) results = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *lines = NULL;

    sm_auth_results_read("a; none", 1, results);
    sm_auth_results_read("a; dkim=pass header.d=b.org", 1, results);
    lines = joined(results);
    g_assert_cmpstr(lines, ==, "1 a none");
}

/* A domain that is cut is another domain. */
static void
leaves_out_what_does_not_fit(void)
{
    g_autoptr(GPtrArray) results = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GString) value = g_string_new("a; dkim=pass");
    g_autofree char *letters = g_strnfill(256, 'x');
    g_autofree char *one = g_strdup_printf("a; dkim=pass header.d=%s", letters);

    for (int i = 0; i < 20; i++)
        g_string_append_printf(value, " header.x%d=%.200s", i, letters);
    g_string_append(value, " header.d=b.org");
    sm_auth_results_read(value->str, 0, results);
    sm_auth_results_read(one, 1, results);
    g_assert_cmpuint(results->len, ==, 2);
    g_assert_true(g_str_has_suffix(results->pdata[0], " header.d=b.org"));
    g_assert_cmpuint(strlen(results->pdata[0]), <, SM_EVENT_STRING_MAX);
    g_assert_cmpstr(results->pdata[1], ==, "1 a dkim=unclear");
}

static void
has_an_end(void)
{
    g_autoptr(GPtrArray) results = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GString) value = g_string_new("a");

    for (int i = 0; i < 2000; i++)
        g_string_append(value, ";x=y");
    for (guint i = 0; i < 3; i++)
        sm_auth_results_read(value->str, i, results);
    g_assert_cmpuint(results->len, ==, SM_EVENT_LIST_MAX);
    for (int i = 0; i < 4000; i++)
        g_string_append(value, ";x=y");
    g_ptr_array_set_size(results, 0);
    sm_auth_results_read(value->str, 0, results);
    g_assert_cmpuint(results->len, ==, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strconcat("/auth results/", cases[i].title, NULL);

        g_test_add_data_func(path, GSIZE_TO_POINTER(i), reads);
    }
    g_test_add_func("/auth results/adds to what came before", adds_to_what_came_before);
    g_test_add_func("/auth results/topmost header", the_topmost_header_tells_of_a_method);
    g_test_add_func("/auth results/none above", what_has_checked_nothing_tells_of_all);
    g_test_add_func("/auth results/leaves out what does not fit", leaves_out_what_does_not_fit);
    g_test_add_func("/auth results/has an end", has_an_end);
    return g_test_run();
}
