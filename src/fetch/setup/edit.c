#include "fetch/setup/edit.h"

#include <string.h>

#define BEGIN "# >>> scorefetch setup"
#define END "# <<< scorefetch setup"

/* Where in the lines of a text something stands. */
typedef struct {
    int header;  /* the group's; -1: there is no such group */
    int setting; /* the key's; -1: none */
    int last;    /* the group's last setting, or its header */
} Place;

static GPtrArray *
split(const char *text)
{
    GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
    g_autofree char **pieces = g_strsplit(text, "\n", -1);

    for (char **piece = pieces; *piece != NULL; piece++)
        g_ptr_array_add(lines, *piece);
    return lines;
}

static char *
join(GPtrArray *lines)
{
    g_ptr_array_add(lines, NULL);
    return g_strjoinv("\n", (char **)lines->pdata);
}

/* The name of the group that line begins; NULL: none. Caller frees. */
static char *
header_name(const char *line)
{
    g_autofree char *stripped = g_strstrip(g_strdup(line));
    gsize length = strlen(stripped);

    return length > 2 && *stripped == '[' && stripped[length - 1] == ']'
               ? g_strndup(stripped + 1, length - 2)
               : NULL;
}

/* What line sets key to; NULL: it sets something else, or nothing. Caller frees. */
static char *
value_of(const char *line, const char *key)
{
    const char *equals = strchr(line, '=');
    g_autofree char *name =
        equals != NULL ? g_strstrip(g_strndup(line, (gsize)(equals - line))) : NULL;

    return name != NULL && (key == NULL ? *name != '#' : strcmp(name, key) == 0)
               ? g_strstrip(g_strdup(equals + 1))
               : NULL;
}

static Place
find(GPtrArray *lines, const char *group, const char *key)
{
    Place place = {-1, -1, -1};
    gboolean inside = FALSE;

    for (guint i = 0; i < lines->len; i++) {
        g_autofree char *header = header_name(lines->pdata[i]);
        g_autofree char *setting = header == NULL ? value_of(lines->pdata[i], NULL) : NULL;
        g_autofree char *value = header == NULL ? value_of(lines->pdata[i], key) : NULL;

        if (header != NULL) {
            inside = place.header < 0 && strcmp(header, group) == 0;
            place.header = inside ? (int)i : place.header;
            place.last = inside ? (int)i : place.last;
        } else if (inside && setting != NULL) {
            place.last = (int)i;
            place.setting = value != NULL && place.setting < 0 ? (int)i : place.setting;
        }
    }
    return place;
}

char *
sm_edit_value(const char *text, const char *group, const char *key)
{
    g_autoptr(GPtrArray) lines = split(text);
    Place place = find(lines, group, key);
    g_autofree char *value = place.setting >= 0 ? value_of(lines->pdata[place.setting], key) : NULL;

    return value != NULL && *value != '\0' ? g_steal_pointer(&value) : NULL;
}

static const char *
line_end(const char *text)
{
    return strstr(text, "\r\n") != NULL ? "\r" : "";
}

char *
sm_edit_set(const char *text, const char *group, const char *key, const char *value)
{
    g_autoptr(GPtrArray) lines = split(text);
    g_autofree char *present = sm_edit_value(text, group, key);
    g_autofree char *line =
        value != NULL ? g_strdup_printf("%s = %s%s", key, value, line_end(text)) : NULL;
    Place place = find(lines, group, key);
    gsize length = strlen(text);

    if (g_strcmp0(present, value) == 0)
        return g_strdup(text);
    if (place.setting >= 0 && value != NULL) {
        g_free(lines->pdata[place.setting]);
        lines->pdata[place.setting] = g_steal_pointer(&line);
    } else if (place.setting >= 0) {
        g_ptr_array_remove_index(lines, (guint)place.setting);
    } else if (place.header >= 0) {
        g_ptr_array_insert(lines, place.last + 1, g_steal_pointer(&line));
        if ((guint)place.last + 2 == lines->len) /* that was no whole line */
            g_ptr_array_add(lines, g_strdup(""));
    } else {
        return g_strdup_printf("%s%s%s[%s]%s\n%s\n", text,
                               length > 0 && text[length - 1] != '\n' ? "\n" : "",
                               length == 0               ? ""
                               : *line_end(text) == '\r' ? "\r\n"
                                                         : "\n",
                               group, line_end(text), line);
    }
    return join(lines);
}

char *
sm_edit_without_block(const char *text)
{
    const char *begin = strstr(text, BEGIN);
    const char *end = begin != NULL ? strstr(begin, END) : NULL;
    g_autofree char *before = NULL;

    if (end == NULL || (begin != text && begin[-1] != '\n'))
        return NULL;
    end += strcspn(end, "\n");
    end += *end == '\n' ? 1 : 0;
    before = g_strndup(text, (gsize)(begin - text));
    return g_strconcat(before, end, NULL);
}

char *
sm_edit_block(const char *text, const char *block)
{
    const char *begin = strstr(text, BEGIN);
    g_autofree char *rest = sm_edit_without_block(text);
    gsize before = rest != NULL ? (gsize)(begin - text) : 0;
    g_autofree char *head = g_strndup(text, before);
    g_autoptr(GString) ours = g_string_new(NULL);

    g_string_printf(ours, BEGIN " (what is between these lines is written anew)\n%s%s" END "\n",
                    block, g_str_has_suffix(block, "\n") ? "" : "\n");
    if (*line_end(text) == '\r')
        g_string_replace(ours, "\n", "\r\n", 0);
    return g_strconcat(head, ours->str, (rest != NULL ? rest : text) + before, NULL);
}
