/* What a person should see to: each rule by itself, and the order of several. */
#include <string.h>

#include "common/base/error.h"
#include "fetch/status/verdict.h"

#include "fetch/alert/text.h"

enum { NOW = 1000000000, HOUR = 3600, DAY = 86400 };

typedef struct {
    SmAccount account;
    SmConfig config;
    SmAccountSurvey main;
    SmAlertRow alert;
    SmSurvey survey;
} Fixture;

/* An account that mail has come for, and nothing is wrong with. */
static void
set_up(Fixture *it, gconstpointer data)
{
    it->account = (SmAccount){.name = (char *)"main", .enabled = TRUE};
    it->config =
        (SmConfig){.defer_for = 2 * HOUR, .worker_interval = 300, .accounts = g_ptr_array_new()};
    it->main = (SmAccountSurvey){.account = &it->account,
                                 .totals.mail_at = NOW - DAY,
                                 .totals.sync_outcome = (char *)"",
                                 .troubles = g_ptr_array_new()};
    it->survey = (SmSurvey){.config = &it->config,
                            .now = NOW,
                            .accounts = g_ptr_array_new(),
                            .alerts = g_ptr_array_new(),
                            .hosts = g_ptr_array_new()};
    g_ptr_array_add(it->config.accounts, &it->account);
    g_ptr_array_add(it->survey.accounts, &it->main);
}

static void
tear_down(Fixture *it, gconstpointer data)
{
    g_clear_error(&it->account.fault);
    g_ptr_array_unref(it->main.troubles);
    g_ptr_array_unref(it->config.accounts);
    g_ptr_array_unref(it->survey.accounts);
    g_ptr_array_unref(it->survey.alerts);
    g_ptr_array_unref(it->survey.hosts);
}

static void
assert_level(Fixture *it, SmLevel level, guint concerns)
{
    g_autoptr(GPtrArray) found = sm_verdict_new(&it->survey);

    for (guint i = 0; i < found->len; i++)
        g_test_message("%s", ((SmConcern *)found->pdata[i])->text);
    g_assert_cmpint(sm_verdict_level(found), ==, level);
    g_assert_cmpuint(found->len, ==, concerns);
}

static void
another_host_is_silent(Fixture *it, gconstpointer data)
{
    SmHost other = {.name = (char *)"mx2", .beat_at = NOW, .interval = 300};
    SmHost own = {.name = (char *)g_get_host_name(), .silent = TRUE};

    g_ptr_array_add(it->survey.hosts, &other);
    g_ptr_array_add(it->survey.hosts, &own); /* of which the spool tells */
    assert_level(it, SM_LEVEL_OK, 0);
    other.silent = TRUE;
    assert_level(it, SM_LEVEL_WARNING, 1);
    own.doubled = TRUE;
    assert_level(it, SM_LEVEL_WARNING, 2);
}

static void
all_is_well(Fixture *it, gconstpointer data)
{
    assert_level(it, SM_LEVEL_OK, 0);
}

static void
what_is_dropped_or_waits_for_a_while_is_nothing(Fixture *it, gconstpointer data)
{
    it->main.totals.files[SM_FILE_WAITING] = 5;
    it->main.totals.files[SM_FILE_DROPPED] = 5;
    it->main.totals.files[SM_FILE_NOT_WANTED] = 5;
    assert_level(it, SM_LEVEL_OK, 0);
}

static void
files(Fixture *it, gconstpointer data)
{
    it->main.totals.overdue = 1;
    assert_level(it, SM_LEVEL_WARNING, 1);
    it->main.totals.files[SM_FILE_CONFLICT] = 1;
    assert_level(it, SM_LEVEL_CRITICAL, 2);
    it->main.totals.files[SM_FILE_CONFLICT] = 0;
    it->main.totals.files[SM_FILE_FAILED] = 1;
    assert_level(it, SM_LEVEL_CRITICAL, 2);
}

