/* The table of events: one row per identity, and what a new message opens again. */
#include "fetch/rows/events.h"

#include "common/base/error.h"
#include "fetch-fixture.h"
#include "fetch/rows/updates.h"

static gboolean
is_known(Fixture *fixture, const char *name, const char *message)
{
    g_autoptr(SmEvent) event = fixture_event(name, message);
    g_autoptr(GError) error = NULL;
    gboolean known =
        sm_event_is_known(fixture->ledger, &(SmAnnouncement){event, "main", name}, &error);

    g_assert_no_error(error);
    return known;
}

static void
an_event_makes_its_row_and_the_file_s(Fixture *fixture, gconstpointer data)
{
    g_autoptr(SmFile) file = NULL;

    g_assert_false(is_known(fixture, CSV, "m1"));
    fixture_announce(fixture, CSV, "m1");
    g_assert_true(is_known(fixture, CSV, "m1"));
    g_assert_false(is_known(fixture, CSV, "m2"));
    g_assert_false(is_known(fixture, TXT, "m1"));
    file = fixture_row(fixture, CSV);
    g_assert_cmpint((int)file->state, ==, (int)SM_FILE_WAITING);
    g_assert_cmpint(file->newest_event, ==, fixture_number(fixture, "SELECT id FROM events"));
    g_assert_cmpint(fixture_number(fixture, "SELECT count(*) FROM events WHERE kind = 'names' AND"
                                            " times = 1 AND decision = 'waiting'"),
                    ==, 1);
}

static void
the_same_identity_again_only_counts(Fixture *fixture, gconstpointer data)
{
    for (int i = 0; i < 3; i++)
        fixture_announce(fixture, CSV, "m1");
    g_assert_cmpint(fixture_number(fixture, "SELECT count(*) FROM events"), ==, 1);
    g_assert_cmpint(fixture_number(fixture, "SELECT times FROM events"), ==, 3);
    g_assert_cmpint(fixture_number(fixture, "SELECT count(*) FROM log"), ==, 1);
}

static void
each_message_is_a_row(Fixture *fixture, gconstpointer data)
{
    fixture_announce(fixture, CSV, "m1");
    fixture_announce(fixture, CSV, "m2");
    fixture_announce(fixture, TXT, "m2");
    g_assert_cmpint(fixture_number(fixture, "SELECT count(*) FROM events"), ==, 3);
    g_assert_cmpint(fixture_number(fixture, "SELECT count(*) FROM files"), ==, 2);
}

static void
a_message_without_an_id_is_told_by_its_html(Fixture *fixture, gconstpointer data)
{
    static const char *const hashes[] = {"h1", "h1", "h2"};

    for (gsize i = 0; i < G_N_ELEMENTS(hashes); i++) {
        g_autoptr(SmEvent) event = fixture_event(CSV, "");

        g_free(event->html_sha256);
        event->html_sha256 = g_strdup(hashes[i]);
        g_assert_true(
            sm_event_record(fixture->ledger, &(SmAnnouncement){event, "main", CSV}, NULL));
    }
    g_assert_cmpint(fixture_number(fixture, "SELECT count(*) FROM events"), ==, 2);
}

static void
a_message_without_either_is_told_by_all_of_it(Fixture *fixture, gconstpointer data)
{
    static const char *const senders[] = {"a@example.org", "a@example.org", "b@example.org"};

    for (gsize i = 0; i < G_N_ELEMENTS(senders); i++) {
        g_autoptr(SmEvent) event = fixture_event(CSV, "");

        g_free(event->from);
        event->from = g_strdup(senders[i]);
        g_assert_true(
            sm_event_record(fixture->ledger, &(SmAnnouncement){event, "main", CSV}, NULL));
    }
    g_assert_cmpint(fixture_number(fixture, "SELECT count(*) FROM events"), ==, 2);
}

static void
an_event_without_a_name_makes_no_file(Fixture *fixture, gconstpointer data)
{
    static const SmEventKind kinds[] = {SM_EVENT_NO_VALID_NAME, SM_EVENT_UNUSABLE};

    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_autoptr(SmEvent) event = sm_event_new(kinds[i]);

        g_free(event->reason);
        event->reason = g_strdup("odd");
        g_assert_true(sm_event_record(fixture->ledger, &(SmAnnouncement){event, "", ""}, NULL));
    }
    g_assert_cmpint(fixture_number(fixture, "SELECT count(*) FROM files"), ==, 0);
    g_assert_cmpint(fixture_number(fixture, "SELECT count(*) FROM events WHERE reason = 'odd'"), ==,
                    2);
}

