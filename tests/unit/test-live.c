/* The view that renews itself: what is told apart, and what is shown where there is little room. */
#include "fetch/status/live.h"

#include <fcntl.h>
#include <string.h>

#include "common/base/cleanup.h"
#include "fetch-fixture.h"
#include "fetch/ledger/lock.h"

typedef struct {
    SmConfig config;
    SmRates *rates;
} View;

static View
view_of(Fixture *fixture)
{
    View view = {.config = {.accounts = g_ptr_array_new(),
                            .broken = g_ptr_array_new(),
                            .spool = (char *)"/nonexistent/spool",
                            .ledger = (char *)"/nonexistent/ledger.db",
                            .defer_for = 3600,
                            .worker_interval = 300},
                 .rates = sm_rates_new()};

    fixture->account.enabled = TRUE;
    g_ptr_array_add(view.config.accounts, &fixture->account);
    return view;
}

static void
view_clear(View *view)
{
    g_ptr_array_unref(view->config.accounts);
    g_ptr_array_unref(view->config.broken);
    g_hash_table_unref(view->rates);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(View, view_clear)

static SmLive *
look(Fixture *fixture, View *view)
{
    g_autoptr(GError) error = NULL;
    SmLive *live = sm_live_new(&view->config, fixture->ledger, NULL, view->rates, &error);

    g_assert_no_error(error);
    return live;
}

/* The lines as one text, each of which fits. Caller frees. */
static char *
lines_of(const SmLive *live, const char *notice, guint columns, guint rows)
{
    g_autoptr(GPtrArray) lines = sm_live_lines(live, notice, columns, rows);

    g_assert_cmpuint(lines->len, ==, MAX(rows, 1));
    g_ptr_array_add(lines, NULL);
    return g_strjoinv("\n", (char **)lines->pdata);
}

static void
assert_says(const char *text, const char *what)
{
    if (strstr(text, what) == NULL)
        g_error("no '%s' in:\n%s", what, text);
}

/* Somebody else's claim, in a descriptor of its own. */
static int
claim(Fixture *fixture, const SmFile *file)
{
    g_autofree char *path = sm_db_lock_file(fixture->path);
    int fd = open(path, O_RDWR | O_CLOEXEC);

    g_assert_true(sm_lock_take(&(SmLedger){.lock_fd = fd}, file->id, 0, NULL, NULL));
    return fd;
}

static void
tells_downloads_from_what_waits(Fixture *fixture, gconstpointer data)
{
    g_auto(View) view = view_of(fixture);
    g_autoptr(SmFile) csv = fixture_row_in(fixture, CSV, SM_FILE_WAITING);
    g_autoptr(SmLive) before = NULL;
    g_autoptr(SmLive) during = NULL;
    sm_autofd int claims = claim(fixture, csv);

    sm_file_free(fixture_row_in(fixture, TXT, SM_FILE_WAITING));
    fixture_sql(fixture, "UPDATE files SET fence = fence + 1"); /* one is a dead process's */
    before = look(fixture, &view);
    g_assert_cmpuint(before->downloads->len, ==, 1);
    g_assert_cmpint(((SmLiveDownload *)before->downloads->pdata[0])->bytes, ==, -1);
    g_assert_cmpuint(before->waiting->len, ==, 1);
    g_assert_cmpint(before->waiting_all, ==, 1);
    sm_lock_tell(claims, csv->id, 1000, 4000);
    during = look(fixture, &view);
    sm_lock_tell(claims, csv->id, 3000, 4000);
    sm_live_free(during);
    during = look(fixture, &view);
    g_assert_cmpint(((SmLiveDownload *)during->downloads->pdata[0])->bytes, ==, 3000);
    g_assert_cmpfloat(((SmLiveDownload *)during->downloads->pdata[0])->rate, >, 0);
}

static void
add_rows(Fixture *fixture, int count)
{
    g_autofree char *sql = g_strdup_printf(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
        " INSERT INTO files (account, name, stem, announced, updated, next_attempt, reason)"
        " SELECT 'main', 'file' || i || '.csv', 'file' || i, 1, 1, i, 'why' || i FROM n",
        count);

    fixture_sql(fixture, sql);
}

static void
says_how_much_it_leaves_out(Fixture *fixture, gconstpointer data)
{
    g_auto(View) view = view_of(fixture);
    g_autoptr(SmLive) live = NULL;
    g_autofree char *usual = NULL;
    g_autofree char *on_server = NULL;
    g_autofree char *low = NULL;

    add_rows(fixture, 1000);
    live = look(fixture, &view);
    usual = lines_of(live, NULL, 80, 24);
    assert_says(usual, "NEXT TRY   WAITING  10 of 1000\nnow        file1.csv  why1\n");
    assert_says(usual, "\nDOWNLOADS\nnone just now\n");
    assert_says(usual, "\nFINDINGS\nwarning: main: 1000 waiting");
    assert_says(usual, "\nmain  ");
    view.config.ledger = (char *)"postgresql://db.example.org/ledger";
    on_server = lines_of(live, NULL, 80, 24);
    assert_says(on_server, "\nDOWNLOADS (a server does not know how far they are)\nnone");
    low = lines_of(live, NULL, 80, 9);
    assert_says(low, "NEXT TRY   WAITING  1 of 1000\n");
    assert_says(low, "\nq: end");
    g_assert_null(strstr(low, "ACCOUNT"));
}

static void
wraps_what_is_long_and_says_the_notice_first(Fixture *fixture, gconstpointer data)
{
    g_auto(View) view = view_of(fixture);
    g_autoptr(SmLive) live = NULL;
    g_autofree char *narrow = NULL;
    g_autofree char *nothing = NULL;

    add_rows(fixture, 1);
    fixture_sql(fixture, "UPDATE files SET reason = 'a reason of several words, and the remedy'");
    live = look(fixture, &view);
    narrow = lines_of(live, "it does not answer, so all of this is old", 31, 24);
    assert_says(narrow, "\nit does not answer, so all of\n  this is old\n\nDOWNLOADS");
    assert_says(narrow, "now        file1.csv  a reason\n           of several words,\n"
                        "           and the remedy\n");
    nothing = lines_of(NULL, NULL, 31, 3);
    g_assert_cmpstr(nothing, ==, "scoremail: looking ...\n\nq: end");
    for (guint columns = 0; columns < 30; columns++)
        for (guint rows = 0; rows < 12; rows++)
            g_free(lines_of(live, "a notice, and behind it a remedy", columns, rows));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD_OF_FILE("/live/tells downloads from what waits", NULL, tells_downloads_from_what_waits);
    ADD("/live/says how much it leaves out", NULL, says_how_much_it_leaves_out);
    ADD("/live/wraps what is long and says the notice first", NULL,
        wraps_what_is_long_and_says_the_notice_first);
    return g_test_run();
}
