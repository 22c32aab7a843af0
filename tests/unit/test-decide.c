/* What is to be done with a name: by its row, who asks, what was announced, and the pauses. */
#include "fetch/job/decide.h"

#include "common/base/error.h"
#include "fetch-fixture.h"

#define NOW 1500000000
#define AT_NOW "1500000000"
#define SOON "1500000007"
#define LATER "1500000100"
#define STORED "state = 'stored', size = 1, sha256 = 'x', stored = 1499990000"

/* Of what a row is made: SQL that sets its columns; its events have the ids 1, 2, ... */
typedef struct {
    const char *title;
    SmRole role;
    gboolean force;
    guint events;
    const char *set;
    SmStepKind kind;
    int code; /* SM_STEP_ERROR */
    const char *said;
    guint pause;
} Case;

#define MAIL SM_ROLE_FILTER, FALSE
#define PERSON SM_ROLE_PROMPT, FALSE
#define FORCE SM_ROLE_PROMPT, TRUE
#define FETCH SM_STEP_FETCH, 0, NULL
#define DONE(said) SM_STEP_DONE, 0, said
#define ERROR(code, said) SM_STEP_ERROR, SM_ERROR_##code, said

static const Case cases[] = {
    {"mail fetches what waits", MAIL, 1, "state = 'waiting'", FETCH},
    {"a person fetches what waits", PERSON, 0, "state = 'waiting'", FETCH},
    {"mail finishes what is being placed", MAIL, 1, "state = 'placing'", FETCH},
    {"a person finishes what is being placed", PERSON, 0, "state = 'placing'", FETCH},
    {"what is being placed is finished whatever pause there is", MAIL, 1,
     "state = 'placing', next_attempt = " LATER, FETCH},

    {"mail has nothing to do for an answered event", MAIL, 1, STORED ", covers = 1",
     DONE(CSV " is already stored, since ")},
    {"a person has nothing to do for a stored file", PERSON, 1, STORED ", covers = 1",
     DONE(CSV " is already stored, since ")},
    {"a person who forces it fetches a stored file", FORCE, 1, STORED ", covers = 1", FETCH},
    {"mail looks again for a newer event", MAIL, 2, STORED ", covers = 1", FETCH},
    {"a person looks again for a newer event", PERSON, 2, STORED ", covers = 1", FETCH},
    {"mail looks once in ten minutes", MAIL, 2, STORED ", covers = 1, looked = 1499999401",
     ERROR(PAUSED, "recently")},
    {"mail looks again after ten minutes", MAIL, 2, STORED ", covers = 1, looked = 1499999400",
     FETCH},
    {"a person looks whenever it is wished", PERSON, 2, STORED ", covers = 1, looked = " AT_NOW,
     FETCH},
    {"a first look needs no pause after storing", MAIL, 2,
     "state = 'stored', size = 1, sha256 = 'x', stored = " AT_NOW ", covers = 1", FETCH},

    {"mail waits for the next attempt", MAIL, 1, "next_attempt = " LATER ", reason = 'answers 503'",
     ERROR(PAUSED, "answers 503")},
    {"mail waits out a short pause", MAIL, 1, "next_attempt = " SOON, FETCH, 7},
    {"mail goes on at the time of the next attempt", MAIL, 1, "next_attempt = " AT_NOW, FETCH},
    {"a person does not wait for the next attempt", PERSON, 1, "next_attempt = " LATER, FETCH},
    {"the next attempt binds for stored files too", MAIL, 2,
     STORED ", covers = 1, next_attempt = " LATER, ERROR(PAUSED, "next attempt not before")},

    {"mail lets a failed name be", MAIL, 1,
     "state = 'failed', reason = 'no such file', new_covers = 1",
     ERROR(GIVEN_UP, CSV ": no such file")},
    {"a person tries a failed name", PERSON, 1, "state = 'failed', new_covers = 1", FETCH},
    {"a newer message waits for the pause of a failed name", MAIL, 2,
     "state = 'failed', reason = 'no such file', new_covers = 1, next_attempt = " LATER,
     ERROR(PAUSED, "no such file")},
    {"a newer message is never told that a failed name is final", MAIL, 2,
     "state = 'failed', new_covers = 1, next_attempt = 1",
     ERROR(PAUSED, "next attempt not before")},

    {"mail leaves a conflict alone while the file is there", MAIL, 1,
     "state = 'conflict', obstacle = 'it', reason = 'in the way'", ERROR(CONFLICT, "in the way")},
    {"a person is told of a conflict", PERSON, 1,
     "state = 'conflict', obstacle = 'it', reason = 'in the way'", ERROR(CONFLICT, "in the way")},
    {"a person may force another look at a conflict", FORCE, 1,
     "state = 'conflict', obstacle = 'it'", FETCH},
    {"mail fetches once the file in the way has changed", MAIL, 1,
     "state = 'conflict', obstacle = 'another'", FETCH},

    {"mail asks the policy for a dropped name again", MAIL, 1, "state = 'dropped'", FETCH},
    {"a person fetches what was dropped", PERSON, 1, "state = 'dropped'", FETCH},
    {"a person fetches what was not wanted", PERSON, 1, "state = 'not wanted'", FETCH},
};