/* A row of no account could be claimed by nobody and would wait for ever. */
static void
an_event_without_an_account_makes_no_file(Fixture *fixture, gconstpointer data)
{
    g_autoptr(SmEvent) event = fixture_event(CSV, "m1");

    for (int i = 0; i < 2; i++)
        g_assert_true(sm_event_record(fixture->ledger, &(SmAnnouncement){event, "", CSV}, NULL));
    g_assert_cmpint(fixture_number(fixture, "SELECT count(*) FROM files"), ==, 0);
    g_assert_cmpint(fixture_number(fixture, "SELECT times FROM events"), ==, 2);
}

static void
a_forgotten_name_has_a_row_again(Fixture *fixture, gconstpointer data)
{
    g_autoptr(SmFile) before = NULL;
    g_autoptr(SmFile) after = NULL;

    fixture_announce(fixture, CSV, "m1");
    before = fixture_row(fixture, CSV);
    g_assert_true(sm_file_forget(fixture->ledger, before, NULL));
    fixture_announce(fixture, CSV, "m1");
    after = fixture_row(fixture, CSV);
    g_assert_cmpint((int)after->state, ==, (int)SM_FILE_WAITING);
    g_assert_cmpint(after->newest_event, ==, before->newest_event);
    g_assert_cmpint(after->stored.covers, ==, 0);
}

/* The name failed, for the events known so far, and may be asked for again at that time. */
static void
let_it_fail(Fixture *fixture, gint64 next_attempt)
{
    g_autoptr(SmFile) file = NULL;

    g_assert_true(sm_file_ensure(fixture->ledger, "main", CSV, NULL));
    file = fixture_row(fixture, CSV);
    g_assert_true(sm_file_raise_fence(fixture->ledger, file, 0, NULL));
    file->missing_since = 1;
    file->missing_times = 5;
    g_assert_true(sm_file_settle(fixture->ledger, file,
                                 &(SmSettling){SM_FILE_FAILED, "no such file", next_attempt, FALSE},
                                 NULL));
}

static void
assert_waits_afresh(Fixture *fixture)
{
    g_autoptr(SmFile) file = fixture_row(fixture, CSV);

    g_assert_cmpint((int)file->state, ==, (int)SM_FILE_WAITING);
    g_assert_cmpint(file->missing_since + file->missing_times + file->attempts, ==, 0);
}

static void
assert_failed(Fixture *fixture, gboolean for_good)
{
    g_autoptr(SmFile) file = fixture_row(fixture, CSV);

    g_assert_cmpint((int)file->state, ==, (int)SM_FILE_FAILED);
    g_assert_cmpint(sm_file_has_failed(file), ==, for_good);
}

static void
a_new_message_reopens_a_failed_name(Fixture *fixture, gconstpointer data)
{
    fixture_announce(fixture, CSV, "m1");
    let_it_fail(fixture, 0);
    assert_failed(fixture, TRUE);
    fixture_announce(fixture, CSV, "m2");
    assert_waits_afresh(fixture);
}

static void
the_old_message_reopens_no_failed_name(Fixture *fixture, gconstpointer data)
{
    fixture_announce(fixture, CSV, "m1");
    let_it_fail(fixture, 0);
    fixture_announce(fixture, CSV, "m1");
    assert_failed(fixture, TRUE);
}

static void
a_new_message_waits_for_the_pause_of_a_failed_name(Fixture *fixture, gconstpointer data)
{
    fixture_announce(fixture, CSV, "m1");
    let_it_fail(fixture, sm_ledger_now() + 1000);
    fixture_announce(fixture, CSV, "m2");
    assert_failed(fixture, FALSE);
    fixture_sql(fixture, "UPDATE files SET next_attempt = 1");
    fixture_announce(fixture, CSV, "m2"); /* the mail system's retry, after the pause */
    assert_waits_afresh(fixture);
}

