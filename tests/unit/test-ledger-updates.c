/* The updates of a claim's holder: every transition, and none for a claim that was lost. */
#include "fetch/rows/updates.h"

#include <string.h>

#include "common/base/error.h"
#include "fetch-fixture.h"

#define SHA "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define SHA2 "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

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
a_claim_raises_fence_and_attempts(Fixture *fixture, gconstpointer data)
{
    g_autoptr(SmFile) file = claimed(fixture);
    gint64 part = file->part, fence = file->fence;

    g_assert_cmpint(fence, >, 0);
    g_assert_cmpint(file->attempts, ==, 1);
    g_assert_cmpint(part, >, 0);
    g_assert_true(sm_file_note_part(fixture->ledger, file, "\"e\"", "boot", NULL));
    g_assert_true(sm_file_raise_fence(fixture->ledger, file, part, NULL));
    g_assert_cmpint(file->fence, >, fence);
    fence = file->fence;
    g_assert_cmpint(file->part, ==, part); /* the part that is gone on with keeps its name */
    g_assert_cmpstr(file->part_etag, ==, "\"e\"");
    g_assert_true(sm_file_raise_fence(fixture->ledger, file, 0, NULL));
    g_assert_cmpint(file->fence, >, fence);
    g_assert_cmpint(file->part, !=, part);
    g_assert_null(file->part_etag);
}

static void
account_and_name_stay_the_same_strings(Fixture *fixture, gconstpointer data)
{
    g_autoptr(SmFile) file = claimed(fixture);
    const char *name = file->name, *account = file->account;

    g_assert_true(sm_file_note_part(fixture->ledger, file, "\"e\"", "boot", NULL));
    g_assert_true(file->name == name && file->account == account);
    g_assert_cmpstr(name, ==, CSV);
    g_assert_cmpstr(account, ==, "main");
}

static void
a_new_file_goes_from_waiting_over_placing_to_stored(Fixture *fixture, gconstpointer data)
{
    g_autoptr(SmFile) file = claimed(fixture);
    SmLedger *ledger = fixture->ledger;

    g_assert_true(sm_file_note_part(ledger, file, "\"e\"", "boot", NULL));
    assert_state(file, SM_FILE_WAITING);
    g_assert_true(fixture_placing(ledger, file, (SmContent){42, SHA}, "\"e\"", "boot", NULL));
    assert_state(file, SM_FILE_PLACING);
    g_assert_cmpint(file->placing.size, ==, 42);
    g_assert_cmpint(file->stored_at, ==, 0);
    g_assert_true(sm_file_stored(ledger, file, "stored", FALSE, NULL, NULL));
    assert_state(file, SM_FILE_STORED);
    g_assert_cmpint(file->stored.size, ==, 42);
    g_assert_cmpstr(file->stored.sha256, ==, SHA);
    g_assert_cmpstr(file->stored.etag, ==, "\"e\"");
    g_assert_cmpstr(file->path, ==, CSV);
    g_assert_cmpint(file->revision, ==, 0);
    g_assert_cmpint(file->stored_at, >, 0);
    g_assert_cmpint(file->looked_at, ==, 0); /* only conditional GETs count */
    g_assert_cmpint(file->settled, ==, file->fence);
    g_assert_cmpint(file->part, ==, 0);
    g_assert_cmpint(file->attempts, ==, 0);
    g_assert_null(file->part_etag);
    g_assert_cmpint(fixture_number(fixture, "SELECT count(*) FROM log WHERE action = 'stored' AND"
                                            " detail = '42 bytes, SHA-256 " SHA "'"),
                    ==, 1);
}

static void
an_encrypted_file_is_recorded_in_both_forms(Fixture *fixture, gconstpointer data)
{
    g_autoptr(SmFile) file = claimed(fixture);
    SmLedger *ledger = fixture->ledger;

    g_assert_true(sm_file_placing(ledger, file,
                                  &(SmContents){(SmContent){50, SHA}, (SmContent){42, SHA2}, NULL},
                                  "boot", NULL));
    g_assert_true(sm_file_places_encrypted(file));
    g_assert_false(sm_file_is_encrypted(file)); /* nothing is stored yet */
    g_assert_true(sm_file_stored(ledger, file, "stored", FALSE, NULL, NULL));
    g_assert_true(sm_file_is_encrypted(file));
    g_assert_cmpint(file->stored.size, ==, 50);
    g_assert_cmpstr(file->stored.sha256, ==, SHA);
    g_assert_cmpint(file->stored.size_plain, ==, 42);
    g_assert_cmpstr(file->stored.sha256_plain, ==, SHA2);
    g_assert_cmpstr(file->path, ==, CSV ".gpg");
    g_assert_cmpint(fixture_number(fixture,
                                   "SELECT count(*) FROM log WHERE detail = '42 bytes,"
                                   " SHA-256 " SHA2 ", encrypted: 50 bytes, SHA-256 " SHA "'"),
                    ==, 1);
}

