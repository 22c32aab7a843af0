/*
 * The query of a request target, decoded here and not by the HTTP library
 * because signatures are made over what was really sent.
 */
#pragma once

#include <glib.h>

typedef struct {
    char *name;
    char *value; /* "" where there is no '=' */
} SmParameter;

/*
 * The parameters of a query, in order, decoded; a '+' is a space (the rule of
 * forms, which the service and S3 both follow). NULL if a sequence is broken.
 */
GPtrArray *sm_query_parse(const char *query);

/* The value of the first parameter of that name, or NULL. Points into parameters. */
const char *sm_query_get(const GPtrArray *parameters, const char *name);
