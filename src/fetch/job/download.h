/*
 * Downloads a name into a complete, verified part: requests a presigned URL, GETs it, and retries
 * with growing pauses while there is enough progress (transfer.h) and until the deadline of the
 * run.
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
    const char *if_none_match; /* NULL, or the ETag of the stored version */
    gint64 deadline;           /* as in transfer.h */

    /* results */
    gboolean unchanged; /* 304: nothing was written */
    gint64 size;        /* bytes received */
    gint64 lines;       /* of these; the last one counts without a line break too */
    char *sha256;
    gint64 stored_size; /* of the part: the same, unless it is encrypted */
    char *stored_sha256;
    char *etag; /* NULL if the store gave none */
} SmDownload;

/* Frees the results of a download. */
void sm_download_clear(SmDownload *download);

/*
 * Fetches the name into the part. Verified are: the announced length, that it is no error in HTML,
 * XML or JSON (see sm_object_mistake()), and the MD5 if the ETag is one. If the ETag only looks
 * like an MD5, identical bytes from two downloads are accepted with a warning; so are chunks whose
 * length differs from the listing's. Errors of service.h and of transfer.h, the last one after all
 * tries.
 */
gboolean sm_download(SmDownload *download, GError **error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SmDownload, sm_download_clear)
