#include "filter/message/readings.h"

#include <string.h>

#include "filter/message/boundary.h"

enum { TYPE, ENCODING, N_FIELDS };
enum { READINGS_MAX = 3 }; /* of each field */

static const char *const fields[N_FIELDS] = {"Content-Type", "Content-Transfer-Encoding"};

/* The places, from the message's beginning, of the fields of one header. */
typedef struct {
    gsize places[N_FIELDS][READINGS_MAX];
    guint counts[N_FIELDS];
} Header;

/* Which of the fields the line at at is; N_FIELDS if none. */
static guint
field_of(const char *at, const char *end)
{
    for (guint i = 0; i < N_FIELDS; i++) {
        gsize length = strlen(fields[i]);
        const char *behind = at + length;

        if ((gsize)(end - at) <= length || g_ascii_strncasecmp(at, fields[i], length) != 0)
            continue;
        while (behind < end && (*behind == ' ' || *behind == '\t'))
            behind++;
        if (behind < end && *behind == ':')
            return i;
    }
    return N_FIELDS;
}

/* Makes another field of each one of header but the keep[]th, or the last. */
static void
keep_one(GString *copy, const Header *header, const guint keep[N_FIELDS])
{
    for (guint field = 0; field < N_FIELDS; field++) {
        guint count = header->counts[field];

        for (guint i = 0; i < count; i++)
            if (i != MIN(keep[field], count - 1))
                copy->str[header->places[field][i]] = 'X';
    }
}

/* Goes through the headers of message, to count how often a field is there at most, and to keep one
 * of each in copy, where that is not NULL. */
static void
go_through(SmOctets message, GString *copy, const guint keep[N_FIELDS], guint most[N_FIELDS])
{
    const char *at = message.data, *end = at + message.length;
    Header header = {0};

    while (at < end) {
        const char *feed = memchr(at, '\n', (gsize)(end - at));
        const char *next = feed != NULL ? feed + 1 : end;
        guint field = field_of(at, next);

        if (*at == '\n' || *at == '\r' || (*at == '-' && next - at > 2 && at[1] == '-')) {
            if (copy != NULL)
                keep_one(copy, &header, keep);
            header = (Header){0};
        } else if (field < N_FIELDS && header.counts[field] < READINGS_MAX) {
            header.places[field][header.counts[field]++] = (gsize)(at - message.data);
            most[field] = MAX(most[field], header.counts[field]);
        }
        at = next;
    }
    if (copy != NULL)
        keep_one(copy, &header, keep);
}

static gboolean
has_bare_return(SmOctets message)
{
    const char *at = message.data, *end = at + message.length;

    while ((at = memchr(at, '\r', (gsize)(end - at))) != NULL)
        if (++at == end || *at != '\n')
            return TRUE;
    return FALSE;
}

/* With LF as line ends, blank lines behind headers and plain boundaries; NULL if the message is so.
 */
static GString *
plainly(SmOctets message)
{
    GString *copy = has_bare_return(message) ? sm_mend_returns(message) : NULL;
    GString *parted = sm_mend_parts(copy != NULL ? (SmOctets){copy->str, copy->len} : message);

    if (parted != NULL && copy != NULL)
        g_string_free(copy, TRUE);
    if (parted != NULL)
        copy = parted;
    if (copy == NULL && sm_boundary_is_odd(message))
        copy = g_string_new_len(message.data, (gssize)message.length);
    if (copy != NULL)
        sm_boundary_make_plain(copy);
    return copy;
}

GString *
sm_reading(SmOctets message, guint number)
{
    guint most[N_FIELDS] = {1, 1}, keep[N_FIELDS], readings;
    GString *copy;

    go_through(message, NULL, NULL, most);
    readings = most[TYPE] * most[ENCODING] > 1 ? most[TYPE] * most[ENCODING] : 0;
    if (number >= readings)
        return number == readings ? plainly(message) : NULL;
    keep[TYPE] = number % most[TYPE];
    keep[ENCODING] = number / most[TYPE];
    copy = g_string_new_len(message.data, (gssize)message.length);
    go_through(message, copy, keep, most);
    return copy;
}
