/* What the ledger knows of an account's password, and when it may be tried again. */
#include "fetch/notes/accounts.h"

#include <string.h>

#include "common/base/error.h"
#include "fetch-fixture.h"

#define A "fingerprint-of-a"
#define B "fingerprint-of-b"

static SmAccountStanding
standing(Fixture *fixture, const char *fingerprint)
{
    g_autoptr(GError) error = NULL;
    g_autofree SmAccountRecord *record =
        sm_account_look(fixture->ledger, "main", fingerprint, FALSE, &error);

    g_assert_no_error(error);
    g_assert_cmpint(record->id, >, 0);
    return record->standing;
}

static void
assert_standing(Fixture *fixture, const char *fingerprint, SmAccountStanding expected)
{
    g_assert_cmpint((int)standing(fixture, fingerprint), ==, (int)expected);
}

static void
prove(Fixture *fixture, const char *fingerprint)
{
    g_assert_true(sm_account_proven(fixture->ledger, "main", fingerprint, NULL));
}

static void
reject(Fixture *fixture, const char *fingerprint)
{
    g_assert_true(sm_account_rejected(fixture->ledger, "main", fingerprint, "no\nsuch user", NULL));
}

static void
is_unproven_until_it_is_tried(Fixture *fixture, gconstpointer data)
{
    assert_standing(fixture, A, SM_ACCOUNT_UNPROVEN);
    assert_standing(fixture, A, SM_ACCOUNT_UNPROVEN);
    g_assert_cmpint(fixture_number(fixture, "SELECT count(*) FROM accounts"), ==, 1);
}

static void
is_proven_for_this_password_only(Fixture *fixture, gconstpointer data)
{
    assert_standing(fixture, A, SM_ACCOUNT_UNPROVEN);
    prove(fixture, A);
    assert_standing(fixture, A, SM_ACCOUNT_PROVEN);
    assert_standing(fixture, B, SM_ACCOUNT_UNPROVEN);
}

static void
is_closed_for_this_password_only(Fixture *fixture, gconstpointer data)
{
    g_autofree SmAccountRecord *record = NULL;

    assert_standing(fixture, A, SM_ACCOUNT_UNPROVEN);
    reject(fixture, A);
    record = sm_account_look(fixture->ledger, "main", A, FALSE, NULL);
    g_assert_cmpint((int)record->standing, ==, (int)SM_ACCOUNT_CLOSED);
    g_assert_cmpstr(record->reason, ==, "no such user");
    g_assert_cmpint(sm_ledger_now() - record->rejected_at, <, 60);
    assert_standing(fixture, B, SM_ACCOUNT_UNPROVEN);
    g_assert_cmpint(fixture_number(fixture, "SELECT count(*) FROM log WHERE action = 'rejected'"),
                    ==, 1);
}

static void
a_rejection_closes_what_was_proven(Fixture *fixture, gconstpointer data)
{
    assert_standing(fixture, A, SM_ACCOUNT_UNPROVEN);
    prove(fixture, A);
    reject(fixture, A);
    assert_standing(fixture, A, SM_ACCOUNT_CLOSED);
}

static void
a_new_password_opens_for_good(Fixture *fixture, gconstpointer data)
{
    assert_standing(fixture, A, SM_ACCOUNT_UNPROVEN);
    reject(fixture, A);
    prove(fixture, B);
    assert_standing(fixture, B, SM_ACCOUNT_PROVEN);
    /* nothing is kept of it, unless another host may still have it */
    assert_standing(fixture, A,
                    sm_db_is_server(fixture->ledger->db) ? SM_ACCOUNT_CLOSED : SM_ACCOUNT_UNPROVEN);
}