/* A row that an older version left: it knew of one form only. */
static void
what_was_placed_before_there_was_encryption_is_plain(Fixture *fixture, gconstpointer data)
{
    g_autoptr(SmFile) before = claimed(fixture);
    g_autoptr(SmFile) file = NULL;

    g_assert_true(
        fixture_placing(fixture->ledger, before, (SmContent){42, SHA}, NULL, "boot", NULL));
    fixture_sql(fixture, "UPDATE files SET new_size_plain = 0, new_sha256_plain = NULL");
    file = fixture_row(fixture, CSV);
    g_assert_false(sm_file_places_encrypted(file));
    g_assert_true(sm_file_stored(fixture->ledger, file, "stored", FALSE, NULL, NULL));
    g_assert_cmpint(file->stored.size_plain, ==, 42);
    g_assert_cmpstr(file->stored.sha256_plain, ==, SHA);
    g_assert_cmpstr(file->path, ==, CSV);
}

static void
a_correction_raises_the_revision(Fixture *fixture, gconstpointer data)
{
    g_autoptr(SmFile) file = fixture_stored_row(fixture, CSV, "older");

    g_assert_true(sm_file_raise_fence(fixture->ledger, file, 0, NULL));
    g_assert_true(fixture_placing(fixture->ledger, file, (SmContent){7, SHA2}, NULL, "boot", NULL));
    g_assert_true(sm_file_stored(fixture->ledger, file, "corrected", FALSE, NULL, NULL));
    g_assert_cmpint(file->revision, ==, 1);
    g_assert_cmpstr(file->stored.sha256, ==, SHA2);
    g_assert_null(file->stored.etag);
    g_assert_cmpint(file->looked_at, >, 0);
}

static void
the_same_bytes_again_are_no_revision(Fixture *fixture, gconstpointer data)
{
    g_autoptr(SmFile) file = fixture_stored_row(fixture, CSV, "bytes");
    g_autofree char *sha256 = g_strdup(file->stored.sha256);

    g_assert_true(sm_file_raise_fence(fixture->ledger, file, 0, NULL));
    g_assert_true(
        fixture_placing(fixture->ledger, file, (SmContent){5, sha256}, NULL, "boot", NULL));
    g_assert_true(sm_file_stored(fixture->ledger, file, "stored", FALSE, NULL, NULL));
    g_assert_cmpint(file->revision, ==, 0);
}

static void
stored_bytes_answer_the_events_of_before_the_attempt(Fixture *fixture, gconstpointer data)
{
    g_autoptr(SmFile) file = NULL;
    gint64 before;

    fixture_announce(fixture, CSV, "one");
    file = fixture_row(fixture, CSV);
    before = file->newest_event;
    g_assert_true(sm_file_raise_fence(fixture->ledger, file, 0, NULL));
    fixture_announce(fixture, CSV, "two, while it is being fetched");
    g_assert_true(fixture_placing(fixture->ledger, file, (SmContent){1, SHA}, NULL, "boot", NULL));
    g_assert_true(sm_file_stored(fixture->ledger, file, "stored", FALSE, NULL, NULL));
    g_assert_cmpint(file->stored.covers, ==, before);
    g_assert_cmpint(file->newest_event, >, file->stored.covers);
}

static void
a_recovered_placing_answers_the_events_of_its_own_time(Fixture *fixture, gconstpointer data)
{
    g_autoptr(SmFile) file = NULL;
    gint64 before;

    fixture_announce(fixture, CSV, "one");
    file = fixture_row(fixture, CSV);
    before = file->newest_event;
    g_assert_true(sm_file_raise_fence(fixture->ledger, file, 0, NULL));
    g_assert_true(fixture_placing(fixture->ledger, file, (SmContent){1, SHA}, NULL, "boot", NULL));
    fixture_announce(fixture, CSV, "two, after the crash");
    sm_file_free(file);
    file = fixture_row(fixture, CSV); /* another process recovers it */
    g_assert_true(sm_file_raise_fence(fixture->ledger, file, file->part, NULL));
    g_assert_cmpint(file->placing.covers, ==, before);
    g_assert_true(sm_file_stored(fixture->ledger, file, "stored", FALSE, NULL, NULL));
    g_assert_cmpint(file->stored.covers, ==, before);
}

