#include "common/config/lists.h"

#include <arpa/inet.h>
#include <string.h>

#include "common/base/error.h"
#include "common/base/text.h"
#include "common/event/name.h"

#define LETTERS "abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"

typedef struct {
    const char *separators;
    gboolean (*is_sound)(const char *item); /* in lower case */
    const char *allowed;
    const char *none;    /* the word for an empty list; NULL: there is none */
    gboolean is_address; /* or a domain */
} List;

#define BLANKS_TOO ",; "
#define LIST(...)                                                                                  \
    {                                                                                              \
        parse_list, &(const List){__VA_ARGS__}, (GDestroyNotify)g_strfreev                         \
    }

/* A URL in place of a host may be a presigned one: its query is a key to a file. */
static char *
show_item(const char *item)
{
    return strstr(item, "://") != NULL ? sm_text_redact_url(item)
                                       : sm_text_clean(item, SM_TEXT_SHOWN_MAX);
}

static gboolean
parse_list(const char *text, const void *terms, void *result, GError **error)
{
    const List *list = terms;
    g_auto(GStrv) pieces = g_strsplit_set(text, list->separators, -1);
    g_autoptr(GPtrArray) items = g_ptr_array_new_with_free_func(g_free);
    gboolean none = g_strcmp0(text, list->none) == 0;

    for (char **piece = pieces; !none && *piece != NULL; piece++) {
        const char *word = g_strstrip(*piece);
        g_autofree char *item =
            list->is_address ? sm_text_address(word) : g_ascii_strdown(word, -1);

        if (*item == '\0')
            continue;
        if (!list->is_sound(item)) {
            g_autofree char *shown = show_item(*piece);

            return sm_error_set(error, SM_ERROR_CONFIG,
                                "\"%s\" is invalid; allowed: %s, several of them separated by "
                                "commas%s",
                                shown, list->allowed,
                                strchr(list->separators, ' ') != NULL ? ", semicolons or blanks"
                                                                      : " or semicolons");
        }
        g_ptr_array_add(items, g_steal_pointer(&item));
    }
    if (items->len == 0 && !none)
        return sm_error_set(error, SM_ERROR_CONFIG, "the list is empty; allowed: %s",
                            list->allowed);
    g_ptr_array_add(items, NULL);
    *(GStrv *)result = (GStrv)g_ptr_array_free(g_steal_pointer(&items), FALSE);
    return TRUE;
}

static gboolean
is_extension(const char *item)
{
    gsize length = strlen(item);

    return length <= SM_EXTENSION_MAX && strspn(item, LETTERS DIGITS) == length;
}

const SmValue sm_value_extensions =
    LIST(BLANKS_TOO, is_extension, "extensions without the dot, as in csv or zip", NULL);

static gboolean
is_file_type(const char *item)
{
    return sm_text_is_clean(item, strlen(item));
}

const SmValue sm_value_file_types =
    LIST(",;", is_file_type, "types as `scorefetch list` shows them, as in Scores File", NULL);

static gboolean
is_recipient(const char *item)
{
    const char *at = strchr(item, '@');

    return at != NULL && at != item && at[1] != '\0' && strchr(at + 1, '@') == NULL &&
           strpbrk(item, "<>\"()\\") == NULL;
}

const SmValue sm_value_recipients =
    LIST(BLANKS_TOO, is_recipient, "mail addresses of the form USER@DOMAIN", NULL, TRUE);

static gboolean
is_org_id(const char *item)
{
    return strspn(item, LETTERS DIGITS "*?") == strlen(item);
}

const SmValue sm_value_org_ids = LIST(
    BLANKS_TOO, is_org_id, "numbers of organisations, as in 5818, or patterns with * and ?", NULL);

/* 40 or 64 digits are a fingerprint, 16 a long key ID; 8 would be a short one, which takes seconds
 * to forge. */
static gboolean
is_key_id(const char *item)
{
    const char *digits = g_str_has_prefix(item, "0x") ? item + 2 : item;
    gsize length = strlen(digits);

    return (length == 16 || length == 40 || length == 64) &&
           strspn(digits, "abcdef" DIGITS) == length;
}