/* Under format = first: the csv, announced second, and the txt, announced first unless said. */
static const struct {
    const char *title;
    const char *set; /* for the txt */
    gboolean other_is_later;
    gboolean other_is_announced;
    const char *set_own;
    SmStepKind kind;
    const char *said;
} siblings[] = {
    {"waits for the earlier one", "state = 'waiting'", FALSE, TRUE, "", SM_STEP_ERROR,
     "not stored yet"},
    {"waits for the earlier one that is being placed", "state = 'placing'", FALSE, TRUE, "",
     SM_STEP_ERROR, "not stored yet"},
    {"goes before the later one", "state = 'waiting'", TRUE, TRUE, "", SM_STEP_FETCH, NULL},
    {"is dropped for a stored one", STORED, FALSE, TRUE, "", SM_STEP_SETTLE,
     "its other format is stored"},
    {"is dropped for a stored one that came later", STORED, TRUE, TRUE, "", SM_STEP_SETTLE,
     "its other format is stored"},
    {"is dropped for one that is stored and looked at again",
     "state = 'placing', size = 1, sha256 = 'x', stored = 1", FALSE, TRUE, "", SM_STEP_SETTLE,
     "its other format is stored"},
    {"does not wait for one that failed", "state = 'failed'", FALSE, TRUE, "", SM_STEP_FETCH, NULL},
    {"does not wait for a conflict", "state = 'conflict'", FALSE, TRUE, "", SM_STEP_FETCH, NULL},
    {"does not wait for one that was dropped", "state = 'dropped'", FALSE, TRUE, "", SM_STEP_FETCH,
     NULL},
    {"does not wait for what no message announced", "state = 'waiting'", FALSE, FALSE, "",
     SM_STEP_FETCH, NULL},
    {"is looked at again where both are stored", STORED, FALSE, TRUE, STORED, SM_STEP_FETCH, NULL},
};

static void
set(Fixture *fixture, const char *name, const char *columns)
{
    g_autofree char *sql = g_strdup_printf("UPDATE files SET %s WHERE name = '%s'", columns, name);

    g_assert_true(sm_file_ensure(fixture->ledger, "main", name, NULL));
    if (*columns != '\0')
        fixture_sql(fixture, sql);
}

static SmStep
decide(Fixture *fixture, SmRole role, gboolean force, const char *obstacle, GError **error)
{
    SmJob fetch = {
        .ledger = fixture->ledger, .account = &fixture->account, .role = role, .force = force};
    g_autoptr(SmFile) file = fixture_row(fixture, CSV);

    return sm_decide(&fetch, file, obstacle, NOW, error);
}

