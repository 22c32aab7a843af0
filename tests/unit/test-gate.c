/* The gate before every use of the password: one process tries a new one, nobody a rejected one. */
#include "fetch/service/gate.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/base/cleanup.h"
#include "common/base/error.h"
#include "fetch-fixture.h"
#include "fetch/ledger/lock.h"
#include "fetch/notes/accounts.h"

/* What another process does at that very moment. */
static void (*before_lock)(void);
static int end_of_holder = -1;
static SmLedger *other_ledger;
static char *fingerprint;

/* In place of libc's: something happens between a look at the account and taking its lock. */
int
fcntl(int fd, int command, ...)
{
    static int (*real)(int, int, ...);
    void (*happens)(void) = before_lock;
    va_list arguments;
    void *argument;

    va_start(arguments, command);
    argument = va_arg(arguments, void *);
    va_end(arguments);
    if (real == NULL)
        real = (int (*)(int, int, ...))dlsym(RTLD_NEXT, "fcntl64");
    if (command == F_OFD_SETLK && happens != NULL) {
        before_lock = NULL;
        happens();
    }
    return real(fd, command, argument);
}

/* In place of GLib's: with it a waiter waits for the holder's end. */
void
g_usleep(gulong microseconds)
{
    const struct timespec pause = {0, (long)microseconds * 1000};

    sm_close(&end_of_holder);
    nanosleep(&pause, NULL);
}

static gboolean
enter(Fixture *fixture, SmGate *gate, GError **error)
{
    g_autoptr(SmSecret) secret = sm_secret_read(&fixture->account, 0, NULL);

    g_assert_nonnull(secret);
    return sm_gate_enter(gate, fixture->ledger, &fixture->account, secret, FALSE, error);
}

/* Enters and leaves with that trial. */
static void
pass(Fixture *fixture, SmTrial trial)
{
    g_autoptr(GError) error = NULL;
    SmGate gate;

    enter(fixture, &gate, &error);
    g_assert_no_error(error);
    sm_gate_leave(&gate, trial, "Invalid credentials", &error);
    g_assert_no_error(error);
}

static void
assert_closed(Fixture *fixture)
{
    g_autoptr(GError) error = NULL;
    SmGate gate;

    g_assert_false(enter(fixture, &gate, &error));
    g_assert_error(error, SM_ERROR, (int)SM_ERROR_CREDENTIALS);
    fixture_assert_says(error->message, "account main", "Invalid credentials",
                        fixture->account.password_file, "not retried until", NULL);
    g_assert_null(strstr(error->message, "secret-Pa55"));
    g_assert_null(gate.fingerprint);
    g_assert_cmpint(gate.lock, ==, 0);
}

static void
set_password(Fixture *fixture, const char *password)
{
    g_assert_true(g_file_set_contents(fixture->account.password_file, password, -1, NULL));
    g_assert_cmpint(g_chmod(fixture->account.password_file, 0600), ==, 0);
}

/* Whether another opening of the lock file finds the account's byte taken. */
static gboolean
is_locked(Fixture *fixture)
{
    g_autoptr(SmLedger) other = sm_ledger_open(fixture->path, NULL, SM_LEDGER_LOOK, "test", NULL);

    return !sm_lock_take(other, SM_LOCK_ACCOUNTS + 1, 0, NULL, NULL);
}

static void
an_unproven_password_is_tried_by_one(Fixture *fixture, gconstpointer data)
{
    SmGate gate;

    g_assert_true(enter(fixture, &gate, NULL));
    g_assert_true(is_locked(fixture));
    g_assert_true(sm_gate_leave(&gate, SM_TRIAL_NONE, NULL, NULL));
    g_assert_false(is_locked(fixture));
    g_assert_true(enter(fixture, &gate, NULL)); /* a call that told nothing: the next may try */
    g_assert_true(sm_gate_leave(&gate, SM_TRIAL_NONE, NULL, NULL));
}

static void
a_proven_password_is_used_by_all(Fixture *fixture, gconstpointer data)
{
    SmGate first, second;

    pass(fixture, SM_TRIAL_ACCEPTED);
    g_assert_true(enter(fixture, &first, NULL));
    g_assert_false(is_locked(fixture));
    g_assert_true(enter(fixture, &second, NULL));
    g_assert_true(sm_gate_leave(&first, SM_TRIAL_ACCEPTED, NULL, NULL));
    g_assert_true(sm_gate_leave(&second, SM_TRIAL_ACCEPTED, NULL, NULL));
}