const SmValue sm_value_key_ids =
    LIST(BLANKS_TOO, is_key_id,
         "none, or fingerprints of OpenPGP keys as gpg --list-keys shows them, or long "
         "key IDs of 16 digits (one of 8 digits could be anybody's)",
         "none");

static gboolean
is_port(const char *text)
{
    return g_ascii_string_to_unsigned(text, 10, 1, 65535, NULL, NULL);
}

static gboolean
is_ipv6_literal(const char *text, gsize length)
{
    g_autofree char *address = length > 2 ? g_strndup(text + 1, length - 2) : g_strdup("");
    struct in6_addr ignored;

    return text[0] == '[' && text[length - 1] == ']' && inet_pton(AF_INET6, address, &ignored) == 1;
}

static gboolean
is_label(const char *label)
{
    gsize length = strlen(label);

    return length > 0 && length <= 63 && strspn(label, LETTERS DIGITS "-_") == length &&
           label[0] != '-' && label[length - 1] != '-';
}

/* "*", or the beginning of a label up to a hyphen and "*". */
static gboolean
is_label_pattern(const char *label)
{
    gsize length = strlen(label);

    return length > 0 && length <= 63 && label[0] != '-' && label[length - 1] == '*' &&
           strspn(label, LETTERS DIGITS "-_") == length - 1 &&
           (length == 1 || label[length - 2] == '-');
}

/*
 * Labels separated by dots; a label may be "*" or end in "-*", but the last two never: a
 * pattern such as *.com would hand the file's request to anybody.
 */
static gboolean
is_host_pattern(const char *host)
{
    g_auto(GStrv) labels = g_strsplit(host, ".", -1);
    guint count = g_strv_length(labels);

    if (strlen(host) > 253)
        return FALSE;
    for (guint i = 0; i < count; i++)
        if (!is_label(labels[i]) && (!is_label_pattern(labels[i]) || i + 2 >= count))
            return FALSE;
    return count > 0;
}

static gboolean
parse_address(const char *text, const void *terms, void *result, GError **error)
{
    g_auto(GStrv) list = NULL;

    if (!sm_value_read(&sm_value_recipients, text, &list, error) || list == NULL)
        return FALSE;
    if (list[1] != NULL)
        return sm_error_set(error, SM_ERROR_CONFIG, "is a list; allowed: one address");
    *(char **)result = g_strdup(list[0]);
    return TRUE;
}

const SmValue sm_value_address = {parse_address, NULL, g_free};

/* A domain of its own: *.org would be nearly anybody. */
static gboolean
is_sender(const char *item)
{
    const char *at = strrchr(item, '@');
    const char *domain = at != NULL ? at + 1 : item;

    if (at != NULL && (!is_recipient(item) || strchr(item, '*') != NULL))
        return FALSE;
    if (at == NULL && g_str_has_prefix(domain, "*."))
        domain += strlen("*.");
    return strpbrk(domain, "*_") == NULL && strchr(domain, '.') != NULL && is_host_pattern(domain);
}

const SmValue sm_value_senders =
    LIST(BLANKS_TOO, is_sender,
         "mail addresses, domains, or *. and a domain for all below it, as in "
         "reports@example.org, example.org or *.example.org",
         NULL, TRUE);

static gboolean
is_storage_host(const char *item)
{
    const char *bracket = *item == '[' ? strchr(item, ']') : NULL;
    const char *colon = strchr(bracket != NULL ? bracket : item, ':');
    gsize length = colon != NULL ? (gsize)(colon - item) : strlen(item);
    g_autofree char *host = g_strndup(item, length);

    if (colon != NULL && !is_port(colon + 1))
        return FALSE;
    return bracket != NULL ? is_ipv6_literal(host, length) : is_host_pattern(host);
}

const SmValue sm_value_storage_hosts =
    LIST(BLANKS_TOO, is_storage_host,
         "host names, each alone or with :PORT, where * may stand for a part, or for "
         "what follows a hyphen in it, but not for the last two, as in "
         "*.s3-*.amazonaws.com",
         NULL);
