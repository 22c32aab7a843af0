/*
 * The whole terminal for a view that renews itself: it is drawn over and over, keys and signals end
 * it, and whatever ends it, the terminal is as it was.
 */
#pragma once

#include <glib.h>

typedef struct SmScreen SmScreen;

/*
 * Takes the terminal that standard input and output are. From here on signals that end or stop the
 * process are this module's: start it before any other thread. what: for the message.
 * SM_ERROR_USAGE where they are no terminal, or one that cannot move its cursor; SM_ERROR_INTERNAL.
 */
SmScreen *sm_screen_open(const char *what, GError **error);

/* Gives the terminal back; then a signal that has ended the view ends the process, but for SIGINT.
 * Frees screen. */
void sm_screen_close(SmScreen *screen);

/*
 * Waits that long, or until the terminal has another size. FALSE: the view is to end: by q, Ctrl-C,
 * a signal, or since the terminal is gone.
 */
gboolean sm_screen_wait(SmScreen *screen, guint ms);

/* Columns and rows of the terminal that fd is, at least 1 each. */
void sm_screen_size(int fd, guint *columns, guint *rows);

/* Shows lines (strings) in place of what is there; each is cleaned (sm_text_clean()), and cut where
 * it is too long. A terminal that takes nothing just now is left as it is. */
void sm_screen_draw(const GPtrArray *lines);

/* As much of text, which is clean, as columns have room for. Caller frees. */
char *sm_screen_cut(const char *text, guint columns);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SmScreen, sm_screen_close)
