/*
 * One GET of a presigned URL into a part, at once and without the headers of the API call. Lengths,
 * encodings and ranges are checked while bytes arrive; download.h verifies the whole.
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
 * Bytes a second, on average over each give-up-after, that a store must send. A file of N bytes
 * takes at most N / SM_TRANSFER_RATE seconds and give-up-after, or fails.
 */
enum { SM_TRANSFER_RATE = 4096 };

typedef struct {
    /* set by the caller: */
    gint64 deadline;       /* monotonic time (microseconds) of SM_ERROR_LIMIT; 0: none */
    SmProgressLine *line;  /* shows progress; NULL: nothing does */
    int lock_fd;           /* of the ledger, through which the progress of this row is told to */
    gint64 row;            /* other processes (sm_lock_tell()); 0: it is not */
    gint64 listed;         /* bytes, by the service's listing; -1: unknown */
    gboolean may_be_empty; /* the listing does not count bytes, or says that there are none */
    /* from the answers; to resume a part, set etag and its kind before: */
    gint64 total; /* bytes of the whole object, by its headers; -1: none yet, or it is sent in
                     chunks */
    char *etag;   /* with its quotes; NULL if none */
    SmEtagKind etag_kind;
    gboolean framed;      /* Content-Encoding has aws-chunked */
    gboolean host_failed; /* the last GET failed, most likely not because of this object */
    gboolean unchanged;   /* 304: the object still has the ETag if_none_match */
    guint retry_after;    /* seconds; 0: none */
    gint64 enough;        /* bytes of the part that are enough progress ... */
    gint64 give_up_at;    /* ... until this monotonic time, in microseconds, which they move on */
} SmTransferState;

/*
 * Called once the headers of a new object have come, before its first byte; may
 * note in the ledger that the part can be resumed. FALSE and error ends the transfer.
 */
typedef gboolean (*SmTransferStarted)(const SmTransferState *object, gpointer user_data,
                                      GError **error);

/* shared has an engine, and must live as long; started may be NULL. */
SmTransfer *sm_transfer_new(const SmAccount *account, const SmShared *shared,
                            SmTransferStarted started, gpointer user_data);

/* Frees transfer; NULL is allowed. */
void sm_transfer_free(SmTransfer *transfer);

/* Measures progress from here: bytes that the part has, at that monotonic time, now or earlier. */
void sm_transfer_measure(SmTransfer *transfer, gint64 bytes, gint64 from);

/* What the caller sets, and what is known of the object. */
SmTransferState *sm_transfer_state(SmTransfer *transfer);

/*
 * Gets url into part. If the part has bytes and the ETag is strong, asks only for the rest (Range
 * and If-Range); if the object has changed, the part starts over. if_none_match, if not NULL: 304
 * leaves the part empty. TRUE when all bytes of the answer are in the part. SM_ERROR_OBJECT
 * (refused, disconnected, stalled, too slow: worth another URL until give_up_at),
 * SM_ERROR_INTEGRITY (not the answer of a score file), SM_ERROR_SIZE, SM_ERROR_LIMIT (the deadline
 * or the run is over), SM_ERROR_DIRECTORY, SM_ERROR_TRUST, SM_ERROR_URL (guard.h).
 */
gboolean sm_transfer_get(SmTransfer *transfer, const char *url, SmPart *part,
                         const char *if_none_match, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SmTransfer, sm_transfer_free)
