#include "filter/message/address.h"

#include <string.h>

#include "common/event/event.h"
#include "filter/message/token.h"

/* Ends the word: an address, or a part of something else. */
static void
flush(GString *word, GPtrArray *found)
{
    const char *at;

    while (g_str_has_suffix(word->str, "."))
        g_string_truncate(word, word->len - 1);
    at = strrchr(word->str, '@');
    if (at != NULL && at > word->str && at[1] != '\0' && found->len < SM_EVENT_LIST_MAX &&
        !g_ptr_array_find_with_equal_func(found, word->str, g_str_equal, NULL))
        g_ptr_array_add(found, g_strdup(word->str));
    g_string_truncate(word, 0);
}

/* Whether the blank before next is within an address, as in "user @ example . org". */
static gboolean
is_within(const GString *word, const char *next)
{
    return *next == '@' || *next == '.' || g_str_has_suffix(word->str, "@") ||
           g_str_has_suffix(word->str, ".");
}

/* What a quoted string holds goes to word. Returns what follows it. */
static const char *
take_quoted(const char *value, GString *word)
{
    const char *end = sm_token_skip(value, NULL);

    for (value++; value < end - 1; value++) {
        if (*value == '\\')
            value++;
        g_string_append_c(word, *value);
    }
    return end;
}

void
sm_address_read(const char *value, GPtrArray *found)
{
    g_autoptr(GString) word = g_string_new(NULL);

    while (*value != '\0') {
        const char *next = sm_token_skip_blanks(value);

        if (*next == '<' || *next == ':') { /* a name, or a route: nothing before it counts */
            g_string_truncate(word, 0);
            next++;
        } else if (strchr(",;>", *next) != NULL || (next > value && !is_within(word, next))) {
            flush(word, found);
            next += *next != '\0' && strchr(",;>", *next) != NULL;
        } else if (*next == '"') {
            next = take_quoted(next, word);
        } else {
            g_string_append_c(word, *next++);
        }
        value = next;
    }
    flush(word, found);
}
