/* The page: nothing in it is markup that came from a row, and each state has its words. */
#include <string.h>

#include "fetch-fixture.h"
#include "fetch/report/page.h"

#define NOW G_GINT64_CONSTANT(1795971600) /* 2026-11-29 12:00 in New York */
#define HOSTILE "<img src=x onerror='1'>\xe2\x80\xae\"&"

static SmOverview *
overview_of(Fixture *fixture, SmConfig *config)
{
    g_autoptr(GError) error = NULL;
    SmOverview *overview;

    config->defer_for = 7200;
    config->worker_interval = 300;
    config->spool = fixture->folder;
    config->ledger = fixture->path;
    if (config->accounts == NULL) {
        config->accounts = g_ptr_array_new();
        g_ptr_array_add(config->accounts, &fixture->account);
    }
    overview = sm_overview_new(config, fixture->ledger, NULL, 0, NOW, &error);
    g_assert_no_error(error);
    return overview;
}

static char *
page_of(Fixture *fixture, SmConfig *config)
{
    g_autoptr(SmOverview) overview = overview_of(fixture, config);

    return sm_page(overview);
}

static void
assert_has(const char *page, const char *text)
{
    if (strstr(page, text) == NULL)
        g_error("\"%s\" is missing", text);
}

static void
nothing_has_come(Fixture *fixture, gconstpointer data)
{
    SmConfig config = {0};
    g_autofree char *page = NULL;

    fixture->account.enabled = TRUE;
    if (data != NULL)
        g_clear_pointer(&fixture->ledger, sm_ledger_close);
    page = page_of(fixture, &config);
    assert_has(page, "<h2 id=\"verdict\">");
    assert_has(page, "All is well.</h2>");
    assert_has(page,
               "0 files came in the last 7 days; nothing is waiting. The last file came: never.");
    assert_has(page, "All times are local: ");
    assert_has(page, "No file has come yet.");
    assert_has(page, "no file has come for account main yet.");
    assert_has(page, "0 files since 2026-08-01, as many as by this time a year before.");
    g_ptr_array_unref(config.accounts);
}

/* A row all of whose texts are hostile. */
static void
hostile_row(Fixture *fixture, const char *name, const char *state, gint64 stored)
{
    g_autoptr(GError) error = NULL;

    sm_db_run(fixture->ledger->db, &error, NULL,
              "INSERT INTO files (account, name, stem, state, reason, announced, updated, stored,"
              " size, sha256, listed, listed_delivered, listed_records, records)"
              " VALUES (?, ?, ?, ?, ?, 1795900000, 1795900000, ?, 5, ?, 1795900000,"
              " '2026-11-28T00:00:00Z', 5, 7)",
              "sssssis", HOSTILE, name, HOSTILE, state, HOSTILE, stored, HOSTILE);
    g_assert_no_error(error);
}

/* In each text that a row or the configuration has. */
static void
strangers_words_are_text(Fixture *fixture, gconstpointer data)
{
    SmConfig config = {0};
    g_autofree char *page = NULL;

    fixture->account.enabled = TRUE;
    g_free(fixture->account.name);
    fixture->account.name = g_strdup(HOSTILE);
    hostile_row(fixture, HOSTILE "1", "stored", 1795900000);
    hostile_row(fixture, HOSTILE "2", "failed", 0);
    hostile_row(fixture, HOSTILE "3", "waiting", 0);
    hostile_row(fixture, HOSTILE "4", "not wanted", 0);
    g_assert_true(sm_db_run(fixture->ledger->db, NULL, NULL,
                            "INSERT INTO log (at, account, name, action, detail, uid, command)"
                            " VALUES (1795900000, ?, ?, 'corrected', ?, 0, 'run')",
                            "sss", HOSTILE, HOSTILE "1", "5 bytes, SHA-256 " HOSTILE));
    g_assert_true(sm_db_run(fixture->ledger->db, NULL, NULL,
                            "INSERT INTO alerts (account, kind, text, first, last)"
                            " VALUES (?, 'disk', ?, 1, 2)",
                            "ss", HOSTILE, HOSTILE));
    page = page_of(fixture, &config);
    g_assert_null(strstr(page, "<img"));
    g_assert_null(strstr(page, "onerror='"));
    g_assert_null(strstr(page, "\xe2\x80\xae"));
    assert_has(page, "&lt;img src=x onerror=&apos;1&apos;&gt;?&quot;&amp;2");
    g_ptr_array_unref(config.accounts);
}

