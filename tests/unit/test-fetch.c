/* One name from announced to settled, as far as that needs no service: none is there to be asked.
 */
#include "fetch/job/fetch.h"

#include <glib/gstdio.h>

#include "common/base/error.h"
#include "fetch-fixture.h"
#include "fetch/rows/updates.h"
#include "fetch/store/part.h"
#include "fetch/store/place.h"

static gboolean
fetch_as(Fixture *fixture, SmRole role, SmFetched *fetched, GError **error)
{
    SmJob fetch = {.ledger = fixture->ledger, .account = &fixture->account, .role = role};

    return sm_fetch(&fetch, CSV, fetched, error);
}

/* What is given back is the row as the ledger has it: nobody need load it again. */
static void
assert_is_the_row(Fixture *fixture, const SmFile *file)
{
    g_autoptr(SmFile) now = fixture_row(fixture, CSV);

    g_assert_cmpint(file->id, ==, now->id);
    g_assert_cmpint((int)file->state, ==, (int)now->state);
    g_assert_cmpstr(file->reason, ==, now->reason);
    g_assert_cmpint(file->attempts, ==, now->attempts);
    g_assert_cmpint(file->next_attempt, ==, now->next_attempt);
    g_assert_cmpint(file->stored_at, ==, now->stored_at);
    g_assert_cmpint(file->stored.size, ==, now->stored.size);
    g_assert_cmpstr(file->stored.sha256, ==, now->stored.sha256);
    g_assert_cmpint(file->stored.covers, ==, now->stored.covers);
    g_assert_cmpint(file->settled, ==, now->settled);
    g_assert_cmpint(file->unanswered, ==, now->unanswered);
    g_assert_cmpint(file->part, ==, now->part);
}

static void
assert_done(Fixture *fixture, const char *said)
{
    g_auto(SmFetched) fetched = {0};
    g_autoptr(GError) error = NULL;

    fetch_as(fixture, SM_ROLE_FILTER, &fetched, &error);
    g_assert_no_error(error);
    fixture_assert_says(fetched.outcome, CSV, said, NULL);
    assert_is_the_row(fixture, fetched.file);
}

static void
assert_fails(Fixture *fixture, SmRole role, SmErrorCode code, const char *said)
{
    g_auto(SmFetched) fetched = {0};
    g_autoptr(GError) error = NULL;

    g_assert_false(fetch_as(fixture, role, &fetched, &error));
    g_assert_error(error, SM_ERROR, (int)code);
    fixture_assert_says(error->message, said, NULL);
    g_assert_null(fetched.outcome);
    if (code != SM_ERROR_NOT_FOUND)
        assert_is_the_row(fixture, fetched.file);
}

static void
assert_row(Fixture *fixture, SmFileState state, const char *reason)
{
    g_autoptr(SmFile) file = fixture_row(fixture, CSV);

    g_assert_cmpstr(sm_file_state_name(file->state), ==, sm_file_state_name(state));
    fixture_assert_says(file->reason, reason, NULL);
    g_assert_cmpint(file->settled, ==, file->fence);
}

static void
assert_directory(Fixture *fixture, const char *names)
{
    g_autofree char *list = fixture_list(fixture);

    g_assert_cmpstr(list, ==, names);
}

/* A part of a transfer that broke off, noted to be gone on with. */
static gint64
leave_a_part(Fixture *fixture)
{
    g_autoptr(SmFile) file = fixture_row(fixture, CSV);
    g_autofree char *boot_id = sm_place_boot_id(fixture->store);
    g_autofree char *part = NULL;

    g_assert_true(sm_file_raise_fence(fixture->ledger, file, 0, NULL));
    g_assert_true(sm_file_note_part(fixture->ledger, file, "\"e\"", boot_id, NULL));
    g_assert_true(
        sm_file_settle(fixture->ledger, file, &(SmSettling){SM_FILE_WAITING, "", 0, TRUE}, NULL));
    part = sm_part_name(CSV, file->part);
    fixture_put(fixture, part, "half of it");
    return file->part;
}

