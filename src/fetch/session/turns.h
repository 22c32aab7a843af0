/*
 * The accounts in turns: each is worked for in a process of its own, some at a time, so that none
 * waits for another's store, disk or command (crew.h). A process that hangs and cannot be killed
 * is remembered in the ledger, and its account left out for as long as it lives.
 */
#pragma once

#include "fetch/session/session.h"

typedef struct SmTurns SmTurns;

/*
 * each is called in the process, with a session whose ledger is open, and whose note and turn_end
 * are set; its exit code counts. places: processes at a time. Caller frees. SM_ERROR_INTERNAL.
 */
SmTurns *sm_turns_new(SmSession *session, guint places, SmForAccount each, gpointer data,
                      GError **error);

/* Frees turns; NULL is allowed. */
void sm_turns_free(SmTurns *turns);

/* One more turn for account, once it has none any more, before those that wait if it is urgent. The
 * session's ledger is open. */
void sm_turns_want(SmTurns *turns, SmAccount *account, gboolean urgent);

/*
 * Gives turns, until one is over or that monotonic time has come. The session's ledger is closed
 * meanwhile, and not opened again. FALSE when no account waits and none is at work.
 */
gboolean sm_turns_go(SmTurns *turns, gint64 until);

/* Whether a signal asked for an end: no more turns are given. */
gboolean sm_turns_were_stopped(const SmTurns *turns);

/* The exit code of account's last turn; EX_TEMPFAIL where one that was wanted did not come, or did
 * not come to its end; 0 where none was wanted. */
int sm_turns_code(const SmTurns *turns, const SmAccount *account);

/* What the turns' notes said in all; an account whose turn did not come to its end is left, too. */
void sm_turns_count(const SmTurns *turns, guint *done, guint *left);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SmTurns, sm_turns_free)
