#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "build-config.h"
#include "charset.h"
#include "common/cleanup.h"
#include "common/error.h"
#include "gmime-auto.h"
#include "mime.h"

/* Answers that are no event. */
static const char answer_none[] = "none";
static const char answer_need[] = "need ";

/* Address space beside the message: libraries, the message's tree, a hostile document's tree. */
#define MEMORY_BASE ((rlim_t)512 * 1024 * 1024)

enum { SECONDS_PER_CPU_SECOND = 10 }; /* how long the child may wait for its share of a busy host */

typedef enum { ENDED_WELL, ENDED_BY_LIMIT, ENDED_BADLY } Ending;

typedef struct {
    GPtrArray *charsets;  /* of char *: converters that earlier children asked for */
    const char *unusable; /* if not NULL, do not read the message, only say why not */
} Round;

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
limit_child(const SmChildTask *task)
{
#ifndef SM_SANITIZED /* the sanitizers' shadow is larger than any limit */
    rlim_t memory = MEMORY_BASE + task->length;

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
        bytes = g_bytes_new_take(g_strconcat(answer_need, missing, NULL),
                                 strlen(answer_need) + strlen(missing));
    else if (event == NULL)
        bytes = g_bytes_new_static(answer_none, strlen(answer_none));
    else
        bytes = sm_event_encode(event);
    data = g_bytes_get_data(bytes, &size);
    return write_all(fd, data, size);
}

/* What the libraries say of an odd message is nobody's concern; how the child ends is, and that the
 * parent tells. */
static gboolean
leave_descriptors(void)
{
    close(STDIN_FILENO);
    close(STDOUT_FILENO);
#ifndef SM_SANITIZED
    sm_autofd int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

    return null >= 0 && dup2(null, STDERR_FILENO) >= 0;
#else
    return TRUE;
#endif
}

/* The child's life. What it allocates goes with it. */
G_NORETURN static void
be_child(const SmChildTask *task, const Round *round, int fd)
{
    SmCharsets *charsets = sm_charsets_new();
    SmEvent *event;

    if (!limit_child(task) || !leave_descriptors())
        _exit(1);
    /* All that comes from files is opened here ... */
    g_mime_init();
    for (guint i = 0; i < round->charsets->len; i++)
        sm_charsets_open(charsets, round->charsets->pdata[i]);
    /* ... so that from here on nothing but memory and two descriptors is needed. */
    event = round->unusable != NULL ? sm_mime_unusable(task->message, task->length, round->unusable)
                                    : sm_mime_read(task->message, task->length, charsets);
    _exit(answer(fd, charsets, event) ? 0 : 1);
}

/*
 * Reads from fd what the child answers, until it closes its end, says more
 * than any answer has, or the deadline (monotonic time) passes. FALSE then.
 */
static gboolean
read_answer(int fd, GByteArray *answer, gint64 deadline)
{
    gsize size = 0;

    g_byte_array_set_size(answer, SM_EVENT_SIZE_MAX + 1);
    while (size < answer->len) {
        gint64 left = (deadline - g_get_monotonic_time()) / 1000;
        struct pollfd wait = {fd, POLLIN, 0};
        ssize_t got;

        if (left <= 0 || (poll(&wait, 1, (int)left) < 0 && errno != EINTR))
            return FALSE;
        if (wait.revents == 0)
            continue;
        got = read(fd, answer->data + size, answer->len - size);
        if (got < 0 && errno != EINTR)
            return FALSE;
        if (got == 0) {
            g_byte_array_set_size(answer, (guint)size);
            return TRUE;
        }
        size += got > 0 ? (gsize)got : 0;
    }
    return FALSE;
}

/* Out of memory shows as a crash of any kind, since neither GLib nor gumbo goes on without. */
static gboolean
used_up_memory(const SmChildTask *task, const struct rusage *usage)
{
    return (rlim_t)usage->ru_maxrss * 1024 > MEMORY_BASE / 2 + task->length;
}

