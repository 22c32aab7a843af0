#include "fetch/setup/setup.h"

#include <errno.h>
#include <pwd.h>
#include <string.h>

#include "common/base/error.h"
#include "common/config/keys.h"
#include "common/config/places.h"
#include "fetch/host/terminal.h"
#include "fetch/service/secret-file.h"
#include "fetch/setup/password.h"
#include "fetch/setup/question.h"
#include "fetch/setup/schedule.h"
#include "fetch/setup/site.h"

enum { TRIES = 3 /* a password that is rejected again and again may lock the account */ };

typedef struct {
    SmDraft *draft;
    const SmAnswers *answers;
    const SmPlace *place;
    char *agent, *schedule;
    const char *key; /* that is being asked for */
} Setup;

/* A directory that cannot be made is asked for again, not found at the end. */
static gboolean
can_make(const Setup *setup, const char *answer, GError **error)
{
    g_autofree char *expanded = sm_value_expand(answer, setup->draft->account);
    g_autofree char *path = NULL;

    return setup->answers->print ||
           (sm_value_read(&sm_value_path, expanded, &path, error) && sm_plan_can_make(path, error));
}

static gboolean
check_key(const char *answer, gpointer user_data, GError **error)
{
    const Setup *setup = user_data;

    return sm_draft_check(setup->key, answer, error) &&
           (strcmp(setup->key, "directory") != 0 || *answer == '\0' ||
            can_make(setup, answer, error));
}

static gboolean
check_agent(const char *answer, gpointer none, GError **error)
{
    g_autofree char *names = g_strjoinv(", ", (char **)sm_agents());

    if (*answer == '\0' || g_strv_contains(sm_agents(), answer))
        return TRUE;
    return sm_error_set(error, SM_ERROR_USAGE, "allowed: %s", names);
}

/* Asks for a key of the configuration, and sets it. */
static gboolean
ask_key(Setup *setup, const char *key, const char *given, const char *text, const char *fallback,
        GError **error)
{
    g_autofree char *option = g_strconcat("--", key, NULL);
    g_autofree char *present = sm_draft_get(setup->draft, key);
    SmQuestion question = {.option = option,
                           .text = text,
                           .fallback = present != NULL ? present : fallback,
                           .given = given,
                           .check = check_key,
                           .user_data = setup};
    g_autofree char *answer = NULL;

    setup->key = key;
    answer = sm_question_ask(&question, !setup->answers->defaults, error);
    if (answer == NULL)
        return FALSE;
    if (*answer == '\0' && fallback == NULL)
        return sm_error_set(error, SM_ERROR_USAGE, "%s: an answer is needed", option);
    sm_draft_set(setup->draft, key, answer);
    return TRUE;
}

static gboolean
ask_account(Setup *setup, GError **error)
{
    const SmAnswers *answers = setup->answers;
    g_autofree char *scores = setup->place->site
                                  ? g_strdup(SM_SITE_STATE "/scores")
                                  : g_build_filename(setup->place->home, "scores", NULL);
    g_autofree char *directory = setup->draft->others
                                     ? g_build_filename(scores, setup->draft->account, NULL)
                                     : g_strdup(scores);

    return ask_key(
               setup, "username", answers->username,
               "User name at College Board (a user of its own with the role \"File Downloads\"):",
               NULL, error) &&
           ask_key(setup, "directory", answers->directory,
                   "Directory for the score files (made if it is missing, for its owner alone):",
                   directory, error) &&
           ask_key(setup, "format", answers->format,
                   "The service posts the same data twice. Which one is to be stored?\n"
                   "  csv    comma-delimited, with a line of headings: for most student systems\n"
                   "  txt    fixed width, without headings: for importers of the older layout\n"
                   "  both   both of them\n"
                   "  first  whichever is announced first",
                   "csv", error) &&
           ask_key(setup, "alert-mail", answers->alert_mail,
                   "Address for alerts, when something needs a person (none: only the log):", "",
                   error);
}

