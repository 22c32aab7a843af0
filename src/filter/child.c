#include "filter/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/cleanup.h"
#include "common/base/error.h"
#include "common/base/startup.h"
#include "filter/message/charset.h"
#include "filter/message/label.h"
#include "filter/message/unusable.h"
#include "filter/parser.h"
#include "filter/reader.h"
#include "filter/received.h"
#include "filter/sandbox/stack.h"

enum { SECONDS_PER_CPU_SECOND = 10 }; /* how long the child may wait for its share of a busy host */

typedef enum { ENDED_WELL, ENDED_BY_LIMIT, ENDED_BADLY } Ending;

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

/* Out of memory looks like a crash of any kind, since GLib and gumbo abort on it. */
static gboolean
used_up_memory(const SmParserTask *task, const struct rusage *usage)
{
    return (rlim_t)usage->ru_maxrss * 1024 > SM_PARSER_MEMORY / 2 + task->length;
}

/* After its answer the child must end, too: one that lives on is killed at its deadline. */
static void
see_off(pid_t pid, gint64 deadline)
{
    sm_autofd int process = pidfd_open(pid, 0);
    struct pollfd wait = {process, POLLIN, 0};
    gint64 left;

    if (process < 0)
        return; /* a kernel before 5.3: the limit on processor time has to do */
    do {
        left = MAX((deadline - g_get_monotonic_time()) / 1000, 0);
        if (poll(&wait, 1, (int)left) == 1)
            return;
    } while (left > 0);
    kill(pid, SIGKILL);
}

/* Why a child died that neither answered nor exceeded a limit. */
static void
tell_fault(int status, GError **error)
{
    int number = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;

    if (number == SIGSYS)
        sm_error_set(error, SM_ERROR_INTERNAL,
                     "the sandbox killed the parser: it made a forbidden system call");
    else if (number != 0)
        sm_error_set(error, SM_ERROR_INTERNAL, "the parser died of signal %d (%s)", number,
                     strsignal(number));
    else if (code > SM_PARSER_NOT_CLOSED && code < SM_PARSER_NOT_CLOSED + SM_SANDBOX_N_STEPS)
        sm_error_set(error, SM_ERROR_INTERNAL, "the parser could not enter its sandbox: %s failed",
                     sm_sandbox_step_name((SmSandboxStep)(code - SM_PARSER_NOT_CLOSED)));
    else
        sm_error_set(error, SM_ERROR_INTERNAL, "the parser ended with status %d", code);
}

/* Microseconds of processor time. */
static gint64
time_of(const struct rusage *usage)
{
    return ((gint64)usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * G_USEC_PER_SEC +
           usage->ru_utime.tv_usec + usage->ru_stime.tv_usec;
}

/* Its processor time is added to *used. */
static Ending
wait_for(const SmParserTask *task, pid_t pid, gint64 *used, GError **error)
{
    struct rusage usage;
    int status;

    while (wait4(pid, &status, 0, &usage) < 0) {
        if (errno != EINTR) {
            sm_error_from_errno(error, SM_ERROR_INTERNAL, "cannot wait for the parser");
            return ENDED_BADLY;
        }
    }
    *used += time_of(&usage);
    if (WIFEXITED(status) && WEXITSTATUS(status) == SM_PARSER_ANSWERED)
        return ENDED_WELL;
    if (WIFEXITED(status) && WEXITSTATUS(status) == SM_STACK_FULL)
        return ENDED_BY_LIMIT;
    if (WIFSIGNALED(status) && (WTERMSIG(status) == SIGXCPU || used_up_memory(task, &usage)))
        return ENDED_BY_LIMIT;
    tell_fault(status, error);
    return ENDED_BADLY;
}

/* One child, from fork to wait. */
static Ending
run_child(const SmReader *reader, const SmParserTask *task, GByteArray *answer, gint64 *used,
          GError **error)
{
    sm_autofd int from_child = -1;
    sm_autofd int to_parent = -1;
    int ends[2];
    gboolean complete;
    gint64 deadline;
    Ending ending;
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC) < 0) {
        sm_error_from_errno(error, SM_ERROR_INTERNAL, "cannot create a pipe for the parser");
        return ENDED_BADLY;
    }
    from_child = ends[0];
    to_parent = ends[1];
    pid = fork();
    if (pid < 0) {
        sm_error_from_errno(error, SM_ERROR_INTERNAL, "cannot start the parser");
        return ENDED_BADLY;
    }
    if (pid == 0) {
        sm_startup_end_by_signal(); /* its exit status says how it ended */
        sm_close(&from_child);
        reader->run(task, to_parent);
    }
    sm_close(&to_parent);
    deadline =
        g_get_monotonic_time() + (gint64)task->max_cpu * SECONDS_PER_CPU_SECOND * G_USEC_PER_SEC;
    complete = read_answer(from_child, answer, deadline);
    if (complete)
        see_off(pid, deadline);
    else
        kill(pid, SIGKILL);
    sm_close(&from_child);
    ending = wait_for(task, pid, used, complete ? error : NULL);
    if (!complete && ending != ENDED_BY_LIMIT) {
        sm_error_set(error, SM_ERROR_INTERNAL,
                     "the parser did not answer within %u s, or its answer was too long",
                     task->max_cpu * SECONDS_PER_CPU_SECOND);
        return ENDED_BADLY;
    }
    return ending;
}