static void
a_message_reopens_what_a_person_asked_for_too_early(Fixture *fixture, gconstpointer data)
{
    let_it_fail(fixture, 0);
    fixture_announce(fixture, CSV, "m1");
    assert_waits_afresh(fixture);
}

static void
a_message_reopens_nothing_else(Fixture *fixture, gconstpointer data)
{
    static const SmFileState states[] = {SM_FILE_STORED, SM_FILE_DROPPED, SM_FILE_NOT_WANTED,
                                         SM_FILE_CONFLICT, SM_FILE_PLACING};

    for (gsize i = 0; i < G_N_ELEMENTS(states); i++) {
        g_autofree char *message = g_strdup_printf("m%zu", i);
        g_autoptr(SmFile) before = fixture_row_in(fixture, CSV, states[i]);
        g_autoptr(SmFile) after = NULL;

        fixture_announce(fixture, CSV, message);
        after = fixture_row(fixture, CSV);
        g_assert_cmpint((int)after->state, ==, (int)before->state);
    }
}

static void
the_decision_is_noted(Fixture *fixture, gconstpointer data)
{
    g_autoptr(SmEvent) event = fixture_event(CSV, "m1");

    fixture_announce(fixture, CSV, "m1");
    fixture_announce(fixture, CSV, "m2");
    g_assert_true(sm_event_decide(fixture->ledger, &(SmAnnouncement){event, "main", CSV}, "dropped",
                                  "format =\ncsv", NULL, NULL));
    g_assert_cmpint(fixture_number(fixture, "SELECT count(*) FROM events WHERE identity = 'm1' AND"
                                            " decision = 'dropped' AND reason = 'format = csv'"),
                    ==, 1);
    g_assert_cmpint(
        fixture_number(fixture, "SELECT count(*) FROM events WHERE decision = 'waiting'"), ==, 1);
}

#define CASE(title, body) ADD("/ledger-events/" title, NULL, body)

static void
refuse(Fixture *fixture, const char *message, const char *why)
{
    g_autoptr(SmEvent) event = fixture_event(CSV, message);
    g_autoptr(GError) error = NULL;

    sm_event_refuse(fixture->ledger, &(SmAnnouncement){event, "main", CSV}, why, &error);
    g_assert_no_error(error);
}

static void
a_refused_event_leaves_the_file_as_it_was(Fixture *fixture, gconstpointer data)
{
    g_autoptr(SmFile) before = NULL;
    g_autoptr(SmFile) after = NULL;

    refuse(fixture, "stranger", "not in senders");
    g_assert_cmpint(fixture_number(fixture, "SELECT count(*) FROM files"), ==, 0);
    g_assert_cmpint(fixture_number(fixture, "SELECT count(*) FROM accounts"), ==, 0);
    before = fixture_stored_row(fixture, CSV, "bytes");
    refuse(fixture, "another stranger", "not in senders");
    after = fixture_row(fixture, CSV);
    g_assert_cmpint(after->newest_event, ==, before->newest_event);
    g_assert_cmpint(after->unanswered, ==, before->unanswered);
    g_assert_false(is_known(fixture, CSV, "stranger"));
}

static void
refusals_are_listed_the_last_first(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GPtrArray) refusals = NULL;
    const SmRefusal *last;

    refuse(fixture, "m1", "one reason");
    fixture_sql(fixture, "UPDATE events SET last_seen = last_seen - 100");
    refuse(fixture, "m2", "a reason");
    refuse(fixture, "m2", "another\nreason");
    refusals = sm_event_refusals(fixture->ledger, 10, NULL);
    g_assert_cmpuint(refusals->len, ==, 2);
    last = refusals->pdata[0];
    g_assert_cmpstr(last->name, ==, CSV);
    g_assert_cmpstr(last->reason, ==, "another reason");
    g_assert_cmpint(last->times, ==, 2);
    g_assert_cmpint(fixture_number(fixture, "SELECT count(*) FROM log WHERE action = 'refused'"),
                    ==, 2);
    g_ptr_array_unref(g_steal_pointer(&refusals));
    refusals = sm_event_refusals(fixture->ledger, 1, NULL);
    g_assert_cmpuint(refusals->len, ==, 1);
}

