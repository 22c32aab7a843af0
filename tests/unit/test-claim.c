/* Claims: one process at a time on a name, or on a stem; what a waiter learns. */
#include "fetch/rows/claim.h"

#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "common/base/cleanup.h"
#include "common/base/error.h"
#include "fetch-fixture.h"
#include "fetch/rows/updates.h"

typedef struct {
    const char *ledger;
    const char *name;
    gboolean per_stem;
    void (*then)(SmLedger *ledger, SmFile *file); /* done once the claim is held, may be NULL */
    int ready;                                    /* closed once the claim is held */
    int end;                                      /* the claim is dropped once this is closed */
} Holder;

/* What ends the holder once somebody waits for it. */
static int end_of_holder = -1;

/* In place of GLib's: with it a waiter waits for the holder's end. */
void
g_usleep(gulong microseconds)
{
    const struct timespec pause = {0, (long)microseconds * 1000};

    sm_close(&end_of_holder);
    nanosleep(&pause, NULL);
}

/* In a process of its own; it holds nothing but what it opened. */
static int
hold(const Holder *holder)
{
    g_autoptr(SmLedger) ledger =
        sm_ledger_open(holder->ledger, NULL, SM_LEDGER_CREATE, "holder", NULL);
    SmClaim claim = {ledger, "main", holder->name, holder->per_stem};
    g_autoptr(SmFile) file = ledger != NULL ? sm_claim_take(&claim, SM_CLAIM_WAIT, NULL) : NULL;
    char c;

    if (file == NULL)
        return 1;
    close(holder->ready);
    while (read(holder->end, &c, 1) > 0)
        ;
    if (holder->then != NULL)
        holder->then(ledger, file);
    sm_claim_drop(&claim);
    return 0;
}

/* A process that holds a claim until *end is closed or it is killed. */
static pid_t
start_holder(Fixture *fixture, Holder holder, int *end)
{
    int ready[2], ending[2];
    pid_t pid;
    char c;

    g_assert_cmpint(pipe(ready), ==, 0);
    g_assert_cmpint(pipe(ending), ==, 0);
    holder.ledger = fixture->path;
    holder.ready = ready[1];
    holder.end = ending[0];
    /* Its descriptor would be shared with the child, and with it every lock taken on it. */
    g_clear_pointer(&fixture->ledger, sm_ledger_close);
    pid = fork();
    g_assert_cmpint(pid, >=, 0);
    if (pid == 0) {
        close(ready[0]);
        close(ending[1]);
        _exit(hold(&holder));
    }
    close(ready[1]);
    close(ending[0]);
    g_assert_cmpint(read(ready[0], &c, 1), ==, 0);
    close(ready[0]);
    *end = ending[1];
    fixture->ledger = sm_ledger_open(fixture->path, NULL, SM_LEDGER_CREATE, "test", NULL);
    g_assert_nonnull(fixture->ledger);
    return pid;
}

/* Takes the claim while a process holds it, which ends once it is waited for. */
static gboolean
wait_for(Fixture *fixture, Holder holder, const char *name, gboolean per_stem, SmFile **file,
         gboolean *settled, GError **error)
{
    pid_t pid = start_holder(fixture, holder, &end_of_holder);
    SmClaim claim = {fixture->ledger, "main", name, per_stem};
    gboolean held;

    *file = sm_claim_take(&claim, SM_CLAIM_WAIT, error);
    held = *file != NULL;
    *settled = claim.settled_meanwhile;
    if (held)
        sm_claim_drop(&claim);
    g_assert_cmpint(end_of_holder, ==, -1); /* it has waited */
    g_assert_cmpint(fixture_wait(pid), ==, 0);
    return held;
}

