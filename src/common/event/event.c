#include "common/event/event.h"

#include <string.h>

#include "common/base/error.h"
#include "common/base/text.h"
#include "common/event/name.h"

static const char magic[] = {'S', 'M', 'E', 'V'};
enum { EVENT_VERSION = 2 };

SmEvent *
sm_event_new(SmEventKind kind)
{
    SmEvent *event = g_new0(SmEvent, 1);

    event->kind = kind;
    event->names = g_new0(char *, 1);
    event->reason = g_strdup("");
    event->message_id = g_strdup("");
    event->html_sha256 = g_strdup("");
    event->from = g_strdup("");
    event->auth = g_new0(char *, 1);
    event->to = g_new0(char *, 1);
    event->recipients = g_new0(char *, 1);
    event->envelope = g_new0(char *, 1);
    event->extension = g_strdup("");
    event->account = g_strdup("");
    return event;
}

void
sm_event_free(SmEvent *event)
{
    if (event == NULL)
        return;
    g_strfreev(event->names);
    g_free(event->reason);
    g_free(event->message_id);
    g_free(event->html_sha256);
    g_free(event->from);
    g_strfreev(event->auth);
    g_strfreev(event->to);
    g_strfreev(event->recipients);
    g_strfreev(event->envelope);
    g_free(event->extension);
    g_free(event->account);
    g_free(event);
}

SmEvent *
sm_event_copy(const SmEvent *event, char *const *names, gsize count)
{
    SmEvent *copy = g_new(SmEvent, 1);

    *copy = (SmEvent){
        .kind = event->kind,
        .names = g_new0(char *, count + 1),
        .reason = g_strdup(event->reason),
        .message_id = g_strdup(event->message_id),
        .html_sha256 = g_strdup(event->html_sha256),
        .from = g_strdup(event->from),
        .auth = g_strdupv(event->auth),
        .to = g_strdupv(event->to),
        .recipients = g_strdupv(event->recipients),
        .envelope = g_strdupv(event->envelope),
        .extension = g_strdup(event->extension),
        .account = g_strdup(event->account),
        .received = event->received,
    };
    for (gsize i = 0; i < count; i++)
        copy->names[i] = g_strdup(names[i]);
    return copy;
}

static void
put_u32(GByteArray *out, guint32 value)
{
    guint32 wire = GUINT32_TO_BE(value);

    g_byte_array_append(out, (const guint8 *)&wire, sizeof wire);
}

static void
put_string(GByteArray *out, const char *text)
{
    g_autofree char *clean = sm_text_clean(text, SM_EVENT_STRING_MAX);
    gsize length = strlen(clean);

    put_u32(out, (guint32)length);
    g_byte_array_append(out, (const guint8 *)clean, (guint)length);
}

static void
put_list(GByteArray *out, char *const *list, guint max)
{
    guint count = MIN(g_strv_length((char **)list), max);

    put_u32(out, count);
    for (guint i = 0; i < count; i++)
        put_string(out, list[i]);
}

static GByteArray *
encode(const SmEvent *event, guint list_max)
{
    GByteArray *out = g_byte_array_new();
    guint8 head[] = {EVENT_VERSION, (guint8)event->kind};
    gint64 received = GINT64_TO_BE(event->received);

    g_byte_array_append(out, (const guint8 *)magic, sizeof magic);
    g_byte_array_append(out, head, sizeof head);
    put_list(out, event->names, SM_EVENT_NAMES_MAX);
    put_string(out, event->reason);
    put_string(out, event->message_id);
    put_string(out, event->html_sha256);
    put_string(out, event->from);
    put_list(out, event->auth, list_max);
    put_list(out, event->to, list_max);
    put_list(out, event->recipients, list_max);
    put_list(out, event->envelope, list_max);
    put_string(out, event->extension);
    put_string(out, event->account);
    g_byte_array_append(out, (const guint8 *)&received, sizeof received);
    return out;
}

GBytes *
sm_event_encode(const SmEvent *event)
{
    GByteArray *out = encode(event, SM_EVENT_LIST_MAX);

    /* Recipients and results are hints and may be cut; 4 of the longest of each always fit. */
    if (out->len > SM_EVENT_SIZE_MAX) {
        g_byte_array_unref(out);
        out = encode(event, 4);
    }
    return g_byte_array_free_to_bytes(out);
}

