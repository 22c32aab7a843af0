/*
 * What a refusal by the service means. In front of it stand a CDN and a gateway, whose
 * 401 and 403 say nothing about a password: the words decide. Pure.
 */
#pragma once

#include <glib.h>

typedef enum {
    SM_REFUSAL_NONE,     /* the answer is no refusal */
    SM_REFUSAL_PASSWORD, /* user name or password is wrong, expired or locked */
    SM_REFUSAL_ROLE,     /* the user may not download files */
    SM_REFUSAL_SESSIONS, /* too many calls with the password: log in, and use the token */
    SM_REFUSAL_WAY,      /* 401 or 403 of something else on the way to the service */
} SmRefusalKind;

/* Of an answer with status and the words of its "message"; NULL: it is not the service's JSON. */
SmRefusalKind sm_refusal_kind(long status, const char *message);
