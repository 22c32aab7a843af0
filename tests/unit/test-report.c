/* Where a line goes: stderr, the log, or nowhere. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/cleanup.h"
#include "common/base/report.h"

/* What comes out of a child that has its stderr on fd, as standard output of the table below. */
typedef struct {
    const char *title;
    SmReport report;
    gboolean at_terminal;
    const char *on_stderr;
} Case;

#define WARNING "scoremail: a failure\n"
#define OUTCOME "scoremail: an outcome\n"
#define STEP "scoremail: a step\n"

static const Case cases[] = {
    {"a filter says failures", {.role = SM_ROLE_FILTER}, FALSE, WARNING},
    {"a filter at a terminal says the outcome too",
     {.role = SM_ROLE_FILTER},
     TRUE,
     WARNING OUTCOME},
    {"a verbose filter says all",
     {.role = SM_ROLE_FILTER, .verbose = TRUE},
     FALSE,
     WARNING OUTCOME STEP},
    {"a quiet filter at a terminal says failures",
     {.role = SM_ROLE_FILTER, .quiet = TRUE},
     TRUE,
     WARNING},
    {"at a prompt the outcome is said", {.role = SM_ROLE_PROMPT}, FALSE, WARNING OUTCOME},
    {"at a prompt -q leaves failures", {.role = SM_ROLE_PROMPT, .quiet = TRUE}, FALSE, WARNING},
    {"at a prompt -v says all",
     {.role = SM_ROLE_PROMPT, .verbose = TRUE},
     FALSE,
     WARNING OUTCOME STEP},
};

static void
speak(void)
{
    g_warning("a failure");
    g_message("an outcome");
    g_info("a step");
}

static char *
read_until_closed(int fd)
{
    GString *text = g_string_new(NULL);
    char piece[256];
    ssize_t got;

    /* A terminal whose other end is closed says EIO, not end of file. */
    while ((got = read(fd, piece, sizeof piece)) > 0)
        for (ssize_t i = 0; i < got; i++)
            if (piece[i] != '\r')
                g_string_append_c(text, piece[i]);
    return g_string_free(text, FALSE);
}

static void
open_pair(gboolean terminal, int *ours, int *theirs)
{
    int fds[2];

    if (terminal) {
        *ours = posix_openpt(O_RDWR | O_NOCTTY);
        g_assert_cmpint(*ours, >=, 0);
        g_assert_cmpint(grantpt(*ours), ==, 0);
        g_assert_cmpint(unlockpt(*ours), ==, 0);
        *theirs = open(ptsname(*ours), O_RDWR | O_NOCTTY);
        g_assert_cmpint(*theirs, >=, 0);
    } else {
        g_assert_cmpint(pipe(fds), ==, 0);
        *ours = fds[0];
        *theirs = fds[1];
    }
}

static void
goes_to_stderr(gconstpointer data)
{
    const Case *test = data;
    SmReport report = test->report;
    sm_autofd int ours = -1;
    sm_autofd int theirs = -1;
    sm_autofd int before = dup(STDERR_FILENO);
    g_autofree char *said = NULL;

    if (!g_test_subprocess()) {
        g_test_trap_subprocess(NULL, 0, 0);
        g_test_trap_assert_passed();
        return;
    }
    g_assert(before >= 0);
    open_pair(test->at_terminal, &ours, &theirs);
    report.program = "scoremail";
    dup2(theirs, STDERR_FILENO);
    sm_report_start(&report);
    speak();
    dup2(before, STDERR_FILENO);
    sm_close(&theirs);
    said = read_until_closed(ours);
    g_assert_cmpstr(said, ==, test->on_stderr);
}

static SmReport voice = {.program = "scoremail", .role = SM_ROLE_FILTER};

#define LINE "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ scoremail\\[\\d+\\]: "

static void
writes_to_a_file(void)
{
    g_autofree char *folder = g_dir_make_tmp("scoremail-report-XXXXXX", NULL);
    g_autofree char *file = g_build_filename(folder, "log", NULL);
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;
    g_autoptr(GError) error = NULL;

    if (!g_test_subprocess()) {
        rmdir(folder);
        g_test_trap_subprocess(NULL, 0, 0);
        g_test_trap_assert_passed();
        g_test_trap_assert_stdout_unmatched("*outcome*");
        g_test_trap_assert_stderr("scoremail: a failure\n");
        return;
    }
    sm_report_start(&voice);
    g_assert_true(sm_report_log_to(&voice, SM_LOG_FILE, file, G_LOG_LEVEL_MESSAGE, &error));
    speak();
    g_assert_true(g_file_get_contents(file, &text, NULL, NULL));
    lines = g_strsplit(text, "\n", -1);
    g_assert_cmpuint(g_strv_length(lines), ==, 3);
    g_assert_true(g_regex_match_simple(LINE "level=error text=\"a failure\"$", lines[0], 0, 0));
    g_assert_true(g_regex_match_simple(LINE "level=notice text=\"an outcome\"$", lines[1], 0, 0));
    unlink(file);
    rmdir(folder);
}