typedef struct {
    const guint8 *at;
    gsize left;
    gboolean bad; /* sticky: one check at the end is enough */
} Cursor;

static gboolean
take(Cursor *cursor, void *to, gsize size)
{
    if (cursor->bad || cursor->left < size) {
        cursor->bad = TRUE;
        memset(to, 0, size);
        return FALSE;
    }
    memcpy(to, cursor->at, size);
    cursor->at += size;
    cursor->left -= size;
    return TRUE;
}

static guint32
take_u32(Cursor *cursor)
{
    guint32 wire;

    take(cursor, &wire, sizeof wire);
    return GUINT32_FROM_BE(wire);
}

static char *
take_string(Cursor *cursor)
{
    guint32 length = take_u32(cursor);
    char *text;

    if (length > SM_EVENT_STRING_MAX || length > cursor->left)
        cursor->bad = TRUE;
    if (cursor->bad)
        return g_strdup("");
    text = g_malloc0(length + 1);
    take(cursor, text, length);
    if (!sm_text_is_clean(text, length))
        cursor->bad = TRUE;
    return text;
}

static GStrv
take_list(Cursor *cursor, guint max)
{
    guint32 count = take_u32(cursor);
    GStrv list;

    if (count > max)
        cursor->bad = TRUE;
    if (cursor->bad)
        count = 0;
    list = g_new0(char *, count + 1);
    for (guint32 i = 0; i < count; i++)
        list[i] = take_string(cursor);
    return list;
}

static gboolean
names_are_sound(const SmEvent *event)
{
    static const char *const any[] = {NULL};

    if ((event->kind == SM_EVENT_NAMES) != (event->names[0] != NULL))
        return FALSE;
    for (char **name = event->names; *name != NULL; name++) {
        if (sm_name_check(*name, strlen(*name), any, NULL) == SM_NAME_INVALID)
            return FALSE;
        for (char **earlier = event->names; earlier < name; earlier++)
            if (strcmp(*earlier, *name) == 0)
                return FALSE;
    }
    return TRUE;
}

SmEvent *
sm_event_decode(const void *data, gsize size, GError **error)
{
    Cursor cursor = {data, size, size > SM_EVENT_SIZE_MAX};
    g_autoptr(SmEvent) event = g_new0(SmEvent, 1);
    char start[sizeof magic];
    guint8 head[2];

    take(&cursor, start, sizeof start);
    take(&cursor, head, sizeof head);
    if (memcmp(start, magic, sizeof magic) != 0 || head[0] != EVENT_VERSION ||
        head[1] < SM_EVENT_NAMES || head[1] > SM_EVENT_UNUSABLE)
        cursor.bad = TRUE;
    event->kind = head[1];
    event->names = take_list(&cursor, SM_EVENT_NAMES_MAX);
    event->reason = take_string(&cursor);
    event->message_id = take_string(&cursor);
    event->html_sha256 = take_string(&cursor);
    event->from = take_string(&cursor);
    event->auth = take_list(&cursor, SM_EVENT_LIST_MAX);
    event->to = take_list(&cursor, SM_EVENT_LIST_MAX);
    event->recipients = take_list(&cursor, SM_EVENT_LIST_MAX);
    event->envelope = take_list(&cursor, SM_EVENT_LIST_MAX);
    event->extension = take_string(&cursor);
    event->account = take_string(&cursor);
    take(&cursor, &event->received, sizeof event->received);
    event->received = GINT64_FROM_BE(event->received);

    if (cursor.bad || cursor.left != 0 || !names_are_sound(event))
        return sm_error_null(error, SM_ERROR_DATA, "malformed event of %zu bytes", size);
    return g_steal_pointer(&event);
}

const char *
sm_event_identity(const SmEvent *event)
{
    return *event->message_id != '\0' ? event->message_id : event->html_sha256;
}

gboolean
sm_event_is_overdue(const SmEvent *event, guint defer_for, gint64 now)
{
    return event->received > 0 && event->received <= now &&
           sm_event_has_waited(event->received, defer_for, now);
}

gboolean
sm_event_has_waited(gint64 since, guint defer_for, gint64 now)
{
    return defer_for != G_MAXUINT && ABS(now - since) >= defer_for;
}
