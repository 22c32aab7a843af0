/* Errors as S3 reports them: a status and an XML document with a code. */
#pragma once

#include <glib.h>

#include "emulator/base/answer.h"

/* For the last argument of sm_s3_error(): names of elements and their texts, in turn. */
#define SM_S3_DETAILS(...) ((const char *const[]){__VA_ARGS__, NULL})

/*
 * The answer for one of S3's error codes, with its usual status; message may
 * be NULL for the usual one, details NULL for none. An unknown code counts as
 * InternalError.
 */
SmAnswer *sm_s3_error(const char *code, const char *message, const char *const *details);

/* The code that S3 gives with a status; InternalError if there is none. Static. */
const char *sm_s3_code_for_status(guint status);

/* The headers that every answer of S3 has. */
void sm_s3_add_headers(SmAnswer *answer);