static void
a_rejected_password_is_not_sent_again(Fixture *fixture, gconstpointer data)
{
    pass(fixture, SM_TRIAL_REJECTED);
    for (int i = 0; i < 1000; i++)
        assert_closed(fixture);
    g_assert_false(is_locked(fixture));
}

static void
assert_rejection_says(Fixture *fixture, const char *source)
{
    g_autofree char *advice = sm_gate_advice(&fixture->account, "Invalid credentials");
    g_autoptr(GError) error = NULL;

    sm_gate_set_rejected(&error, &fixture->account, "Invalid credentials", 1700000000);
    g_assert_error(error, SM_ERROR, (int)SM_ERROR_CREDENTIALS);
    fixture_assert_says(error->message, "account main", "Invalid credentials", source,
                        "scorefetch check", NULL);
    fixture_assert_says(advice, "unless somebody signs in", "scorefetch retry", NULL);
    g_assert_null(strstr(error->message, ". "));
    g_assert_null(strstr(error->message, "s3cret"));
}

static void
a_rejection_is_an_alert_until_a_password_is_taken(Fixture *fixture, gconstpointer data)
{
    static const char count[] = "SELECT count(*) FROM alerts WHERE account = 'main' AND"
                                " kind = 'credentials' AND text LIKE 'account main: %portal%'";

    pass(fixture, SM_TRIAL_REJECTED);
    assert_closed(fixture);
    g_assert_cmpint(fixture_number(fixture, count), ==, 1);
    g_assert_cmpint(fixture_number(fixture, "SELECT times FROM alerts"), ==, 1);
    set_password(fixture, "another\n");
    pass(fixture, SM_TRIAL_ACCEPTED);
    g_assert_cmpint(fixture_number(fixture, count), ==, 0);
}

static void
a_rejection_names_where_the_password_comes_from(Fixture *fixture, gconstpointer data)
{
    const char *const command[] = {"pass", "show", "s3cret-argument", NULL};
    g_autofree char *file = g_strconcat("password-file ", fixture->account.password_file, NULL);

    assert_rejection_says(fixture, file);
    fixture->account.password_command = (GStrv)command;
    assert_rejection_says(fixture, "password-command pass has another");
    fixture->account.password_command = NULL;
    fixture->account.password_credential = (char *)"scores";
    assert_rejection_says(fixture, "password-credential scores");
}

static void
an_old_password_is_an_alert_until_there_is_another(Fixture *fixture, gconstpointer data)
{
    static const char count[] = "SELECT count(*) FROM alerts WHERE account = 'main' AND"
                                " kind = 'password-age' AND text LIKE '%main%in use since%'";

    fixture->account.password_max_age = 90 * 86400;
    pass(fixture, SM_TRIAL_ACCEPTED);
    pass(fixture, SM_TRIAL_ACCEPTED);
    g_assert_cmpint(fixture_number(fixture, count), ==, 0);
    fixture_sql(fixture, "UPDATE accounts SET secret_since = secret_since - 77 * 86400");
    pass(fixture, SM_TRIAL_NONE);
    g_assert_cmpint(fixture_number(fixture, count), ==, 0);
    pass(fixture, SM_TRIAL_ACCEPTED);
    g_assert_cmpint(fixture_number(fixture, count), ==, 1);
    set_password(fixture, "another\n");
    pass(fixture, SM_TRIAL_ACCEPTED);
    g_assert_cmpint(fixture_number(fixture, count), ==, 0);
}

static void
of_an_upgraded_ledger_the_age_counts_from_the_next_call(Fixture *fixture, gconstpointer data)
{
    pass(fixture, SM_TRIAL_ACCEPTED);
    fixture_sql(fixture, "UPDATE accounts SET secret_since = 0");
    pass(fixture, SM_TRIAL_ACCEPTED);
    g_assert_cmpint(fixture_number(fixture, "SELECT secret_since FROM accounts"), >, 0);
}

static void
a_proven_password_that_is_rejected_closes(Fixture *fixture, gconstpointer data)
{
    pass(fixture, SM_TRIAL_ACCEPTED);
    pass(fixture, SM_TRIAL_REJECTED);
    assert_closed(fixture);
}

static void
another_password_opens(Fixture *fixture, gconstpointer data)
{
    pass(fixture, SM_TRIAL_REJECTED);
    set_password(fixture, "another\n");
    pass(fixture, SM_TRIAL_ACCEPTED);
    pass(fixture, SM_TRIAL_ACCEPTED);
}

