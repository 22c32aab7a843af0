/*
 * Conditional and partial requests (RFC 9110, 13 and 14) as S3 has them: pure,
 * from the header values to what is to be sent.
 */
#pragma once

#include <glib.h>

typedef enum {
    SM_SELECT_WHOLE,         /* 200 */
    SM_SELECT_RANGE,         /* 206, first and length are set */
    SM_SELECT_NOT_MODIFIED,  /* 304 */
    SM_SELECT_FAILED,        /* 412 */
    SM_SELECT_UNSATISFIABLE, /* 416 */
} SmSelection;

typedef struct {
    const char *if_match; /* header values; NULL for a header that is not there */
    const char *if_none_match;
    const char *if_range;
    const char *range;
    const char *etag;          /* of the object, with its quotes */
    const char *last_modified; /* of the object, as in its header */
    guint64 size;              /* bytes */
} SmSelect;

/*
 * Takes one range of bytes; several ranges, another unit and a malformed range are
 * ignored, as S3 does. Sets first and length unless the status is 304, 412 or 416.
 */
SmSelection sm_select(const SmSelect *select, guint64 *first, guint64 *length);
