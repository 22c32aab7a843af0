#include "emulator/access-log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "common/base/error.h"

gboolean
sm_access_log_open(const char *path, int *log, GError **error)
{
    *log = -1;
    if (path == NULL)
        return TRUE;
    *log = strcmp(path, "-") == 0
               ? fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)
               : open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
    return *log >= 0 || sm_error_from_errno(error, SM_ERROR_IO, "access log %s", path);
}

/* A field: encoded, "-" where there is nothing. */
static char *
field(const char *text)
{
    return text != NULL && text[0] != '\0' ? g_uri_escape_string(text, NULL, FALSE) : g_strdup("-");
}

/* A header as it came, but in one piece. */
static char *
header_field(const SmRequest *request, const char *name)
{
    const char *value = sm_request_header(request, name);

    return value != NULL ? g_uri_escape_string(value, "\"=,*/:", FALSE) : g_strdup("-");
}

void
sm_access_log_write(int log, const SmRequest *request, guint status, guint64 sent,
                    const char *fault)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autofree char *time = g_date_time_format(now, "%Y-%m-%dT%H:%M:%S.%fZ");
    g_autofree char *name = field(request->name);
    g_autofree char *range = header_field(request, "range");
    g_autofree char *tag = header_field(request, "if-none-match");
    g_autofree char *user = field(request->user);
    g_autofree char *line = g_strdup_printf("%s call=%s name=%s status=%u sent=%" G_GUINT64_FORMAT
                                            " range=%s inm=%s user=%s fault=%s\n",
                                            time, sm_call_name(request->call), name, status, sent,
                                            range, tag, user, fault[0] != '\0' ? fault : "-");

    /* One write a line: lines of several threads never mix, and nothing waits in a buffer. */
    if (log >= 0 && write(log, line, strlen(line)) < 0)
        g_warning("access log: %s", g_strerror(errno));
}