static void
a_last_word_is_logged_once(Fixture *fixture, gconstpointer data)
{
    g_autoptr(SmEvent) event = fixture_event(CSV, "m1");

    sm_event_record(fixture->ledger, &(SmAnnouncement){event, "", CSV}, NULL);
    for (int i = 0; i < 2; i++)
        g_assert_true(sm_event_close(fixture->ledger, &(SmAnnouncement){event, "", CSV},
                                     "no account", "nobody's", NULL));
    g_assert_cmpint(fixture_number(fixture, "SELECT count(*) FROM log WHERE action = 'no account'"),
                    ==, 1);
    g_assert_cmpint(fixture_number(fixture, "SELECT decision = 'no account' FROM events"), ==, 1);
}

/* Two names and 100 kB in each message: what a stranger sends makes no difference. */
static void
flood(Fixture *fixture, int messages)
{
    g_autofree char *long_text = g_strnfill(100000, 'x');

    for (int i = 0; i < messages; i++) {
        g_autofree char *message = g_strdup_printf("%d%s", i, long_text);
        g_autoptr(SmEvent) event = fixture_event(CSV, message);

        g_free(event->from);
        event->from = g_strdup(long_text);
        g_assert_true(sm_event_refuse(fixture->ledger, &(SmAnnouncement){event, "main", CSV},
                                      long_text, NULL));
        g_assert_true(sm_event_refuse(fixture->ledger, &(SmAnnouncement){event, "main", TXT},
                                      long_text, NULL));
    }
}

static void
a_flood_of_refusals_stays_small(Fixture *fixture, gconstpointer data)
{
    fixture_sql(fixture, "PRAGMA synchronous = OFF");
    flood(fixture, SM_REFUSALS_A_DAY + 50);
    g_assert_cmpint(fixture_number(fixture, "SELECT count(*) FROM events"), ==, SM_REFUSALS_A_DAY);
    g_assert_cmpint(fixture_number(fixture, "SELECT min(times) FROM events"), ==, 2);
    g_assert_cmpint(fixture_number(fixture, "SELECT count(*) FROM log"), ==, SM_REFUSALS_A_DAY + 1);
    g_assert_cmpint(
        fixture_number(fixture, "SELECT times FROM days WHERE action = 'refused, only counted'"),
        ==, 2 * 50);
    g_assert_cmpint(fixture_number(fixture, "SELECT count(*) FROM files"), ==, 0);
    /* 10,000 of them on 20 days are less than 20 MB */
    g_assert_cmpint(fixture_number(fixture, "SELECT page_count * page_size FROM"
                                            " pragma_page_count(), pragma_page_size()"),
                    <, 1000 * 1000);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    CASE("an event makes its row and the file's", an_event_makes_its_row_and_the_file_s);
    CASE("the same identity again only counts", the_same_identity_again_only_counts);
    CASE("each message is a row", each_message_is_a_row);
    CASE("a message without an id is told by its HTML",
         a_message_without_an_id_is_told_by_its_html);
    CASE("a message without either is told by all of it",
         a_message_without_either_is_told_by_all_of_it);
    CASE("an event without a name makes no file", an_event_without_a_name_makes_no_file);
    CASE("an event without an account makes no file", an_event_without_an_account_makes_no_file);
    CASE("a forgotten name has a row again", a_forgotten_name_has_a_row_again);
    CASE("a new message reopens a failed name", a_new_message_reopens_a_failed_name);
    CASE("the old message reopens no failed name", the_old_message_reopens_no_failed_name);
    CASE("a new message waits for the pause of a failed name",
         a_new_message_waits_for_the_pause_of_a_failed_name);
    CASE("a message reopens what a person asked for too early",
         a_message_reopens_what_a_person_asked_for_too_early);
    CASE("a message reopens nothing else", a_message_reopens_nothing_else);
    CASE("the decision is noted", the_decision_is_noted);
    ADD("/ledger events/a refused event leaves the file as it was", NULL,
        a_refused_event_leaves_the_file_as_it_was);
    ADD_OF_FILE("/ledger events/a flood of refusals stays small", NULL,
                a_flood_of_refusals_stays_small);
    ADD("/ledger events/refusals are listed, the last first", NULL,
        refusals_are_listed_the_last_first);
    ADD("/ledger events/a last word is logged once", NULL, a_last_word_is_logged_once);
    return g_test_run();
}