/* Hosts that share the ledger may have a wrong password each, which they try in turns. */
static void
every_rejected_password_stays_closed(Fixture *fixture, gconstpointer data)
{
    gboolean shared = sm_db_is_server(fixture->ledger->db);
    g_autofree char *newest = NULL;

    assert_standing(fixture, A, SM_ACCOUNT_UNPROVEN);
    for (int i = 0; i < 2; i++) {
        reject(fixture, A);
        reject(fixture, B);
    }
    assert_standing(fixture, A, SM_ACCOUNT_CLOSED);
    assert_standing(fixture, B, SM_ACCOUNT_CLOSED);
    assert_standing(fixture, "fingerprint", SM_ACCOUNT_UNPROVEN); /* a part of both */
    prove(fixture, A);
    assert_standing(fixture, A, SM_ACCOUNT_PROVEN);
    assert_standing(fixture, B, shared ? SM_ACCOUNT_CLOSED : SM_ACCOUNT_UNPROVEN);
    prove(fixture, B);
    g_assert_cmpint(fixture_number(fixture, "SELECT count(*) FROM accounts WHERE rejected IS NULL"),
                    ==, 1);
    for (int i = 0; i < 20; i++) {
        g_free(newest);
        newest = g_strdup_printf("%064d", i);
        reject(fixture, newest);
    }
    assert_standing(fixture, newest, SM_ACCOUNT_CLOSED);
    g_assert_cmpint(fixture_number(fixture, "SELECT length(rejected) FROM accounts"), ==,
                    16 * 65 - 1);
    g_assert_true(sm_account_reopen(fixture->ledger, "main", NULL));
    assert_standing(fixture, newest, SM_ACCOUNT_UNPROVEN);
}

static void
is_probed_once_after_six_hours(Fixture *fixture, gconstpointer data)
{
    gint64 next;

    assert_standing(fixture, A, SM_ACCOUNT_UNPROVEN);
    reject(fixture, A);
    next = fixture_number(fixture, "SELECT probe_at FROM accounts") - sm_ledger_now();
    g_assert_cmpint(next, >, SM_ACCOUNT_PROBE_AFTER - 60);
    g_assert_cmpint(next, <=, SM_ACCOUNT_PROBE_AFTER);
    fixture_sql(fixture, "UPDATE accounts SET probe_at = 1");
    assert_standing(fixture, A, SM_ACCOUNT_UNPROVEN);
    assert_standing(fixture, A, SM_ACCOUNT_CLOSED);
    fixture_sql(fixture, "UPDATE accounts SET probe_at = 1");
    assert_standing(fixture, A, SM_ACCOUNT_UNPROVEN);
}

static void
a_probe_that_succeeds_opens(Fixture *fixture, gconstpointer data)
{
    assert_standing(fixture, A, SM_ACCOUNT_UNPROVEN);
    reject(fixture, A);
    fixture_sql(fixture, "UPDATE accounts SET probe_at = 1");
    assert_standing(fixture, A, SM_ACCOUNT_UNPROVEN);
    prove(fixture, A);
    assert_standing(fixture, A, SM_ACCOUNT_PROVEN);
}

static gint64
secret_since(Fixture *fixture, const char *fingerprint)
{
    g_autofree SmAccountRecord *record =
        sm_account_look(fixture->ledger, "main", fingerprint, FALSE, NULL);

    return record->secret_since;
}

static void
a_secret_s_age_counts_from_its_first_proof(Fixture *fixture, gconstpointer data)
{
    assert_standing(fixture, A, SM_ACCOUNT_UNPROVEN);
    g_assert_cmpint(secret_since(fixture, A), ==, 0);
    prove(fixture, A);
    g_assert_cmpint(sm_ledger_now() - secret_since(fixture, A), <, 60);
    fixture_sql(fixture, "UPDATE accounts SET secret_since = 1000");
    prove(fixture, A);
    reject(fixture, A);
    g_assert_cmpint(secret_since(fixture, A), ==, 1000);
    prove(fixture, A); /* a probe that succeeds */
    g_assert_cmpint(secret_since(fixture, A), ==, 1000);
}

