#include "fetch/setup/question.h"

#include <string.h>

#include "common/base/error.h"
#include "fetch/host/terminal.h"

/* "none" is how a person takes something away; caller frees. */
static char *
settled(const char *answer)
{
    return g_strdup(strcmp(answer, "none") == 0 ? "" : answer);
}

static char *
ask_person(const SmQuestion *question, GError **error)
{
    const char *fallback = question->fallback != NULL ? question->fallback : "";
    g_autofree char *prompt = g_strdup_printf("\n%s\n[%s] ", question->text,
                                              question->fallback == NULL ? ""
                                              : *fallback != '\0'        ? fallback
                                                                         : "none");
    g_autofree char *again = NULL;

    for (;;) {
        g_autoptr(GError) fault = NULL;
        g_autofree char *typed = sm_terminal_ask_openly(again != NULL ? again : prompt, error);
        g_autofree char *answer = NULL;

        if (typed == NULL)
            return NULL;
        answer = settled(*typed != '\0' ? typed : fallback);
        if (*answer == '\0' && question->fallback == NULL)
            sm_error_set(&fault, SM_ERROR_USAGE, "an answer is needed");
        else if (question->check(answer, question->user_data, &fault))
            return g_steal_pointer(&answer);
        g_free(again);
        again = g_strdup_printf("%s\n[%s] ", fault->message, fallback);
    }
}

char *
sm_question_ask(const SmQuestion *question, gboolean asking, GError **error)
{
    g_autofree char *answer = NULL;

    if (question->given == NULL && asking && sm_terminal_is_there())
        return ask_person(question, error);
    if (question->given == NULL && question->fallback == NULL)
        return sm_error_null(error, SM_ERROR_USAGE, "there is no terminal to ask at; add %s",
                             question->option);
    answer = settled(question->given != NULL ? question->given : question->fallback);
    if (question->check(answer, question->user_data, error))
        return g_steal_pointer(&answer);
    g_prefix_error(error, "%s: ", question->option);
    return NULL;
}
