#include "parser.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "build-config.h"
#include "charset.h"
#include "common/cleanup.h"
#include "gmime-auto.h"
#include "mime.h"

/* An agent may have set a lower limit already, which nobody can raise. */
static gboolean
set_limit(int resource, rlim_t soft, rlim_t hard)
{
    struct rlimit limit;

    if (getrlimit(resource, &limit) < 0)
        return FALSE;
    limit.rlim_max = MIN(limit.rlim_max, hard);
    limit.rlim_cur = MIN(limit.rlim_max, soft);
    return setrlimit(resource, &limit) == 0;
}

static gboolean
limit_process(const SmParserTask *task)
{
#ifndef SM_SANITIZED /* the sanitizers' shadow is larger than any limit */
    rlim_t memory = SM_PARSER_MEMORY + task->length;

    if (!set_limit(RLIMIT_AS, memory, memory))
        return FALSE;
#endif
    /* The soft limit's signal tells that time has run out, the hard one is for who ignores it. */
    return set_limit(RLIMIT_CPU, task->max_cpu, task->max_cpu + 1) && set_limit(RLIMIT_FSIZE, 0, 0);
}

static gboolean
write_all(int fd, const char *data, gsize size)
{
    while (size > 0) {
        ssize_t written = write(fd, data, size);

        if (written < 0 && errno != EINTR)
            return FALSE;
        if (written > 0) {
            data += written;
            size -= (gsize)written;
        }
    }
    return TRUE;
}

static gboolean
answer(int fd, SmCharsets *charsets, const SmEvent *event)
{
    const char *missing = sm_charsets_missing(charsets);
    g_autoptr(GBytes) bytes = NULL;
    gsize size;
    const char *data;

    if (missing != NULL)
        bytes = g_bytes_new_take(g_strconcat(SM_ANSWER_NEED, missing, NULL),
                                 strlen(SM_ANSWER_NEED) + strlen(missing));
    else if (event == NULL)
        bytes = g_bytes_new_static(SM_ANSWER_NONE, strlen(SM_ANSWER_NONE));
    else
        bytes = sm_event_encode(event);
    data = g_bytes_get_data(bytes, &size);
    return write_all(fd, data, size);
}

/* What the libraries say of an odd message is nobody's concern; how the child ends is, and that the
 * parent tells. */
static void
leave_descriptors(void)
{
#ifndef SM_SANITIZED
    sm_autofd int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

    if (null >= 0)
        dup2(null, STDERR_FILENO);
    else
        close(STDERR_FILENO);
#endif
    close(STDIN_FILENO);
    close(STDOUT_FILENO);
}

void
sm_parser_run(const SmParserTask *task, int fd)
{
    SmCharsets *charsets = sm_charsets_new();
    SmEvent *event;

    if (!limit_process(task))
        _exit(1);
    leave_descriptors();
    /* All that comes from files is opened here ... */
    g_mime_init();
    for (guint i = 0; i < task->charsets->len; i++)
        sm_charsets_open(charsets, task->charsets->pdata[i]);
    /* ... so that from here on nothing but memory and two descriptors is needed. */
    event = task->unusable != NULL ? sm_mime_unusable(task->message, task->length, task->unusable)
                                   : sm_mime_read(task->message, task->length, charsets);
    /* Nothing is freed: it all goes with the process. */
    _exit(answer(fd, charsets, event) ? 0 : 1);
}
