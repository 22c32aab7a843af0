#include "common/base/report.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "common/base/cleanup.h"
#include "common/base/error.h"
#include "common/base/io.h"
#include "common/base/text.h"

enum { LINE_MAX_BYTES = 2000, VALUE_MAX = 2000 };

#define FIELD_PREFIX "SCOREMAIL_" /* of the fields that are for our log, among GLib's own */

static gboolean
is_for_stderr(const SmReport *report, GLogLevelFlags level)
{
    if (level <= G_LOG_LEVEL_WARNING)
        return TRUE;
    if (level == G_LOG_LEVEL_MESSAGE && !report->quiet)
        return report->verbose || report->role == SM_ROLE_PROMPT || isatty(STDERR_FILENO);
    return level == G_LOG_LEVEL_INFO && report->verbose;
}

/* The levels' names are those of `log-level`. */
static const struct {
    GLogLevelFlags level;
    int priority;
    const char *name;
} levels[] = {
    {G_LOG_LEVEL_CRITICAL, LOG_CRIT, "critical"},
    {G_LOG_LEVEL_WARNING, LOG_ERR, "error"},
    {G_LOG_LEVEL_MESSAGE, LOG_NOTICE, "notice"},
    {G_LOG_LEVEL_DEBUG, LOG_INFO, "info"},
};

/* The place of level in the table: the flags are greater where a line is less severe. */
static gsize
find_level(GLogLevelFlags level)
{
    gsize place = 0;

    while (place + 1 < G_N_ELEMENTS(levels) && level > levels[place].level)
        place++;
    return place;
}

void
sm_log_line_add(GString *line, const char *key, const char *value)
{
    g_autofree char *clean = sm_text_clean(value, VALUE_MAX);
    gboolean quoted = *clean == '\0' || strpbrk(clean, " \"\\=") != NULL;

    g_string_append_printf(line, "%s%s=%s", line->len > 0 ? " " : "", key, quoted ? "\"" : "");
    for (const char *c = clean; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\')
            g_string_append_c(line, '\\');
        g_string_append_c(line, *c);
    }
    if (quoted)
        g_string_append_c(line, '"');
}

/* One write per line, so that lines of parallel processes never mix. */
static void
write_line(int fd, const char *text)
{
    ssize_t ignored = write(fd, text, strlen(text));

    (void)ignored; /* there is nowhere left to say so */
}

static void
write_to_log(const SmReport *report, GLogLevelFlags level, const GLogField *fields, gsize count,
             const char *text)
{
    g_autoptr(GString) facts = g_string_new(NULL);
    gsize place = find_level(level);

    sm_log_line_add(facts, "level", levels[place].name);
    for (gsize i = 0; i < count; i++)
        if (g_str_has_prefix(fields[i].key, FIELD_PREFIX))
            sm_log_line_add(facts, fields[i].key + strlen(FIELD_PREFIX), fields[i].value);
    sm_log_line_add(facts, "text", text);
    if (report->target == SM_LOG_SYSLOG) {
        syslog(LOG_MAIL | levels[place].priority, "%s", facts->str);
    } else {
        g_autoptr(GDateTime) now = g_date_time_new_now_utc();
        g_autofree char *when = g_date_time_format(now, "%Y-%m-%dT%H:%M:%SZ");
        g_autofree char *line =
            g_strdup_printf("%s %s[%d]: %s\n", when, report->program, (int)getpid(), facts->str);

        write_line(report->target == SM_LOG_STDERR ? STDERR_FILENO : report->log_fd, line);
    }
}

static GLogWriterOutput
writer(GLogLevelFlags flags, const GLogField *fields, gsize n_fields, gpointer user_data)
{
    const SmReport *report = user_data;
    GLogLevelFlags level = flags & G_LOG_LEVEL_MASK;
    gboolean to_stderr = is_for_stderr(report, level);
    gboolean to_log = report->target != SM_LOG_NONE && level <= report->log_level &&
                      !(report->target == SM_LOG_STDERR && to_stderr);
    g_autofree char *text = NULL;

    if (to_log && report->target == SM_LOG_SYSLOG && report->journal)
        to_stderr = FALSE;
    if (!to_stderr && !to_log)
        return G_LOG_WRITER_HANDLED; /* most lines are clean */
    for (gsize i = 0; i < n_fields && text == NULL; i++)
        if (strcmp(fields[i].key, "MESSAGE") == 0)
            text = sm_text_clean(fields[i].value, LINE_MAX_BYTES);
    if (text == NULL)
        return G_LOG_WRITER_UNHANDLED;

    if (to_stderr && report->held != NULL) {
        g_async_queue_push(report->held, g_strdup_printf("%s: %s\n", report->program, text));
    } else if (to_stderr) {
        g_autofree char *line = g_strdup_printf("%s: %s\n", report->program, text);

        if (report->make_way != NULL)
            report->make_way(report->screen, TRUE);
        write_line(STDERR_FILENO, line);
        if (report->make_way != NULL)
            report->make_way(report->screen, FALSE);
    }
    if (to_log)
        write_to_log(report, level, fields, n_fields, text);
    return G_LOG_WRITER_HANDLED;
}

void
sm_report_say(GLogLevelFlags level, const char *text, const SmReportField *fields, gsize count)
{
    GLogField line[SM_REPORT_FIELDS_MAX + 1] = {{"MESSAGE", text, -1}};
    char keys[SM_REPORT_FIELDS_MAX][32];
    gsize used = 1;

    for (gsize i = 0; i < MIN(count, SM_REPORT_FIELDS_MAX); i++) {
        if (fields[i].value == NULL)
            continue;
        g_snprintf(keys[i], sizeof keys[i], FIELD_PREFIX "%s", fields[i].key);
        line[used++] = (GLogField){keys[i], fields[i].value, -1};
    }
    g_log_structured_array(level, line, used);
}

/* systemd names the device and inode of what it has connected. */
static gboolean
is_journal(int fd)
{
    const char *stream = g_getenv("JOURNAL_STREAM");
    g_autofree char *ours = NULL;
    struct stat about;

    if (stream == NULL || fstat(fd, &about) < 0)
        return FALSE;
    ours = g_strdup_printf("%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT, (guint64)about.st_dev,
                           (guint64)about.st_ino);
    return g_str_equal(stream, ours);
}

void
sm_report_start(SmReport *report)
{
    report->journal = is_journal(STDERR_FILENO);
    g_log_set_writer_func(writer, report, NULL);
    /* G_DEBUG=fatal-warnings acts before main(): a warning would kill us and bounce the mail. */
    g_log_set_always_fatal((GLogLevelFlags)G_LOG_FATAL_MASK);
}

gboolean
sm_report_log_to(SmReport *report, SmLogTarget target, const char *file, GLogLevelFlags level,
                 GError **error)
{
    report->log_level = level;
    sm_close(&report->log_fd);
    if (target == SM_LOG_FILE) {
        report->log_fd = sm_open_regular(file, O_WRONLY | O_APPEND | O_CREAT, SM_ERROR_CONFIG,
                                         "log file", error);
        if (report->log_fd < 0)
            return FALSE;
    } else if (target == SM_LOG_SYSLOG) {
        openlog(report->program, LOG_PID, LOG_MAIL);
    }
    report->target = target;
    return TRUE;
}
