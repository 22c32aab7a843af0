/* The table of files: its rows, what is told of them, and what a person does to them. */
#include "fetch/rows/events.h"
#include "fetch/rows/files.h"
#include "fetch/rows/unknown.h"
#include "fetch/rows/updates.h"

#include <string.h>

#include "common/base/error.h"
#include "fetch-fixture.h"

static void
make_waiting(Fixture *fixture)
{
    g_assert_true(sm_file_ensure(fixture->ledger, "main", CSV, NULL));
}

static SmFile *
claimed(Fixture *fixture)
{
    SmFile *file;

    make_waiting(fixture);
    file = fixture_row(fixture, CSV);
    g_assert_true(sm_file_raise_fence(fixture->ledger, file, 0, NULL));
    return file;
}

static void
assert_state(const SmFile *file, SmFileState state)
{
    g_assert_cmpstr(sm_file_state_name(file->state), ==, sm_file_state_name(state));
}

static void
a_row_is_made_once(Fixture *fixture, gconstpointer data)
{
    g_autoptr(SmFile) first = NULL;
    g_autoptr(SmFile) second = NULL;

    make_waiting(fixture);
    first = fixture_row(fixture, CSV);
    make_waiting(fixture);
    second = fixture_row(fixture, CSV);
    g_assert_cmpint(first->id, ==, second->id);
    assert_state(first, SM_FILE_WAITING);
    g_assert_cmpstr(first->reason, ==, "");
    g_assert_cmpint(first->fence, ==, 0);
    g_assert_cmpint(first->part, ==, 0);
    g_assert_cmpint(first->stored_at, ==, 0);
    g_assert_cmpint(first->newest_event, ==, 0);
}

static void
a_name_that_is_not_known_is_no_error(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(sm_file_load(fixture->ledger, "main", CSV, &error));
    g_assert_no_error(error);
    make_waiting(fixture);
    g_assert_null(sm_file_load(fixture->ledger, "other", CSV, &error));
    g_assert_no_error(error);
}

static void
a_person_reopens(Fixture *fixture, gconstpointer data)
{
    static const SmFileState states[][2] = {
        {SM_FILE_FAILED, SM_FILE_WAITING},  {SM_FILE_CONFLICT, SM_FILE_WAITING},
        {SM_FILE_WAITING, SM_FILE_WAITING}, {SM_FILE_DROPPED, SM_FILE_DROPPED},
        {SM_FILE_PLACING, SM_FILE_PLACING}, {SM_FILE_STORED, SM_FILE_STORED}};

    for (gsize i = 0; i < G_N_ELEMENTS(states); i++) {
        g_autoptr(SmFile) file = NULL;

        make_waiting(fixture);
        fixture_sql(fixture, "UPDATE files SET next_attempt = 9, attempts = 9, missing_since = 9,"
                             " missing_times = 9, obstacle = 'x'");
        file = fixture_row_in(fixture, CSV, states[i][0]);
        g_assert_true(sm_file_reopen(fixture->ledger, file, NULL));
        assert_state(file, states[i][1]);
        g_assert_cmpint(
            file->next_attempt + file->attempts + file->missing_since + file->missing_times, ==, 0);
        g_assert_null(file->obstacle);
    }
}

static void
a_forgotten_name_is_unknown_and_its_number_never_used_again(Fixture *fixture, gconstpointer data)
{
    g_autoptr(SmFile) file = claimed(fixture);
    g_autoptr(SmFile) later = NULL;

    g_assert_true(sm_file_forget(fixture->ledger, file, NULL));
    g_assert_null(sm_file_load(fixture->ledger, "main", CSV, NULL));
    make_waiting(fixture);
    later = fixture_row(fixture, CSV);
    g_assert_cmpint(later->id, >, file->id);
}

static void
siblings_share_stem_and_account(Fixture *fixture, gconstpointer data)
{
    static const char *const others[] = {TXT, "4300_20180410_111604.zip", "4300_20180410_1116.csv",
                                         "4300_20180410_111604.a.csv"};
    g_autoptr(SmFile) file = NULL;
    g_autoptr(GPtrArray) siblings = NULL;

    for (gsize i = 0; i < G_N_ELEMENTS(others); i++)
        g_assert_true(sm_file_ensure(fixture->ledger, "main", others[i], NULL));
    g_assert_true(sm_file_ensure(fixture->ledger, "other", TXT, NULL));
    make_waiting(fixture);
    file = fixture_row(fixture, CSV);
    siblings = sm_file_siblings(fixture->ledger, file, NULL);
    g_assert_cmpuint(siblings->len, ==, 2);
    g_assert_cmpstr(((SmFile *)siblings->pdata[0])->name, ==, TXT);
    g_assert_cmpstr(((SmFile *)siblings->pdata[1])->name, ==, others[1]);
}

