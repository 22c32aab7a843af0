/* What on-stored has to be told: recorded with the file, in order, until it was told. */
#include "fetch/rows/handovers.h"

#include <string.h>

#include "common/base/error.h"
#include "fetch-fixture.h"
#include "fetch/ledger/lock.h"
#include "fetch/rows/updates.h"

enum { WAIT = 10 /* seconds, for another session's lock */ };

static const char SHA[] = "a9993e364706816aba3e25717850c26c9cd0d89d01234567890123456789abcd";

/* Stores bytes of that size once more, as action; on-stored is to be told. */
static void
store(Fixture *fixture, SmFile *file, const char *action, gint64 size, const char *previous)
{
    g_autoptr(GError) error = NULL;

    g_assert_true(sm_file_raise_fence(fixture->ledger, file, 0, NULL));
    g_assert_true(
        fixture_placing(fixture->ledger, file, (SmContent){size, SHA}, NULL, "boot", NULL));
    sm_file_stored(fixture->ledger, file, action, TRUE, previous, &error);
    g_assert_no_error(error);
}

static SmFile *
stored(Fixture *fixture, const char *name)
{
    SmFile *file;

    g_assert_true(sm_file_ensure(fixture->ledger, "main", name, NULL));
    file = fixture_row(fixture, name);
    store(fixture, file, "stored", 42, NULL);
    return file;
}

/* What is due now. */
static GPtrArray *
due(Fixture *fixture, const char *name)
{
    g_autoptr(GError) error = NULL;
    GPtrArray *found = sm_handover_due(fixture->ledger, "main", name, sm_ledger_now(), &error);

    g_assert_no_error(error);
    return found;
}

/* The same after these names, of which the second may be NULL, have been stored. */
static GPtrArray *
due_once_stored(Fixture *fixture, const char *first, const char *second)
{
    sm_file_free(stored(fixture, first));
    if (second != NULL)
        sm_file_free(stored(fixture, second));
    return due(fixture, NULL);
}

static void
assert_due(Fixture *fixture, const char *name, guint count)
{
    g_autoptr(GPtrArray) found = due(fixture, name);

    g_assert_cmpuint(found->len, ==, count);
}

static void
one_is_recorded_with_its_file(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GPtrArray) found = due_once_stored(fixture, CSV, NULL);
    const SmHandover *handover = found->pdata[0];

    g_assert_cmpuint(found->len, ==, 1);
    g_assert_cmpstr(handover->account, ==, "main");
    g_assert_cmpstr(handover->name, ==, CSV);
    g_assert_cmpstr(handover->kind, ==, "new");
    g_assert_cmpstr(handover->path, ==, CSV);
    g_assert_cmpint(handover->size, ==, 42);
    g_assert_cmpstr(handover->sha256, ==, SHA);
    g_assert_cmpint(handover->revision, ==, 0);
    g_assert_null(handover->previous);
}

static void
none_is_without_its_file(Fixture *fixture, gconstpointer data)
{
    g_autoptr(SmFile) file = stored(fixture, CSV);
    g_autoptr(GError) error = NULL;

    g_assert_true(sm_file_raise_fence(fixture->ledger, file, 0, NULL));
    g_assert_true(fixture_placing(fixture->ledger, file, (SmContent){1, SHA}, NULL, "boot", NULL));
    fixture_sql(fixture, "UPDATE files SET fence = fence + 1"); /* another process has taken it */
    g_assert_false(sm_file_stored(fixture->ledger, file, "corrected", TRUE, NULL, &error));
    g_assert_cmpint(fixture_number(fixture, "SELECT count(*) FROM handovers"), ==, 1);
}

static void
nobody_is_told_who_does_not_want_to(Fixture *fixture, gconstpointer data)
{
    sm_file_free(fixture_stored_row(fixture, CSV, "bytes"));
    assert_due(fixture, NULL, 0);
    g_assert_cmpint(fixture_number(fixture, "SELECT count(*) FROM handovers"), ==, 0);
}

