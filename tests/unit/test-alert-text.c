/* What alerts say; that the mail is a valid one, tests/integration/test_alerts.py shows. */
#include "fetch/alert/text.h"

#include <string.h>

#include "fetch/alert/alert.h"

enum { NOON = 1795608000 /* 2026-11-25 12:00 UTC */ };

static char *addresses[] = {(char *)"a@x.edu", (char *)"b@x.edu", NULL};
static const SmConfig config = {.file = (char *)"/etc/x.conf",
                                .alert_mail = addresses,
                                .alert_from = (char *)"us@x.edu",
                                .alert_every = 3600};

static SmAlertRow
row(const char *account, const char *kind, gint64 times, gint64 sent)
{
    return (SmAlertRow){
        (char *)account, (char *)kind, (char *)"so it \"is\"", NOON - 600, NOON, times, sent,
        (char *)kind};
}

static void
assert_has(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        g_error("no \"%s\" in:\n%s", part, text);
}

static void
a_mail_says_what_when_and_what_to_do(void)
{
    const SmAlertRow alert = row("main", "disk", 1, 0);
    g_autofree char *mail = sm_alert_mail(&alert, &config, NOON + 1);

    g_assert_true(g_str_has_prefix(mail, "Date: Wed, 25 Nov 2026 12:00:01 +0000\nMessage-ID: <"));
    assert_has(mail, "\nFrom: scoremail <us@x.edu>\nTo: a@x.edu,\n b@x.edu\n"
                     "Subject: scoremail: main: the directory is not writable\n");
    assert_has(mail, ", account main, 2026-11-25 12:00 UTC:\n\nso it \"is\"\n\nWhat to do: Mount");
    assert_has(mail, "Configuration: /etc/x.conf. An alert of one kind is sent once in 60 min.");
}

static void
a_mail_says_how_many_more_there_were(void)
{
    const SmAlertRow first = row("", "spool", 4, 0);
    const SmAlertRow later = row("", "spool", 3, NOON - 3600);
    g_autofree char *mail = sm_alert_mail(&first, &config, NOON);
    g_autofree char *next = sm_alert_mail(&later, &config, NOON);

    assert_has(mail, "Subject: scoremail: a file in the spool is not an event\n");
    assert_has(mail, "\n(and 3 more of this kind, the first one at 2026-11-25 11:50 UTC)\n");
    assert_has(next, "\n(and 2 more of this kind since the last alert)\n");
}

/* What strangers can bring into an alert, and what has to stay as it is. */
static const struct {
    const char *text, *shown;
} links[] = {
    {"see http://evil.example/x now", "see http[:]//evil[.]example/x now"},
    {"HTTPS://EVIL.EXAMPLE", "HTTPS[:]//EVIL[.]EXAMPLE"},
    {"(ftp://1.2.3.4/)", "(ftp[:]//1.2.3.4/)"},
    {"www.evil.example", "www[.]evil[.]example"},
    {"evil.example/4300.csv", "evil[.]example/4300.csv"},
    {"csv.evil.com", "csv[.]evil[.]com"},
    {"evil.csv.com evil.txt.", "evil[.]csv[.]com evil.txt."},
    {"//evil.example/x", "//evil[.]example/x"},
    {"/http://evil.example", "/http[:]//evil[.]example"},
    {"\"user@host\" mailto:a@b.c", "\"user[at]host\" mailto:a[at]b[.]c"},
    {"b\303\274cher.de \320\265.\321\200\321\204",
     "b\303\274cher[.]de \320\265[.]\321\200\321\204"},
    {"4300_2018.zip", "4300_2018[.]zip"},
    {"4300_20180410_111604.csv: HTTP 404. Now 1.5 MB",
     "4300_20180410_111604.csv: HTTP 404. Now 1.5 MB"},
    {"/etc/scoremail/x.d/a.b: line 3", "/etc/scoremail/x.d/a.b: line 3"},
    {"scoremail-run.timer, scoremail.conf", "scoremail-run.timer, scoremail.conf"},
    {"", ""},
};

static void
nothing_is_a_link(gconstpointer data)
{
    gsize i = GPOINTER_TO_SIZE(data);
    SmAlertRow alert = row("main", "form", 1, 0);
    g_autofree char *mail = NULL;
    g_autofree char *json = NULL;
    g_autofree char *part = g_strdup_printf("UTC:\n\n%s\n\nWhat", links[i].shown);

    alert.text = (char *)links[i].text;
    mail = sm_alert_mail(&alert, &config, NOON);
    assert_has(mail, part);
    g_assert_cmpint(strstr(mail, "[brackets]") != NULL, ==,
                    strcmp(links[i].text, links[i].shown) != 0);
    json = sm_alert_json(&alert, &config);
    g_assert_null(strstr(json, "evil.example"));
}

static void
the_json_is_an_object_on_one_line(void)
{
    const SmAlertRow alert = row("", "sandbox", 2, 0);
    g_autofree char *json = sm_alert_json(&alert, &config);

    g_assert_true(g_str_has_prefix(json, "{\"kind\":\"sandbox\",\"account\":null,\"subject\":"));
    assert_has(json, "\"text\":\"so it \\\"is\\\"\"");
    assert_has(json, "\"times\":2,\"more\":1,\"first\":\"2026-11-25T11:50:00Z\","
                     "\"last\":\"2026-11-25T12:00:00Z\"");
    g_assert_true(strchr(json, '\n') == json + strlen(json) - 1);
}

static void
every_kind_has_words(void)
{
    for (int kind = 0; kind < SM_ALERT_N_KINDS; kind++) {
        const char *name = sm_alert_kind_name((SmAlertKind)kind);
        const SmAlertRow alert = row("main", name, 1, 0);
        g_autofree char *mail = sm_alert_mail(&alert, &config, NOON);
        g_autofree char *header = g_strdup_printf("\nX-Scoremail-Alert: %s\n", name);

        assert_has(mail, header);
        g_assert_null(strstr(mail, "(null)"));
    }
}

/* A newer version may have recorded it. */
static void
an_unknown_kind_is_named_as_it_is(void)
{
    const SmAlertRow alert = row("main", "earthquake", 1, 0);
    g_autofree char *mail = sm_alert_mail(&alert, &config, NOON);

    assert_has(mail, "Subject: scoremail: main: earthquake\n");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(links); i++) {
        g_autofree char *path = g_strdup_printf("/alert-text/nothing is a link/%zu", i);

        g_test_add_data_func(path, GSIZE_TO_POINTER(i), nothing_is_a_link);
    }
    g_test_add_func("/alert text/a mail says what, when and what to do",
                    a_mail_says_what_when_and_what_to_do);
    g_test_add_func("/alert text/a mail says how many more there were",
                    a_mail_says_how_many_more_there_were);
    g_test_add_func("/alert text/the JSON is an object on one line",
                    the_json_is_an_object_on_one_line);
    g_test_add_func("/alert text/every kind has words", every_kind_has_words);
    g_test_add_func("/alert text/an unknown kind is named as it is",
                    an_unknown_kind_is_named_as_it_is);
    return g_test_run();
}
