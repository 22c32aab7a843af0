/*
 * A whole message, read as the parser child reads it, but without child and
 * sandbox: it ends, asks for no more character sets than there are rounds, and
 * what it says is a sound event. Nor does a look for mail loops fail.
 */
#include <string.h>

#include "filter/message/gmime-auto.h"
#include "filter/message/mime.h"
#include "fuzz.h"

/* Asserts what the identity of an event relies on: a SHA-256 in hex. */
static void
assert_hash(const SmEvent *event)
{
    g_assert_cmpuint(strlen(event->html_sha256), ==, 64);
    g_assert_cmpuint(strspn(event->html_sha256, "0123456789abcdef"), ==, 64);
    g_assert_cmpuint(strlen(sm_event_identity(event)), >, 0);
}

static SmEvent *
read_in_rounds(const char *message, gsize size)
{
    g_autoptr(GPtrArray) asked_for = g_ptr_array_new_with_free_func(g_free);

    for (;;) {
        g_autoptr(SmCharsets) charsets = sm_charsets_new();
        g_autoptr(SmEvent) event = NULL;

        for (guint i = 0; i < asked_for->len; i++)
            sm_charsets_open(charsets, asked_for->pdata[i]);
        event = sm_mime_read(message, size, charsets);
        if (sm_charsets_missing(charsets) == NULL)
            return g_steal_pointer(&event);
        g_assert_cmpuint(asked_for->len, <, SM_CHARSETS_MAX);
        g_assert_true(sm_charset_is_word(sm_charsets_missing(charsets)));
        g_assert_false(g_ptr_array_find_with_equal_func(asked_for, sm_charsets_missing(charsets),
                                                        g_str_equal, NULL));
        g_ptr_array_add(asked_for, g_strdup(sm_charsets_missing(charsets)));
    }
}

int
LLVMFuzzerTestOneInput(const guint8 *data, size_t size)
{
    const char *message = (const char *)data;
    g_autoptr(SmEvent) event = NULL;
    g_autoptr(SmEvent) unusable = NULL;

    g_mime_init();
    event = read_in_rounds(message, size);
    if (event != NULL) {
        fuzz_assert_event(event);
        assert_hash(event);
        g_assert_cmpint(event->kind == SM_EVENT_NAMES, ==, *event->reason == '\0');
    }
    sm_mime_loop(message, size);
    unusable = sm_mime_unusable(message, size, "for a test");
    g_assert_cmpint(unusable->kind, ==, SM_EVENT_UNUSABLE);
    fuzz_assert_event(unusable);
    assert_hash(unusable);
    return 0;
}
