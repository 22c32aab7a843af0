#include "filter/message/auth-results.h"

#include <string.h>

#include "common/event/event.h"
#include "filter/message/token.h"

enum {
    HEADER_MAX = 16 * 1024, /* bytes */
    VALUE_MAX = 255,        /* bytes: a domain name's; longer ones are none of ours */
};

#define BLANKS " \t\r\n"
#define UNCLEAR "unclear"

/* A part of the header between two semicolons: its words, as they were written but for comments. */
typedef struct {
    GPtrArray *words; /* of char *; owned */
    gboolean bad;     /* a comment or a quoted string has no end, or a comment no beginning */
} Part;

static void
part_free(Part *part)
{
    g_ptr_array_unref(part->words);
    g_free(part);
}

/* The word at *at, which moves behind it. Caller frees. */
static char *
take_word(const char **at, gboolean *bad)
{
    const char *start = *at;

    while (**at != '\0' && strchr(BLANKS ";(", **at) == NULL) {
        *bad |= **at == ')';
        *at = **at == '"' ? sm_token_skip(*at, bad) : *at + 1;
    }
    return g_strndup(start, (gsize)(*at - start));
}

/* The part at *at, which moves behind it. Caller frees. */
static Part *
take_part(const char **at)
{
    Part *part = g_new0(Part, 1);

    part->words = g_ptr_array_new_with_free_func(g_free);
    while (**at != '\0' && **at != ';') {
        if (strchr(BLANKS, **at) != NULL)
            (*at)++;
        else if (**at == '(')
            *at = sm_token_skip(*at, &part->bad);
        else
            g_ptr_array_add(part->words, take_word(at, &part->bad));
    }
    return part;
}

/* Caller frees. */
static GPtrArray *
split(const char *value)
{
    GPtrArray *parts = g_ptr_array_new_with_free_func((GDestroyNotify)part_free);

    for (;;) {
        g_ptr_array_add(parts, take_part(&value));
        if (*value == '\0')
            return parts;
        value++;
    }
}

static gboolean
is_plain(const char *value)
{
    gsize length = strlen(value);

    if (length == 0 || length > VALUE_MAX)
        return FALSE;
    for (const char *c = value; *c != '\0'; c++)
        if (!g_ascii_isgraph(*c) || strchr("\"\\()", *c) != NULL)
            return FALSE;
    return TRUE;
}

static gboolean
is_keyword(const char *word, gsize length)
{
    return length > 0 && strspn(word, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-_") >= length;
}

/* The name of a mail system that the first part gives, in the one version there is (RFC 8601, 2.2);
 * NULL if it gives none. Caller frees. */
static char *
server_of(const Part *part)
{
    g_autofree char *name = NULL;
    gsize length;

    if (part->bad || part->words->len == 0 || part->words->len > 2 ||
        (part->words->len == 2 && strcmp(part->words->pdata[1], "1") != 0))
        return NULL;
    name = g_strdup(part->words->pdata[0]);
    length = strlen(name);
    if (length > 2 && name[0] == '"' && name[length - 1] == '"') {
        memmove(name, name + 1, length - 2);
        name[length - 2] = '\0';
    }
    return is_plain(name) && strchr(name, '=') == NULL ? g_steal_pointer(&name) : NULL;
}

/* Whether a pass depends on what the property says. */
static gboolean
is_decisive(const char *name)
{
    return strcmp(name, "header.d") == 0 || strcmp(name, "header.i") == 0 ||
           strcmp(name, "header.from") == 0;
}

/* Adds a property of the message's header to line. FALSE where it is a decisive one that is not
 * written plainly. */
static gboolean
add_property(const char *word, GString *line)
{
    const char *equals = strchr(word, '=');
    g_autofree char *name =
        g_ascii_strdown(word, equals != NULL ? equals - word : (gssize)strlen(word));

    if (!g_str_has_prefix(name, "header"))
        return TRUE;
    if (equals == NULL || !g_str_has_prefix(name, "header.") ||
        !is_keyword(name + strlen("header."), strlen(name + strlen("header."))))
        return FALSE;
    if (is_plain(equals + 1) && (is_decisive(name) || line->len < SM_EVENT_STRING_MAX / 2))
        g_string_append_printf(line, " %s=%s", name, equals + 1);
    else
        return !is_decisive(name);
    return TRUE;
}

/* The result that part gives, as a line behind prefix; NULL if it gives none. Caller frees. */
static char *
line_of(const Part *part, const char *prefix, char **method)
{
    g_autoptr(GString) line = g_string_new(NULL);
    const char *word = part->words->len > 0 ? part->words->pdata[0] : "";
    const char *equals = strchr(word, '=');
    gboolean clear = !part->bad && equals != NULL;

    *method = g_ascii_strdown(word, (gssize)strcspn(word, "=/"));
    if (!is_keyword(*method, strlen(*method)))
        return NULL;
    if (strcmp(word, *method) == 0 && strcmp(word, "none") == 0 && part->words->len == 1)
        return g_strconcat(prefix, " none", NULL);
    clear = clear && word + strlen(*method) == equals && is_keyword(equals + 1, strlen(equals + 1));
    if (clear) {
        g_autofree char *result = g_ascii_strdown(equals + 1, -1);

        g_string_printf(line, "%s %s=%s", prefix, *method, result);
    }
    for (guint i = 1; clear && i < part->words->len; i++)
        clear = add_property(part->words->pdata[i], line);
    /* A line that is cut could end in another domain than the one that was checked. */
    if (!clear || line->len > SM_EVENT_STRING_MAX)
        return g_strconcat(prefix, " ", *method, "=" UNCLEAR, NULL);
    return g_string_free(g_steal_pointer(&line), FALSE);
}

/* Whether a header above, among the first count results, has told of the method, or that it has
 * checked nothing. */
static gboolean
is_told_above(const GPtrArray *results, guint count, const char *prefix, const char *method)
{
    gsize length = strlen(prefix);

    for (guint i = 0; i < count; i++) {
        const char *line = results->pdata[i];

        if (g_ascii_strncasecmp(line, prefix, length) != 0 || line[length] != ' ')
            continue;
        line += length + 1;
        if (strcmp(line, "none") == 0 ||
            (g_str_has_prefix(line, method) && line[strlen(method)] == '='))
            return TRUE;
    }
    return FALSE;
}

static void
add(GPtrArray *results, char *line)
{
    if (results->len < SM_EVENT_LIST_MAX)
        g_ptr_array_add(results, line);
    else
        g_free(line);
}

void
sm_auth_results_read(const char *value, guint hops, GPtrArray *results)
{
    guint before = results->len;
    g_autoptr(GPtrArray) parts = NULL;
    g_autofree char *server = NULL;
    g_autofree char *prefix = NULL;
    const Part *last;

    if (strnlen(value, HEADER_MAX + 1) > HEADER_MAX)
        return;
    parts = split(value);
    server = server_of(parts->pdata[0]);
    if (server == NULL)
        return;
    prefix = g_strdup_printf("%u %s", hops, server);
    for (guint i = 1; i < parts->len; i++) {
        g_autofree char *method = NULL;
        char *line = line_of(parts->pdata[i], prefix, &method);

        if (line != NULL && is_told_above(results, before, prefix, method))
            g_clear_pointer(&line, g_free);
        if (line != NULL)
            add(results, line);
    }
    /* What has no end may have swallowed that the message failed. */
    last = parts->pdata[parts->len - 1];
    if (last->bad)
        add(results, g_strconcat(prefix, " dmarc=" UNCLEAR, NULL));
}