static void
another_secret_is_young_again(Fixture *fixture, gconstpointer data)
{
    assert_standing(fixture, A, SM_ACCOUNT_UNPROVEN);
    prove(fixture, A);
    fixture_sql(fixture, "UPDATE accounts SET secret_since = 1000");
    g_assert_cmpint(secret_since(fixture, B), ==, 0);
    prove(fixture, B);
    g_assert_cmpint(sm_ledger_now() - secret_since(fixture, B), <, 60);
}

static void
a_person_reopens(Fixture *fixture, gconstpointer data)
{
    assert_standing(fixture, A, SM_ACCOUNT_UNPROVEN);
    reject(fixture, A);
    g_assert_true(sm_account_reopen(fixture->ledger, "main", NULL));
    assert_standing(fixture, A, SM_ACCOUNT_UNPROVEN);
    prove(fixture, A);
    g_assert_true(sm_account_reopen(fixture->ledger, "main", NULL));
    assert_standing(fixture, A, SM_ACCOUNT_PROVEN); /* there is nothing to reopen */
}

static void
accounts_do_not_touch_each_other(Fixture *fixture, gconstpointer data)
{
    g_autofree SmAccountRecord *other = NULL;

    assert_standing(fixture, A, SM_ACCOUNT_UNPROVEN);
    other = sm_account_look(fixture->ledger, "other", A, FALSE, NULL);
    reject(fixture, A);
    g_free(other);
    other = sm_account_look(fixture->ledger, "other", A, FALSE, NULL);
    g_assert_cmpint((int)other->standing, ==, (int)SM_ACCOUNT_UNPROVEN);
}

static void
the_fingerprint_key_is_the_ledger_s_own(Fixture *fixture, gconstpointer data)
{
    g_autofree char *path = g_build_filename(fixture->folder, "other.db", NULL);
    g_autoptr(SmLedger) other = sm_ledger_open(path, NULL, SM_LEDGER_CREATE, "test", NULL);
    g_autofree char *key = sm_account_fingerprint_key(fixture->ledger, NULL);
    g_autofree char *same = sm_account_fingerprint_key(fixture->ledger, NULL);
    g_autofree char *foreign = sm_account_fingerprint_key(other, NULL);

    g_assert_cmpuint(strlen(key), ==, 64);
    g_assert_cmpstr(key, ==, same);
    g_assert_cmpstr(key, !=, foreign);
}

/* NULL without an error would read as "closed" or crash: a ledger without its key is said. */
static void
a_missing_fingerprint_key_is_an_error(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    fixture_sql(fixture, "DELETE FROM keys");
    g_assert_null(sm_account_fingerprint_key(fixture->ledger, &error));
    g_assert_error(error, SM_ERROR, (int)SM_ERROR_LEDGER);
    fixture_assert_says(error->message, sm_db_path(fixture->ledger->db), "backup", NULL);
}

#define CASE(title, body) ADD("/ledger-accounts/" title, NULL, body)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    CASE("is unproven until it is tried", is_unproven_until_it_is_tried);
    CASE("is proven for this password only", is_proven_for_this_password_only);
    CASE("is closed for this password only", is_closed_for_this_password_only);
    CASE("a rejection closes what was proven", a_rejection_closes_what_was_proven);
    CASE("a new password opens for good", a_new_password_opens_for_good);
    CASE("every rejected password stays closed", every_rejected_password_stays_closed);
    CASE("is probed once after six hours", is_probed_once_after_six_hours);
    CASE("a probe that succeeds opens", a_probe_that_succeeds_opens);
    CASE("a person reopens", a_person_reopens);
    CASE("a secret's age counts from its first proof", a_secret_s_age_counts_from_its_first_proof);
    CASE("another secret is young again", another_secret_is_young_again);
    CASE("accounts do not touch each other", accounts_do_not_touch_each_other);
    CASE("the fingerprint key is the ledger's own", the_fingerprint_key_is_the_ledger_s_own);
    CASE("a missing fingerprint key is an error", a_missing_fingerprint_key_is_an_error);
    return g_test_run();
}
