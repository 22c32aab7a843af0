#include "filter/message/markup.h"

#include <gumbo.h>
#include <string.h>

#include "common/base/text.h"
#include "common/event/event.h"
#include "common/event/name.h"

#define NUMBER "-0123456789"

static const char wanted_id[] = "fileName";

enum { FAULT_SHOWN_MAX = 80 };

SmFindings *
sm_findings_new(void)
{
    SmFindings *findings = g_new0(SmFindings, 1);

    findings->names = g_ptr_array_new_with_free_func(g_free);
    return findings;
}

void
sm_findings_free(SmFindings *findings)
{
    if (findings == NULL)
        return;
    g_clear_pointer(&findings->names, g_ptr_array_unref);
    g_free(findings->fault);
    g_free(findings);
}

const char *
sm_markup_find_candidate(const char *html, gsize length)
{
    return length > 0 ? memmem(html, length, wanted_id, strlen(wanted_id)) : NULL;
}

gboolean
sm_markup_is_candidate(const char *html, gsize length)
{
    return sm_markup_find_candidate(html, length) != NULL;
}

/* gumbo drops NULs in text, as the standard has it; a name with one must not become a good name. */
static GString *
without_nuls(const char *html, gsize length)
{
    GString *clean;

    if (memchr(html, '\0', length) == NULL)
        return NULL;
    clean = g_string_sized_new(length + length / 8);
    for (gsize i = 0; i < length; i++) {
        if (html[i] == '\0')
            g_string_append(clean, "\357\277\275");
        else
            g_string_append_c(clean, html[i]);
    }
    return clean;
}

/* Elements whose text a reader does not see. */
static gboolean
is_hidden(const GumboNode *node)
{
    if (node->type == GUMBO_NODE_TEMPLATE)
        return TRUE;
    if (node->type != GUMBO_NODE_ELEMENT)
        return FALSE;
    switch ((int)node->v.element.tag) {
    case GUMBO_TAG_SCRIPT:
    case GUMBO_TAG_STYLE:
    case GUMBO_TAG_TITLE:
    case GUMBO_TAG_TEXTAREA:
    case GUMBO_TAG_TEMPLATE:
        return TRUE;
    default:
        return FALSE;
    }
}

/* What follows a prefix that mail programs on the web put in front of each id when they forward a
 * message, and the number that most of them add; id where it has none. */
static const char *
behind_prefix(const char *id)
{
    static const struct {
        const char *word;
        gsize number; /* its digits and hyphens, at least */
    } known[] = {{"x_", 0} /* Outlook */, {"m_", 1}, {"gmail", 1}, {"yiv", 1} /* Yahoo */};

    for (gsize i = 0; i < G_N_ELEMENTS(known); i++) {
        const char *number = id;

        if (!g_str_has_prefix(id, known[i].word))
            continue;
        number += strlen(known[i].word);
        if (strspn(number, NUMBER) >= known[i].number)
            return number + strspn(number, NUMBER);
    }
    return id;
}

static gboolean
is_name_span(const GumboNode *node)
{
    const GumboAttribute *id;
    const char *value;
    gsize written;

    if (node->type != GUMBO_NODE_ELEMENT || node->v.element.tag != GUMBO_TAG_SPAN)
        return FALSE;
    id = gumbo_get_attribute(&node->v.element.attributes, "id");
    if (id == NULL)
        return FALSE;
    value = id->value;
    /* Written literally: a character reference makes the source longer than the value. */
    written = id->original_value.length;
    if (written > 0 && memchr("\"'", id->original_value.data[0], 2) != NULL)
        written -= 2;
    if (written != strlen(value))
        return FALSE;
    while (behind_prefix(value) != value)
        value = behind_prefix(value);
    return strcmp(value, wanted_id) == 0;
}

typedef struct {
    const GumboNode *node;
    guint next_child;
} Step;

/*
 * The node after the last of path in document order, without recursion since a
 * stranger decides about the depth; NULL at the end of the tree that path
 * began with. Nothing hidden is entered.
 */
static const GumboNode *
walk(GArray *path)
{
    while (path->len > 0) {
        Step *step = &g_array_index(path, Step, path->len - 1);
        const GumboVector *children = NULL;

        if (step->node->type == GUMBO_NODE_ELEMENT)
            children = &step->node->v.element.children;
        else if (step->node->type == GUMBO_NODE_DOCUMENT)
            children = &step->node->v.document.children;
        if (children != NULL && step->next_child < children->length) {
            Step child = {children->data[step->next_child++], 0};

            if (is_hidden(child.node))
                continue;
            g_array_append_val(path, child);
            return child.node;
        }
        g_array_set_size(path, path->len - 1);
    }
    return NULL;
}

static GArray *
path_from(const GumboNode *node)
{
    GArray *path = g_array_new(FALSE, FALSE, sizeof(Step));
    Step first = {node, 0};

    g_array_append_val(path, first);
    return path;
}

