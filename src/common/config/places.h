/*
 * Configuration values that say where something is: paths, URLs, commands. Of the
 * form that values.h describes. Messages never repeat such a value: it may be a misplaced password.
 */
#pragma once

#include "common/config/values.h"

/* char *: an absolute path without `..` and `%{`, normalised; a leading ~/ is the home directory by
 * getpwuid(3). */
extern const SmValue sm_value_path;

#define SM_LEDGER_SERVER "postgresql:" /* what the place of a ledger on a server begins with */

/* Whether the place of a ledger is on a server, where other hosts may use it, too. */
gboolean sm_place_is_server(const char *where);

/* char *: a path as above, or a place that begins with SM_LEDGER_SERVER and has no password in it,
 * as far as can be seen. */
extern const SmValue sm_value_ledger;

/* char *: an https URL of host, port and path; trailing slashes are taken off. */
extern const SmValue sm_value_https_url;

/* char *: http, https, socks5 or socks5h://HOST:PORT; `none` gives NULL. */
extern const SmValue sm_value_proxy;

/*
 * GStrv, never empty: a command line in the shell's quoting, split into words; no
 * shell sees it. The program is an absolute path, may start with ~/, or a name
 * to be looked for in PATH.
 */
extern const SmValue sm_value_command;

/* char *: the name of a credential of systemd's: a file name of 1 to 255 bytes. */
extern const SmValue sm_value_credential;

/* A copy of text with each %{account} replaced by account. Caller frees. */
char *sm_value_expand(const char *text, const char *account);
