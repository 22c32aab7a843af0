/* Asks a person at the terminal, whatever standard input and output are. */
#pragma once

#include <glib.h>

/*
 * Shows prompt on the controlling terminal and reads one line without echo into
 * answer, size bytes of secret memory; *length says how many came, the line's LF
 * among them. A signal that ends or stops the process finds the terminal as it
 * was; when the process goes on after a stop, it asks again. SM_ERROR_USAGE
 * without a terminal, SM_ERROR_DATA where nothing is typed (end of file),
 * SM_ERROR_IO.
 */
gboolean sm_terminal_ask(const char *prompt, char *answer, gsize size, gsize *length,
                         GError **error);

/* The same for what is no secret: shows what is typed. The line without blanks around it, "" for
 * Enter alone; caller frees. NULL and the errors of sm_terminal_ask(): SM_ERROR_USAGE,
 * SM_ERROR_DATA, SM_ERROR_IO. */
char *sm_terminal_ask_openly(const char *prompt, GError **error);

/* Whether there is a terminal to ask at. */
gboolean sm_terminal_is_there(void);