/* Bytes that are no UTF-8, too, which no key file can have. */
static void
a_letter_can_be_read_whatever_the_ledger_has(Fixture *fixture, gconstpointer data)
{
    static char *to[] = {(char *)"office@school.example", NULL};
    SmConfig config = {.report_mail = to, .file = (char *)"/etc/caf\xe9.conf"};
    g_autoptr(SmOverview) overview = NULL;
    g_autoptr(GKeyFile) letter = g_key_file_new();
    g_autofree char *text = NULL;
    g_autofree char *said = NULL;

    fixture->account.enabled = TRUE;
    fixture_sql(fixture,
                "INSERT INTO files (account, name, stem, state, reason, announced, updated,"
                " stored, size) VALUES ('main', CAST(x'ff62' AS TEXT), '', 'failed',"
                " CAST(x'0a1b5b324ae280ae63f0' AS TEXT), 1, 1, 1, 5)");
    overview = overview_of(fixture, &config);
    said = sm_letter(overview);
    g_assert_true(g_key_file_load_from_data(letter, said, strlen(said), G_KEY_FILE_NONE, NULL));
    text = g_key_file_get_string(letter, "letter", "Text", NULL);
    g_assert_nonnull(text);
    assert_has(text, "\n?b                                failed     ?[2J?c?\n");
    assert_has(text, "\n1969-12-31 19:00  5 bytes     main                  ?b\n");
    assert_has(text, "/etc/caf?.conf");
    g_ptr_array_unref(config.accounts);
}

static void
what_stands_in_the_way_is_said_with_who_can_help(Fixture *fixture, gconstpointer data)
{
    SmConfig config = {0};
    g_autofree char *page = NULL;

    fixture->account.enabled = TRUE;
    fixture_sql(fixture,
                "INSERT INTO files (account, name, stem, state, reason, announced, updated)"
                " VALUES ('main', 'a.csv', 'a', 'failed', 'gone', 1, 1)");
    fixture_sql(fixture, "INSERT INTO alerts (account, kind, text, first, last)"
                         " VALUES ('main', 'password-age', 'it is old', 1, 2)");
    page = page_of(fixture, &config);
    assert_has(page, "Action is needed: the service has no such file (main), and 1 more.</h2>");
    assert_has(page, "whoever signs in at College Board for the account, now");
    assert_has(page, "whoever signs in at College Board for the account, when there is time");
    assert_has(page, "<span class=\"name\">a.csv</span> failed: gone. It is not tried again");
    assert_has(page, "<span class=\"state\">action needed</span>");
    g_ptr_array_unref(config.accounts);
}

static void
gaps_are_named(Fixture *fixture, gconstpointer data)
{
    SmConfig config = {0};
    g_autofree char *page = NULL;

    fixture->account.enabled = TRUE;
    fixture->account.format = SM_FORMAT_CSV;
    fixture->account.expect_every = 7 * 86400;
    fixture_sql(fixture,
                "INSERT INTO files (account, name, stem, state, announced, updated, stored,"
                " size) VALUES ('main', 'a.txt', 'a', 'dropped', 1795900000, 1, 0, 0),"
                " ('main', 'b.TXT', 'b', 'dropped', 1795900000, 1, 0, 0),"
                " ('main', 'c.csv', 'c', 'stored', 1700000000, 1, 1795280400, 5)");
    fixture_sql(fixture, "INSERT INTO log (at, account, name, action, detail, uid, command) VALUES"
                         " (1764000000, 'main', 'c.csv', 'stored', '', 0, 'run')");
    page = page_of(fixture, &config);
    assert_has(page,
               "2 files of this season for account main, none of them .csv, which format = csv"
               " wants.");
    assert_has(page, "no file for account main for 8 days; expect-every is 7 days.");
    assert_has(page, "In the same weeks of the year before: 1 file.");
    g_ptr_array_unref(config.accounts);
}

