/* Names in HTML, read as browsers read it. */
#include <string.h>

#include "common/event/event.h"
#include "filter/message/markup.h"

#define SPAN "<span id=\"fileName\">"
#define END "</span>"

typedef struct {
    const char *name;
    const char *html;
    const char *names; /* with commas; "" a span without a good name; NULL no span */
} Case;

static const Case cases[] = {
    /* the element */
    {"double quotes", "<span id=\"fileName\"> a.csv </span>", "a.csv"},
    {"single quotes", "<span id='fileName'> a.csv </span>", "a.csv"},
    {"no quotes", "<span id=fileName>a.csv</span>", "a.csv"},
    {"upper case", "<SPAN ID=\"fileName\">a.csv</SPAN>", "a.csv"},
    {"other attributes", "<span class=x id=\"fileName\" style='y'>a.csv</span>", "a.csv"},
    {"a slash for a blank", "<span/id=\"fileName\">a.csv</span>", "a.csv"},
    {"line breaks in the tag", "<span\r\n\tid\n=\n\"fileName\"\n>a.csv</span\n>", "a.csv"},
    {"a slash is part of an unquoted value", "<span id=fileName/>a.csv</span>", NULL},
    {"a self-closed span stays open", "<p><span id=\"fileName\"/>a.csv</p>", "a.csv"},
    {"the first of two ids counts", "<span id=x id=fileName>a.csv</span>", NULL},
    {"another case of the id", "<span id=\"filename\">a.csv</span>", NULL},
    {"blanks in the id", "<span id=\" fileName\">a.csv</span>", NULL},
    {"a longer id", "<span id=\"fileName2\">a.csv</span>", NULL},
    {"a class instead of an id", "<span class=\"fileName\">a.csv</span>", NULL},
    {"another element", "<div id=\"fileName\">a.csv</div>", NULL},
    {"a tag that never ends", "x<span id=\"fileName\"", NULL},
    {"an end tag with an id", "</span id=\"fileName\">a.csv", NULL},
    {"an id with a character reference", "fileName <span id=\"file&#78;ame\">a.csv</span>", NULL},
    {"a reference to a number beyond all", SPAN " &#111111111111111090;" END, ""},
    {"Outlook's prefix", "<span id=\"x_fileName\">a.csv</span>", "a.csv"},
    {"Outlook's prefix, three times", "<span id=\"x_x_x_fileName\">a.csv</span>", "a.csv"},
    {"a prefix in upper case", "<span id=\"X_fileName\">a.csv</span>", NULL},
    {"half a prefix", "<span id=\"xfileName\">a.csv</span>", NULL},

    /* where it stands */
    {"a whole document",
     "<!DOCTYPE html><html><head><title>x</title></head><body>" SPAN "a.csv" END, "a.csv"},
    {"in a comment", "<!-- " SPAN "a.csv" END " -->", NULL},
    {"in a conditional comment", "<!--[if mso]>" SPAN "a.csv" END "<![endif]-->", NULL},
    {"between downlevel-revealed conditions", "<![if !mso]>" SPAN "a.csv" END "<![endif]>",
     "a.csv"},
    {"behind a comment closed abruptly", "<!-->" SPAN "a.csv" END "-->", "a.csv"},
    {"behind a comment closed with a bang", "<!-- --!>" SPAN "a.csv" END, "a.csv"},
    {"in a comment that never ends", "<!-- " SPAN "a.csv" END, NULL},
    {"in a script", "<script>" SPAN "a.csv" END "</script>", NULL},
    {"in a script's double escape", "<script><!--<script></script>" SPAN "a.csv" END "--></script>",
     NULL},
    {"in a style", "<style>" SPAN "a.csv" END "</style>", NULL},
    {"in a title", "<title>" SPAN "a.csv" END "</title>", NULL},
    {"in a textarea", "<textarea>" SPAN "a.csv" END "</textarea>", NULL},
    {"in a template", "<template>" SPAN "a.csv" END "</template>", NULL},
    {"in an iframe", "<iframe>" SPAN "a.csv" END "</iframe>", NULL},
    {"in an xmp", "<xmp>" SPAN "a.csv" END "</xmp>", NULL},
    {"swallowed by CDATA, which HTML takes for a comment up to >",
     "<![CDATA[" SPAN "a.csv" END "]]>", NULL},
    {"swallowed by a processing instruction", "<?php " SPAN "a.csv" END, NULL},
    {"behind a processing instruction", "<?php x>" SPAN "a.csv" END, "a.csv"},
    {"in a noscript, since mail runs no script", "<noscript>" SPAN "a.csv" END "</noscript>",
     "a.csv"},
    {"in the head, which ends there", "<head>" SPAN "a.csv" END "</head>", "a.csv"},
    {"behind the document's end", "</body></html>" SPAN "a.csv" END, "a.csv"},
    {"in SVG, which it ends", "<svg>" SPAN "a.csv" END "</svg>", "a.csv"},
    {"an SVG title", "<svg><title>" SPAN "a.csv" END "</title></svg>", NULL},
    {"in an attribute's value", "<p title='" SPAN "a.csv" END "'>", NULL},
    {"as text", "&lt;span id=\"fileName\"&gt;a.csv&lt;/span&gt;", NULL},

    /* how it is nested */
    {"closed by its paragraph", "<p>" SPAN "a.csv<p>text", "a.csv"},
    {"closed by its cell", "<table><tr><td>" SPAN "a.csv</td><td>text</td></tr></table>", "a.csv"},
    {"closed by its bold", "<b>" SPAN "a.csv</b>text", "a.csv"},
    {"closed by the end", "<p>" SPAN "a.csv", "a.csv"},
    {"never closed", SPAN "a.csv<div>other text</div>", ""},
    {"put out of a table", "<table>" SPAN "a.csv" END "<tr><td>x</table>", "a.csv"},
    {"misnested formatting", "<i><p>" SPAN "a.csv</i> and more" END "</p>", "a.csv"},
    {"deep in markup", "<div><table><tr><td><p><font><b>" SPAN "a.csv" END, "a.csv"},

    /* its text */
    {"markup in the name", SPAN "<b>4300</b>_<i>1</i>.csv" END, "4300_1.csv"},
    {"a link in the name", SPAN "<a href=\"http://a.csv/\">a.csv</a>" END, "a.csv"},
    {"a comment in the name", SPAN "43<!-- x -->00.csv" END, "4300.csv"},
    {"a break opportunity in the name", SPAN "4300_<wbr>1.csv" END, "4300_1.csv"},
    {"a script in the name", SPAN "a.csv<script>x</script>" END, "a.csv"},
    {"a span in the span", SPAN "<span>a</span>.csv" END, "a.csv"},
    {"the same span in the span", SPAN SPAN "a.csv" END END, "a.csv"},
    {"numeric references", SPAN "a&#46;c&#x73;v" END, "a.csv"},
    {"references without semicolons", SPAN "a&#46c&#x73v" END, "a.csv"},
    {"a named reference", SPAN "a&period;csv" END, "a.csv"},
    {"a named reference without semicolon", SPAN "a&period.csv" END, ""},
    {"white space at the ends", SPAN "\r\n\t a.csv \f\n" END, "a.csv"},
    {"white space inside collapses", SPAN "a \r\n\t b.csv" END, "a b.csv"},
    {"white space inside of several nodes", SPAN "a <b> </b> b.csv" END, "a b.csv"},
    {"no-break spaces at the ends", SPAN "&nbsp; a.csv &nbsp;" END, "a.csv"},
    {"no-break space inside", SPAN "a&nbsp;b.csv" END, ""},
    {"invisible characters at the ends",
     SPAN "\342\200\213\357\273\277\302\255\343\200\200a.csv\342\200\203\302\255" END, "a.csv"},
    {"a zero-width space inside", SPAN "a\342\200\213.csv" END, ""},
    {"a soft hyphen inside", SPAN "a&shy;b.csv" END, ""},
    {"a direction mark at the end", SPAN "a.csv&lrm;" END, ""},
    {"a vertical tab at the end", SPAN "a.csv\v" END, ""},
    {"a control character inside", SPAN "a\001.csv" END, ""},
    {"a delete character inside", SPAN "a\177.csv" END, ""},
    {"a NUL by reference", SPAN "a&#0;.csv" END, ""},
    {"octets that are no UTF-8 inside", SPAN "a\377.csv" END, ""},
    {"octets that are no UTF-8 at the end", SPAN "a.csv\240" END, ""},
    {"half a character at the end", SPAN "a.csv\303" END, ""},
    {"an overlong slash", SPAN "a\300\257.csv" END, ""},
    {"octets that are no UTF-8 elsewhere", "\377\200" SPAN "a.csv" END "\300", "a.csv"},
    {"a path", SPAN "../a.csv" END, ""},
    {"an empty span", SPAN END, ""},
    {"a span of blanks", SPAN " &nbsp; " END, ""},
    {"no extension", SPAN "4300_2018" END, ""},
    {"another extension", SPAN "essays.zip" END, "essays.zip"},

    /* several */
    {"several, in order", SPAN "b.csv" END SPAN "a.txt" END, "b.csv,a.txt"},
    {"the same name twice", SPAN "a.csv" END SPAN " a.csv" END, "a.csv"},
    {"a bad one among good ones", SPAN "a.csv" END SPAN "/" END SPAN "b.csv" END, "a.csv,b.csv"},
};

