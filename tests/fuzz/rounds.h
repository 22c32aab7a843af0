/* A message read as the parser child reads it, in as many rounds as it asks for. */
#pragma once

#include "filter/message/gmime-auto.h"
#include "filter/message/label.h"
#include "filter/message/mime.h"

/* g_mime_init() must have been called. NULL: no notification. Caller owns. */
static inline SmEvent *
fuzz_read_in_rounds(const char *message, gsize size)
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
        g_assert_true(sm_label_is_word(sm_charsets_missing(charsets)));
        g_assert_false(g_ptr_array_find_with_equal_func(asked_for, sm_charsets_missing(charsets),
                                                        g_str_equal, NULL));
        g_ptr_array_add(asked_for, g_strdup(sm_charsets_missing(charsets)));
    }
}
