/*
 * What the fetches of one account that go on side by side have in common. Each
 * member may be NULL: a single fetch needs none of them.
 */
#pragma once

#include "fetch/host/crew.h"

typedef struct SmHttpEngine SmHttpEngine;
typedef struct SmPace SmPace;
typedef struct SmToken SmToken;
typedef struct SmProgress SmProgress;
typedef struct SmTogether SmTogether;

typedef struct {
    SmHttpEngine *engine; /* the connections; NULL: a call has its own */
    SmPace *pace;         /* when the next call may be made, and whether all is to end */
    gboolean *begun;      /* the thread's own: see sm_pace_begin_file() */
    SmToken *token;       /* NULL: each call carries user name and password */
    SmProgress *progress; /* NULL: nothing is shown */
    /* who brings the account's directory, and the ledger, to the disk: one thread for all that wait
     * for it; NULL: each by itself */
    SmTogether *directory;
    SmTogether *ledger;
    SmCrewNote *note;  /* what the parent sees of the progress; NULL: there is none */
    gint *failed_host; /* atomic: g_str_hash() of the object host that has just used up a file's
                          patience, and is worth one try for each other file; 0: none; NULL: nobody
                          remembers */
} SmShared;