static void
a_download_anew_answers_all_events_so_far(Fixture *fixture, gconstpointer data)
{
    g_autoptr(SmFile) file = claimed(fixture);
    gint64 part = file->part;

    g_assert_true(fixture_placing(fixture->ledger, file, (SmContent){1, SHA}, NULL, "boot", NULL));
    fixture_announce(fixture, CSV, "one");
    sm_file_free(file);
    file = fixture_row(fixture, CSV);
    g_assert_true(sm_file_raise_fence(fixture->ledger, file, file->part, NULL));
    g_assert_true(sm_file_start_over(fixture->ledger, file, NULL));
    assert_state(file, SM_FILE_WAITING);
    g_assert_cmpint(file->part, >, 0);
    g_assert_cmpint(file->part, !=, part);
    g_assert_cmpint(file->placing.covers, ==, file->newest_event);
}

static void
starting_over_goes_back_to_stored_where_bytes_are(Fixture *fixture, gconstpointer data)
{
    g_autoptr(SmFile) file = fixture_stored_row(fixture, CSV, "bytes");

    g_assert_true(sm_file_raise_fence(fixture->ledger, file, 0, NULL));
    g_assert_true(fixture_placing(fixture->ledger, file, (SmContent){1, SHA}, NULL, "boot", NULL));
    g_assert_true(sm_file_start_over(fixture->ledger, file, NULL));
    assert_state(file, SM_FILE_STORED);
    g_assert_cmpint(file->stored.size, ==, 5);
}

static void
unchanged_bytes_answer_and_count_as_a_look(Fixture *fixture, gconstpointer data)
{
    g_autoptr(SmFile) file = fixture_stored_row(fixture, CSV, "bytes");
    gint64 stored_at = file->stored_at;

    fixture_announce(fixture, CSV, "again");
    sm_file_free(file);
    file = fixture_row(fixture, CSV);
    g_assert_true(sm_file_raise_fence(fixture->ledger, file, 0, NULL));
    g_assert_true(sm_file_unchanged(fixture->ledger, file, NULL, NULL));
    assert_state(file, SM_FILE_STORED);
    g_assert_cmpint(file->stored.covers, ==, file->newest_event);
    g_assert_cmpint(file->looked_at, >, 0);
    g_assert_cmpint(file->stored_at, ==, stored_at);
    g_assert_cmpstr(file->stored.etag, ==, "\"tag\"");
    g_assert_cmpint(file->part, ==, 0);
    g_assert_true(sm_file_raise_fence(fixture->ledger, file, 0, NULL));
    g_assert_true(sm_file_unchanged(fixture->ledger, file, "\"other\"", NULL));
    g_assert_cmpstr(file->stored.etag, ==, "\"other\"");
}

static void
settles_as(Fixture *fixture, gconstpointer data)
{
    SmFileState state = (SmFileState)GPOINTER_TO_INT(data);
    g_autoptr(SmFile) file = claimed(fixture);

    file->missing_since = 11;
    file->missing_times = 2;
    file->obstacle = g_strdup("1:2:3");
    g_assert_true(
        sm_file_settle(fixture->ledger, file, &(SmSettling){state, "be\ncause", 99, FALSE}, NULL));
    assert_state(file, state);
    g_assert_cmpstr(file->reason, ==, "be cause");
    g_assert_cmpint(file->next_attempt, ==, 99);
    g_assert_cmpint(file->settled, ==, file->fence);
    g_assert_cmpint(file->missing_since, ==, 11);
    g_assert_cmpint(file->missing_times, ==, 2);
    g_assert_cmpstr(file->obstacle, ==, "1:2:3");
    g_assert_cmpint(file->part, ==, 0);
}

static void
a_part_may_be_kept(Fixture *fixture, gconstpointer data)
{
    g_autoptr(SmFile) file = claimed(fixture);
    gint64 part = file->part;

    g_assert_true(sm_file_note_part(fixture->ledger, file, "\"e\"", "boot", NULL));
    g_assert_true(
        sm_file_settle(fixture->ledger, file, &(SmSettling){SM_FILE_WAITING, "", 0, TRUE}, NULL));
    g_assert_cmpint(file->part, ==, part);
    g_assert_cmpstr(file->part_etag, ==, "\"e\"");
    g_assert_true(
        sm_file_settle(fixture->ledger, file, &(SmSettling){SM_FILE_WAITING, "", 0, FALSE}, NULL));
    g_assert_cmpint(file->part, ==, 0);
    g_assert_null(file->part_etag);
}