static void
an_account_that_is_not_enabled_is_left_alone(Fixture *it, gconstpointer data)
{
    it->account.enabled = FALSE;
    it->main.totals.files[SM_FILE_FAILED] = 1;
    it->account.fault = g_error_new(SM_ERROR, SM_ERROR_CONFIG, "wrong");
    assert_level(it, SM_LEVEL_OK, 0);
    it->account.enabled = TRUE;
    assert_level(it, SM_LEVEL_CRITICAL, 2);
}

static const struct {
    const char *title;
    gint64 synced, tried;
    const char *outcome;
    SmLevel level;
} syncs[] = {
    {"never", 0, 0, "", SM_LEVEL_OK},
    {"the first one runs, or only asked", 0, NOW, "", SM_LEVEL_OK},
    {"the first one failed", 0, NOW, "no route to host", SM_LEVEL_WARNING},
    {"an hour ago", NOW - HOUR, NOW - HOUR, "all stored", SM_LEVEL_OK},
    {"two days ago", NOW - 2 * DAY, NOW - 2 * DAY, "all stored", SM_LEVEL_OK},
    {"more than two days ago", NOW - 2 * DAY - 1, NOW - 2 * DAY - 1, "all stored",
     SM_LEVEL_WARNING},
    {"lately, but not to its end", NOW - 3 * DAY, NOW - HOUR, "1 left", SM_LEVEL_WARNING},
};

static void
synced(Fixture *it, gconstpointer data)
{
    gsize i = GPOINTER_TO_SIZE(data);

    it->main.totals.synced_at = syncs[i].synced;
    it->main.totals.sync_tried_at = syncs[i].tried;
    it->main.totals.sync_outcome = (char *)syncs[i].outcome;
    assert_level(it, syncs[i].level, syncs[i].level == SM_LEVEL_OK ? 0 : 1);
}

static const struct {
    const char *title;
    gboolean queued;
    gint64 beat, spooled;
    SmLevel level;
} workers[] = {
    {"none, and nothing for it", FALSE, 0, 0, SM_LEVEL_OK},
    {"none, and a spool that cannot be read", FALSE, 0, -1, SM_LEVEL_OK},
    {"none, and an event", FALSE, 0, 1, SM_LEVEL_WARNING},
    {"alive", FALSE, NOW - 600, 1, SM_LEVEL_OK},
    {"dead", FALSE, NOW - 601, 0, SM_LEVEL_WARNING},
    {"none for a queue", TRUE, 0, 0, SM_LEVEL_CRITICAL},
    {"alive for a queue", TRUE, NOW - 600, 5, SM_LEVEL_OK},
    {"alive, by a clock that was set back", TRUE, NOW + 600, 5, SM_LEVEL_OK},
    {"dead for a queue", TRUE, NOW - 601, 0, SM_LEVEL_CRITICAL},
};

static void
worker(Fixture *it, gconstpointer data)
{
    gsize i = GPOINTER_TO_SIZE(data);

    it->account.queued = workers[i].queued;
    it->survey.worker.beat_at = workers[i].beat;
    it->survey.worker.spooled = workers[i].spooled;
    assert_level(it, workers[i].level, workers[i].level == SM_LEVEL_OK ? 0 : 1);
}

static void
raise_alert(Fixture *it, SmAlertKind kind, gint64 at)
{
    it->alert = (SmAlertRow){.account = (char *)"main",
                             .kind = (char *)sm_alert_kind_name(kind),
                             .text = (char *)"what",
                             .first = at,
                             .last = at};
    g_ptr_array_add(it->survey.alerts, &it->alert);
}