/* The account has one way to its password: a new one takes the place of the others. */
static void
forget_password(Setup *setup)
{
    gsize count;
    const SmConfigKey *keys = sm_config_keys(&count);

    for (gsize i = 0; i < count; i++)
        if ((keys[i].flags & SM_KEY_PASSWORD) != 0)
            sm_draft_set(setup->draft, keys[i].name, NULL);
}

static gboolean
set_keys(Setup *setup, GError **error)
{
    for (char **set = setup->answers->set; set != NULL && *set != NULL; set++) {
        g_auto(GStrv) words = g_strsplit(*set, "=", 2);
        g_autoptr(GError) fault = NULL;

        if (g_strv_length(words) != 2 || sm_config_key(g_strstrip(words[0])) == NULL)
            return sm_error_set(error, SM_ERROR_USAGE,
                                "--set: allowed: KEY=VALUE, with a key of scoremail.conf(5)");
        if (!sm_draft_check(words[0], g_strstrip(words[1]), &fault))
            return sm_error_set(error, SM_ERROR_USAGE, "--set %s: %s", words[0], fault->message);
        if ((sm_config_key(words[0])->flags & SM_KEY_PASSWORD) != 0)
            forget_password(setup);
        sm_draft_set(setup->draft, words[0], words[1]);
    }
    return TRUE;
}

static gboolean
ask_surroundings(Setup *setup, GError **error)
{
    g_autofree char *names = g_strjoinv(", ", (char **)sm_agents());
    g_autofree char *agent_text =
        g_strdup_printf("Mail agent that delivers the notifications:\n(%s)", names);
    const char *agent = sm_agent_find(setup->place);
    const char *schedule = sm_schedule_find(setup->place);
    g_autofree char *schedule_text =
        g_strdup_printf("What starts the worker:\n(%s)", sm_schedule_choices(setup->place));
    SmQuestion about_agent = {.option = "--agent",
                              .text = agent_text,
                              .fallback = strcmp(agent, "none") == 0 ? "" : agent,
                              .given = setup->answers->agent,
                              .check = check_agent};
    SmQuestion about_schedule = {.option = "--schedule",
                                 .text = schedule_text,
                                 .fallback = strcmp(schedule, "none") == 0 ? "" : schedule,
                                 .given = setup->answers->schedule,
                                 .check = sm_schedule_check,
                                 .user_data = (gpointer)setup->place};

    setup->agent = sm_question_ask(&about_agent, !setup->answers->defaults, error);
    if (setup->agent == NULL)
        return FALSE;
    setup->schedule = sm_question_ask(&about_schedule, !setup->answers->defaults, error);
    if (setup->schedule == NULL)
        return FALSE;
    if (setup->place->site || sm_agent_needs_queue(setup->agent))
        sm_draft_set(setup->draft, "delivery", "queued");
    return TRUE;
}

static gboolean
check_untested(const char *answer, gpointer none, GError **error)
{
    return strcmp(answer, "again") == 0 || strcmp(answer, "write") == 0 ||
           sm_error_set(error, SM_ERROR_USAGE, "allowed: again, write");
}

/* Whether secret may be written. Where the service cannot say, a person decides: one whose answers
 * would be lost. */
static gboolean
try_new(const Setup *setup, const SmAccount *account, const SmSecret *secret, GError **error)
{
    static const SmQuestion question = {
        .option = "--force",
        .text = "Try the password again, or write it untested?\n(again, write)",
        .fallback = "again",
        .check = check_untested};

    for (;;) {
        g_autoptr(GError) fault = NULL;
        g_autofree char *answer = NULL;

        if (sm_password_try(account, secret, setup->answers->force, &fault))
            return TRUE;
        if (setup->answers->defaults || !sm_terminal_is_there() ||
            g_error_matches(fault, SM_ERROR, SM_ERROR_CREDENTIALS)) {
            g_propagate_error(error, g_steal_pointer(&fault));
            return FALSE;
        }
        g_warning("%s", fault->message);
        answer = sm_question_ask(&question, TRUE, error);
        if (answer == NULL || strcmp(answer, "write") == 0)
            return answer != NULL;
    }
}