static void
those_of_a_name_come_one_by_one(Fixture *fixture, gconstpointer data)
{
    g_autoptr(SmFile) csv = stored(fixture, CSV);
    g_autoptr(GPtrArray) first = NULL;
    g_autoptr(GPtrArray) second = NULL;
    const SmHandover *handover;

    sm_file_free(stored(fixture, TXT));
    store(fixture, csv, "corrected", 7, ".superseded/older");
    assert_due(fixture, NULL, 2);
    first = due(fixture, CSV);
    handover = first->pdata[0];
    g_assert_cmpstr(handover->kind, ==, "new");
    g_assert_cmpstr(handover->path, ==, ".superseded/older"); /* where it is by now */
    g_assert_true(sm_handover_done(fixture->ledger, handover, NULL));
    second = due(fixture, CSV);
    handover = second->pdata[0];
    g_assert_cmpstr(handover->kind, ==, "corrected");
    g_assert_cmpstr(handover->path, ==, CSV);
    g_assert_cmpstr(handover->previous, ==, ".superseded/older");
    g_assert_cmpint(handover->revision, ==, 1);
    g_assert_true(sm_handover_done(fixture->ledger, handover, NULL));
    assert_due(fixture, CSV, 0);
    assert_due(fixture, TXT, 1);
}

static void
one_that_failed_keeps_the_later_ones_waiting(Fixture *fixture, gconstpointer data)
{
    g_autoptr(SmFile) file = stored(fixture, CSV);
    g_autoptr(GPtrArray) found = due(fixture, CSV);
    const SmHandover *handover = found->pdata[0];
    g_autofree SmHandover *again = NULL;
    int open;

    store(fixture, file, "corrected", 7, NULL);
    g_assert_false(sm_handover_any_failed(fixture->ledger, "main"));
    g_assert_true(
        sm_handover_failed(fixture->ledger, handover, "no\nroute", sm_ledger_now() + 60, NULL));
    g_assert_true(sm_handover_any_failed(fixture->ledger, "main"));
    g_assert_false(sm_handover_any_failed(fixture->ledger, "other"));
    assert_due(fixture, CSV, 0);
    g_assert_cmpint(fixture_number(fixture, "SELECT count(*) FROM handovers WHERE done = 0"), ==,
                    2);
    g_assert_cmpint(fixture_number(fixture, "SELECT count(*) FROM log WHERE"
                                            " action = 'hand-over failed' AND detail = 'no route'"),
                    ==, 1);
    again = sm_handover_load(fixture->ledger, handover->id, NULL);
    g_assert_cmpint(again->attempts, ==, 1);
    g_assert_true(sm_handover_reopen(fixture->ledger, "main", CSV, &open, NULL));
    g_assert_cmpint(open, ==, 2);
    assert_due(fixture, CSV, 1);
}

/* A server's lock may be another host's before the command has ended. */
static void
one_that_is_run_is_left_alone_by_others(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GPtrArray) found = due_once_stored(fixture, CSV, NULL);
    const SmHandover *handover = found->pdata[0];
    gint64 until = sm_ledger_now() + 600;
    gboolean on_server = fixture_is_on_server();
    g_autoptr(GError) error = NULL;
    g_autofree SmHandover *now = NULL;

    g_assert_true(sm_handover_start(fixture->ledger, handover, until, NULL));
    assert_due(fixture, CSV, on_server ? 0 : 1);
    now = sm_handover_load(fixture->ledger, handover->id, NULL);
    g_assert_cmpint(now->next_attempt, ==, on_server ? until : 0);
    /* as it was loaded before */
    g_assert_cmpint(sm_handover_start(fixture->ledger, handover, until, &error), ==, !on_server);
    g_assert_true(sm_handover_failed(fixture->ledger, handover, "no", 0, NULL));
    assert_due(fixture, CSV, 1);
    g_assert_true(sm_handover_done(fixture->ledger, handover, NULL));
    g_assert_cmpint(sm_handover_start(fixture->ledger, handover, until, &error), ==, !on_server);
    g_assert_no_error(error);
}

