/* What the ledger keeps of the reports by mail: of several who change it from the same state, one
 * wins. */
#include "fetch/notes/mailing.h"

#include "fetch-fixture.h"
#include "fetch/ledger/keys.h"

static void
assert_is(Fixture *fixture, SmMailingStage stage, gint64 period, gint64 at, const char *fault)
{
    g_auto(SmMailing) found = {0};

    g_assert_true(sm_mailing_look(fixture->ledger, &found, NULL));
    g_assert_cmpint(found.stage, ==, stage);
    g_assert_cmpint(found.period, ==, period);
    g_assert_cmpint(found.at, ==, at);
    g_assert_cmpstr(found.fault, ==, fault);
}

static gboolean
change(Fixture *fixture, const SmMailing *before, const SmMailing *now)
{
    g_autoptr(GError) error = NULL;
    gboolean won = FALSE;

    g_assert_true(sm_mailing_change(fixture->ledger, before, now, &won, &error));
    g_assert_no_error(error);
    return won;
}

static void
one_of_several_wins(Fixture *fixture, gconstpointer data)
{
    const SmMailing none = {0};
    const SmMailing sending = {SM_MAILING_SENDING, 1000, 1010, NULL, NULL};
    const SmMailing failed = {SM_MAILING_FAILED, 1000, 1900, (char *)"no such\nrelay; sorry", NULL};
    const SmMailing read = {SM_MAILING_FAILED, 1000, 1900, (char *)"no such relay; sorry", NULL};
    const SmMailing later = {SM_MAILING_SENDING, 2000, 2001, NULL, NULL};

    assert_is(fixture, SM_MAILING_NONE, 0, 0, NULL);
    g_assert_true(change(fixture, &none, &sending));
    g_assert_false(change(fixture, &none, &later));
    assert_is(fixture, SM_MAILING_SENDING, 1000, 1010, NULL);
    g_assert_true(change(fixture, &sending, &failed));
    g_assert_false(change(fixture, &sending, &later));
    assert_is(fixture, SM_MAILING_FAILED, 1000, 1900, "no such relay; sorry");
    g_assert_true(change(fixture, &read, &later));
    assert_is(fixture, SM_MAILING_SENDING, 2000, 2001, NULL);
}

static void
what_is_not_understood_is_no_report(Fixture *fixture, gconstpointer data)
{
    const SmMailing sending = {SM_MAILING_SENDING, 1000, 1010, NULL, NULL};
    static const char *const odd[] = {"", "sent", "sent 1 2", "printed 1 2 x"};

    for (gsize i = 0; i < G_N_ELEMENTS(odd); i++) {
        g_auto(SmMailing) found = {0};

        g_assert_true(sm_keys_set(fixture->ledger, "report", odd[i], NULL));
        g_assert_true(sm_mailing_look(fixture->ledger, &found, NULL));
        g_assert_cmpint(found.stage, ==, SM_MAILING_NONE);
        g_assert_true(change(fixture, &found, &sending));
        g_assert_false(change(fixture, &found, &sending));
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/mailing/one of several wins", NULL, one_of_several_wins);
    ADD("/mailing/what is not understood is no report", NULL, what_is_not_understood_is_no_report);
    return g_test_run();
}
