/*
 * From a name to a whole, verified part: a presigned URL, its GET, and again
 * with growing pauses as long as there is hope (enough progress, see transfer.h, and
 * the deadline of the run).
 */
#pragma once

#include <glib.h>

#include "fetch/job/transfer.h"
#include "fetch/service/service.h"
#include "fetch/store/part.h"

typedef struct {
    /* what to fetch, and into what; set by the caller */
    SmService *service;
    SmTransfer *transfer; /* resumes what it knows of the object */
    const char *name;
    SmPart *part;
    const char *if_none_match; /* NULL, or an ETag whose object is had already */
    gint64 deadline;           /* as in transfer.h */

    /* what was found out */
    gboolean unchanged; /* 304: nothing was written */
    gint64 size;        /* bytes that came */
    gint64 lines;       /* of these; the last one counts without a line break too */
    char *sha256;
    gint64 stored_size; /* what the part holds: the same, unless it is encrypted */
    char *stored_sha256;
    char *etag; /* NULL if the store gave none */
} SmDownload;

/* Forgets what a download found out. */
void sm_download_clear(SmDownload *download);

/*
 * Fetches the name into the part.
 * Whole means: the announced length, no page of HTML or XML (`<`, also behind
 * white space), and an MD5 that fits where the ETag is one. Where it only seems to
 * be one, bytes that come twice are good, with a warning; so are those that came in
 * chunks with another length than the listing says. Errors of service.h and
 * errors of transfer.h, the last one after all tries.
 */
gboolean sm_download(SmDownload *download, GError **error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SmDownload, sm_download_clear)