static void
one_that_runs_is_not_reopened(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GPtrArray) found = due_once_stored(fixture, CSV, NULL);
    g_autoptr(SmLedger) other = sm_ledger_share(fixture->ledger, NULL, NULL);
    gint64 byte = SM_LOCK_HANDOVERS + ((SmHandover *)found->pdata[0])->id;
    g_autoptr(GError) error = NULL;
    int open;

    g_assert_true(sm_handover_failed(fixture->ledger, found->pdata[0], "no", 9, NULL));
    g_assert_true(sm_lock_take(other, byte, 0, NULL, NULL));
    g_assert_false(sm_handover_reopen(fixture->ledger, "main", CSV, &open, &error));
    g_assert_error(error, SM_ERROR, SM_ERROR_BUSY);
    fixture_assert_says(error->message, CSV, "another process is running on-stored", NULL);
    g_assert_cmpint(fixture_number(fixture, "SELECT next_attempt FROM handovers"), ==, 9);
    sm_lock_drop(other, byte); /* a server hears of it a moment later */
    g_assert_true(sm_lock_take(fixture->ledger, byte, WAIT, NULL, NULL));
    sm_lock_drop(fixture->ledger, byte);
    g_assert_true(sm_handover_reopen(fixture->ledger, "main", CSV, &open, NULL));
    g_assert_cmpint(open, ==, 1);
    g_assert_true(sm_lock_take(other, byte, WAIT, NULL, NULL));
}

static void
an_id_is_the_same_each_time_and_no_other_s(Fixture *fixture, gconstpointer data)
{
    /* with the same bytes, in the same second */
    g_autoptr(GPtrArray) found = due_once_stored(fixture, CSV, TXT);
    g_autofree char *first = sm_handover_id(found->pdata[0]);
    g_autofree char *second = sm_handover_id(found->pdata[1]);
    g_autofree SmHandover *again = NULL;
    g_autofree char *same = NULL;

    g_assert_cmpstr(first, !=, second);
    g_assert_true(sm_handover_failed(fixture->ledger, found->pdata[0], "no", 0, NULL));
    again = sm_handover_load(fixture->ledger, ((SmHandover *)found->pdata[0])->id, NULL);
    same = sm_handover_id(again);
    g_assert_cmpstr(first, ==, same);
}

static void
what_was_told_is_open_no_more(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GPtrArray) found = due_once_stored(fixture, CSV, NULL);
    g_autoptr(GError) error = NULL;
    gint64 id = ((SmHandover *)found->pdata[0])->id;

    g_assert_true(sm_handover_is_open(fixture->ledger, "main", CSV));
    g_assert_false(sm_handover_is_open(fixture->ledger, "main", TXT));
    g_assert_true(sm_handover_done(fixture->ledger, found->pdata[0], NULL));
    g_assert_false(sm_handover_is_open(fixture->ledger, "main", CSV));
    g_assert_null(sm_handover_load(fixture->ledger, id, &error));
    g_assert_no_error(error);
}

/* A server that lost rows in a failover gives their ids out again. */
static void
the_outcome_of_one_is_not_taken_for_another_s_with_its_id(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GPtrArray) found = due_once_stored(fixture, CSV, NULL);

    fixture_sql(fixture, "UPDATE handovers SET created = created + 60");
    g_assert_true(sm_handover_done(fixture->ledger, found->pdata[0], NULL));
    assert_due(fixture, CSV, 1);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define CASE(title, body) ADD("/ledger-handovers/" title, NULL, body)
    CASE("one that runs is not reopened", one_that_runs_is_not_reopened);
    CASE("one is recorded with its file", one_is_recorded_with_its_file);
    CASE("none is without its file", none_is_without_its_file);
    CASE("nobody is told who does not want to", nobody_is_told_who_does_not_want_to);
    CASE("those of a name come one by one", those_of_a_name_come_one_by_one);
    CASE("one that failed keeps the later ones waiting",
         one_that_failed_keeps_the_later_ones_waiting);
    CASE("one that is run is left alone by others", one_that_is_run_is_left_alone_by_others);
    CASE("an id is the same each time and no other's", an_id_is_the_same_each_time_and_no_other_s);
    CASE("what was told is open no more", what_was_told_is_open_no_more);
    CASE("the outcome of one is not taken for another's with its id",
         the_outcome_of_one_is_not_taken_for_another_s_with_its_id);
    return g_test_run();
}
