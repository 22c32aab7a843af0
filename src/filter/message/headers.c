#include "filter/message/headers.h"

#include <string.h>

#include "filter/message/address.h"
#include "filter/message/auth-results.h"
#include "filter/message/from.h"

enum { SEMICOLONS_MAX = 4 }; /* of a Received header, behind which its date may stand */

static GStrv
steal_list(GPtrArray *list)
{
    g_ptr_array_add(list, NULL);
    return (GStrv)g_ptr_array_free(list, FALSE);
}

/* The time of a Received header stands behind its last semicolon (RFC 5322, 3.6.7), but for those
 * in comments. */
static gint64
time_of(const char *received)
{
    gsize length = strlen(received);

    for (int tries = 0; tries < SEMICOLONS_MAX; tries++) {
        const char *semicolon = memrchr(received, ';', length);
        g_autoptr(GDateTime) time =
            semicolon != NULL ? g_mime_utils_header_decode_date(semicolon + 1) : NULL;

        if (time != NULL)
            return g_date_time_to_unix(time);
        if (semicolon == NULL)
            break;
        length = (gsize)(semicolon - received);
    }
    return 0;
}

static gboolean
is_named(GMimeHeader *header, const char *name)
{
    return g_ascii_strcasecmp(g_mime_header_get_name(header), name) == 0;
}

/* By which mail systems note the envelope's recipient. */
static gboolean
names_recipient(GMimeHeader *header)
{
    static const char *const names[] = {"Delivered-To", "X-Original-To", "Envelope-To",
                                        "X-Envelope-To", "X-Delivered-To"};

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        if (is_named(header, names[i]))
            return TRUE;
    return FALSE;
}

/* Only what stands above the topmost Received was put there by the last hop, not by the sender.
 * Authentication-Results may be a hop or two older: how many, the reader is told. */
static void
read_trace(GMimeHeaderList *headers, SmEvent *event)
{
    GPtrArray *recipients = g_ptr_array_new_with_free_func(g_free);
    GPtrArray *auth = g_ptr_array_new_with_free_func(g_free);
    int count = g_mime_header_list_get_count(headers);
    guint hops = 0;

    for (int i = 0; i < count && hops <= SM_EVENT_HOPS_MAX; i++) {
        GMimeHeader *header = g_mime_header_list_get_header_at(headers, i);
        const char *value = g_mime_header_get_raw_value(header);

        if (is_named(header, "Received")) {
            if (hops++ == 0)
                event->received = time_of(value);
        } else if (is_named(header, "Authentication-Results")) {
            sm_auth_results_read(value, hops, auth);
        } else if (hops == 0 && names_recipient(header)) {
            sm_address_read(value, recipients);
        }
    }
    g_strfreev(event->recipients);
    event->recipients = steal_list(recipients);
    g_strfreev(event->auth);
    event->auth = steal_list(auth);
}

/* Adds what read finds in each field of that name, if there are several. */
static void
collect(GMimeHeaderList *headers, const char *name, void (*read)(const char *, GPtrArray *),
        GPtrArray *found)
{
    int count = g_mime_header_list_get_count(headers);

    for (int i = 0; i < count && found->len < SM_EVENT_LIST_MAX; i++) {
        GMimeHeader *header = g_mime_header_list_get_header_at(headers, i);

        if (is_named(header, name))
            read(g_mime_header_get_raw_value(header), found);
    }
}

/* Whether all found are the same: gateways repeat the header. */
static gboolean
is_one(const GPtrArray *found)
{
    for (guint i = 1; i < found->len; i++)
        if (strcmp(found->pdata[i], found->pdata[0]) != 0)
            return FALSE;
    return found->len > 0;
}

void
sm_headers_read(GMimeMessage *message, SmEvent *event)
{
    g_autoptr(GPtrArray) from = g_ptr_array_new_with_free_func(g_free);
    GPtrArray *to = g_ptr_array_new_with_free_func(g_free);
    GMimeHeaderList *headers = g_mime_object_get_header_list(GMIME_OBJECT(message));
    const char *id = g_mime_message_get_message_id(message);

    collect(headers, "From", sm_from_read, from);
    collect(headers, "To", sm_address_read, to);
    collect(headers, "Cc", sm_address_read, to);
    if (id != NULL) {
        g_free(event->message_id);
        event->message_id = g_strdup(id);
    }
    if (is_one(from)) { /* several From addresses: none is the sender */
        g_free(event->from);
        event->from = g_strdup(from->pdata[0]);
    }
    g_strfreev(event->to);
    event->to = steal_list(to);
    read_trace(headers, event);
}
