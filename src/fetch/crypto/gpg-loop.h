/*
 * Runs one operation of GPGME's step by step, in the caller's thread. GPGME's
 * own loop will not do: in 1.18 it goes round for ever when gpg dies while it is
 * written to, and does not notice that it was cancelled while gpg stands still.
 */
#pragma once

#include "fetch/crypto/gpg.h"

typedef struct {
    GPtrArray *watches;
    gboolean ended;
    gpgme_error_t result; /* when it has ended; success alone does not tell that gpg lived to its
                             end */
    gboolean encrypted;   /* gpg itself has said that it encrypted all */
} SmGpgLoop;

/* Makes the next operation that is started in gpg one of this loop, which must outlive gpg. */
void sm_gpg_loop_attach(SmGpgLoop *loop, SmGpg *gpg);

/* Frees what the loop holds. gpg must be gone before. */
void sm_gpg_loop_clear(SmGpgLoop *loop);

/* Moves what can be moved, waiting for it up to timeout milliseconds. gpg may be given input, of
 * which there is some, or the end. */
void sm_gpg_loop_turn(SmGpgLoop *loop, int timeout);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SmGpgLoop, sm_gpg_loop_clear)
