#include "fuzz.h"

#include <string.h>

#include "common/event/name.h"

static const char *const any_extension[] = {NULL};

void
fuzz_assert_names(char *const *names, guint count)
{
    g_assert_cmpuint(count, <=, SM_EVENT_NAMES_MAX);
    for (guint i = 0; i < count; i++) {
        g_assert_cmpint(sm_name_check(names[i], strlen(names[i]), any_extension, NULL), ==,
                        SM_NAME_NOT_WANTED);
        for (guint j = 0; j < i; j++)
            g_assert_cmpstr(names[i], !=, names[j]);
    }
}

void
fuzz_assert_event(const SmEvent *event)
{
    g_autoptr(GBytes) bytes = sm_event_encode(event);
    g_autoptr(GBytes) again = NULL;
    g_autoptr(SmEvent) decoded = NULL;
    g_autoptr(SmEvent) copy = NULL;
    g_autoptr(GError) error = NULL;

    fuzz_assert_names(event->names, g_strv_length(event->names));
    g_assert_cmpint(event->kind == SM_EVENT_NAMES, ==, event->names[0] != NULL);

    g_assert_cmpuint(g_bytes_get_size(bytes), <=, SM_EVENT_SIZE_MAX);
    decoded = sm_event_decode(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), &error);
    g_assert_no_error(error);
    g_assert_cmpint(decoded->kind, ==, event->kind);
    g_assert_cmpstrv(decoded->names, event->names);
    g_assert_cmpint(decoded->received, ==, event->received);
    copy = sm_event_copy(decoded, decoded->names, g_strv_length(decoded->names));
    again = sm_event_encode(copy);
    g_assert_true(g_bytes_equal(again, bytes));
}