static void
check_findings(const char *html, gsize length, const char *names)
{
    g_autoptr(SmFindings) findings = sm_findings_new();
    gboolean found = sm_markup_is_candidate(html, length) && sm_markup_read(html, length, findings);
    g_autofree char *got = NULL;

    g_assert_true(found == (names != NULL));
    g_ptr_array_add(findings->names, NULL);
    got = g_strjoinv(",", (char **)findings->names->pdata);
    g_assert_cmpstr(got, ==, names != NULL ? names : "");
    if (names != NULL && *names == '\0')
        g_assert_nonnull(findings->fault);
}

static void
check_case(gconstpointer data)
{
    const Case *test = data;

    check_findings(test->html, strlen(test->html), test->names);
}

static void
check_nuls(void)
{
    static const char outside[] = "\0<p>\0" SPAN "a.csv" END "\0";
    static const char inside[] = SPAN "a\0.csv" END;
    static const char in_tag[] = "<span\0 id=\"fileName\">a.csv</span>";

    check_findings(outside, sizeof outside - 1, "a.csv");
    check_findings(inside, sizeof inside - 1, "");
    check_findings(in_tag, sizeof in_tag - 1, NULL);
}

static void
check_maximum(void)
{
    g_autoptr(SmFindings) findings = sm_findings_new();
    g_autoptr(GString) html = g_string_new(NULL);

    for (int i = 0; i < 3 * SM_EVENT_NAMES_MAX; i++)
        g_string_append_printf(html, SPAN "%d.csv" END, i);
    g_assert_true(sm_markup_read(html->str, html->len, findings));
    g_assert_cmpuint(findings->names->len, ==, SM_EVENT_NAMES_MAX);
    g_assert_cmpstr(findings->names->pdata[SM_EVENT_NAMES_MAX - 1], ==, "15.csv");
}

