/*
 * This room has what the two programs exchange: events, the names in them, and the spool.
 *
 * The event: what a message said, reduced to what a decision needs. It crosses
 * two boundaries (parser child to filter, filter to scorefetch) and may lie in
 * a spool; each receiver decodes and validates it again, because the sender
 * has read what strangers wrote.
 *
 * Form: "SMEV", a version byte, a kind byte, then the fields in the order of
 * the struct; a string is its length (32 bits, big endian) and its bytes, a
 * list the number of its strings and the strings, a time 64 bits.
 */
#pragma once

#include <glib.h>

enum {
    SM_EVENT_SIZE_MAX = 64 * 1024, /* bytes, encoded */
    SM_EVENT_NAMES_MAX = 16,
    SM_EVENT_LIST_MAX = 64,        /* recipients of one kind */
    SM_EVENT_HOPS_MAX = 20,        /* headers below more Received lines are ignored for auth */
    SM_EVENT_STRING_MAX = 998,     /* bytes: a header line of RFC 5322, 2.1.1 */
    SM_EVENT_DEFER_FOR = 2 * 3600, /* seconds, unless configured: see sm_event_is_overdue() */
};

typedef enum {
    SM_EVENT_NAMES = 1,     /* at least one well-formed name */
    SM_EVENT_NO_VALID_NAME, /* a span without a valid name: the notification's form may have changed
                             */
    SM_EVENT_UNUSABLE,      /* the message cannot be parsed */
} SmEventKind;

typedef struct {
    SmEventKind kind;
    GStrv names;       /* in order, each once, well formed; empty for the other kinds */
    char *reason;      /* why there is no name; "" for SM_EVENT_NAMES */
    char *message_id;  /* without <>; "" where the message has none */
    char *html_sha256; /* of the HTML part, lower-case hex: the identity without a Message-ID; "" if
                          unknown */
    char *from;        /* addr-spec of From; "" if there is none, or more than one */
    GStrv auth;        /* what Authentication-Results say (RFC 8601), a line for each result:
                          "HOPS AUTHSERV-ID METHOD=RESULT header.PROPERTY=VALUE...", where HOPS is
                          the number of Received lines above it, topmost first; METHOD=RESULT is
                          "none" where nothing was checked */
    GStrv to;          /* addr-specs of To and Cc */
    GStrv recipients;  /* Delivered-To, Envelope-To and the like above the first Received, with an
                          "@" */
    GStrv envelope;    /* recipients in the agent's environment, with an "@" */
    char *extension; /* of the envelope's address (user+extension@host), by the agent; "" if none */
    char *account;   /* --account; "" if it was not given */
    gint64 received; /* date of the topmost Received, seconds since 1970; 0 if none */
} SmEvent;

/* An event with empty fields. */
SmEvent *sm_event_new(SmEventKind kind);

/* Frees event; NULL is allowed. */
void sm_event_free(SmEvent *event);

/* The same event for count of its names. */
SmEvent *sm_event_copy(const SmEvent *event, char *const *names, gsize count);

/*
 * The encoded event. Text that is no valid UTF-8, has control characters or is
 * too long is cut to what decodes; never fails on an event with well-formed
 * names. Caller owns.
 */
GBytes *sm_event_encode(const SmEvent *event);

/*
 * Decodes and validates size bytes. Anything odd (unknown version or kind,
 * lengths past the end, bytes left over, control characters, malformed names,
 * a kind without what it promises) is SM_ERROR_DATA and NULL.
 */
SmEvent *sm_event_decode(const void *data, gsize size, GError **error);

/* The event's identity, by which a retry differs from a new message: Message-ID, else the hash.
 * Points into event. */
const char *sm_event_identity(const SmEvent *event);

/*
 * Whether a message has been deferred for long enough (defer_for seconds since
 * its topmost Received; G_MAXUINT: never) at the time now: mail systems return
 * one to its sender that is deferred for days. FALSE where nothing tells when
 * it was received.
 */
gboolean sm_event_is_overdue(const SmEvent *event, guint defer_for, gint64 now);

/* The same for a message that first came at since, by our own clock: one that was set back since
 * notes no time that could be waited for. */
gboolean sm_event_has_waited(gint64 since, guint defer_for, gint64 now);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SmEvent, sm_event_free)
