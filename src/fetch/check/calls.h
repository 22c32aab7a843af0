/*
 * What a mail agent's recipe calls: the programs of our name that it names by their path, and
 * whether they run; and what our user has for schedules: a crontab, a systemd.
 */
#pragma once

#include <glib.h>

/* Whether a line of text that is no comment (#) has word in it. Pure. */
gboolean sm_check_mentions(const char *text, const char *word);

/*
 * The paths of text that end in "/scoremail", of lines that are no comment (#), in their order.
 * Those that begin with ~/, $HOME/, ${HOME}/ or fdm's %h/ lie in home (NULL: they are left out).
 * Leaves out what begins with anything else but /, folders, and what lies in /etc or /var. Caller
 * owns.
 */
GStrv sm_check_calls(const char *text, const char *home);

/*
 * Where a Sieve script that pipes to "scoremail" finds it: in the sieve_pipe_bin_dir that text, a
 * configuration of Dovecot, sets; NULL: it sets none. Caller frees.
 */
char *sm_check_piped_call(const char *text);

/*
 * Runs each of calls, programs of ours, with --version. NULL where there is none, or one is what
 * its name says, in our version; else what is wrong with the first: "/usr/bin/scoremail does not
 * exist". Caller frees.
 */
char *sm_check_calls_fault(const char *const *calls);

/* Our user's crontab, "" where there is none. Caller frees. NULL where it cannot be read as a
 * whole: SM_ERROR_DIRECTORY. */
char *sm_check_crontab(GError **error);

/* Whether a systemd of our user's is at work, as after a login. */
gboolean sm_check_has_own_systemd(void);