static void
another_user_name_opens(Fixture *fixture, gconstpointer data)
{
    pass(fixture, SM_TRIAL_REJECTED);
    g_free(fixture->account.username);
    fixture->account.username = g_strdup("registrar");
    pass(fixture, SM_TRIAL_ACCEPTED);
}

static void
is_probed_by_one_after_six_hours(Fixture *fixture, gconstpointer data)
{
    SmGate gate;

    pass(fixture, SM_TRIAL_REJECTED);
    fixture_sql(fixture, "UPDATE accounts SET probe_at = 1");
    g_assert_true(enter(fixture, &gate, NULL));
    g_assert_true(is_locked(fixture));
    assert_closed(fixture); /* for anybody else meanwhile */
    g_assert_true(sm_gate_leave(&gate, SM_TRIAL_REJECTED, "Invalid credentials", NULL));
    assert_closed(fixture);
    fixture_sql(fixture, "UPDATE accounts SET probe_at = 1");
    pass(fixture, SM_TRIAL_ACCEPTED);
    pass(fixture, SM_TRIAL_ACCEPTED);
}

static void
reject_elsewhere(void)
{
    g_assert_true(
        sm_account_rejected(other_ledger, "main", fingerprint, "Invalid credentials", NULL));
}

static void
prove_elsewhere(void)
{
    g_assert_true(sm_account_proven(other_ledger, "main", fingerprint, NULL));
}

/* The password's fingerprint and a second connection, for what happens in between. */
static void
prepare_elsewhere(Fixture *fixture)
{
    SmGate gate;

    other_ledger = sm_ledger_open(fixture->path, NULL, SM_LEDGER_CREATE, "other", NULL);
    g_assert_true(enter(fixture, &gate, NULL));
    fingerprint = g_strdup(gate.fingerprint);
    g_assert_true(sm_gate_leave(&gate, SM_TRIAL_NONE, NULL, NULL));
}

static void
forget_elsewhere(void)
{
    g_clear_pointer(&other_ledger, sm_ledger_close);
    g_clear_pointer(&fingerprint, g_free);
}

static void
a_rejection_just_before_the_lock_is_seen(Fixture *fixture, gconstpointer data)
{
    prepare_elsewhere(fixture);
    before_lock = reject_elsewhere;
    assert_closed(fixture);
    g_assert_null(before_lock);
    g_assert_false(is_locked(fixture));
    forget_elsewhere();
}

static void
a_proof_just_before_the_lock_frees_it(Fixture *fixture, gconstpointer data)
{
    SmGate gate;

    prepare_elsewhere(fixture);
    before_lock = prove_elsewhere;
    g_assert_true(enter(fixture, &gate, NULL));
    g_assert_null(before_lock);
    g_assert_false(is_locked(fixture));
    g_assert_true(sm_gate_leave(&gate, SM_TRIAL_ACCEPTED, NULL, NULL));
    forget_elsewhere();
}

#define HOLDER "--holder"

/* What a process of its own is told, in this order: a fork would have nothing of the secrets. */
enum { LEDGER = 2, USERNAME, PASSWORD_FILE, VERDICT, READY, END, HOLDER_ARGUMENTS };

static int
try_it(char **argv)
{
    const SmAccount account = {
        .name = (char *)"main", .username = argv[USERNAME], .password_file = argv[PASSWORD_FILE]};
    g_autoptr(SmLedger) ledger =
        sm_ledger_open(argv[LEDGER], NULL, SM_LEDGER_CREATE, "holder", NULL);
    g_autoptr(SmSecret) secret = sm_secret_read(&account, 0, NULL);
    SmGate gate;
    char c;

    if (ledger == NULL || secret == NULL ||
        !sm_gate_enter(&gate, ledger, &account, secret, FALSE, NULL))
        return 1;
    close(atoi(argv[READY]));
    while (read(atoi(argv[END]), &c, 1) > 0)
        ;
    return sm_gate_leave(&gate, (SmTrial)atoi(argv[VERDICT]), "Invalid credentials", NULL) ? 0 : 1;
}

