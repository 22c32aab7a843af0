/*
 * A whole message, read as the parser child reads it, but without child and
 * sandbox: it ends, asks for no more character sets than there are rounds, and
 * what it says is a sound event. Nor does a look for mail loops fail, nor does
 * the scan of the raw bytes miss it.
 */
#include <string.h>

#include "filter/message/gmime-auto.h"
#include "filter/message/mime.h"
#include "filter/scan/scan.h"
#include "fuzz.h"
#include "rounds.h"

/* Asserts what the identity of an event relies on: a SHA-256 in hex. */
static void
assert_hash(const SmEvent *event)
{
    g_assert_cmpuint(strlen(event->html_sha256), ==, 64);
    g_assert_cmpuint(strspn(event->html_sha256, "0123456789abcdef"), ==, 64);
    g_assert_cmpuint(strlen(sm_event_identity(event)), >, 0);
}

int
LLVMFuzzerTestOneInput(const guint8 *data, size_t size)
{
    const char *message = (const char *)data;
    g_autoptr(SmEvent) event = NULL;
    g_autoptr(SmEvent) unusable = NULL;

    g_mime_init();
    event = fuzz_read_in_rounds(message, size);
    if (event != NULL) {
        g_assert_true(sm_scan_could_announce(message, size));
        fuzz_assert_event(event);
        assert_hash(event);
        g_assert_cmpint(event->kind == SM_EVENT_NAMES, ==, *event->reason == '\0');
    }
    sm_mime_loop(message, size);
    unusable = sm_mime_unusable(message, size, "for a test");
    g_assert_cmpint(unusable->kind, ==, SM_EVENT_UNUSABLE);
    fuzz_assert_event(unusable);
    assert_hash(unusable);
    return 0;
}
