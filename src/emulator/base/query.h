/*
 * Percent-encoding and the query of a request target, decoded here and not by
 * the HTTP library because signatures are made over what was really sent.
 */
#pragma once

#include <glib.h>

typedef struct {
    char *name;
    char *value; /* "" where there is no '=' */
} SmParameter;

/* Everything but RFC 3986's unreserved characters as %XX; in a path, '/' stays. Caller frees. */
char *sm_percent_encode(const char *text);

/* The same for a path: '/' stays. Caller frees. */
char *sm_percent_encode_path(const char *path);

/* Undoes it for length bytes; NULL for a broken sequence or an encoded NUL. Caller frees. */
char *sm_percent_decode(const char *text, gsize length);

/*
 * The parameters of a query, in order, decoded; a '+' is a space (the rule of
 * forms, which the service and S3 both follow). NULL if a sequence is broken.
 */
GPtrArray *sm_query_parse(const char *query);

/* The value of the first parameter of that name, or NULL. Points into parameters. */
const char *sm_query_get(const GPtrArray *parameters, const char *name);
