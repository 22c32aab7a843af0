#include "emulator/base/answer.h"

#include <string.h>
#include <unistd.h>

#include "common/base/cleanup.h"

SmAnswer *
sm_answer_new(guint status)
{
    SmAnswer *answer = g_new0(SmAnswer, 1);

    answer->status = status;
    answer->headers = g_ptr_array_new_with_free_func(g_free);
    answer->fd = -1;
    answer->flip = SM_FLIP_NONE;
    return answer;
}

void
sm_answer_free(SmAnswer *answer)
{
    g_ptr_array_unref(answer->headers);
    g_clear_pointer(&answer->bytes, g_bytes_unref);
    sm_close(&answer->fd);
    g_free(answer);
}

static guint
find_header(const SmAnswer *answer, const char *name)
{
    guint i = 0;

    while (i < answer->headers->len &&
           g_ascii_strcasecmp(g_ptr_array_index(answer->headers, i), name) != 0)
        i += 2;
    return i;
}

void
sm_answer_set_header(SmAnswer *answer, const char *name, const char *value)
{
    guint i = find_header(answer, name);

    if (i < answer->headers->len)
        g_ptr_array_remove_range(answer->headers, i, 2);
    g_ptr_array_add(answer->headers, g_strdup(name));
    g_ptr_array_add(answer->headers, g_strdup(value));
}

const char *
sm_answer_header(const SmAnswer *answer, const char *name)
{
    guint i = find_header(answer, name);

    return i < answer->headers->len ? g_ptr_array_index(answer->headers, i + 1) : NULL;
}

static void
set_body(SmAnswer *answer, const char *type, GBytes *bytes, int fd, guint64 length)
{
    g_clear_pointer(&answer->bytes, g_bytes_unref);
    sm_close(&answer->fd);
    answer->bytes = bytes;
    answer->fd = fd;
    answer->length = length;
    answer->declared = (gint64)length;
    sm_answer_set_header(answer, "Content-Type", type);
}

void
sm_answer_take_text(SmAnswer *answer, const char *type, char *text, gsize length)
{
    set_body(answer, type, g_bytes_new_take(text, length), -1, length);
}

void
sm_answer_take_file(SmAnswer *answer, const char *type, int fd, guint64 offset, guint64 length)
{
    set_body(answer, type, NULL, fd, length);
    answer->offset = offset;
}

SmAnswer *
sm_answer_json(guint status, cJSON *json)
{
    SmAnswer *answer = sm_answer_new(status);
    char *text = cJSON_PrintUnformatted(json);

    sm_answer_take_text(answer, "application/json", g_strdup(text), strlen(text));
    cJSON_free(text);
    cJSON_Delete(json);
    return answer;
}

SmAnswer *
sm_answer_message(guint status, const char *format, ...)
{
    g_autofree char *raw = NULL;
    g_autofree char *text = NULL;
    cJSON *json = cJSON_CreateObject();
    va_list args;

    va_start(args, format);
    raw = g_strdup_vprintf(format, args);
    va_end(args);
    text = g_utf8_make_valid(raw, -1);
    cJSON_AddStringToObject(json, "message", text);
    return sm_answer_json(status, json);
}

static gssize
read_raw(const SmAnswer *answer, guint64 position, char *buffer, gsize size)
{
    if (answer->fd >= 0)
        return pread(answer->fd, buffer, size, (off_t)(answer->offset + position));
    memcpy(buffer, (const char *)g_bytes_get_data(answer->bytes, NULL) + position, size);
    return (gssize)size;
}

gssize
sm_answer_read(const SmAnswer *answer, guint64 position, char *buffer, gsize max)
{
    gssize got = 0;

    if (position < answer->length)
        got = read_raw(answer, position, buffer, MIN(max, answer->length - position));
    if (got > 0 && answer->flip >= (gint64)position && answer->flip < (gint64)position + got)
        buffer[answer->flip - (gint64)position] ^= 0x20;
    return got;
}

guint64
sm_answer_sendable(const SmAnswer *answer)
{
    return answer->end == SM_END_WHOLE ? answer->length : MIN(answer->stop, answer->length);
}
