/* From, as it is found: one table. */
#include "filter/message/from.h"

static const struct {
    const char *title;
    const char *value;
    const char *addresses; /* with | between, "?" for one that is nobody's */
} cases[] = {
    {"an address", " x@a.org", "x@a.org"},
    {"with a name", " Board <x@a.org>", "x@a.org"},
    {"with a quoted name", " \"Board, College\" <x@a.org>", "x@a.org"},
    {"with a comment", " x@a.org (Board)", "x@a.org"},
    {"folded", " Board\r\n\t<x@a.org>", "x@a.org"},
    {"a blank inside the brackets", " Board < x@a.org >", "x@a.org"},
    {"a quoted local part", " <\"a b\"@a.org>", "\"a b\"@a.org"},
    {"a quoted local part without brackets", " \"a@b.net\"@a.org", "\"a@b.net\"@a.org"},
    {"an apostrophe in the local part", " <o'brien@a.org>", "o'brien@a.org"},
    {"apostrophes around an address", " 'x@a.org'", "?"},
    {"in a group", " Boards: x@a.org;", "x@a.org"},

    /* unquoted, as gateways and people write it */
    {"a mark of a gateway", " [External] Board <x@a.org>", "x@a.org"},
    {"a mark without a blank", " [EXT]Board <x@a.org>", "x@a.org"},
    {"a comma", " Board, College <x@a.org>", "x@a.org"},
    {"a semicolon", " Board; College <x@a.org>", "x@a.org"},
    {"a colon and a full stop", " Board: Inc. <x@a.org>", "x@a.org"},
    {"an apostrophe", " Board's <x@a.org>", "x@a.org"},
    {"a quote without an end", " Board\" <x@a.org>", ""},
    {"a bracket without an end", " Board <x@a.org", "x@a.org"},
    {"an encoded word", " =?utf-8?Q?Board_=40_x=40b.net?= <x@a.org>", "x@a.org"},

    /* several */
    {"two addresses", " x@a.org, y@b.net", "x@a.org|y@b.net"},
    {"two with names", " A <x@a.org>, B <y@b.net>", "x@a.org|y@b.net"},
    {"a name that is an address", " x@a.org <y@b.net>", "x@a.org|y@b.net"},
    {"one that is quoted is a name", " \"x@a.org\" <y@b.net>", "y@b.net"},
    {"one in a comment too", " (x@a.org) <y@b.net>", "y@b.net"},
    {"brackets in a quoted name", " \"<x@a.org>\" <y@b.net>", "y@b.net"},
    {"two in one pair of brackets", " <x@a.org,y@b.net>", "?"},
    {"two with a blank between", " <x@a.org y@b.net>", "?"},
    {"a route", " <@b.net:x@a.org>", "?"},
    {"a domain that goes on behind a blank", " x@a.org\n .b.net", "?"},
    {"a domain that goes on behind a comment", " x@a.org(c) . b.net", "?"},
    {"two signs", " x@a.org@b.net", "?"},
    {"a comment in the domain", " <x@a.org(.b.net)>", "?"},

    /* none */
    {"nothing", "", ""},
    {"a name alone", " Board", ""},
    {"empty brackets", " Board <>", ""},
    {"an empty group", " undisclosed: ;", ""},
};

static void
reads(gconstpointer data)
{
    gsize i = GPOINTER_TO_SIZE(data);
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GString) addresses = g_string_new(NULL);

    sm_from_read(cases[i].value, found);
    for (guint n = 0; n < found->len; n++) {
        const char *address = found->pdata[n];

        g_string_append_printf(addresses, "%s%s", n > 0 ? "|" : "",
                               *address != '\0' ? address : "?");
    }
    g_assert_cmpstr(addresses->str, ==, cases[i].addresses);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strconcat("/from/", cases[i].title, NULL);

        g_test_add_data_func(path, GSIZE_TO_POINTER(i), reads);
    }
    return g_test_run();
}
