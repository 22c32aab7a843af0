/*
 * The elements of one member of a JSON object, one after the other: a tree of a
 * large answer takes sixty times its size, so a tree is made of each alone. What is odd
 * within one value, NaN say, spoils no other. Pure.
 */
#pragma once

#include <glib.h>

#include "fetch/host/autoptr.h"

typedef struct {
    const char *at; /* where the next one begins */
    const char *end;
    gboolean single; /* the member is no array, but its one element */
    gboolean broken; /* what follows is no list of elements */
} SmElements;

/* The value of member key of the object that length bytes of text are: the first one, parsed.
 * Caller frees; NULL where there is none, or one that is larger than 64 KiB, has a NUL, or is no
 * JSON. */
cJSON *sm_elements_parse(const char *text, gsize length, const char *key);

/*
 * Finds the value of member key, *size bytes, in the object that length bytes of text are; the
 * first one of several. *found: NULL, where there is none. FALSE where text is no object.
 */
gboolean sm_elements_value(const char *text, gsize length, const char *key, const char **found,
                           gsize *size);

/*
 * Finds member key of the object that length bytes of text are. No such member, null, "",
 * {} and [] are no elements; another object is one element. FALSE where text is no
 * object, is nested a thousand deep, or the member is something else.
 */
gboolean sm_elements_find(SmElements *elements, const char *text, gsize length, const char *key);

/* The next element, *length bytes; NULL after the last one, or with elements->broken. */
const char *sm_elements_next(SmElements *elements, gsize *length);
