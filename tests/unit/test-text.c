/* Cleaning and redaction of text from outside. */
#include <string.h>

#include "common/base/text.h"

static const struct {
    const char *title;
    const char *dirty;
    gsize max;
    const char *clean;
} cleanings[] = {
    {"leaves plain text alone", "5818_2025.csv stored", 100, "5818_2025.csv stored"},
    {"leaves other scripts alone", "Schüler 学校", 100, "Schüler 学校"},
    {"makes the missing text empty", NULL, 100, ""},
    {"makes a line break a blank", "one\r\ntwo", 100, "one two"},
    {"makes a run of white space one blank", "one\t\t\n two", 100, "one  two"},
    {"makes a run of controls one mark", "a\033\001\002b", 100, "a?b"},
    {"marks two runs twice", "\001a\001", 100, "?a?"},
    {"disarms an escape sequence", "\033[31mred", 100, "?[31mred"},
    {"marks C1 controls", "a\302\233b", 100, "a?b"},
    {"marks invalid bytes", "a\377\376b", 100, "a?b"},
    {"marks a cut sequence at the end", "a\303", 100, "a?"},
    {"marks an overlong slash", "a\300\257b", 100, "a?b"},
    {"marks a surrogate", "a\355\240\200b", 100, "a?b"},
    {"marks a change of reading direction", "a\342\200\256b", 100, "a?b"},
    {"marks an invisible space", "a\342\200\213b", 100, "a?b"},
    {"marks a byte order mark", "\357\273\277a", 100, "?a"},
    {"marks a line separator", "a\342\200\250b", 100, "a?b"},
    {"cuts at the limit", "abcdef", 3, "abc"},
    {"never cuts a character", "ab\303\266", 3, "ab"},
    {"gives nothing where nothing is allowed", "abc", 0, ""},
};

static const struct {
    const char *title;
    const char *url;
    const char *shown;
} redactions[] = {
    {"keeps scheme, host and path", "https://b.s3.amazonaws.com/K12/a.csv",
     "https://b.s3.amazonaws.com/K12/a.csv"},
    {"takes off a query behind a semicolon", "https://h/a.csv;Signature=x", "https://h/a.csv"},
    {"takes off a query behind a coded mark", "https://h/a.csv%3fSignature=x", "https://h/a.csv"},
    {"takes off a query without its mark", "https://h/a.csv&Signature=x", "https://h/a.csv"},
    {"takes off a presigned query",
     "https://b.s3.amazonaws.com/K12/a.csv?AWSAccessKeyId=K&Expires=1&Signature=S",
     "https://b.s3.amazonaws.com/K12/a.csv"},
    {"takes off a fragment", "https://h/a#secret", "https://h/a"},
    {"takes off user and password", "https://user:pass@h:8443/a", "https://h:8443/a"},
    {"takes off a password with an at sign", "https://user:p@ss@h/a", "https://h/a"},
    {"keeps an at sign in the path", "https://h/a@b", "https://h/a@b"},
    {"is not fooled by a URL in the query", "h/a?Signature=S&u=https://x/y", "h/a"},
    {"takes off a user where the scheme is missing", "//user:pass@h/a", "h/a"},
    {"takes off a user where the scheme is damaged", "https:/user:pass@h/a", "h/a"},
    {"cleans what is left", "https://h/\033[2J", "https://h/?[2J"},
    {"makes nothing of nothing", "", ""},
};

static void
cleans(gconstpointer data)
{
    gsize i = GPOINTER_TO_SIZE(data);
    g_autofree char *clean = sm_text_clean(cleanings[i].dirty, cleanings[i].max);
    g_autofree char *again = sm_text_clean(clean, cleanings[i].max);

    g_assert_cmpstr(clean, ==, cleanings[i].clean);
    g_assert_cmpstr(again, ==, clean);
    g_assert_true(sm_text_is_clean(clean, strlen(clean)));
    if (cleanings[i].dirty != NULL && strlen(cleanings[i].dirty) <= cleanings[i].max)
        g_assert_true(sm_text_is_clean(cleanings[i].dirty, strlen(cleanings[i].dirty)) ==
                      (strcmp(clean, cleanings[i].dirty) == 0));
}

static void
redacts(gconstpointer data)
{
    gsize i = GPOINTER_TO_SIZE(data);
    g_autofree char *shown = sm_text_redact_url(redactions[i].url);

    g_assert_cmpstr(shown, ==, redactions[i].shown);
}

static void
makes_addresses_comparable(void)
{
    static const char *const pairs[][2] = {
        {"Scores@Example.EDU", "scores@example.edu"},
        {"a@example.edu.", "a@example.edu"},
        {"a@b\303\274cher.example", "a@xn--bcher-kva.example"},
        {"a@B\303\234CHER\343\200\202example", "a@xn--bcher-kva.example"},
        {"Example.ORG.", "example.org"},
        {"a@b@Example.EDU", "a@b@example.edu"},
        {"a@", "a@"},
        {"a@.", "a@."},
        {"A", "a"},
        {"", ""},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(pairs); i++) {
        g_autofree char *address = sm_text_address(pairs[i][0]);
        g_autofree char *again = sm_text_address(address);

        g_assert_cmpstr(address, ==, pairs[i][1]);
        g_assert_cmpstr(again, ==, address);
    }
}

static void
finds_a_nul(void)
{
    g_assert_false(sm_text_is_clean("a\0b", 3));
    g_assert_true(sm_text_is_clean("a\0b", 1));
    g_assert_true(sm_text_is_clean("", 0));
}

/* Whatever a clock, a ledger or a service says. */
static void
every_time_has_a_text(void)
{
    g_autofree char *utc = sm_text_time_utc(1774735403);
    g_autofree char *beyond = sm_text_time_utc(G_MAXINT64);
    g_autofree char *below = sm_text_time(G_MININT64);
    g_autofree char *day = sm_text_day(G_MAXINT64);
    g_autofree char *time = sm_text_time(1774735403);

    g_assert_cmpstr(utc, ==, "2026-03-28T22:03:23Z");
    g_assert_cmpstr(beyond, ==, "?");
    g_assert_cmpstr(below, ==, "?");
    g_assert_cmpstr(day, ==, "?");
    g_assert_cmpuint(strlen(time), ==, strlen("2026-03-28 22:03"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(cleanings); i++) {
        g_autofree char *path = g_strconcat("/text/clean ", cleanings[i].title, NULL);

        g_test_add_data_func(path, GSIZE_TO_POINTER(i), cleans);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(redactions); i++) {
        g_autofree char *path = g_strconcat("/text/redaction ", redactions[i].title, NULL);

        g_test_add_data_func(path, GSIZE_TO_POINTER(i), redacts);
    }
    g_test_add_func("/text/makes addresses comparable", makes_addresses_comparable);
    g_test_add_func("/text/finds a NUL byte", finds_a_nul);
    g_test_add_func("/text/every time has a text", every_time_has_a_text);
    return g_test_run();
}
