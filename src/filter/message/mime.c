#include "filter/message/mime.h"

#include <string.h>

#include "filter/message/headers.h"
#include "filter/message/mend.h"
#include "filter/message/parts.h"
#include "filter/message/readings.h"
#include "filter/message/unusable.h"

/* GMime reads the octets where they lie: a view on them, never to be resized. */
static GByteArray
view_of(SmOctets octets)
{
    return (GByteArray){(guint8 *)octets.data, (guint)octets.length};
}

static gboolean
is_compound_document(SmOctets message)
{
    static const char magic[] = "\320\317\021\340\241\261\032\341";

    return message.length >= 8 && memcmp(message.data, magic, 8) == 0;
}

static void
set(char **field, char *value)
{
    g_free(*field);
    *field = value;
}

/* The event of findings; html_sha256 becomes its. */
static SmEvent *
event_of(SmFindings *findings, char *html_sha256)
{
    gboolean named = findings->names->len > 0;
    SmEvent *event = sm_event_new(named ? SM_EVENT_NAMES : SM_EVENT_NO_VALID_NAME);

    if (named) {
        GPtrArray *names = g_steal_pointer(&findings->names);

        g_ptr_array_add(names, NULL);
        g_strfreev(event->names);
        event->names = (GStrv)g_ptr_array_free(names, FALSE);
    } else {
        set(&event->reason, g_steal_pointer(&findings->fault));
    }
    set(&event->html_sha256, html_sha256);
    return event;
}

/* What the header of root says; nothing of who sent it where the lines of its header are guessed.
 */
static void
read_headers(GMimeMessage *root, const char *message, gsize length, SmEvent *event)
{
    sm_headers_read(root, event);
    if (sm_mend_is_doubtful(message, length)) {
        set(&event->from, g_strdup(""));
        g_strfreev(event->auth);
        event->auth = g_new0(char *, 1);
    }
}

SmEvent *
sm_mime_unusable(const char *message, gsize length, const char *reason)
{
    g_autoptr(GString) copy = NULL;
    GByteArray header = view_of(sm_mend_header(sm_mend(message, length, &copy)));
    g_autoptr(GMimeMessage) root = sm_parts_parse(&header);
    SmEvent *event = sm_unusable_event(message, length, reason);

    if (root != NULL)
        read_headers(root, message, length, event);
    return event;
}

/* As sm_parts_search(), in the other readings that a header leaves open. */
static char *
search_readings(SmOctets message, SmCharsets *charsets, SmFindings *findings)
{
    char *html_sha256 = NULL;
    GString *reading;

    for (guint i = 0; html_sha256 == NULL && sm_charsets_missing(charsets) == NULL &&
                      (reading = sm_reading(message, i)) != NULL;
         i++) {
        GByteArray bytes = view_of((SmOctets){reading->str, reading->len});
        GMimeMessage *root = sm_parts_parse(&bytes);

        if (root != NULL) {
            html_sha256 = sm_parts_search(root, charsets, findings);
            g_object_unref(root);
        }
        g_string_free(reading, TRUE);
    }
    return html_sha256;
}

SmEvent *
sm_mime_read(const char *data, gsize length, SmCharsets *charsets)
{
    g_autoptr(GString) copy = NULL;
    SmOctets message = sm_mend(data, length, &copy);
    GByteArray bytes = view_of(message);
    g_autoptr(SmFindings) findings = sm_findings_new();
    g_autoptr(GMimeMessage) root = NULL;
    char *html_sha256;
    SmEvent *event;

    if (is_compound_document(message))
        return sm_unusable_event(data, length,
                                 "this is an Outlook .msg file, not a message as mail systems "
                                 "deliver it; save it as .eml, or pipe the message itself");
    root = sm_parts_parse(&bytes);
    html_sha256 = root != NULL ? sm_parts_search(root, charsets, findings) : NULL;
    if (html_sha256 == NULL && root != NULL)
        html_sha256 = search_readings(message, charsets, findings);
    if (html_sha256 == NULL)
        return NULL;
    event = event_of(findings, html_sha256);
    read_headers(root, data, length, event);
    return event;
}

SmLoop
sm_mime_loop(const char *data, gsize length)
{
    g_autoptr(GString) copy = NULL;
    SmOctets message = sm_mend(data, length, &copy);
    GByteArray header = view_of(sm_mend_header(message));
    GByteArray bytes = view_of(message);
    g_autoptr(GMimeMessage) root = sm_parts_parse(&header);

    if (root != NULL && sm_loop_is_bounce(root)) {
        g_object_unref(root);
        root = sm_parts_parse(&bytes);
    }
    return root != NULL ? sm_loop_find(root) : SM_LOOP_NONE;
}