/* The charset that answer asks for, if any. Caller frees. */
static char *
charset_asked_for(const GByteArray *answer)
{
    gsize prefix = strlen(SM_ANSWER_NEED);
    g_autofree char *name = NULL;

    if (answer->len <= prefix || memcmp(answer->data, SM_ANSWER_NEED, prefix) != 0)
        return NULL;
    name = g_strndup((const char *)answer->data + prefix, answer->len - prefix);
    return sm_label_is_word(name) ? g_steal_pointer(&name) : NULL;
}

static gboolean
is_answer(const GByteArray *answer, const char *words)
{
    return answer->len == strlen(words) && memcmp(answer->data, words, answer->len) == 0;
}

static gboolean
take_answer(const GByteArray *answer, SmEvent **event, GError **error)
{
    g_autoptr(GError) fault = NULL;

    if (is_answer(answer, SM_ANSWER_NONE))
        return TRUE;
    if (is_answer(answer, SM_ANSWER_ALERT)) {
        g_info("an alert of scoremail's own, or a bounce of one");
        return TRUE;
    }
    if (is_answer(answer, SM_ANSWER_HOPS)) {
        g_warning("mail loop: too many Received headers; message ignored");
        return TRUE;
    }
    *event = sm_event_decode(answer->data, answer->len, &fault);
    if (*event == NULL)
        sm_error_set(error, SM_ERROR_INTERNAL, "the parser answered with a %s", fault->message);
    return *event != NULL;
}

SmEvent *
sm_child_read_header(const char *message, gsize length, const SmChildRules *rules,
                     const char *reason)
{
    g_autoptr(GPtrArray) charsets = g_ptr_array_new();
    g_autoptr(GByteArray) answer = g_byte_array_new();
    const SmParserTask task = {message, length, 1, sm_sandbox_find(), charsets, reason};
    const SmReader *reader = sm_reader_load(NULL);
    SmEvent *event = NULL;
    gint64 used = 0;

    if (reader != NULL && sm_sandbox_check(&task.walls, rules->sandbox, NULL) &&
        run_child(reader, &task, answer, &used, NULL) == ENDED_WELL &&
        take_answer(answer, &event, NULL) && event != NULL)
        return event;
    event = sm_unusable_event(message, length, reason);
    event->received = sm_received_scan(message, length);
    return event;
}

/* The seconds that are left of max after so many microseconds: the kernel counts whole ones. */
static guint
left_of(guint max, gint64 used)
{
    gint64 left = (gint64)max * G_USEC_PER_SEC - used;

    return left > 0 ? (guint)((left + G_USEC_PER_SEC - 1) / G_USEC_PER_SEC) : 0;
}

gboolean
sm_child_read(const char *message, gsize length, const SmChildRules *rules, SmEvent **event,
              GError **error)
{
    g_autoptr(GPtrArray) charsets = g_ptr_array_new_with_free_func(g_free);
    SmParserTask task = {message, length, rules->max_cpu, sm_sandbox_find(), charsets, NULL};
    g_autofree char *walls = sm_sandbox_describe(&task.walls);
    const SmReader *reader = NULL;
    gint64 used = 0; /* microseconds of processor time */

    *event = NULL;
    if (sm_sandbox_check(&task.walls, rules->sandbox, error))
        reader = sm_reader_load(error);
    if (reader == NULL)
        return FALSE;
    g_info("sandbox: %s", walls);
    for (;;) {
        g_autoptr(GByteArray) answer = g_byte_array_new();
        Ending ending = ENDED_BY_LIMIT;
        char *charset;

        /* The time is that of all rounds. */
        task.max_cpu = left_of(rules->max_cpu, used);
        if (task.max_cpu > 0)
            ending = run_child(reader, &task, answer, &used, error);
        if (ending == ENDED_BY_LIMIT)
            *event = sm_child_read_header(message, length, rules,
                                          "parsing exceeds the limit of time or memory");
        if (ending != ENDED_WELL)
            return ending == ENDED_BY_LIMIT;
        charset = charsets->len < SM_CHARSETS_MAX ? charset_asked_for(answer) : NULL;
        if (charset == NULL)
            return take_answer(answer, event, error);
        g_info("parsing again with character set %s", charset);
        g_ptr_array_add(charsets, charset);
    }
}
