/* One question of setup's: answered by an option, at the terminal, or by its default. */
#pragma once

#include <glib.h>

/* Whether an answer can be taken; else an error that says what is allowed. */
typedef gboolean (*SmQuestionCheck)(const char *answer, gpointer user_data, GError **error);

typedef struct {
    const char *option;   /* "--format": for messages */
    const char *text;     /* what is asked, several lines are allowed; a prompt with the default
                             follows */
    const char *fallback; /* the answer without another one; NULL: there must be one */
    const char *given;    /* by the option; NULL: not given */
    SmQuestionCheck check;
    gpointer user_data;
} SmQuestion;

/*
 * The answer; "" where the fallback is that, or "none" is said for it. Asks only where there is a
 * terminal and asking is TRUE, until the answer is good. Caller frees. NULL with SM_ERROR_USAGE
 * (no answer, or --option's is no good), or the errors of terminal.h.
 */
char *sm_question_ask(const SmQuestion *question, gboolean asking, GError **error);