static void
stored_bytes_stay_stored_when_a_look_fails(Fixture *fixture, gconstpointer data)
{
    g_autoptr(SmFile) file = fixture_stored_row(fixture, CSV, "bytes");
    SmLedger *ledger = fixture->ledger;

    for (int i = 0; i < 3; i++) {
        g_assert_true(sm_file_raise_fence(ledger, file, 0, NULL));
        g_assert_true(
            sm_file_settle(ledger, file, &(SmSettling){SM_FILE_WAITING, "503", 99, FALSE}, NULL));
        assert_state(file, SM_FILE_STORED);
        g_assert_cmpstr(file->reason, ==, "503");
    }
    /* the trail tells what is new, not each repetition */
    g_assert_cmpint(fixture_number(fixture, "SELECT count(*) FROM log WHERE detail = '503'"), ==,
                    1);
}

/* Every update that a claim's holder makes, for the test below. */
static gboolean
update(SmLedger *ledger, SmFile *file, int which, GError **error)
{
    switch (which) {
    case 0:
        return sm_file_raise_fence(ledger, file, 0, error);
    case 1:
        return sm_file_start_over(ledger, file, error);
    case 2:
        return sm_file_note_part(ledger, file, "\"e\"", "boot", error);
    case 3:
        return fixture_placing(ledger, file, (SmContent){1, SHA}, "\"e\"", "boot", error);
    case 4:
        return sm_file_stored(ledger, file, "stored", FALSE, NULL, error);
    case 5:
        return sm_file_unchanged(ledger, file, "\"e\"", error);
    case 6:
        return sm_file_settle(ledger, file, &(SmSettling){SM_FILE_FAILED, "because", 1, FALSE},
                              error);
    default:
        return sm_file_reopen(ledger, file, error);
    }
}

static void
a_lost_claim_changes_nothing(Fixture *fixture, gconstpointer data)
{
    for (int which = 0; which <= 7; which++) {
        g_autoptr(SmFile) file = claimed(fixture);
        g_autoptr(GError) error = NULL;
        g_autofree char *before = NULL;
        g_autofree char *after = NULL;
        gint64 lines, fence = file->fence;

        fixture_sql(fixture, "UPDATE files SET fence = fence + 1");
        before = fixture_dump(fixture);
        lines = fixture_number(fixture, "SELECT count(*) FROM log");
        g_assert_false(update(fixture->ledger, file, which, &error));
        g_assert_error(error, SM_ERROR, (int)SM_ERROR_LEDGER);
        fixture_assert_says(error->message, CSV, "claim", "lost", NULL);
        after = fixture_dump(fixture);
        g_assert_cmpstr(after, ==, before);
        g_assert_cmpint(fixture_number(fixture, "SELECT count(*) FROM log"), ==, lines);
        g_assert_cmpint(file->fence, ==, fence);
        /* no transaction is left open */
        g_assert_true(
            sm_db_end(fixture->ledger->db, sm_db_begin(fixture->ledger->db, "", NULL), NULL));
    }
}

#define CASE(title, body) ADD("/ledger-updates/" title, NULL, body)

int
main(int argc, char **argv)
{
    static const SmFileState settled[] = {SM_FILE_WAITING, SM_FILE_DROPPED, SM_FILE_NOT_WANTED,
                                          SM_FILE_FAILED, SM_FILE_CONFLICT};

    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(settled); i++) {
        g_autofree char *path =
            g_strconcat("/ledger-updates/settles as ", sm_file_state_name(settled[i]), NULL);

        ADD(path, GINT_TO_POINTER(settled[i]), settles_as);
    }
    CASE("a claim raises fence and attempts", a_claim_raises_fence_and_attempts);
    CASE("account and name stay the same strings", account_and_name_stay_the_same_strings);
    CASE("a new file goes from waiting over placing to stored",
         a_new_file_goes_from_waiting_over_placing_to_stored);
    CASE("an encrypted file is recorded in both forms",
         an_encrypted_file_is_recorded_in_both_forms);
    CASE("what was placed before there was encryption is plain",
         what_was_placed_before_there_was_encryption_is_plain);
    CASE("a correction raises the revision", a_correction_raises_the_revision);
    CASE("the same bytes again are no revision", the_same_bytes_again_are_no_revision);
    CASE("stored bytes answer the events of before the attempt",
         stored_bytes_answer_the_events_of_before_the_attempt);
    CASE("a recovered placing answers the events of its own time",
         a_recovered_placing_answers_the_events_of_its_own_time);
    CASE("a download anew answers all events so far", a_download_anew_answers_all_events_so_far);
    CASE("starting over goes back to stored where bytes are",
         starting_over_goes_back_to_stored_where_bytes_are);
    CASE("unchanged bytes answer and count as a look", unchanged_bytes_answer_and_count_as_a_look);
    CASE("a part may be kept", a_part_may_be_kept);
    CASE("stored bytes stay stored when a look fails", stored_bytes_stay_stored_when_a_look_fails);
    CASE("a lost claim changes nothing", a_lost_claim_changes_nothing);
    return g_test_run();
}
