/*
 * One GET of a presigned URL into a part, started at once and with none of the
 * headers of the API call. What arrives is checked as it arrives: lengths,
 * encodings, ranges; nothing is called whole here, see download.h.
 */
#pragma once

#include <glib.h>

#include "common/config/config.h"
#include "fetch/host/autoptr.h"
#include "fetch/host/progress.h"
#include "fetch/http/shared.h"
#include "fetch/rules/object.h"
#include "fetch/store/part.h"

typedef struct SmTransfer SmTransfer;

/*
 * Bytes a second, on average over each give-up-after, that a store has to send: one that drips
 * is as good as one that stands still. So a file of N bytes comes within N / SM_TRANSFER_RATE
 * seconds and give-up-after, or not at all.
 */
enum { SM_TRANSFER_RATE = 4096 };

typedef struct {
    /* set by the caller: */
    gint64 deadline;      /* monotonic time (microseconds) of SM_ERROR_LIMIT; 0: none */
    SmProgressLine *line; /* where progress is shown; NULL: nowhere */
    int lock_fd;          /* of the ledger, through which the progress of this row is told to */
    gint64 row;           /* other processes (sm_lock_tell()); 0: it is not */
    gint64 listed;        /* bytes, by the service's listing; -1: not known */
    /* learned from the answers; a part is resumed where etag and its kind are set before: */
    gint64 total; /* bytes of the whole object, by its headers; -1: they have not come, or it is
                     sent in chunks, of which the last one alone tells the end */
    char *etag;   /* with its quotes; NULL if none */
    SmEtagKind etag_kind;
    gboolean framed;      /* its Content-Encoding names aws-chunked */
    gboolean host_failed; /* the last GET: what went wrong is most likely not the object's own */
    gboolean unchanged;   /* 304: still what if_none_match names */
    guint retry_after;    /* seconds; 0: none said */
    gint64 enough;        /* bytes of the part that are enough progress ... */
    gint64 give_up_at;    /* ... until this monotonic time, in microseconds, which they move on */
} SmTransferState;

/*
 * Called once the headers of a new object have come, before its first byte; may
 * note in the ledger that the part can be resumed. FALSE and error ends the transfer.
 */
typedef gboolean (*SmTransferStarted)(const SmTransferState *object, gpointer user_data,
                                      GError **error);

/* shared has an engine, and must live as long. */
SmTransfer *sm_transfer_new(const SmAccount *account, const SmShared *shared,
                            SmTransferStarted started, gpointer user_data);

/* Frees transfer; NULL is allowed. */
void sm_transfer_free(SmTransfer *transfer);

/* Begins to measure progress, from the bytes that the part has, at a time that is now or was. */
void sm_transfer_measure(SmTransfer *transfer, gint64 bytes, gint64 from);

/* What the caller sets, and what is known of the object so far. */
SmTransferState *sm_transfer_state(SmTransfer *transfer);

/*
 * Gets url into part. Where the part has bytes and the ETag is a strong one,
 * only the rest is asked for (Range and If-Range), and the part starts over
 * should the object have changed. if_none_match, if not NULL: 304 leaves the part
 * empty. TRUE when all bytes of the answer are in the part. Errors:
 * SM_ERROR_OBJECT (refused, broken off, stalled, too slow: worth another URL while
 * give_up_at is to come),
 * SM_ERROR_INTEGRITY (not what a score file's answer looks like),
 * SM_ERROR_SIZE, SM_ERROR_LIMIT (the deadline or the run is over),
 * SM_ERROR_DIRECTORY, SM_ERROR_TRUST, SM_ERROR_URL (guard.h).
 */
gboolean sm_transfer_get(SmTransfer *transfer, const char *url, SmPart *part,
                         const char *if_none_match, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SmTransfer, sm_transfer_free)