static void
decides(Fixture *fixture, gconstpointer data)
{
    const Case *c = data;
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;
    SmStep step;

    for (guint i = 0; i < c->events; i++) {
        g_autofree char *message = g_strdup_printf("m%u", i);

        fixture_announce(fixture, CSV, message);
    }
    set(fixture, CSV, c->set);
    step = decide(fixture, c->role, c->force, "it", &error);
    text = step.text;
    g_assert_cmpint((int)step.kind, ==, (int)c->kind);
    g_assert_cmpuint(step.pause, ==, c->pause);
    if (c->kind == SM_STEP_ERROR) {
        g_assert_error(error, SM_ERROR, c->code);
        fixture_assert_says(error->message, CSV, c->said, NULL);
    } else {
        g_assert_no_error(error);
    }
    if (c->kind == SM_STEP_DONE)
        fixture_assert_says(text, c->said, NULL);
}

static void
looks_at_the_sibling(Fixture *fixture, gconstpointer data)
{
    gsize i = GPOINTER_TO_SIZE(data);
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;
    SmStep step;

    fixture->account.format = SM_FORMAT_FIRST;
    if (siblings[i].other_is_later)
        fixture_announce(fixture, CSV, "m1");
    if (siblings[i].other_is_announced)
        fixture_announce(fixture, TXT, "m2");
    set(fixture, TXT, siblings[i].set);
    fixture_announce(fixture, CSV, "m3");
    set(fixture, CSV, siblings[i].set_own);
    step = decide(fixture, SM_ROLE_FILTER, FALSE, NULL, &error);
    text = step.text;
    g_assert_cmpint((int)step.kind, ==, (int)siblings[i].kind);
    if (step.kind == SM_STEP_ERROR) {
        g_assert_error(error, SM_ERROR, (int)SM_ERROR_PAUSED);
        fixture_assert_says(error->message, siblings[i].said, NULL);
    }
    if (step.kind == SM_STEP_SETTLE) {
        g_assert_cmpint((int)step.state, ==, (int)SM_FILE_DROPPED);
        fixture_assert_says(text, siblings[i].said, NULL);
    }
}

static void
settles_what_the_policy_does_not_want(Fixture *fixture, gconstpointer data)
{
    static const char *const only_txt[] = {"txt", NULL};
    g_autofree char *dropped = NULL;
    g_autofree char *not_wanted = NULL;
    SmStep step;

    fixture_announce(fixture, CSV, "m1");
    fixture->account.format = SM_FORMAT_TXT;
    step = decide(fixture, SM_ROLE_FILTER, FALSE, NULL, NULL);
    dropped = step.text;
    g_assert_cmpint((int)step.kind, ==, (int)SM_STEP_SETTLE);
    g_assert_cmpint((int)step.state, ==, (int)SM_FILE_DROPPED);
    g_assert_cmpstr(dropped, ==, "format = txt");
    g_strfreev(fixture->account.extensions);
    fixture->account.extensions = g_strdupv((GStrv)only_txt);
    step = decide(fixture, SM_ROLE_FILTER, FALSE, NULL, NULL);
    not_wanted = step.text;
    g_assert_cmpint((int)step.kind, ==, (int)SM_STEP_SETTLE);
    g_assert_cmpint((int)step.state, ==, (int)SM_FILE_NOT_WANTED);
    g_assert_cmpint((int)decide(fixture, SM_ROLE_PROMPT, FALSE, NULL, NULL).kind, ==,
                    (int)SM_STEP_FETCH);
}

/* Forty names that the service did not know, the last of them at that time. */
static void
make_many_missing(Fixture *fixture, const char *since)
{
    g_autofree char *sql =
        g_strdup_printf("UPDATE files SET missing_since = %s, attempts = 1", since);

    for (int i = 0; i < 40; i++) {
        g_autofree char *name = g_strdup_printf("%d.csv", i);

        g_assert_true(sm_file_ensure(fixture->ledger, "main", name, NULL));
    }
    fixture_sql(fixture, sql);
}

