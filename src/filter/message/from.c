#include "filter/message/from.h"

#include <string.h>

#include "filter/message/token.h"

#define BLANKS " \t\r\n"
#define ENDS BLANKS ",;()<>[]" /* of a word outside of angle brackets */

/* Adds the address from start to end: one "@", but for a quoted local part, and nothing that could
 * divide it. */
static void
add(GPtrArray *found, const char *start, const char *end)
{
    g_autofree char *address = g_strstrip(g_strndup(start, (gsize)(end - start)));
    const char *domain = *address == '"' ? sm_token_skip(address, NULL) : address;
    const char *at = strchr(domain, '@');
    gboolean whole = at != NULL && strpbrk(domain, BLANKS "\",;:()<>\\") == NULL &&
                     *domain != '\'' && strpbrk(at + 1, "@'") == NULL;

    g_ptr_array_add(found, g_strdup(whole ? address : ""));
}

/* Whether a domain has another part behind blanks or comments (RFC 5322, 4.4). */
static gboolean
goes_on(const char *value)
{
    value = sm_token_skip_blanks(value);
    return *value == '.' || *value == '@';
}

void
sm_from_read(const char *value, GPtrArray *found)
{
    while (*value != '\0') {
        const char *start = value;

        if (*value == '<') {
            while (*value != '\0' && *value != '>')
                value = *value == '"' ? sm_token_skip(value, NULL) : value + 1;
            if (memchr(start, '@', (gsize)(value - start)) != NULL)
                add(found, start + 1, value);
            value += *value == '>';
        } else if (*value == '(') {
            value = sm_token_skip(value, NULL);
        } else if (strchr(ENDS, *value) != NULL) {
            value++;
        } else {
            gboolean is_address = FALSE;

            while (*value != '\0' && strchr(ENDS, *value) == NULL) {
                is_address |= *value == '@';
                value = *value == '"' ? sm_token_skip(value, NULL) : value + 1;
            }
            if (is_address && !goes_on(value))
                add(found, start, value);
            else if (is_address)
                g_ptr_array_add(found, g_strdup(""));
        }
    }
}
