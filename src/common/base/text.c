#include "common/base/text.h"

#include <string.h>

enum { URL_SHOWN_MAX = 300 };

/* What may end a line, move the cursor or reverse the reading order of a terminal. */
static gboolean
is_harmful(gunichar c)
{
    switch (g_unichar_type(c)) {
    case G_UNICODE_CONTROL:
    case G_UNICODE_FORMAT:
    case G_UNICODE_LINE_SEPARATOR:
    case G_UNICODE_PARAGRAPH_SEPARATOR:
    case G_UNICODE_SURROGATE:
    case G_UNICODE_PRIVATE_USE:
    case G_UNICODE_UNASSIGNED:
        return TRUE;
    default:
        return FALSE;
    }
}

char *
sm_text_clean(const char *text, gsize max)
{
    GString *clean = g_string_new(NULL);
    const char *end = text != NULL ? text + strlen(text) : text;
    gboolean marked = FALSE;

    while (text < end) {
        gunichar c = g_utf8_get_char_validated(text, end - text);
        gboolean invalid = c == (gunichar)-1 || c == (gunichar)-2;
        const char *next = invalid ? text + 1 : g_utf8_next_char(text);
        gboolean blank = c == '\t' || c == '\n' || c == '\r';
        gsize size = (gsize)(next - text);

        if (blank || invalid || is_harmful(c))
            size = 1;
        if (clean->len + size > max)
            break;
        if (blank) {
            if (clean->len == 0 || clean->str[clean->len - 1] != ' ')
                g_string_append_c(clean, ' ');
            marked = FALSE;
        } else if (invalid || is_harmful(c)) {
            if (!marked)
                g_string_append_c(clean, '?');
            marked = TRUE;
        } else {
            g_string_append_len(clean, text, (gssize)size);
            marked = FALSE;
        }
        text = next;
    }
    return g_string_free(clean, FALSE);
}

gboolean
sm_text_is_clean(const char *text, gsize length)
{
    if (memchr(text, '\0', length) != NULL || !g_utf8_validate(text, (gssize)length, NULL))
        return FALSE;
    for (const char *c = text; c < text + length; c = g_utf8_next_char(c))
        if (is_harmful(g_utf8_get_char(c)))
            return FALSE;
    return TRUE;
}

gint
sm_text_compare(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

char *
sm_text_size(guint64 bytes)
{
    g_autofree char *size = g_format_size(bytes);
    g_auto(GStrv) words = g_strsplit(size, "\xc2\xa0", -1); /* a no-break space */

    return g_strjoinv(" ", words);
}

char *
sm_text_date(gint64 when, gboolean utc, const char *format)
{
    g_autoptr(GDateTime) time =
        utc ? g_date_time_new_from_unix_utc(when) : g_date_time_new_from_unix_local(when);

    return time != NULL ? g_date_time_format(time, format) : g_strdup("?");
}

char *
sm_text_time(gint64 when)
{
    return sm_text_date(when, FALSE, "%Y-%m-%d %H:%M");
}

char *
sm_text_day(gint64 when)
{
    return sm_text_date(when, FALSE, "%Y-%m-%d");
}

char *
sm_text_time_utc(gint64 when)
{
    return sm_text_date(when, TRUE, "%Y-%m-%dT%H:%M:%SZ");
}

char *
sm_text_hex(const guint8 *bytes, gsize length)
{
    static const char digits[] = "0123456789abcdef";
    char *hex = g_malloc(2 * length + 1);

    for (gsize i = 0; i < length; i++) {
        hex[2 * i] = digits[bytes[i] >> 4];
        hex[2 * i + 1] = digits[bytes[i] & 15];
    }
    hex[2 * length] = '\0';
    return hex;
}

char *
sm_text_redact_url(const char *url)
{
    const char *coded = strcasestr(url, "%3f");
    gsize length = strcspn(url, "?#;&"); /* whatever a service puts there for a query */
    g_autofree char *visible =
        g_strndup(url, coded != NULL ? MIN(length, (gsize)(coded - url)) : length);
    const char *scheme_end = strstr(visible, "://");
    const char *host = scheme_end != NULL ? scheme_end + 3 : visible;
    /* Without a scheme host and path look alike: any '@' may end a user name. */
    gsize authority = scheme_end != NULL ? strcspn(host, "/") : strlen(host);
    const char *at = memrchr(host, '@', authority);
    g_autofree char *scheme = g_strndup(visible, (gsize)(host - visible));
    g_autofree char *shown = g_strconcat(scheme, at != NULL ? at + 1 : host, NULL);

    return sm_text_clean(shown, URL_SHOWN_MAX);
}

char *
sm_text_domain(const char *domain)
{
    g_autofree char *ascii = g_hostname_to_ascii(domain);
    gsize length = ascii != NULL ? strlen(ascii) : 0;

    if (length > 0 && ascii[length - 1] == '.')
        ascii[--length] = '\0';
    return length > 0 ? g_ascii_strdown(ascii, -1) : NULL;
}

char *
sm_text_address(const char *address)
{
    g_autofree char *lower = g_utf8_strdown(address, -1);
    char *at = strrchr(lower, '@');
    char *domain = at != NULL ? at + 1 : lower;
    g_autofree char *canonical = sm_text_domain(domain);

    if (canonical == NULL)
        return g_steal_pointer(&lower);
    *domain = '\0';
    return g_strconcat(lower, canonical, NULL);
}
