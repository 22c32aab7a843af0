#include "filter/parser.h"

#include <string.h>
#include <unistd.h>

#include "build-config.h"
#include "common/base/io.h"
#include "filter/message/charset.h"
#include "filter/message/mime.h"
#include "filter/sandbox/sandbox.h"
#include "filter/sandbox/stack.h"

/* Why a message is no notification; NULL if it is one. */
static const char *
why_none(const SmParserTask *task, const SmEvent *event)
{
    if (event == NULL)
        return SM_ANSWER_NONE;
    if (task->unusable != NULL)
        return NULL;
    switch (sm_mime_loop(task->message, task->length)) {
    case SM_LOOP_ALERT:
        return SM_ANSWER_ALERT;
    case SM_LOOP_HOPS:
        return SM_ANSWER_HOPS;
    case SM_LOOP_NONE:
    default:
        return NULL;
    }
}

static gboolean
answer(int fd, const SmParserTask *task, SmCharsets *charsets, const SmEvent *event)
{
    const char *missing = sm_charsets_missing(charsets);
    const char *none = missing == NULL ? why_none(task, event) : NULL;
    g_autoptr(GBytes) bytes = NULL;
    gsize size;
    const char *data;

    if (missing != NULL)
        bytes = g_bytes_new_take(g_strconcat(SM_ANSWER_NEED, missing, NULL),
                                 strlen(SM_ANSWER_NEED) + strlen(missing));
    else if (none != NULL)
        bytes = g_bytes_new_static(none, strlen(none));
    else
        bytes = sm_event_encode(event);
    data = g_bytes_get_data(bytes, &size);
    return sm_write_all(fd, data, size);
}

/* Files must be read before the sandbox closes. */
static void
open_files(const SmParserTask *task, SmCharsets *charsets)
{
    g_mime_init();
    for (guint i = 0; i < task->charsets->len; i++)
        sm_charsets_open(charsets, task->charsets->pdata[i]);
}

__attribute__((no_sanitize("address"))) /* see sm_stack_watch() */ void
sm_parser_run(const SmParserTask *task, int fd)
{
    const SmSandbox sandbox = {task->walls, SM_PARSER_MEMORY + task->length, task->max_cpu, fd};
    SmCharsets *charsets = sm_charsets_new();
    char spare_stack[SM_STACK_SPARE];
    SmSandboxStep step;
    SmEvent *event;

    open_files(task, charsets);
    if (!sm_stack_watch(spare_stack))
        _exit(SM_PARSER_FAILED);
    step = sm_sandbox_enter(&sandbox);
    if (step != SM_SANDBOX_ENTERED)
        _exit(SM_PARSER_NOT_CLOSED + (int)step);
    if (sm_parser_probe != NULL)
        sm_parser_probe();
    event = task->unusable != NULL ? sm_mime_unusable(task->message, task->length, task->unusable)
                                   : sm_mime_read(task->message, task->length, charsets);
    /* Nothing is freed: the process ends. */
    _exit(answer(fd, task, charsets, event) ? SM_PARSER_ANSWERED : SM_PARSER_FAILED);
}

static char *
describe(void)
{
    return g_strdup_printf("GMime %u.%u.%u, gumbo %s", gmime_major_version, gmime_minor_version,
                           gmime_micro_version, SM_GUMBO_VERSION);
}

const SmReader sm_reader = {SM_VERSION, sm_parser_run, describe};
