#include "fetch/rules/listing.h"

#include <string.h>

#include "common/base/error.h"
#include "common/base/text.h"
#include "common/event/name.h"
#include "fetch/host/autoptr.h"
#include "fetch/rules/elements.h"
#include "fetch/rules/since.h"

enum {
    TEXT_MAX = 80,           /* bytes of a type or date */
    SHOWN_MAX = 5,           /* names that break the rules */
    INVALID_KEPT = 20,       /* the same */
    REFUSAL_MAX = 64 * 1024, /* bytes */
};

static const double number_max = 9007199254740992.0; /* 2^53: above it a double skips numbers */

static void
listed_free(gpointer data)
{
    SmListed *listed = data;

    g_free(listed->name);
    g_free(listed->type);
    g_free(listed->delivered);
    g_free(listed);
}

void
sm_listing_free(SmListing *listing)
{
    if (listing == NULL)
        return;
    g_ptr_array_unref(listing->files);
    g_ptr_array_unref(listing->invalid);
    g_free(listing);
}

/* A whole number that is not negative, written as one or as a string. */
static gint64
number_in(const char *row, gsize size, const char *key)
{
    g_autoptr(cJSON) member = sm_elements_parse(row, size, key);
    const char *text = cJSON_GetStringValue(member);
    double value;
    gint64 number;

    if (text != NULL) {
        g_autofree char *trimmed = g_strstrip(g_strdup(text));

        /* signed: a size is an offset of a file, too */
        return g_ascii_string_to_signed(trimmed, 10, 0, G_MAXINT64, &number, NULL)
                   ? number
                   : SM_LISTED_UNKNOWN;
    }
    if (!cJSON_IsNumber(member))
        return SM_LISTED_UNKNOWN;
    value = cJSON_GetNumberValue(member);
    /* in range first: a conversion of what is not is undefined */
    if (value >= 0 && value <= number_max && (double)(gint64)value == value)
        return (gint64)value;
    return SM_LISTED_UNKNOWN;
}

/* Caller frees; NULL for what is missing, empty or no text. */
static char *
text_in(const char *row, gsize size, const char *key)
{
    g_autoptr(cJSON) member = sm_elements_parse(row, size, key);
    const char *text = cJSON_GetStringValue(member);
    char *clean = text != NULL ? g_strstrip(sm_text_clean(text, TEXT_MAX)) : NULL;

    if (clean != NULL && *clean == '\0')
        g_clear_pointer(&clean, g_free);
    return clean;
}

static SmListed *
read_row(const char *row, gsize size, const char *name)
{
    g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
    SmListed *listed = g_new0(SmListed, 1);

    listed->name = g_strdup(name);
    listed->type = text_in(row, size, "fileType");
    listed->size = number_in(row, size, "fileSize");
    listed->records = number_in(row, size, "recordCount");
    listed->delivered = text_in(row, size, "deliveryDate");
    if (listed->delivered != NULL &&
        (!sm_since_read_time(listed->delivered, utc, &listed->delivered_at) ||
         listed->delivered_at < 0))
        listed->delivered_at = 0;
    return listed;
}

/* by_name: name -> its place in files, plus 1. */
static void
add(SmListing *listing, GHashTable *by_name, SmListed *listed)
{
    guint place = GPOINTER_TO_UINT(g_hash_table_lookup(by_name, listed->name));
    gpointer *slot;

    if (place == 0) {
        g_ptr_array_add(listing->files, listed);
        g_hash_table_insert(by_name, listed->name, GUINT_TO_POINTER(listing->files->len));
        return;
    }
    listing->repeated++;
    slot = &listing->files->pdata[place - 1];
    if (listed->delivered_at > ((SmListed *)*slot)->delivered_at) {
        g_hash_table_replace(by_name, listed->name, GUINT_TO_POINTER(place));
        listed_free(*slot);
        *slot = listed;
    } else {
        listed_free(listed);
    }
}

/* Adds what the row, of size bytes, says of a file. */
static void
read_element(SmListing *listing, GHashTable *by_name, const char *row, gsize size)
{
    g_autoptr(cJSON) member = sm_elements_parse(row, size, "fileName");
    const char *name = cJSON_GetStringValue(member);

    if (name != NULL &&
        sm_name_check(name, strlen(name), sm_default_extensions, NULL) != SM_NAME_INVALID) {
        if (listing->files->len < SM_LISTING_MAX || g_hash_table_contains(by_name, name))
            add(listing, by_name, read_row(row, size, name));
        else
            listing->left_out++;
        return;
    }
    if (listing->invalid_count++ < INVALID_KEPT)
        g_ptr_array_add(listing->invalid, name != NULL ? sm_text_clean(name, SM_TEXT_SHOWN_MAX)
                                                       : g_strdup("(a row without a name)"));
}

SmListing *
sm_listing_parse(const char *text, gsize length, GError **error)
{
    g_autoptr(SmListing) listing = g_new0(SmListing, 1);
    g_autoptr(GHashTable) by_name = g_hash_table_new(g_str_hash, g_str_equal);
    SmElements rows;
    const char *row;
    gsize size;

    listing->files = g_ptr_array_new_with_free_func(listed_free);
    listing->invalid = g_ptr_array_new_with_free_func(g_free);
    rows.broken = !sm_elements_find(&rows, text, length, "files");
    while (!rows.broken && (row = sm_elements_next(&rows, &size)) != NULL)
        read_element(listing, by_name, row, size);
    if (!rows.broken)
        return g_steal_pointer(&listing);
    return sm_error_null(error, SM_ERROR_SERVICE, "the answer is no listing");
}

gboolean
sm_listing_is_refused(const char *text, gsize length)
{
    static const char *const words[] = {"message", "errorMessage", "error"};
    g_autoptr(cJSON) json = length <= REFUSAL_MAX ? cJSON_ParseWithLength(text, length) : NULL;
    gboolean refused = FALSE;

    for (gsize i = 0; i < G_N_ELEMENTS(words) && !cJSON_HasObjectItem(json, "files"); i++) {
        const cJSON *member = cJSON_GetObjectItem(json, words[i]);
        const char *said = cJSON_GetStringValue(member);

        refused |= cJSON_IsObject(member) || (said != NULL && *said != '\0');
    }
    return refused;
}

char *
sm_listing_describe_invalid(const SmListing *listing, const char *account)
{
    guint count = listing->invalid_count;
    g_autoptr(GString) names = g_string_new(NULL);

    if (count == 0)
        return NULL;
    for (guint i = 0; i < MIN(listing->invalid->len, SHOWN_MAX); i++)
        g_string_append_printf(names, "%s\"%s\"", i > 0 ? ", " : "",
                               (char *)listing->invalid->pdata[i]);
    return g_strdup_printf("account %s: %u invalid names in the listing, ignored: %s%s; download "
                           "at the portal what is missing here",
                           account, count, names->str, count > SHOWN_MAX ? " ..." : "");
}

void
sm_listing_warn(const SmListing *listing, const char *account)
{
    g_autofree char *invalid = sm_listing_describe_invalid(listing, account);

    if (invalid != NULL)
        g_warning("%s", invalid);
    if (listing->left_out > 0)
        g_warning("account %s: the listing has %u files more than the %d that are looked at: sync"
                  " in smaller steps, with --since",
                  account, listing->left_out, SM_LISTING_MAX);
    if (listing->repeated > 0)
        g_info("account %s: %u rows of the listing repeat a file", account, listing->repeated);
}