static void
use(GStrv *setting, const char *value)
{
    g_strfreev(*setting);
    *setting = g_strsplit(value, " ", 0);
}

static void
after_many_unknown_names_the_listing_tells(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    SmStep step;

    make_many_missing(fixture, "1499999000");
    fixture_announce(fixture, CSV, "m1");
    step = decide(fixture, SM_ROLE_FILTER, FALSE, NULL, &error);
    g_assert_cmpint((int)step.kind, ==, (int)SM_STEP_ERROR);
    g_assert_error(error, SM_ERROR, (int)SM_ERROR_UNKNOWN);
    fixture_assert_says(error->message, CSV, "listing", "scorefetch get", NULL);
    step = decide(fixture, SM_ROLE_PROMPT, FALSE, NULL, NULL);
    g_assert_cmpint((int)step.kind, ==, (int)SM_STEP_FETCH);
    set(fixture, CSV, "listed = 1"); /* the service has it */
    step = decide(fixture, SM_ROLE_FILTER, FALSE, NULL, NULL);
    g_assert_cmpint((int)step.kind, ==, (int)SM_STEP_FETCH);
}

static void
names_like_the_accounts_have_a_reserve(Fixture *fixture, gconstpointer data)
{
    const gboolean by_number = GPOINTER_TO_INT(data);
    SmStep step;

    make_many_missing(fixture, "1499999000");
    fixture_announce(fixture, CSV, "m1");
    if (by_number)
        use(&fixture->account.org_ids, "43??");
    else
        set(fixture, "4300_20170101_000000.csv", STORED);
    step = decide(fixture, SM_ROLE_FILTER, FALSE, NULL, NULL);
    g_assert_cmpint((int)step.kind, ==, (int)SM_STEP_FETCH);
    for (int i = 0; i < 20; i++) { /* which has an end, too */
        g_autofree char *name = g_strdup_printf("4300_%d.csv", i);

        set(fixture, name, "missing_since = 1499999000, attempts = 1");
    }
    step = decide(fixture, SM_ROLE_FILTER, FALSE, NULL, NULL);
    g_assert_cmpint((int)step.kind, ==, (int)SM_STEP_ERROR);
}

static void
unknown_names_are_forgiven_after_an_hour(Fixture *fixture, gconstpointer data)
{
    SmStep step;

    make_many_missing(fixture, "1499996400");
    fixture_announce(fixture, CSV, "m1");
    step = decide(fixture, SM_ROLE_FILTER, FALSE, NULL, NULL);
    g_assert_cmpint((int)step.kind, ==, (int)SM_STEP_FETCH);
    make_many_missing(fixture, "1500000001"); /* by a clock that was ahead */
    step = decide(fixture, SM_ROLE_FILTER, FALSE, NULL, NULL);
    g_assert_cmpint((int)step.kind, ==, (int)SM_STEP_FETCH);
}

#define BY_ONE "UPDATE events SET sender = 'a@example.org'"
#define OVER "missing_since = 1499990000, missing_times = 5, updated = " AT_NOW ", reason = 'no'"

