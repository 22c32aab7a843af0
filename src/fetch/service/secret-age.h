/* How old a password may get. Pure: configuration and times in, a line for people out. */
#pragma once

#include <glib.h>

#include "common/config/config.h"

enum { SM_SECRET_WARN_AHEAD = 14 * 86400 }; /* seconds */

/*
 * What is to be said at now of the account's password, which has been in use
 * since then (Unix times; since 0: not known): NULL until SM_SECRET_WARN_AHEAD
 * before it is password-max-age old. Caller frees.
 */
char *sm_secret_age_warning(const SmAccount *account, gint64 since, gint64 now);
