/*
 * Runs one operation of GPGME's step by step, in the caller's thread. GPGME's
 * own loop will not do: in 1.18 it goes round for ever when gpg dies while it is
 * written to, and does not notice that it was cancelled while gpg stands still.
 */
#pragma once

#include "fetch/crypto/gpg.h"

typedef struct {
    GArray *watches;
    gboolean ended;
    gpgme_error_t result; /* when it has ended; success alone does not tell that gpg lived to its
                             end: see sm_gpg_loop_saw() */
    GString *status;      /* the status lines' keywords so far, each between blanks */
} SmGpgLoop;

/* Makes the next operation that is started in gpg one of this loop, which must outlive gpg. */
void sm_gpg_loop_attach(SmGpgLoop *loop, SmGpg *gpg);

/* Frees what the loop holds. gpg must be gone before. */
void sm_gpg_loop_clear(SmGpgLoop *loop);

/* Moves what can be moved, waiting for it up to timeout milliseconds. gpg may be given input, of
 * which there is some, or the end. */
void sm_gpg_loop_turn(SmGpgLoop *loop, int timeout);

/* Whether gpg has sent a status line of that keyword, such as END_ENCRYPTION. */
gboolean sm_gpg_loop_saw(const SmGpgLoop *loop, const char *keyword);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SmGpgLoop, sm_gpg_loop_clear)