/* A secret that the service accepts, or that is to be written untried; asks again where it is
 * rejected, or mistyped. */
static SmSecret *
ask_password(const Setup *setup, const SmAccount *account, GError **error)
{
    if (!setup->answers->password_stdin && !sm_terminal_is_there())
        return sm_error_null(error, SM_ERROR_USAGE,
                             "there is no terminal to ask at; add --password-stdin");
    for (int i = 1;; i++) {
        gboolean again = FALSE;
        g_autoptr(GError) fault = NULL;
        g_autoptr(SmSecret) secret = setup->answers->password_stdin
                                         ? sm_password_read_stdin(&fault)
                                         : sm_password_ask(account, &again, &fault);

        if (secret != NULL && try_new(setup, account, secret, &fault))
            return g_steal_pointer(&secret);
        if (!again || i == TRIES ||
            (secret != NULL && !g_error_matches(fault, SM_ERROR, SM_ERROR_CREDENTIALS))) {
            g_propagate_error(error, g_steal_pointer(&fault));
            return NULL;
        }
        g_warning("%s", fault->message);
    }
}

/* Whether a new password is wanted, though there is one; no where there is nobody to ask. */
static gboolean
wants_password(const Setup *setup, const SmAccount *account, gboolean *wanted, GError **error)
{
    g_autofree char *answer = NULL;

    *wanted =
        setup->answers->password_stdin || !g_file_test(account->password_file, G_FILE_TEST_EXISTS);
    if (*wanted || setup->answers->defaults || !sm_terminal_is_there())
        return TRUE;
    answer = sm_terminal_ask_openly("\nThere is a password. Change it?\n[no] ", error);
    *wanted = answer != NULL && (*answer == 'y' || *answer == 'Y');
    return answer != NULL;
}

/* The password that is there is tried, too; root reads a site's as those who will use it. */
static gboolean
try_present(const Setup *setup, const SmAccount *account, GError **error)
{
    const struct passwd *user =
        setup->place->site && account->password_file != NULL ? getpwnam(SM_SITE_USER) : NULL;
    g_autoptr(SmSecret) secret = NULL;

    if (user != NULL && !sm_secret_act_as(user->pw_uid))
        return sm_error_from_errno(error, SM_ERROR_SECRET, "root cannot act as %s", SM_SITE_USER);
    secret = sm_secret_read(account, 0, error);
    if (user != NULL && !sm_secret_act_as(0))
        g_error("root cannot be itself again: %s", g_strerror(errno));
    return secret != NULL && sm_password_try(account, secret, TRUE, error);
}

static gboolean
settle_password(Setup *setup, SmPlan *plan, GError **error)
{
    g_autoptr(SmConfig) config = sm_draft_try(setup->draft, error);
    const SmAccount *account = config != NULL ? config->accounts->pdata[0] : NULL;
    g_autofree char *folder = NULL;
    gboolean wanted = FALSE;
    SmSecret *secret;

    if (account == NULL)
        return FALSE;
    if (account->password_credential != NULL || setup->answers->print)
        return TRUE;
    if (account->password_file == NULL)
        return try_present(setup, account, error);
    if (!wants_password(setup, account, &wanted, error))
        return FALSE;
    if (!wanted)
        return try_present(setup, account, error);
    if (!sm_plan_can_write(account->password_file, error))
        return FALSE;
    secret = ask_password(setup, account, error);
    if (secret == NULL)
        return FALSE;
    folder = g_path_get_dirname(account->password_file);
    sm_plan_folder(plan, folder, setup->place->site ? 0755 : 0700,
                   setup->place->site ? "root" : NULL, NULL);
    sm_plan_secret(plan, account->password_file, secret, setup->place->site ? SM_SITE_USER : NULL);
    return TRUE;
}