static void
take(Fixture *fixture, const char *name, gboolean per_stem, SmClaim *claim)
{
    g_autoptr(SmFile) file = NULL;
    g_autoptr(GError) error = NULL;

    *claim = (SmClaim){fixture->ledger, "main", name, per_stem, .settled_meanwhile = TRUE};
    file = sm_claim_take(claim, SM_CLAIM_WAIT, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(file->name, ==, name);
    g_assert_false(claim->settled_meanwhile);
}

static void
settle(SmLedger *ledger, SmFile *file)
{
    if (sm_file_raise_fence(ledger, file, 0, NULL))
        sm_file_settle(ledger, file, &(SmSettling){SM_FILE_WAITING, "tried", 0, FALSE}, NULL);
}

static void
forget(SmLedger *ledger, SmFile *file)
{
    sm_file_forget(ledger, file, NULL);
}

static void
forget_and_announce(SmLedger *ledger, SmFile *file)
{
    forget(ledger, file);
    sm_file_ensure(ledger, "main", file->name, NULL);
}

static void
is_free_where_nobody_is_at_work(Fixture *fixture, gconstpointer data)
{
    SmClaim claim;

    fixture_announce(fixture, CSV, "m1");
    take(fixture, CSV, FALSE, &claim);
    sm_claim_drop(&claim);
    take(fixture, CSV, TRUE, &claim);
    sm_claim_drop(&claim);
}

static void
a_name_that_is_not_known_is_said(Fixture *fixture, gconstpointer data)
{
    SmClaim claim = {fixture->ledger, "main", CSV};
    g_autoptr(GError) error = NULL;

    g_assert_null(sm_claim_take(&claim, SM_CLAIM_WAIT, &error));
    g_assert_error(error, SM_ERROR, (int)SM_ERROR_NOT_FOUND);
    fixture_assert_says(error->message, CSV, "not in the ledger", "account main", NULL);
    /* as a filter this is no reason to let the message go */
    g_assert_cmpint(sm_error_exit_code(error, SM_ROLE_FILTER), ==, 75);
}

static void
a_waiter_learns_that_an_attempt_ended(Fixture *fixture, gconstpointer data)
{
    g_autoptr(SmFile) file = NULL;
    gboolean settled = FALSE, claimed;

    fixture_announce(fixture, CSV, "m1");
    claimed =
        wait_for(fixture, (Holder){.name = CSV, .then = settle}, CSV, FALSE, &file, &settled, NULL);
    g_assert_true(claimed);
    g_assert_true(settled);
    g_assert_cmpstr(file->reason, ==, "tried");
    g_assert_cmpint(file->fence, >, 0);
}

static void
a_waiter_learns_that_nothing_was_tried(Fixture *fixture, gconstpointer data)
{
    g_autoptr(SmFile) file = NULL;
    gboolean settled = TRUE, claimed;

    fixture_announce(fixture, CSV, "m1");
    claimed = wait_for(fixture, (Holder){.name = CSV}, CSV, FALSE, &file, &settled, NULL);
    g_assert_true(claimed);
    g_assert_false(settled);
}

static void
dies_with_its_holder(Fixture *fixture, gconstpointer data)
{
    sm_autofd int end = -1;
    SmClaim claim;
    pid_t pid;

    fixture_announce(fixture, CSV, "m1");
    pid = start_holder(fixture, (Holder){.name = CSV}, &end);
    g_assert_cmpint(kill(pid, SIGKILL), ==, 0);
    take(fixture, CSV, FALSE, &claim);
    sm_claim_drop(&claim);
    g_assert_cmpint(fixture_wait(pid), ==, -1);
}

static void
another_name_is_free(Fixture *fixture, gconstpointer data)
{
    sm_autofd int end = -1;
    SmClaim claim;
    pid_t pid;

    fixture_announce(fixture, CSV, "m1");
    fixture_announce(fixture, TXT, "m1");
    pid = start_holder(fixture, (Holder){.name = CSV}, &end);
    take(fixture, TXT, FALSE, &claim);
    sm_claim_drop(&claim);
    sm_close(&end);
    g_assert_cmpint(fixture_wait(pid), ==, 0);
}

/* Whichever of the pair is claimed: under `first` both contend for one lock. */
static void
a_stem_is_claimed_as_one(Fixture *fixture, gconstpointer data)
{
    const char *theirs = data;
    const char *ours = g_str_equal(theirs, CSV) ? TXT : CSV;
    g_autoptr(SmFile) file = NULL;
    gboolean settled = TRUE, claimed;

    fixture_announce(fixture, CSV, "m1");
    fixture_announce(fixture, TXT, "m1");
    claimed = wait_for(fixture, (Holder){.name = theirs, .per_stem = TRUE, .then = settle}, ours,
                       TRUE, &file, &settled, NULL);
    g_assert_true(claimed);
    g_assert_false(settled); /* that was another name's attempt */
    g_assert_cmpint(file->fence, ==, 0);
}

static void
a_row_that_was_forgotten_meanwhile_is_not_claimed(Fixture *fixture, gconstpointer data)
{
    g_autoptr(SmFile) file = NULL;
    g_autoptr(GError) error = NULL;
    gboolean settled;

    fixture_announce(fixture, CSV, "m1");
    g_assert_false(wait_for(fixture, (Holder){.name = CSV, .then = forget}, CSV, FALSE, &file,
                            &settled, &error));
    g_assert_error(error, SM_ERROR, (int)SM_ERROR_NOT_FOUND);
    g_assert_null(file);
}

/* The lock is on the row that was; on the one that is, another process may hold its own. */
static void
a_row_that_took_another_s_place_is_not_claimed(Fixture *fixture, gconstpointer data)
{
    g_autoptr(SmFile) file = NULL;
    g_autoptr(GError) error = NULL;
    gboolean settled;
    SmClaim claim;

    fixture_announce(fixture, CSV, "m1");
    g_assert_false(wait_for(fixture, (Holder){.name = CSV, .then = forget_and_announce}, CSV, FALSE,
                            &file, &settled, &error));
    g_assert_error(error, SM_ERROR, (int)SM_ERROR_BUSY);
    fixture_assert_says(error->message, CSV, "forgotten", NULL);
    g_assert_null(file);
    take(fixture, CSV, FALSE, &claim); /* the next try is a good one */
    sm_claim_drop(&claim);
}

#define CASE(title, body) ADD("/claim/" title, NULL, body)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    CASE("is free where nobody is at work", is_free_where_nobody_is_at_work);
    CASE("a name that is not known is said", a_name_that_is_not_known_is_said);
    CASE("a waiter learns that an attempt ended", a_waiter_learns_that_an_attempt_ended);
    CASE("a waiter learns that nothing was tried", a_waiter_learns_that_nothing_was_tried);
    CASE("dies with its holder", dies_with_its_holder);
    CASE("another name is free", another_name_is_free);
    ADD("/claim/a stem is claimed as one, by its first name", CSV, a_stem_is_claimed_as_one);
    ADD("/claim/a stem is claimed as one, by its second name", TXT, a_stem_is_claimed_as_one);
    CASE("a row that was forgotten meanwhile is not claimed",
         a_row_that_was_forgotten_meanwhile_is_not_claimed);
    CASE("a row that took another's place is not claimed",
         a_row_that_took_another_s_place_is_not_claimed);
    return g_test_run();
}
