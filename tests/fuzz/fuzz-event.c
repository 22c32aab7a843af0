/*
 * The event decoder, from a receiver's side: what it takes is sound, and has
 * one form only. And from the sender's: whatever text an event has, what is
 * encoded decodes.
 */
#include <string.h>

#include "fuzz.h"

/* Magic and version, which a fuzzer would have to guess. */
enum { HEAD = 5 };

typedef enum { AS_IS, WITH_HEAD, AS_FIELDS, N_MODES } Mode;

static void
receive(const guint8 *data, gsize size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(SmEvent) event = sm_event_decode(data, size, &error);
    g_autoptr(GBytes) encoded = NULL;

    g_assert_cmpint(event == NULL, ==, error != NULL);
    if (event == NULL)
        return;
    fuzz_assert_event(event);
    encoded = sm_event_encode(event);
    g_assert_cmpmem(g_bytes_get_data(encoded, NULL), g_bytes_get_size(encoded), data, size);
    g_assert_true(sm_event_identity(event) == event->message_id ||
                  sm_event_identity(event) == event->html_sha256);
}

static void
receive_with_head(const guint8 *data, gsize size)
{
    g_autoptr(SmEvent) plain = sm_event_new(SM_EVENT_UNUSABLE);
    g_autoptr(GBytes) encoded = sm_event_encode(plain);
    g_autofree guint8 *patched = g_memdup2(data, size);

    if (size < HEAD)
        return;
    memcpy(patched, g_bytes_get_data(encoded, NULL), HEAD);
    receive(patched, size);
}

/* As many recipients as an event may have, and one more; so large an event has to be cut. */
static GStrv
many_of(char *const *lines)
{
    guint count = g_strv_length((GStrv)lines);
    GStrv many = g_new0(char *, SM_EVENT_LIST_MAX + 2);

    for (guint i = 0; i <= SM_EVENT_LIST_MAX; i++)
        many[i] = g_strdup(lines[i % count]);
    return many;
}

/* An event without names, whose texts are the lines of data. */
static void
send_fields(const guint8 *data, gsize size)
{
    g_autoptr(SmEvent) event = sm_event_new(SM_EVENT_NO_VALID_NAME);
    char **texts[] = {&event->reason, &event->message_id, &event->html_sha256,
                      &event->from,   &event->extension,  &event->account};
    GStrv *lists[] = {&event->auth, &event->to, &event->recipients, &event->envelope};
    g_autofree char *text = g_strndup((const char *)data, size);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    if (g_strv_length(lines) <= G_N_ELEMENTS(texts))
        return;
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_free(*texts[i]);
        *texts[i] = g_strdup(lines[i]);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(lists); i++) {
        g_strfreev(*lists[i]);
        *lists[i] = i % 2 == 0 ? g_strdupv(lines + G_N_ELEMENTS(texts))
                               : many_of(lines + G_N_ELEMENTS(texts));
    }
    event->received = -(gint64)size;
    fuzz_assert_event(event);
}

int
LLVMFuzzerTestOneInput(const guint8 *data, size_t size)
{
    if (size == 0)
        return 0;
    switch ((Mode)(data[0] % N_MODES)) {
    case WITH_HEAD:
        receive_with_head(data + 1, size - 1);
        break;
    case AS_FIELDS:
        send_fields(data + 1, size - 1);
        break;
    case AS_IS:
    default:
        receive(data + 1, size - 1);
        break;
    }
    return 0;
}
