/*
 * The progress of transfers on a terminal: one line for each that is under way,
 * drawn by a thread of its own a few times a second, first after a moment, so
 * that what is quick shows nothing. For several threads; a NULL progress, and a
 * NULL line, show nothing.
 */
#pragma once

#include <glib.h>

#include "common/base/report.h"

typedef struct SmProgress SmProgress;
typedef struct SmProgressLine SmProgressLine;

/* NULL unless fd is a terminal that can do it. total: how many transfers there will be. */
SmProgress *sm_progress_new(int fd, guint total);

/* Takes the lines off the screen. */
void sm_progress_free(SmProgress *progress);

/* A transfer of name begins. */
SmProgressLine *sm_progress_begin(SmProgress *progress, const char *name);

/* It has so many bytes of size; negative: not known. */
void sm_progress_move(SmProgressLine *line, gint64 bytes, gint64 size);

/* The transfer has ended: its line goes. Frees line. */
void sm_progress_end(SmProgressLine *line);

/* From here on the lines make way on the screen for what report says; progress NULL: for nothing.
 * Call it while no other thread speaks. */
void sm_progress_show(SmProgress *progress, SmReport *report);

typedef struct {
    const char *name;
    guint number, total; /* "3 of 12" */
    gint64 bytes, size;  /* size negative: not known */
    double rate;         /* bytes a second; 0: not known yet */
} SmProgressState;

/* The line for a state, width columns at most: what matters least is left out where it is narrow.
 * Caller frees. */
char *sm_progress_format(const SmProgressState *state, gsize width);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SmProgress, sm_progress_free)
