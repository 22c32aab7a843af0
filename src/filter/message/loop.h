/*
 * Messages that are always ignored, since they could loop: the alerts that we send ourselves,
 * bounces of them, and mail that does so already. An Auto-Submitted header (RFC 3834) alone says
 * none of this: notifications carry it.
 */
#pragma once

#include "filter/message/gmime-auto.h"

/* The header that each of our alerts has, with any value. */
#define SM_LOOP_ALERT_HEADER "X-Scoremail-Alert"

enum { SM_LOOP_HOPS_MAX = 50 }; /* Received headers: what mail systems allow too */

typedef enum {
    SM_LOOP_NONE,
    SM_LOOP_ALERT, /* an alert of ours, or a bounce (RFC 3464) that has one inside */
    SM_LOOP_HOPS,  /* more than SM_LOOP_HOPS_MAX Received headers */
} SmLoop;

/* Whether message is a bounce, by its header. */
gboolean sm_loop_is_bounce(GMimeMessage *message);

/*
 * Looks at the header of message, not at those of messages forwarded in it:
 * what a person forwards is no loop.
 */
SmLoop sm_loop_find(GMimeMessage *message);
