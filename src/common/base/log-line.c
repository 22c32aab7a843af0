#include "common/base/log-line.h"

#include <string.h>

#include "common/base/text.h"

enum { VALUE_MAX = 2000 /* bytes */ };

void
sm_log_line_add(GString *line, const char *key, const char *value)
{
    g_autofree char *clean = sm_text_clean(value, VALUE_MAX);
    gboolean quoted = *clean == '\0' || strpbrk(clean, " \"\\=") != NULL;

    g_string_append_printf(line, "%s%s=%s", line->len > 0 ? " " : "", key, quoted ? "\"" : "");
    for (const char *c = clean; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\')
            g_string_append_c(line, '\\');
        g_string_append_c(line, *c);
    }
    if (quoted)
        g_string_append_c(line, '"');
}
