#include "fetch/report/html.h"

#include <string.h>

#include "common/base/text.h"

enum { TEXT_MAX = 2000 /* bytes: longer than any reason */ };

static void
add_text(GString *to, const char *text)
{
    g_autofree char *clean = sm_text_clean(text, TEXT_MAX);
    g_autofree char *escaped = g_markup_escape_text(clean, -1);

    g_string_append(to, escaped);
}

void
sm_html_add(GString *to, const char *form, ...)
{
    va_list values;

    va_start(values, form);
    while (*form != '\0') {
        gsize plain = strcspn(form, "%");

        g_string_append_len(to, form, (gssize)plain);
        form += plain;
        if (*form == '\0')
            break;
        form++;
        if (*form == 's') {
            add_text(to, va_arg(values, const char *));
        } else if (*form == 'd') {
            g_string_append_printf(to, "%d", va_arg(values, int));
        } else if (g_str_has_prefix(form, G_GINT64_FORMAT)) {
            g_string_append_printf(to, "%" G_GINT64_FORMAT, va_arg(values, gint64));
            form += strlen(G_GINT64_FORMAT) - 1;
        } else {
            g_assert(*form == '%');
            g_string_append_c(to, '%');
        }
        form++;
    }
    va_end(values);
}

void
sm_html_add_time(GString *to, gint64 when, char *(*local)(gint64 when))
{
    g_autofree char *utc = sm_text_time_utc(when);
    g_autofree char *text = local(when);

    if (when == 0)
        sm_html_add(to, "never");
    else
        sm_html_add(to, "<time datetime=\"%s\">%s</time>", utc, text);
}

char *
sm_html_number(gint64 number)
{
    GString *text = g_string_new(NULL);

    g_string_printf(text, "%" G_GINT64_FORMAT, number);
    for (gssize i = (gssize)text->len - 3; i > (number < 0 ? 1 : 0); i -= 3)
        g_string_insert_c(text, i, ',');
    return g_string_free(text, FALSE);
}

char *
sm_html_count(gint64 number, const char *word)
{
    g_autofree char *text = sm_html_number(number);

    return g_strdup_printf("%s %s%s", text, word, number == 1 ? "" : "s");
}

char *
sm_html_span(gint64 seconds)
{
    static const struct {
        gint64 seconds;
        const char *one, *many;
    } units[] = {{86400, "day", "days"}, {3600, "h", "h"}, {60, "min", "min"}, {1, "s", "s"}};
    gsize unit = 0;
    gint64 count, rest;

    while (unit + 1 < G_N_ELEMENTS(units) && seconds < units[unit].seconds)
        unit++;
    count = seconds / units[unit].seconds;
    rest = unit < 2 ? seconds % units[unit].seconds / units[unit + 1].seconds : 0;
    if (rest == 0)
        return g_strdup_printf("%" G_GINT64_FORMAT " %s", count,
                               count == 1 ? units[unit].one : units[unit].many);
    return g_strdup_printf("%" G_GINT64_FORMAT " %s %" G_GINT64_FORMAT " %s", count,
                           count == 1 ? units[unit].one : units[unit].many, rest,
                           rest == 1 ? units[unit + 1].one : units[unit + 1].many);
}