/* By whom a name was announced that is given up, and whether a person hears of it. */
static const struct {
    const char *title;
    const char *set; /* for CSV, beside OVER */
    const char *org_ids, *senders, *authserv_id;
    const char *stored; /* a name that was stored, announced by the same sender */
    const char *others; /* SQL that sets three more names; NULL: there are none */
    SmFileState state;
    const char *sender; /* SQL that sets it */
} ends[] = {
    {"a stranger's", "", "", "", NULL, NULL, NULL, SM_FILE_NOT_WANTED, BY_ONE},
    {"a stranger's under the right number", "", "4300", "", NULL, NULL, NULL, SM_FILE_NOT_WANTED,
     BY_ONE},
    {"a verified sender's", "", "", "example.org", "mx", NULL, NULL, SM_FILE_FAILED, BY_ONE},
    {"one of whom nobody is asked", "", "", "", "mx", NULL, NULL, SM_FILE_NOT_WANTED, BY_ONE},
    {"a listed sender's", "", "4300", "example.org", NULL, NULL, NULL, SM_FILE_FAILED, BY_ONE},
    {"a listed sender's of another number", "", "5818", "example.org", NULL, NULL, NULL,
     SM_FILE_NOT_WANTED, BY_ONE},
    {"as those before", "", "", "", NULL, "4300_20170101_000000.csv", NULL, SM_FILE_FAILED, BY_ONE},
    {"unlike those before", "", "", "", NULL, "5818_20170101_000000.csv", NULL, SM_FILE_NOT_WANTED,
     BY_ONE},
    {"one of many that failed", "", "", "", NULL, "4300_20170101_000000.csv",
     "state = 'failed', missing_since = 1", SM_FILE_NOT_WANTED, BY_ONE},
    {"one of many at once", "", "", "", NULL, "4300_20170101_000000.csv",
     "missing_since = 4000000000", SM_FILE_NOT_WANTED, BY_ONE},
    {"one of many at once, verified", "", "", "example.org", "mx", NULL,
     "missing_since = 4000000000", SM_FILE_FAILED, BY_ONE},
    {"one of many over a long time", "", "", "", NULL, "4300_20170101_000000.csv",
     "missing_since = 1499990000", SM_FILE_FAILED, BY_ONE},
    {"one beside others that failed otherwise", "", "", "", NULL, "4300_20170101_000000.csv",
     "state = 'failed'", SM_FILE_FAILED, BY_ONE},
    {"an old mailbox's", "announced = 2000000000", "4300", "example.org", "mx", NULL, NULL,
     SM_FILE_NOT_WANTED, BY_ONE},
    {"as those before, by somebody else", "", "", "", NULL, "4300_20170101_000000.csv", NULL,
     SM_FILE_NOT_WANTED,
     "UPDATE events SET sender = iif(name = '" CSV "', 'a@example.net', 'a@example.org')"},
    {"as those before, by nobody", "", "", "", NULL, "4300_20170101_000000.csv", NULL,
     SM_FILE_NOT_WANTED, "UPDATE events SET sender = ''"},
};

static void
gives_up(Fixture *fixture, gconstpointer data)
{
    gsize i = GPOINTER_TO_SIZE(data);
    g_autofree char *text = NULL;
    SmStep step;

    use(&fixture->account.org_ids, ends[i].org_ids);
    use(&fixture->account.senders, ends[i].senders);
    fixture->account.authserv_id = (char *)ends[i].authserv_id;
    if (ends[i].stored != NULL) {
        fixture_announce(fixture, ends[i].stored, "m0");
        set(fixture, ends[i].stored, STORED);
    }
    for (guint n = 0; ends[i].others != NULL && n < 3; n++) {
        g_autofree char *name = g_strdup_printf("%u.csv", n);

        set(fixture, name, ends[i].others);
    }
    fixture_announce(fixture, CSV, "m1");
    fixture_sql(fixture, ends[i].sender);
    set(fixture, CSV, OVER);
    if (*ends[i].set != '\0')
        set(fixture, CSV, ends[i].set);
    step = decide(fixture, SM_ROLE_FILTER, FALSE, NULL, NULL);
    text = step.text;
    g_assert_cmpint((int)step.kind, ==, (int)SM_STEP_SETTLE);
    g_assert_cmpint((int)step.state, ==, (int)ends[i].state);
}

