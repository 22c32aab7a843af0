#include "mime.h"

#include <string.h>

#include "headers.h"
#include "parts.h"

enum { HEADER_MAX = 1024 * 1024 }; /* bytes of the header of an unusable message */

/* Octets that belong to somebody else. */
typedef struct {
    const char *data;
    gsize length;
} Octets;

/* Whether the line from at to the line feed at end is blank, or a "From " line of an mbox. */
static gboolean
is_prologue(const char *at, const char *end)
{
    if (end == at || (end == at + 1 && *at == '\r'))
        return TRUE;
    if (*at == '>')
        at++;
    return end - at >= 5 && memcmp(at, "From ", 5) == 0;
}

/* The message itself: mailboxes and files put "From " lines, blank lines, a byte order mark before.
 */
static Octets
without_prologue(const char *at, gsize length)
{
    const char *end = at + length;
    const char *line_end;

    if (length >= 3 && memcmp(at, "\357\273\277", 3) == 0)
        at += 3;
    while ((line_end = memchr(at, '\n', (gsize)(end - at))) != NULL && is_prologue(at, line_end))
        at = line_end + 1;
    return (Octets){at, (gsize)(end - at)};
}

/* Up to the blank line that ends it. */
static Octets
header_of(Octets message)
{
    const char *end = memmem(message.data, message.length, "\n\n", 2);
    const char *crlf_end = memmem(message.data, message.length, "\n\r\n", 3);

    if (end == NULL || (crlf_end != NULL && crlf_end < end))
        end = crlf_end;
    if (end != NULL)
        message.length = (gsize)(end - message.data) + 1;
    message.length = MIN(message.length, HEADER_MAX);
    return message;
}

/* GMime reads the octets where they lie: a view on them, never to be resized. */
static GByteArray
view_of(Octets octets)
{
    return (GByteArray){(guint8 *)octets.data, (guint)octets.length};
}

static gboolean
is_compound_document(Octets message)
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

SmEvent *
sm_mime_unusable_bare(const char *message, gsize length, const char *reason)
{
    SmEvent *event = sm_event_new(SM_EVENT_UNUSABLE);

    set(&event->reason, g_strdup(reason));
    set(&event->html_sha256,
        g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)message, length));
    return event;
}

SmEvent *
sm_mime_unusable(const char *message, gsize length, const char *reason)
{
    GByteArray header = view_of(header_of(without_prologue(message, length)));
    g_autoptr(GMimeMessage) root = sm_parts_parse(&header);
    SmEvent *event = sm_mime_unusable_bare(message, length, reason);

    if (root != NULL)
        sm_headers_read(root, event);
    return event;
}

SmEvent *
sm_mime_read(const char *data, gsize length, SmCharsets *charsets)
{
    Octets message = without_prologue(data, length);
    GByteArray bytes = view_of(message);
    g_autoptr(SmFindings) findings = sm_findings_new();
    g_autoptr(GMimeMessage) root = NULL;
    char *html_sha256;
    SmEvent *event;

    if (is_compound_document(message))
        return sm_mime_unusable_bare(data, length,
                                     "this is an Outlook .msg file, not a message as mail systems "
                                     "hand it on: save it as .eml, or pipe the message itself");
    root = sm_parts_parse(&bytes);
    html_sha256 = root != NULL ? sm_parts_search(root, charsets, findings) : NULL;
    if (html_sha256 == NULL)
        return NULL;
    event = event_of(findings, html_sha256);
    sm_headers_read(root, event);
    return event;
}