static const struct {
    const char *title;
    SmAlertKind kind;
    gint64 at;
    SmLevel level;
} alerts[] = {
    {"a password stays rejected", SM_ALERT_CREDENTIALS, 5, SM_LEVEL_CRITICAL},
    {"a disk stays full", SM_ALERT_DISK, 5, SM_LEVEL_CRITICAL},
    {"silence lasts", SM_ALERT_SILENCE, 5, SM_LEVEL_WARNING},
    {"mail stays away", SM_ALERT_MAIL, 5, SM_LEVEL_WARNING},
    {"a message was odd", SM_ALERT_FORM, NOW - 3 * DAY + 1, SM_LEVEL_WARNING},
    {"a message was odd long ago", SM_ALERT_FORM, NOW - 3 * DAY, SM_LEVEL_OK},
    {"it waited, as the files would show", SM_ALERT_WAITING, NOW, SM_LEVEL_OK},
    {"it was missing, as the files would show", SM_ALERT_MISSING, NOW, SM_LEVEL_OK},
    {"a conflict, as the files would show", SM_ALERT_CONFLICT, NOW, SM_LEVEL_OK},
    {"no worker, as its heartbeat would show", SM_ALERT_WORKER, NOW, SM_LEVEL_OK},
};

static void
alert(Fixture *it, gconstpointer data)
{
    gsize i = GPOINTER_TO_SIZE(data);

    raise_alert(it, alerts[i].kind, alerts[i].at);
    assert_level(it, alerts[i].level, alerts[i].level == SM_LEVEL_OK ? 0 : 1);
    g_assert_true(sm_alert_counts(&it->alert, NOW) == (alerts[i].level != SM_LEVEL_OK));
}

static void
the_most_urgent_comes_first(Fixture *it, gconstpointer data)
{
    g_autoptr(GPtrArray) found = NULL;
    const SmConcern *first, *last;

    it->main.totals.overdue = 1;
    raise_alert(it, SM_ALERT_DISK, NOW);
    found = sm_verdict_new(&it->survey);
    g_assert_cmpuint(found->len, ==, 2);
    first = found->pdata[0];
    last = found->pdata[1];
    g_assert_cmpstr(sm_level_name(first->level), ==, "critical");
    g_assert_cmpstr(first->account, ==, "main");
    g_assert_cmpstr(first->text, ==, "disk: what");
    g_assert_cmpstr(sm_level_name(last->level), ==, "warning");
}

static void
what_the_survey_shows_is_said_once(Fixture *it, gconstpointer data)
{
    it->account.fault = g_error_new(SM_ERROR, SM_ERROR_CONFIG, "what");
    raise_alert(it, SM_ALERT_ACCOUNT, NOW);
    assert_level(it, SM_LEVEL_CRITICAL, 1);
    it->alert.account = (char *)"other";
    assert_level(it, SM_LEVEL_CRITICAL, 2);
    it->alert.account = (char *)"main";
    it->alert.kind = (char *)sm_alert_kind_name(SM_ALERT_DISK);
    assert_level(it, SM_LEVEL_CRITICAL, 2);
    g_ptr_array_add(it->survey.alerts, &it->alert); /* another disk, say */
    assert_level(it, SM_LEVEL_CRITICAL, 3);
}

#define CASE(title, data, body)                                                                    \
    g_test_add("/verdict/" title, Fixture, data, set_up, body, tear_down)

#define CASES(group, table, body)                                                                  \
    for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {                                              \
        g_autofree char *path = g_strconcat("/verdict/" group "/", table[i].title, NULL);          \
        g_test_add(path, Fixture, GSIZE_TO_POINTER(i), set_up, body, tear_down);                   \
    }

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    CASE("all is well", NULL, all_is_well);
    CASE("another host is silent", NULL, another_host_is_silent);
    CASE("what is dropped or waits for a while is nothing", NULL,
         what_is_dropped_or_waits_for_a_while_is_nothing);
    CASE("files", NULL, files);
    CASE("an account that is not enabled is left alone", NULL,
         an_account_that_is_not_enabled_is_left_alone);
    CASES("sync", syncs, synced)
    CASES("worker", workers, worker)
    CASES("alert", alerts, alert)
    CASE("the most urgent comes first", NULL, the_most_urgent_comes_first);
    CASE("what the survey shows is said once", NULL, what_the_survey_shows_is_said_once);
    return g_test_run();
}
