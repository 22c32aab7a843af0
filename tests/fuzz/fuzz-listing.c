/*
 * The service's listing: whatever it says, what is used of it are well-formed
 * names, each once, with texts that are fit for a terminal and numbers that are
 * some or not known.
 */
#include <string.h>

#include "common/base/error.h"
#include "common/base/text.h"
#include "common/event/name.h"
#include "fetch/rules/listing.h"
#include "fuzz.h"

static void
assert_text(const char *text)
{
    g_assert_true(text == NULL || (*text != '\0' && sm_text_is_clean(text, strlen(text))));
}

static void
assert_sound(const SmListed *listed, GHashTable *seen)
{
    g_assert_cmpint(sm_name_check(listed->name, strlen(listed->name), sm_default_extensions, NULL),
                    !=, SM_NAME_INVALID);
    g_assert_true(g_hash_table_add(seen, listed->name));
    assert_text(listed->type);
    assert_text(listed->delivered);
    g_assert_cmpint(listed->size, >=, SM_LISTED_UNKNOWN);
    g_assert_cmpint(listed->records, >=, SM_LISTED_UNKNOWN);
    g_assert_cmpint(listed->delivered_at, >=, 0);
}

int
LLVMFuzzerTestOneInput(const guint8 *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(SmListing) listing = sm_listing_parse((const char *)data, size, &error);
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

    if (listing == NULL) {
        g_assert_error(error, SM_ERROR, SM_ERROR_SERVICE);
        return 0;
    }
    g_assert_no_error(error);
    for (guint i = 0; i < listing->files->len; i++)
        assert_sound(listing->files->pdata[i], seen);
    for (guint i = 0; i < listing->invalid->len; i++) {
        const char *name = listing->invalid->pdata[i];

        g_assert_true(sm_text_is_clean(name, strlen(name)));
    }
    return 0;
}
