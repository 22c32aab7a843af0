/*
 * Which account an event belongs to. Pure: configuration and event in, account
 * or reason out.
 */
#pragma once

#include <glib.h>

#include "common/config/config.h"
#include "common/event/event.h"

/*
 * The account for name ("" for an event without names), in this order: the one
 * that event has from --account; the envelope's recipients and its extension,
 * which is the name of an account; these recipients without their tags (user+TAG@host
 * is user@host's, unless it is listed itself); the recipients that the mail system noted in
 * the header; org-id against the number that name starts with; the only account,
 * unless the configuration is incomplete; the To addresses, if they mean one account only. An
 * account whose org-id contradicts the name is not taken. NULL with *why, which the caller frees,
 * when none is found. The account may have a fault: then the event is its own,
 * but has to wait.
 */
SmAccount *sm_route(const SmConfig *config, const SmEvent *event, const char *name, char **why);

/* Whether org-id of account has the number that name starts with. */
gboolean sm_route_serves(const SmAccount *account, const char *name);