static gboolean
is_white_space(gunichar c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r';
}

/* Invisible characters: removed at the ends of a name, significant inside it. */
static gboolean
is_trimmed(gunichar c)
{
    GUnicodeType type = g_unichar_type(c);

    return is_white_space(c) || type == G_UNICODE_SPACE_SEPARATOR ||
           type == G_UNICODE_LINE_SEPARATOR || type == G_UNICODE_PARAGRAPH_SEPARATOR ||
           c == 0x200B || c == 0xFEFF || c == 0x00AD;
}

/* Whether a line end and one blank stand in text: HTML has it so where a line is wrapped, and so
 * does what breaks long lines on the way, within a word too. */
static gboolean
is_broken(const char *text, const char *end)
{
    for (; (text = memchr(text, '\n', (gsize)(end - text))) != NULL && end - text > 2; text++)
        if (text[1] == ' ' && !is_white_space((guchar)text[2]))
            return TRUE;
    return FALSE;
}

/* The text of an element as a reader sees it: white space collapsed, invisible ends taken off.
 * *broken tells whether it may be another one. */
static GString *
text_of(const GumboNode *element, gboolean *broken)
{
    g_autoptr(GArray) path = path_from(element);
    g_autoptr(GString) text = g_string_new(NULL);
    GString *name = g_string_new(NULL);
    g_autofree char *valid = NULL;
    const GumboNode *node;
    const char *start, *end;

    while ((node = walk(path)) != NULL)
        if (node->type == GUMBO_NODE_TEXT || node->type == GUMBO_NODE_WHITESPACE ||
            node->type == GUMBO_NODE_CDATA)
            g_string_append(text, node->v.text.text);

    /* gumbo makes bytes that are no UTF-8 of a reference to a number beyond its int */
    valid = g_utf8_make_valid(text->str, (gssize)text->len);
    start = valid;
    end = valid + strlen(valid);
    while (start < end && is_trimmed(g_utf8_get_char(start)))
        start = g_utf8_next_char(start);
    while (end > start && is_trimmed(g_utf8_get_char(g_utf8_prev_char(end))))
        end = g_utf8_prev_char(end);
    *broken = is_broken(start, end);
    for (; start < end; start++) {
        if (!is_white_space((guchar)*start))
            g_string_append_c(name, *start);
        else if (!is_white_space((guchar)start[-1]))
            g_string_append_c(name, ' ');
    }
    return name;
}

static void
add_name(SmFindings *findings, const GString *name)
{
    static const char *const any[] = {NULL};
    const char *why = NULL;

    if (sm_name_check(name->str, name->len, any, &why) == SM_NAME_INVALID) {
        if (findings->fault == NULL && name->len == 0) {
            findings->fault = g_strdup("the span is empty");
        } else if (findings->fault == NULL) {
            g_autofree char *shown = sm_text_clean(name->str, FAULT_SHOWN_MAX);

            findings->fault = g_strdup_printf("the name \"%s\" %s", shown, why);
        }
    } else if (findings->names->len < SM_EVENT_NAMES_MAX &&
               !g_ptr_array_find_with_equal_func(findings->names, name->str, g_str_equal, NULL)) {
        g_ptr_array_add(findings->names, g_strdup(name->str));
    }
}

static void *
pool_allocate(void *pool, size_t size)
{
    void *block = g_malloc(size);

    g_ptr_array_add(pool, block);
    return block;
}

static void
pool_keep(void *pool G_GNUC_UNUSED, void *block G_GNUC_UNUSED)
{
}

gboolean
sm_markup_read(const char *html, gsize length, SmFindings *findings)
{
    /* All freed at once at the end: gumbo frees its tree by recursion. g_malloc aborts where malloc
     * would fail, which gumbo does not check. */
    g_autoptr(GPtrArray) pool = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GString) clean = without_nuls(html, MIN(length, SM_MARKUP_SIZE_MAX));
    g_autoptr(GArray) path = NULL;
    GumboOptions options = kGumboDefaultOptions;
    const GumboNode *node;
    gboolean found = FALSE;

    options.allocator = pool_allocate;
    options.deallocator = pool_keep;
    options.userdata = pool;
    options.max_errors = 0;
    node = gumbo_parse_with_options(&options, clean != NULL ? clean->str : html,
                                    clean != NULL ? clean->len : MIN(length, SM_MARKUP_SIZE_MAX))
               ->document;
    path = path_from(node);
    while ((node = walk(path)) != NULL) {
        if (is_name_span(node)) {
            gboolean broken;
            g_autoptr(GString) name = text_of(node, &broken);

            if (broken && findings->fault == NULL) {
                g_autofree char *shown = sm_text_clean(name->str, FAULT_SHOWN_MAX);

                findings->fault =
                    g_strdup_printf("the name \"%s\" is broken over two lines", shown);
            }
            if (!broken)
                add_name(findings, name);
            found = TRUE;
        }
    }
    return found;
}