/* The tree must not be walked, nor freed, by recursion. */
static void
check_depth(void)
{
    g_autoptr(SmFindings) findings = sm_findings_new();
    g_autoptr(GString) html = g_string_new(NULL);

    for (int i = 0; i < 300000; i++)
        g_string_append(html, "<span>");
    g_string_append(html, SPAN "a.csv" END);
    g_assert_true(sm_markup_read(html->str, html->len, findings));
    g_assert_cmpstr(findings->names->pdata[0], ==, "a.csv");
}

static void
check_fault(void)
{
    g_autoptr(SmFindings) findings = sm_findings_new();
    const char *html = SPAN "scores <b>to follow</b>&rlm;" END;

    g_assert_true(sm_markup_read(html, strlen(html), findings));
    g_assert_cmpstr(findings->fault, ==,
                    "the name \"scores to follow?\" has a character other than letters, digits, "
                    "'.', '_', '-' and space");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strconcat("/markup/", cases[i].name, NULL);

        g_test_add_data_func(path, &cases[i], check_case);
    }
    g_test_add_func("/markup/NULs spoil the name that they are in only", check_nuls);
    g_test_add_func("/markup/no more names than an event holds", check_maximum);
    g_test_add_func("/markup/depth is no danger", check_depth);
    g_test_add_func("/markup/what is wrong is said in clean words", check_fault);
    return g_test_run();
}
