#include "filter/message/loop.h"

#include "filter/message/parts.h"

enum { RETURNED_MAX = 1024 * 1024 }; /* bytes of a returned message that are looked at */

static gboolean
is_alert(GMimeMessage *message)
{
    return g_mime_object_get_header(GMIME_OBJECT(message), SM_LOOP_ALERT_HEADER) != NULL;
}

/* Whether part is the message that a bounce returns, or its header, and that is an alert. */
static gboolean
returns_alert(GMimeObject *part)
{
    GMimeContentType *type = g_mime_object_get_content_type(part);
    g_autoptr(GMimeMessage) message = NULL;
    g_autoptr(GByteArray) bytes = NULL;

    if (GMIME_IS_MESSAGE_PART(part)) {
        message = g_mime_message_part_get_message(GMIME_MESSAGE_PART(part));
        if (message != NULL)
            g_object_ref(message);
    } else if (GMIME_IS_PART(part) &&
               (g_mime_content_type_is_type(type, "message", "*") ||
                g_mime_content_type_is_type(type, "text", "rfc822-headers"))) {
        bytes = sm_parts_message_in(GMIME_PART(part), RETURNED_MAX);
        message = sm_parts_parse(bytes);
    }
    return message != NULL && is_alert(message);
}

gboolean
sm_loop_is_bounce(GMimeMessage *message)
{
    GMimeObject *root = g_mime_message_get_mime_part(message);
    const char *report =
        root != NULL ? g_mime_object_get_content_type_parameter(root, "report-type") : NULL;

    return GMIME_IS_MULTIPART(root) && report != NULL &&
           g_ascii_strcasecmp(report, "delivery-status") == 0;
}

static gboolean
is_bounce_of_alert(GMimeMessage *message)
{
    GMimeObject *root = g_mime_message_get_mime_part(message);
    int count = sm_loop_is_bounce(message) ? g_mime_multipart_get_count(GMIME_MULTIPART(root)) : 0;

    for (int i = 0; i < count; i++)
        if (returns_alert(g_mime_multipart_get_part(GMIME_MULTIPART(root), i)))
            return TRUE;
    return FALSE;
}

static int
count_hops(GMimeMessage *message)
{
    GMimeHeaderList *headers = g_mime_object_get_header_list(GMIME_OBJECT(message));
    int hops = 0;

    for (int i = g_mime_header_list_get_count(headers); i > 0; i--) {
        GMimeHeader *header = g_mime_header_list_get_header_at(headers, i - 1);

        hops += g_ascii_strcasecmp(g_mime_header_get_name(header), "Received") == 0;
    }
    return hops;
}

SmLoop
sm_loop_find(GMimeMessage *message)
{
    if (is_alert(message) || is_bounce_of_alert(message))
        return SM_LOOP_ALERT;
    return count_hops(message) > SM_LOOP_HOPS_MAX ? SM_LOOP_HOPS : SM_LOOP_NONE;
}
