/* HTML to names: what is found is well formed, and found again. */
#include <string.h>

#include "common/base/text.h"
#include "filter/message/markup.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const guint8 *data, size_t size)
{
    const char *html = (const char *)data;
    g_autoptr(SmFindings) findings = sm_findings_new();
    gboolean found = sm_markup_read(html, size, findings);
    guint count = findings->names->len;

    fuzz_assert_names((char *const *)findings->names->pdata, count);
    g_assert_cmpint(found, ==, count > 0 || findings->fault != NULL);
    /* Parts that are no candidates are never parsed: they must not be able to hold anything. */
    g_assert_true(!found || sm_markup_is_candidate(html, size));
    if (findings->fault != NULL)
        g_assert_true(sm_text_is_clean(findings->fault, strlen(findings->fault)));

    g_assert_cmpint(sm_markup_read(html, size, findings), ==, found);
    g_assert_cmpuint(findings->names->len, ==, count);
    return 0;
}