static void
an_account_that_is_off_makes_no_gaps(Fixture *fixture, gconstpointer data)
{
    SmConfig config = {0};
    g_autofree char *page = NULL;

    fixture->account.enabled = FALSE;
    page = page_of(fixture, &config);
    assert_has(page, "<span class=\"state\">turned off</span>");
    assert_has(page, "None: no listed file was left out");
    g_ptr_array_unref(config.accounts);
}

/* One of five of its account, with the longest name and reason. */
static void
waiting_row(Fixture *fixture, int number)
{
    g_autofree char *account = g_strdup_printf("account-%d", number / 5);
    g_autofree char *reason = g_strnfill(300, '<');
    g_autofree char *end = g_strnfill(240, 'x');
    g_autofree char *name = g_strdup_printf("%d%s", number, end);

    g_assert_true(sm_db_run(fixture->ledger->db, NULL, NULL,
                            "INSERT INTO files (account, name, stem, reason, announced, updated)"
                            " VALUES (?, ?, '', ?, 1, 1)",
                            "sss", account, name, reason));
}

static void
very_many_accounts_are_not_all_shown(Fixture *fixture, gconstpointer data)
{
    SmConfig config = {.accounts = g_ptr_array_new()};
    g_autofree char *page = NULL;

    for (int i = 0; i < 3000; i++) {
        SmAccount *account = g_new0(SmAccount, 1);

        account->name = g_strdup_printf("account-%d", i);
        account->enabled = TRUE;
        account->fault = g_error_new(SM_ERROR, SM_ERROR_CONFIG, "%s is wrong", account->name);
        g_ptr_array_add(config.accounts, account);
    }
    g_assert_true(sm_db_begin(fixture->ledger->db, "", NULL));
    for (int i = 0; i < 1000; i++)
        waiting_row(fixture, i);
    g_assert_true(sm_db_end(fixture->ledger->db, TRUE, NULL));
    page = page_of(fixture, &config);
    g_assert_cmpuint(strlen(page), <, 500000);
    assert_has(page, "2800 more accounts are not shown");
    assert_has(page, "and the same of 2950 more accounts.");
    assert_has(page, "<li>and 4 more: scorefetch status</li>");
    for (guint i = 0; i < config.accounts->len; i++) {
        SmAccount *account = config.accounts->pdata[i];

        g_error_free(account->fault);
        g_free(account->name);
        g_free(account);
    }
    g_ptr_array_unref(config.accounts);
}

int
main(int argc, char **argv)
{
    g_setenv("TZ", "EST5EDT,M3.2.0/2,M11.1.0/2", TRUE);
    g_test_init(&argc, &argv, NULL);
    ADD("/page/empty", NULL, nothing_has_come);
    ADD("/page/no-ledger", "none", nothing_has_come);
    ADD("/page/hostile", NULL, strangers_words_are_text);
    ADD("/page/letter", NULL, a_letter_can_be_read_whatever_the_ledger_has);
    ADD("/page/concerns", NULL, what_stands_in_the_way_is_said_with_who_can_help);
    ADD("/page/gaps", NULL, gaps_are_named);
    ADD("/page/off", NULL, an_account_that_is_off_makes_no_gaps);
    ADD("/page/many", NULL, very_many_accounts_are_not_all_shown);
    return g_test_run();
}