static Ending
wait_for(const SmChildTask *task, pid_t pid, GError **error)
{
    struct rusage usage;
    int status;

    while (wait4(pid, &status, 0, &usage) < 0) {
        if (errno != EINTR) {
            sm_error_from_errno(error, SM_ERROR_INTERNAL, "the parser's end cannot be awaited");
            return ENDED_BADLY;
        }
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return ENDED_WELL;
    if (WIFSIGNALED(status) && (WTERMSIG(status) == SIGXCPU || used_up_memory(task, &usage)))
        return ENDED_BY_LIMIT;
    if (WIFSIGNALED(status))
        g_set_error(error, SM_ERROR, SM_ERROR_INTERNAL, "the parser died of signal %d (%s)",
                    WTERMSIG(status), strsignal(WTERMSIG(status)));
    else
        g_set_error(error, SM_ERROR, SM_ERROR_INTERNAL, "the parser ended with status %d",
                    WEXITSTATUS(status));
    return ENDED_BADLY;
}

/* One child, from fork to wait. */
static Ending
run_child(const SmChildTask *task, const Round *round, GByteArray *answer, GError **error)
{
    gint64 patience = (gint64)task->max_cpu * SECONDS_PER_CPU_SECOND * G_USEC_PER_SEC;
    sm_autofd int from_child = -1;
    sm_autofd int to_parent = -1;
    int ends[2];
    gboolean complete;
    Ending ending;
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC) < 0) {
        sm_error_from_errno(error, SM_ERROR_INTERNAL, "no pipe for the parser");
        return ENDED_BADLY;
    }
    from_child = ends[0];
    to_parent = ends[1];
    pid = fork();
    if (pid < 0) {
        sm_error_from_errno(error, SM_ERROR_INTERNAL, "no process for the parser");
        return ENDED_BADLY;
    }
    if (pid == 0) {
        sm_close(&from_child);
        be_child(task, round, to_parent);
    }
    sm_close(&to_parent);
    complete = read_answer(from_child, answer, g_get_monotonic_time() + patience);
    if (!complete)
        kill(pid, SIGKILL);
    sm_close(&from_child);
    ending = wait_for(task, pid, complete ? error : NULL);
    if (!complete && ending != ENDED_BY_LIMIT) {
        g_set_error(error, SM_ERROR, SM_ERROR_INTERNAL,
                    "the parser did not answer within %u s, or said too much",
                    task->max_cpu * SECONDS_PER_CPU_SECOND);
        return ENDED_BADLY;
    }
    return ending;
}

/* The charset that answer asks for, if that is what it does. Caller frees. */
static char *
charset_asked_for(const GByteArray *answer)
{
    gsize prefix = strlen(answer_need);
    g_autofree char *name = NULL;

    if (answer->len <= prefix || memcmp(answer->data, answer_need, prefix) != 0)
        return NULL;
    name = g_strndup((const char *)answer->data + prefix, answer->len - prefix);
    return sm_charset_is_word(name) ? g_steal_pointer(&name) : NULL;
}

static gboolean
take_answer(const GByteArray *answer, SmEvent **event, GError **error)
{
    g_autoptr(GError) fault = NULL;

    if (answer->len == strlen(answer_none) && memcmp(answer->data, answer_none, answer->len) == 0)
        return TRUE;
    *event = sm_event_decode(answer->data, answer->len, &fault);
    if (*event == NULL)
        g_set_error(error, SM_ERROR, SM_ERROR_INTERNAL, "the parser answered with a %s",
                    fault->message);
    return *event != NULL;
}

/* A message that the parsers cannot finish: its header should still tell where it came from. */
static gboolean
read_header_only(const SmChildTask *task, Round *round, SmEvent **event, GError **error)
{
    g_autoptr(GByteArray) answer = g_byte_array_new();

    round->unusable = "reading it takes more time or memory than a notification can need";
    switch (run_child(task, round, answer, error)) {
    case ENDED_WELL:
        return take_answer(answer, event, error);
    case ENDED_BY_LIMIT:
        *event = sm_event_new(SM_EVENT_UNUSABLE);
        g_free((*event)->reason);
        (*event)->reason = g_strdup(round->unusable);
        return TRUE;
    case ENDED_BADLY:
    default:
        return FALSE;
    }
}

gboolean
sm_child_read(const SmChildTask *task, SmEvent **event, GError **error)
{
    g_autoptr(GPtrArray) charsets = g_ptr_array_new_with_free_func(g_free);
    Round round = {charsets, NULL};

    *event = NULL;
    for (;;) {
        g_autoptr(GByteArray) answer = g_byte_array_new();
        char *charset;

        switch (run_child(task, &round, answer, error)) {
        case ENDED_WELL:
            break;
        case ENDED_BY_LIMIT:
            return read_header_only(task, &round, event, error);
        case ENDED_BADLY:
        default:
            return FALSE;
        }
        charset = charsets->len < SM_CHARSETS_MAX ? charset_asked_for(answer) : NULL;
        if (charset == NULL)
            return take_answer(answer, event, error);
        g_info("reading again with the character set %s", charset);
        g_ptr_array_add(charsets, charset);
    }
}