G_GNUC_NORETURN static void
become_holder(const Fixture *fixture, SmTrial trial, int ready, int end)
{
    const SmAccount *account = &fixture->account;
    g_autofree char *numbers = g_strdup_printf("%d %d %d", (int)trial, ready, end);
    g_auto(GStrv) words = g_strsplit(numbers, " ", -1);

    execl("/proc/self/exe", "test-gate", HOLDER, fixture->path, account->username,
          account->password_file, words[0], words[1], words[2], NULL);
    _exit(1);
}

/* A process that is trying the password until somebody waits for it. */
static pid_t
start_holder(Fixture *fixture, SmTrial trial)
{
    int ready[2], ending[2];
    pid_t pid;
    char c;

    g_assert_cmpint(pipe(ready), ==, 0);
    g_assert_cmpint(pipe(ending), ==, 0);
    g_clear_pointer(&fixture->ledger, sm_ledger_close); /* its locks would be the child's too */
    pid = fork();
    g_assert_cmpint(pid, >=, 0);
    if (pid == 0) {
        close(ready[0]);
        close(ending[1]);
        become_holder(fixture, trial, ready[1], ending[0]);
    }
    close(ready[1]);
    close(ending[0]);
    g_assert_cmpint(read(ready[0], &c, 1), ==, 0);
    close(ready[0]);
    end_of_holder = ending[1];
    fixture->ledger = sm_ledger_open(fixture->path, NULL, SM_LEDGER_CREATE, "test", NULL);
    return pid;
}

static void
who_waits_for_a_rejection_does_not_try(Fixture *fixture, gconstpointer data)
{
    pid_t pid = start_holder(fixture, SM_TRIAL_REJECTED);

    assert_closed(fixture);
    g_assert_cmpint(end_of_holder, ==, -1);
    g_assert_cmpint(fixture_wait(pid), ==, 0);
}

static void
who_waits_for_a_proof_goes_on(Fixture *fixture, gconstpointer data)
{
    pid_t pid = start_holder(fixture, SM_TRIAL_ACCEPTED);
    SmGate gate;

    g_assert_true(enter(fixture, &gate, NULL));
    g_assert_cmpint(end_of_holder, ==, -1);
    g_assert_true(gate.proven);
    g_assert_false(is_locked(fixture));
    g_assert_true(sm_gate_leave(&gate, SM_TRIAL_ACCEPTED, NULL, NULL));
    g_assert_cmpint(fixture_wait(pid), ==, 0);
}

static void
who_waits_for_nothing_tries(Fixture *fixture, gconstpointer data)
{
    pid_t pid = start_holder(fixture, SM_TRIAL_NONE);

    pass(fixture, SM_TRIAL_ACCEPTED);
    g_assert_cmpint(end_of_holder, ==, -1);
    g_assert_cmpint(fixture_wait(pid), ==, 0);
}

#define CASE(title, body) ADD("/gate/" title, NULL, body)

int
main(int argc, char **argv)
{
    if (argc == HOLDER_ARGUMENTS && strcmp(argv[1], HOLDER) == 0)
        return try_it(argv);
    g_test_init(&argc, &argv, NULL);
    CASE("an unproven password is tried by one", an_unproven_password_is_tried_by_one);
    CASE("a proven password is used by all", a_proven_password_is_used_by_all);
    CASE("a rejected password is not sent again", a_rejected_password_is_not_sent_again);
    CASE("a rejection is an alert until a password is taken",
         a_rejection_is_an_alert_until_a_password_is_taken);
    CASE("a rejection names where the password comes from",
         a_rejection_names_where_the_password_comes_from);
    CASE("an old password is an alert until there is another",
         an_old_password_is_an_alert_until_there_is_another);
    CASE("of an upgraded ledger the age counts from the next call",
         of_an_upgraded_ledger_the_age_counts_from_the_next_call);
    CASE("a proven password that is rejected closes", a_proven_password_that_is_rejected_closes);
    CASE("another password opens", another_password_opens);
    CASE("another user name opens", another_user_name_opens);
    CASE("is probed by one after six hours", is_probed_by_one_after_six_hours);
    ADD_OF_FILE("/gate/a rejection just before the lock is seen", NULL,
                a_rejection_just_before_the_lock_is_seen);
    ADD_OF_FILE("/gate/a proof just before the lock frees it", NULL,
                a_proof_just_before_the_lock_frees_it);
    CASE("who waits for a rejection does not try", who_waits_for_a_rejection_does_not_try);
    CASE("who waits for a proof goes on", who_waits_for_a_proof_goes_on);
    CASE("who waits for nothing tries", who_waits_for_nothing_tries);
    return g_test_run();
}
