/* The rules for file names: what passes is safe as a path component, and comes apart as it should.
 */
#include <string.h>

#include "common/base/text.h"
#include "common/event/name.h"
#include "fuzz.h"

static const char *const any[] = {NULL};

static void
assert_safe(const char *name)
{
    g_autofree char *base = g_path_get_basename(name);

    g_assert_cmpstr(base, ==, name);
    g_assert_cmpstr(name, !=, ".");
    g_assert_null(strstr(name, ".."));
    g_assert_true(g_ascii_isalnum(name[0]) || name[0] == '_');
    g_assert_true(g_str_is_ascii(name));
    g_assert_true(sm_text_is_clean(name, strlen(name)));
}

/* A name is its stem, a dot and its extension, and is wanted where that extension is. */
static void
assert_comes_apart(const char *name)
{
    g_autofree char *stem = sm_name_stem(name);
    const char *extension = sm_name_extension(name);
    g_autofree char *joined = g_strconcat(stem, ".", extension, NULL);
    g_autofree char *upper = g_ascii_strup(extension, -1);
    const char *const wanted[] = {"other", upper, NULL};
    gboolean by_default =
        g_ascii_strcasecmp(extension, "csv") == 0 || g_ascii_strcasecmp(extension, "txt") == 0;

    g_assert_cmpstr(joined, ==, name);
    g_assert_null(strchr(extension, '.'));
    g_assert_cmpuint(strlen(extension), <=, SM_EXTENSION_MAX);
    g_assert_cmpint(sm_name_check(name, strlen(name), wanted, NULL), ==, SM_NAME_VALID);
    g_assert_cmpint(sm_name_check(name, strlen(name), sm_default_extensions, NULL), ==,
                    by_default ? SM_NAME_VALID : SM_NAME_NOT_WANTED);
}

int
LLVMFuzzerTestOneInput(const guint8 *data, size_t size)
{
    const char *why = "untouched";
    SmNameVerdict verdict = sm_name_check((const char *)data, size, any, &why);
    g_autofree char *name = NULL;

    g_assert_cmpint(verdict == SM_NAME_INVALID, ==, why != NULL);
    g_assert_cmpint(sm_name_check((const char *)data, size, any, NULL), ==, verdict);
    g_assert_cmpint(verdict, !=, SM_NAME_VALID);
    if (verdict == SM_NAME_INVALID)
        return 0;
    g_assert_cmpuint(size, <=, SM_NAME_MAX);
    name = g_strndup((const char *)data, size);
    g_assert_cmpuint(strlen(name), ==, size); /* no NUL in it */
    assert_safe(name);
    assert_comes_apart(name);
    return 0;
}