static void
says_once_what_stderr_logs_too(void)
{
    if (!g_test_subprocess()) {
        g_test_trap_subprocess(NULL, 0, 0);
        g_test_trap_assert_passed();
        g_test_trap_assert_stderr(
            "scoremail: a failure\n*Z scoremail?*?: level=notice text=?an outcome?\n");
        return;
    }
    sm_report_start(&voice);
    g_assert_true(sm_report_log_to(&voice, SM_LOG_STDERR, NULL, G_LOG_LEVEL_MESSAGE, NULL));
    speak();
}

/* Syslog leads to the journal, too: only what the log does not have goes there by stderr. */
static void
says_once_what_the_journal_has_by_syslog(gconstpointer data)
{
    gboolean ours = GPOINTER_TO_INT(data);
    g_autofree char *stream = NULL;
    struct stat about;

    if (!g_test_subprocess()) {
        g_test_trap_subprocess(NULL, 0, 0);
        g_test_trap_assert_passed();
        g_test_trap_assert_stderr(ours ? "scoremail: an outcome\n"
                                       : "scoremail: a failure\nscoremail: an outcome\n");
        return;
    }
    g_assert_cmpint(fstat(STDERR_FILENO, &about), ==, 0);
    stream = g_strdup_printf("%lu:%lu", (unsigned long)about.st_dev,
                             (unsigned long)about.st_ino + (ours ? 0 : 1));
    g_setenv("JOURNAL_STREAM", stream, TRUE);
    voice.role = SM_ROLE_PROMPT;
    sm_report_start(&voice);
    g_assert_true(sm_report_log_to(&voice, SM_LOG_SYSLOG, NULL, G_LOG_LEVEL_WARNING, NULL));
    speak();
}

static void
has_the_facts_in_the_log_alone(void)
{
    const SmReportField facts[] = {
        {"event", "no account"}, {"account", NULL}, {"name", "a.csv"}, {"size", "12"}};

    if (!g_test_subprocess()) {
        g_test_trap_subprocess(NULL, 0, 0);
        g_test_trap_assert_passed();
        g_test_trap_assert_stderr(
            "scoremail: one thing\n"
            "*]: level=notice event=?no account? name=a.csv size=12 text=?another thing?\n");
        return;
    }
    sm_report_start(&voice);
    g_assert_true(sm_report_log_to(&voice, SM_LOG_STDERR, NULL, G_LOG_LEVEL_MESSAGE, NULL));
    sm_report_say(G_LOG_LEVEL_WARNING, "one thing", facts, G_N_ELEMENTS(facts));
    sm_report_say(G_LOG_LEVEL_MESSAGE, "another thing", facts, G_N_ELEMENTS(facts));
}

static void
keeps_one_line_one_line(void)
{
    if (!g_test_subprocess()) {
        g_test_trap_subprocess(NULL, 0, 0);
        g_test_trap_assert_passed();
        g_test_trap_assert_stderr("scoremail: a server said no ?[31m\n");
        return;
    }
    sm_report_start(&voice);
    g_warning("a server said\nno \033[31m");
}

/* The environment variable G_DEBUG=fatal-warnings sets this before main() has begun. */
static void
survives_fatal_warnings(void)
{
    if (!g_test_subprocess()) {
        g_test_trap_subprocess(NULL, 0, 0);
        g_test_trap_assert_passed();
        return;
    }
    g_log_set_always_fatal(G_LOG_LEVEL_MASK & ~(G_LOG_LEVEL_DEBUG | G_LOG_LEVEL_INFO));
    sm_report_start(&voice);
    speak();
}

static void
refuses_a_log_that_cannot_be_opened(void)
{
    SmReport report = {.program = "scoremail"};
    g_autoptr(GError) error = NULL;

    g_assert_false(
        sm_report_log_to(&report, SM_LOG_FILE, "/nowhere/log", G_LOG_LEVEL_MESSAGE, &error));
    g_assert_error(error, SM_ERROR, (int)SM_ERROR_CONFIG);
    g_assert_cmpstr(error->message, ==, "log file /nowhere/log: No such file or directory");
    g_assert_cmpint(report.target, ==, SM_LOG_NONE);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strconcat("/report/", cases[i].title, NULL);

        g_test_add_data_func(path, &cases[i], goes_to_stderr);
    }
    g_test_add_func("/report/writes to a file what the level allows", writes_to_a_file);
    g_test_add_func("/report/says once what stderr logs too", says_once_what_stderr_logs_too);
    g_test_add_func("/report/has the facts in the log alone", has_the_facts_in_the_log_alone);
    g_test_add_func("/report/keeps one line one line", keeps_one_line_one_line);
    g_test_add_func("/report/survives fatal warnings", survives_fatal_warnings);
    g_test_add_func("/report/refuses a log that cannot be opened",
                    refuses_a_log_that_cannot_be_opened);
    g_test_add_data_func("/report/says once what the journal has by syslog", GINT_TO_POINTER(TRUE),
                         says_once_what_the_journal_has_by_syslog);
    g_test_add_data_func("/report/says on stderr what another unit's journal has",
                         GINT_TO_POINTER(FALSE), says_once_what_the_journal_has_by_syslog);
    return g_test_run();
}