/* Between renaming and recording: killed there, in this boot. */
static void
leave_it_placing(Fixture *fixture, const char *bytes)
{
    g_autoptr(SmFile) file = fixture_row(fixture, CSV);
    g_autofree char *boot_id = sm_place_boot_id(fixture->store);
    g_autofree char *sha256 = fixture_sha256(bytes);

    g_assert_true(sm_file_raise_fence(fixture->ledger, file, 0, NULL));
    g_assert_true(fixture_placing(fixture->ledger, file, (SmContent){(gint64)strlen(bytes), sha256},
                                  NULL, boot_id, NULL));
    fixture_put(fixture, CSV, bytes);
}

static void
drops_by_the_policy(Fixture *fixture, gconstpointer data)
{
    fixture->account.format = SM_FORMAT_TXT;
    fixture_announce(fixture, CSV, "m1");
    assert_done(fixture, "dropped: format = txt");
    assert_row(fixture, SM_FILE_DROPPED, "format = txt");
    assert_done(fixture, "dropped: format = txt");
    g_assert_cmpint(fixture_number(fixture, "SELECT count(*) FROM log WHERE action = 'dropped'"),
                    ==, 1);
}

static void
clears_the_part_of_what_is_dropped_now(Fixture *fixture, gconstpointer data)
{
    g_autofree char *part = NULL;

    fixture_announce(fixture, CSV, "m1");
    part = sm_part_name(CSV, leave_a_part(fixture));
    assert_directory(fixture, part);
    fixture->account.format = SM_FORMAT_TXT;
    assert_done(fixture, "dropped");
    assert_directory(fixture, "");
    g_assert_cmpint(fixture_number(fixture, "SELECT part FROM files"), ==, 0);
}

static void
remembers_a_part_that_it_cannot_reach(Fixture *fixture, gconstpointer data)
{
    g_autofree char *away = g_build_filename(fixture->folder, "away", NULL);
    gint64 part;

    fixture_announce(fixture, CSV, "m1");
    part = leave_a_part(fixture);
    fixture->account.format = SM_FORMAT_TXT;
    g_assert_cmpint(g_rename(fixture->account.directory, away), ==, 0);
    assert_done(fixture, "dropped");
    g_assert_cmpint(fixture_number(fixture, "SELECT part FROM files"), ==, part);
    g_assert_cmpint(g_rename(away, fixture->account.directory), ==, 0);
    assert_done(fixture, "dropped");
    assert_directory(fixture, "");
    g_assert_cmpint(fixture_number(fixture, "SELECT part FROM files"), ==, 0);
}

static void
records_that_the_directory_is_missing(Fixture *fixture, gconstpointer data)
{
    fixture_announce(fixture, CSV, "m1");
    g_assert_cmpint(g_rmdir(fixture->account.directory), ==, 0);
    for (int i = 0; i < 2; i++)
        assert_fails(fixture, SM_ROLE_FILTER, SM_ERROR_VOLUME, "is it mounted?");
    assert_row(fixture, SM_FILE_WAITING, "is it mounted?");
    g_assert_cmpint(g_mkdir(fixture->account.directory, 0700), ==, 0);
}

static void
records_that_the_service_is_away_and_leaves_nothing(Fixture *fixture, gconstpointer data)
{
    fixture_announce(fixture, CSV, "m1");
    assert_fails(fixture, SM_ROLE_FILTER, SM_ERROR_SERVICE, "https://127.0.0.1:1/nobody");
    assert_row(fixture, SM_FILE_WAITING, "127.0.0.1");
    assert_directory(fixture, "");
    g_assert_cmpint(fixture_number(fixture, "SELECT part FROM files"), ==, 0);
    g_assert_cmpint(fixture_number(fixture, "SELECT next_attempt FROM files"), >,
                    sm_ledger_now() - 10);
}

