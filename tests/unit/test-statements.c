/*
 * What one stored file asks of the ledger: counted by SQLite itself, for a
 * notification that is recorded, fetched from the emulator, placed and said.
 */
#include <glib/gstdio.h>
#include <signal.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fetch-fixture.h"
#include "fetch/database/backend.h"
#include "fetch/http/http.h"
#include "fetch/mail/delivery.h"

enum {
    LOADS_MAX = 3,       /* of the file's row: before its lock, under it, as it is in the end */
    STATEMENTS_MAX = 36, /* of all kinds, BEGIN and COMMIT among them; what triggers do is not */
};

typedef struct {
    guint all, loads, clears;
} Counts;

typedef struct {
    GPid pid;
    char *url, *ca; /* what it said */
} Emulator;

static int
count(unsigned kind, void *context, void *statement, void *text)
{
    const char *sql = text;
    Counts *counts = context;

    if (g_str_has_prefix(sql, "-- ")) /* of a trigger */
        return 0;
    g_test_message("%s", sql);
    counts->all++;
    counts->loads += strstr(sql, "FROM files WHERE account = ? AND name = ?") != NULL;
    counts->clears +=
        g_str_has_prefix(sql, "DELETE FROM alerts") || g_str_has_prefix(sql, "UPDATE alerts");
    return 0;
}

/* It ends with the test, whatever ends that. */
static void
end_with_parent(gpointer data)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
}

static void
start(Fixture *fixture, Emulator *emulator)
{
    g_autofree char *files = g_build_filename(fixture->folder, "service", "files", NULL);
    g_autofree char *data = g_path_get_dirname(files);
    g_autofree char *tls = g_build_filename(data, "tls", NULL);
    g_autofree char *file = g_build_filename(files, CSV, NULL);
    const char *const argv[] = {g_getenv("SCOREMAIL_EMULATOR"),
                                "serve",
                                "--port",
                                "0",
                                "--data",
                                data,
                                "--tls-dir",
                                tls,
                                "--user",
                                "reg:secret-Pa55",
                                NULL};
    char line[1000] = "";
    g_auto(GStrv) words = NULL;
    g_autoptr(GError) error = NULL;
    int out;

    g_assert_cmpint(g_mkdir_with_parents(files, 0700), ==, 0);
    g_assert_true(g_file_set_contents(file, "ID,SCORE\r\n1,2\r\n", -1, NULL));
    g_spawn_async_with_pipes(NULL, (char **)argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, end_with_parent,
                             NULL, &emulator->pid, NULL, &out, NULL, &error);
    g_assert_no_error(error);
    for (gsize length = 0; strchr(line, '\n') == NULL; length++)
        g_assert_cmpint(read(out, line + length, 1), ==, 1);
    close(out);
    words = g_strsplit_set(line, " \n", 0); /* ready URL ca=FILE */
    g_assert_cmpstr(words[0], ==, "ready");
    emulator->url = g_strdup(words[1]);
    emulator->ca = g_strdup(words[2] + strlen("ca="));
}

static void
stop(Emulator *emulator)
{
    kill(emulator->pid, SIGTERM);
    waitpid(emulator->pid, NULL, 0);
    g_free(emulator->url);
    g_free(emulator->ca);
}

static SmConfig *
configure(Fixture *fixture, const Emulator *emulator)
{
    g_autofree char *path = g_build_filename(fixture->folder, "scoremail.conf", NULL);
    g_autofree char *host = g_strndup(emulator->url + strlen("https://"),
                                      strcspn(emulator->url + strlen("https://"), "/"));
    g_autofree char *text = g_strdup_printf(
        "[scoremail]\nledger = %s\n[account main]\nusername = reg\npassword-file = %s\n"
        "directory = %s\nformat = csv\nservice-url = %s\nstorage-hosts = %s\nca-file = %s\n",
        fixture->path, fixture->account.password_file, fixture->account.directory, emulator->url,
        host, emulator->ca);
    g_autoptr(GError) error = NULL;
    SmConfig *config;

    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    g_assert_cmpint(g_chmod(path, 0600), ==, 0);
    config = sm_config_load(path, &error);
    g_assert_no_error(error);
    return config;
}

static void
deliver(Fixture *fixture, const SmConfig *config, const char *message)
{
    g_autoptr(SmEvent) event = fixture_event(CSV, message);
    g_autoptr(SmDelivery) delivery = sm_delivery_new(config, event);
    g_autoptr(GError) error = NULL;

    sm_delivery_record(delivery, fixture->ledger, &error);
    g_assert_no_error(error);
    g_assert_cmpint(sm_delivery_act(delivery, fixture->ledger, 3600), ==, 0);
}

static void
a_stored_file_takes_few_statements(Fixture *fixture, gconstpointer data)
{
    Emulator emulator;
    Counts counts = {0};
    g_autoptr(SmConfig) config = NULL;
    int traced;

    start(fixture, &emulator);
    config = configure(fixture, &emulator);
    traced = sqlite3_trace_v2(fixture->ledger->db->handle, SQLITE_TRACE_STMT, count, &counts);
    g_assert_cmpint(traced, ==, SQLITE_OK);
    deliver(fixture, config, "m1");
    sqlite3_trace_v2(fixture->ledger->db->handle, 0, NULL, NULL);
    g_assert_cmpint(
        fixture_number(fixture, "SELECT count(*) FROM files WHERE state = 'stored' AND size = 15"),
        ==, 1);
    g_test_message("%u statements, %u loads", counts.all, counts.loads);
    g_assert_cmpuint(counts.loads, >, 0);
    g_assert_cmpuint(counts.loads, <=, LOADS_MAX);
    g_assert_cmpuint(counts.clears, ==, 0); /* nothing stands */
    g_assert_cmpuint(counts.all, <=, STATEMENTS_MAX);

    /* and where something stands, that alone is cleared */
    fixture_sql(fixture, "INSERT INTO alerts (account, kind, text, first, last)"
                         " VALUES ('main', 'account', 'x', 1, 1), ('main', 'silence', 'x', 1, 1)");
    fixture_sql(fixture, "UPDATE files SET looked = 0, stored = 1, next_attempt = 0");
    deliver(fixture, config, "m2");
    g_assert_cmpint(fixture_number(fixture, "SELECT kind = 'silence' FROM alerts"), ==, 1);
    stop(&emulator);
}

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;

    g_test_init(&argc, &argv, NULL);
    sm_http_start(&error);
    g_assert_no_error(error);
    ADD("/statements/a stored file takes few statements", NULL, a_stored_file_takes_few_statements);
    return g_test_run();
}