static void
a_message_older_than_any_file_asks_for_nothing(Fixture *fixture, gconstpointer data)
{
    g_autofree char *text = NULL;
    SmStep step;

    fixture_announce(fixture, CSV, "m1");
    fixture_sql(fixture, "UPDATE events SET received = 1500000000 - 366 * 86400");
    step = decide(fixture, SM_ROLE_FILTER, FALSE, NULL, NULL); /* by a clock that is far behind */
    g_assert_cmpint((int)step.kind, ==, (int)SM_STEP_FETCH);
    fixture_sql(fixture, "DELETE FROM log");
    step = decide(fixture, SM_ROLE_FILTER, FALSE, NULL, NULL);
    text = step.text;
    g_assert_cmpint((int)step.kind, ==, (int)SM_STEP_SETTLE);
    g_assert_cmpint((int)step.state, ==, (int)SM_FILE_NOT_WANTED);
    set(fixture, CSV, "listed = 1");
    step = decide(fixture, SM_ROLE_FILTER, FALSE, NULL, NULL);
    g_assert_cmpint((int)step.kind, ==, (int)SM_STEP_FETCH);
    fixture_sql(fixture, "UPDATE events SET received = received + 1");
    set(fixture, CSV, "listed = 0");
    step = decide(fixture, SM_ROLE_FILTER, FALSE, NULL, NULL);
    g_assert_cmpint((int)step.kind, ==, (int)SM_STEP_FETCH);
}

static void
an_old_message_asks_for_nothing_anew(Fixture *fixture, gconstpointer data)
{
    g_autofree char *text = NULL;
    SmStep step;

    fixture_announce(fixture, CSV, "m1");
    fixture_sql(fixture, "DELETE FROM log");
    fixture_sql(fixture, "UPDATE events SET received = 1400000000");
    set(fixture, CSV, STORED);
    step = decide(fixture, SM_ROLE_FILTER, FALSE, NULL, NULL);
    text = step.text;
    g_assert_cmpint((int)step.kind, ==, (int)SM_STEP_DONE);
}

static void
describes_every_state(Fixture *fixture, gconstpointer data)
{
    for (int state = SM_FILE_WAITING; state <= SM_FILE_CONFLICT; state++) {
        g_autoptr(SmFile) file = fixture_row_in(fixture, CSV, (SmFileState)state);
        g_autofree char *text = sm_decide_describe(file);

        fixture_assert_says(text, CSV, sm_file_state_name(file->state), NULL);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strconcat("/decide/", cases[i].title, NULL);

        ADD(path, &cases[i], decides);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(siblings); i++) {
        g_autofree char *path = g_strconcat("/decide/under first a name ", siblings[i].title, NULL);

        ADD(path, GSIZE_TO_POINTER(i), looks_at_the_sibling);
    }
    ADD("/decide/settles what the policy does not want", NULL,
        settles_what_the_policy_does_not_want);
    for (gsize i = 0; i < G_N_ELEMENTS(ends); i++) {
        g_autofree char *path = g_strconcat("/decide/gives up ", ends[i].title, NULL);

        ADD(path, GSIZE_TO_POINTER(i), gives_up);
    }
    ADD("/decide/after many unknown names the listing tells", NULL,
        after_many_unknown_names_the_listing_tells);
    ADD("/decide/names of the account's number have a reserve", GINT_TO_POINTER(TRUE),
        names_like_the_accounts_have_a_reserve);
    ADD("/decide/names like the stored ones have a reserve", GINT_TO_POINTER(FALSE),
        names_like_the_accounts_have_a_reserve);
    ADD("/decide/a message older than any file asks for nothing", NULL,
        a_message_older_than_any_file_asks_for_nothing);
    ADD("/decide/an old message asks for nothing anew", NULL, an_old_message_asks_for_nothing_anew);
    ADD("/decide/unknown names are forgiven after an hour", NULL,
        unknown_names_are_forgiven_after_an_hour);
    ADD("/decide/describes every state", NULL, describes_every_state);
    return g_test_run();
}