static void
records_that_the_password_cannot_be_read(Fixture *fixture, gconstpointer data)
{
    fixture_announce(fixture, CSV, "m1");
    g_assert_cmpint(g_unlink(fixture->account.password_file), ==, 0);
    assert_fails(fixture, SM_ROLE_FILTER, SM_ERROR_SECRET, "password-file");
    assert_row(fixture, SM_FILE_WAITING, "password-file");
    g_assert_cmpint(fixture_number(fixture, "SELECT next_attempt FROM files"), ==, 0);
}

static void
makes_no_call_once_the_run_is_over(Fixture *fixture, gconstpointer data)
{
    SmJob fetch = {.ledger = fixture->ledger,
                   .account = &fixture->account,
                   .role = SM_ROLE_FILTER,
                   .deadline = 1};
    g_auto(SmFetched) fetched = {0};
    g_autoptr(GError) error = NULL;

    fixture_announce(fixture, CSV, "m1");
    g_assert_false(sm_fetch(&fetch, CSV, &fetched, &error));
    g_assert_error(error, SM_ERROR, (int)SM_ERROR_LIMIT);
    fixture_assert_says(error->message, CSV, "run-limit", NULL);
    assert_row(fixture, SM_FILE_WAITING, "run-limit");
    assert_directory(fixture, "");
}

static void
finishes_what_a_dead_process_began(Fixture *fixture, gconstpointer data)
{
    fixture_announce(fixture, CSV, "m1");
    leave_it_placing(fixture, "bytes");
    assert_done(fixture, "stored");
    assert_row(fixture, SM_FILE_STORED, "");
    assert_directory(fixture, CSV);
    assert_done(fixture, "already stored");
}

static void
looks_again_for_what_came_after_the_crash(Fixture *fixture, gconstpointer data)
{
    fixture_announce(fixture, CSV, "m1");
    leave_it_placing(fixture, "bytes");
    fixture_announce(fixture, CSV, "m2");
    assert_fails(fixture, SM_ROLE_FILTER, SM_ERROR_SERVICE, "127.0.0.1");
    assert_row(fixture, SM_FILE_STORED, "127.0.0.1"); /* m1's bytes are safe, m2 waits */
    assert_directory(fixture, CSV);
}

static void
leaves_a_conflict_alone_until_the_file_changes(Fixture *fixture, gconstpointer data)
{
    fixture_announce(fixture, CSV, "m1");
    leave_it_placing(fixture, "bytes");
    fixture_put(fixture, CSV, "somebody else's");
    for (int i = 0; i < 2; i++)
        assert_fails(fixture, SM_ROLE_FILTER, SM_ERROR_CONFLICT, "scorefetch adopt " CSV);
    assert_row(fixture, SM_FILE_CONFLICT, "not overwritten");
    fixture_put(fixture, CSV, "changed");
    assert_fails(fixture, SM_ROLE_FILTER, SM_ERROR_SERVICE, "127.0.0.1"); /* asked for again */
}

static void
does_not_know_a_name_without_a_row(Fixture *fixture, gconstpointer data)
{
    assert_fails(fixture, SM_ROLE_PROMPT, SM_ERROR_NOT_FOUND, "not in the ledger");
}

#define CASE(title, body) ADD("/fetch/" title, NULL, body)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    CASE("drops by the policy", drops_by_the_policy);
    CASE("clears the part of what is dropped now", clears_the_part_of_what_is_dropped_now);
    CASE("remembers a part that it cannot reach", remembers_a_part_that_it_cannot_reach);
    CASE("records that the directory is missing", records_that_the_directory_is_missing);
    CASE("records that the service is away, and leaves nothing",
         records_that_the_service_is_away_and_leaves_nothing);
    CASE("records that the password cannot be read", records_that_the_password_cannot_be_read);
    CASE("makes no call once the run is over", makes_no_call_once_the_run_is_over);
    CASE("finishes what a dead process began", finishes_what_a_dead_process_began);
    CASE("looks again for what came after the crash", looks_again_for_what_came_after_the_crash);
    CASE("leaves a conflict alone until the file changes",
         leaves_a_conflict_alone_until_the_file_changes);
    CASE("does not know a name without a row", does_not_know_a_name_without_a_row);
    return g_test_run();
}