/* Where the password comes from, unless the configuration says so. */
static void
set_password_file(Setup *setup)
{
    g_autofree char *folder = g_path_get_dirname(setup->draft->file);
    g_autofree char *name =
        setup->draft->others ? g_strdup_printf(setup->place->site ? "passwords/%s" : "password-%s",
                                               setup->draft->account)
                             : g_strdup("password");
    g_autofree char *path = g_build_filename(folder, name, NULL);
    gsize count;
    const SmConfigKey *keys = sm_config_keys(&count);

    if (setup->answers->password_file != NULL) {
        forget_password(setup);
        sm_draft_set(setup->draft, "password-file", setup->answers->password_file);
        return;
    }
    for (gsize i = 0; i < count; i++) {
        g_autofree char *present = (keys[i].flags & SM_KEY_PASSWORD) != 0
                                       ? sm_draft_get(setup->draft, keys[i].name)
                                       : NULL;

        if (present != NULL)
            return;
    }
    sm_draft_set(setup->draft, "password-file", path);
}

/* A site's directory is made by root only where no user could lead it elsewhere. */
static gboolean
plan_directory(Setup *setup, SmPlan *plan, GError **error)
{
    g_autoptr(SmConfig) config = sm_draft_try(setup->draft, error);
    const char *owner = setup->place->site ? SM_SITE_USER : NULL;
    const char *directory;

    if (config == NULL)
        return FALSE;
    directory = ((const SmAccount *)config->accounts->pdata[0])->directory;
    if (!setup->answers->print && !sm_plan_can_make(directory, error))
        return FALSE;
    sm_plan_folder(plan, directory, 0700, owner, owner);
    return TRUE;
}

/* The worker's heartbeat: deliveries that queue their events wait for one. */
static void
plan_first_run(const Setup *setup, SmPlan *plan)
{
    g_autofree char *program = g_build_filename(setup->place->programs, "scorefetch", NULL);
    const char *const argv[] = {"runuser", "-u", SM_SITE_USER,       "--", program, "run",
                                "-q",      "-c", setup->draft->file, NULL};

    sm_plan_command(plan, FALSE, setup->place->site ? argv : argv + 4, NULL);
}

static gboolean
make_plan(Setup *setup, SmPlan *plan, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(setup->draft->file);
    gboolean site = setup->place->site;

    if (site)
        sm_site_plan(plan, setup->answers->members);
    if (!plan_directory(setup, plan, error) || !settle_password(setup, plan, error))
        return FALSE;
    sm_plan_folder(plan, folder, site ? 0755 : 0700, site ? "root" : NULL, NULL);
    sm_draft_plan(setup->draft, plan, site ? 0644 : 0600);
    if (site && strcmp(setup->schedule, "timer") == 0) {
        g_auto(GStrv) directories = sm_draft_directories(setup->draft);

        sm_site_plan_directories(plan, (const char *const *)directories);
    }
    sm_agent_plan(plan, setup->agent, setup->place);
    if (!sm_schedule_plan(plan, setup->schedule, setup->place, error))
        return FALSE;
    if (*setup->schedule != '\0')
        plan_first_run(setup, plan);
    return TRUE;
}

gboolean
sm_setup_ask(SmDraft *draft, const SmAnswers *answers, const SmPlace *place, SmPlan *plan,
             GError **error)
{
    Setup setup = {.draft = draft, .answers = answers, .place = place};
    gboolean ok =
        (answers->print || sm_plan_can_write(draft->file, error)) && ask_account(&setup, error);

    ok = ok && set_keys(&setup, error);
    if (ok)
        set_password_file(&setup);
    ok = ok && ask_surroundings(&setup, error) && make_plan(&setup, plan, error);
    g_free(setup.agent);
    g_free(setup.schedule);
    return ok;
}