static void
lists_the_newest_change_first(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GPtrArray) all = NULL;
    g_autoptr(GPtrArray) mine = NULL;

    make_waiting(fixture);
    g_assert_true(sm_file_ensure(fixture->ledger, "other", TXT, NULL));
    fixture_sql(fixture, "UPDATE files SET updated = updated + 10 WHERE account = 'main'");
    all = sm_file_list(fixture->ledger, NULL, 0, NULL);
    g_assert_cmpuint(all->len, ==, 2);
    g_assert_cmpstr(((SmFile *)all->pdata[0])->name, ==, CSV);
    mine = sm_file_list(fixture->ledger, "other", 0, NULL);
    g_assert_cmpuint(mine->len, ==, 1);
    g_assert_cmpstr(((SmFile *)mine->pdata[0])->name, ==, TXT);
}

static void
announce_by(Fixture *fixture, const char *name, const char *message, const char *sender)
{
    g_autoptr(SmEvent) event = fixture_event(name, message);

    g_free(event->from);
    event->from = g_strdup(sender);
    g_assert_true(sm_event_record(fixture->ledger, &(SmAnnouncement){event, "main", name}, NULL));
}

static void
counts_the_names_that_are_missing_lately(Fixture *fixture, gconstpointer data)
{
    g_autoptr(SmFile) file = NULL;
    SmUnknowns unknown;

    announce_by(fixture, "1.csv", "m1", "a@example.org");
    announce_by(fixture, "4300_2.csv", "m1", "a@Example.org");
    announce_by(fixture, "4300_3.csv", "m2", "b@example.org");
    announce_by(fixture, "4.csv", "m3", "b@example.net");
    announce_by(fixture, "5.csv", "m4", "b@example.net");
    announce_by(fixture, "6.csv", "m5", "b@example.net");
    announce_by(fixture, "4300_7.csv", "m1", "c@example.org");
    announce_by(fixture, "4300_8.csv", "m1", "c@example.org");
    fixture_sql(fixture, "UPDATE files SET missing_since = 10000 + id, attempts = 1");
    fixture_sql(fixture, "UPDATE files SET missing_since = 10000 - 3600 WHERE name = '5.csv'");
    fixture_sql(fixture, "UPDATE files SET missing_since = 20001 WHERE name = '6.csv'");
    fixture_sql(fixture,
                "UPDATE files SET attempts = 0 WHERE name = '4300_8.csv'"); /* by a listing */
    file = fixture_row(fixture, "4300_7.csv");
    g_assert_true(sm_unknowns_count(fixture->ledger, file, 10010, &unknown, NULL));
    g_assert_cmpint(unknown.of_message, ==, 3);
    g_assert_cmpint(unknown.of_domain, ==, 4);
    g_assert_cmpint(unknown.of_all, ==, 5);
    g_assert_cmpint(unknown.alike, ==, 3);
    g_assert_true(sm_unknowns_count(fixture->ledger, file, 90000, &unknown, NULL));
    g_assert_cmpint(unknown.of_message + unknown.of_domain + unknown.of_all, ==, 0);
}

static void
a_listing_for_unknown_names_has_its_turn(Fixture *fixture, gconstpointer data)
{
    static const struct {
        gint64 now;
        gboolean taken;
    } looks[] = {{1000, TRUE}, {1000, FALSE}, {1299, FALSE},
                 {1300, TRUE}, {900, TRUE},   {901, FALSE}};

    for (gsize i = 0; i < G_N_ELEMENTS(looks); i++) {
        gboolean taken;

        g_assert_true(sm_unknown_take_turn(fixture->ledger, "main", looks[i].now, &taken, NULL));
        g_assert_cmpint(taken, ==, looks[i].taken);
    }
}

#define CASE(title, body) ADD("/ledger-files/" title, NULL, body)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    CASE("a row is made once", a_row_is_made_once);
    CASE("a name that is not known is no error", a_name_that_is_not_known_is_no_error);
    CASE("a person reopens", a_person_reopens);
    CASE("a forgotten name is unknown, and its number is never used again",
         a_forgotten_name_is_unknown_and_its_number_never_used_again);
    CASE("siblings share stem and account", siblings_share_stem_and_account);
    CASE("lists the newest change first", lists_the_newest_change_first);
    CASE("a listing for unknown names has its turn", a_listing_for_unknown_names_has_its_turn);
    CASE("counts the names that are missing lately", counts_the_names_that_are_missing_lately);
    return g_test_run();
}
