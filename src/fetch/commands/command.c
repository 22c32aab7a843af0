#include <string.h>

#include "common/base/error.h"
#include "fetch/commands/commands.h"

enum { OPTIONS_MAX = 16 };

static gboolean
is_text(const GOptionEntry *option)
{
    return option->arg == G_OPTION_ARG_STRING || option->arg == G_OPTION_ARG_FILENAME;
}

/* The command's options, whose values are to be found in values. */
static void
bind_options(const SmCommand *command, gpointer values, GOptionEntry *bound)
{
    gsize count = 0;

    for (const GOptionEntry *option = command->options; option != NULL && option->long_name != NULL;
         option++) {
        g_assert(count + 1 < OPTIONS_MAX);
        bound[count] = *option;
        bound[count++].arg_data = (char *)values + GPOINTER_TO_SIZE(option->arg_data);
    }
    memset(&bound[count], 0, sizeof *bound);
}

static void
free_texts(const GOptionEntry *bound)
{
    for (; bound->long_name != NULL; bound++)
        if (is_text(bound))
            g_free(*(char **)bound->arg_data);
}

static gboolean
parse(const SmCommand *command, SmSession *session, const GOptionEntry *bound, int *argc,
      char ***argv, GError **error)
{
    const GOptionEntry common[] = {
        {"config", 'c', 0, G_OPTION_ARG_FILENAME, &session->config_file, "Use this configuration",
         "FILE"},
        {"account", 'a', 0, G_OPTION_ARG_STRING, &session->account, "Act for this account", "NAME"},
        {"verbose", 'v', 0, G_OPTION_ARG_NONE, &session->verbose, "Show each step", NULL},
        {"quiet", 'q', 0, G_OPTION_ARG_NONE, &session->quiet, "Show failures only", NULL},
        {NULL}};
    GOptionContext *context = g_option_context_new(command->usage);
    g_autofree char *program = g_strconcat("scorefetch ", command->name, NULL);
    g_autoptr(GError) fault = NULL;

    g_option_context_set_summary(context, command->summary);
    g_option_context_add_main_entries(context, common, NULL);
    g_option_context_add_main_entries(context, bound, NULL);
    g_set_prgname(program);
    if (!g_option_context_parse(context, argc, argv, &fault))
        g_set_error(error, SM_ERROR, SM_ERROR_USAGE, "%s (see %s --help)", fault->message, program);
    g_option_context_free(context);
    session->report.quiet = session->quiet;
    session->report.verbose = session->verbose;
    if (command->news_only)
        sm_session_say_news(session);
    return fault == NULL;
}

/* Whether there are as many arguments as the command takes. */
static gboolean
count_arguments(const SmCommand *command, int count, GError **error)
{
    if (count >= command->least && count <= command->most)
        return TRUE;
    if (command->most == 0)
        g_set_error(error, SM_ERROR, SM_ERROR_USAGE,
                    "%s takes no names; run scorefetch get NAME to fetch a file, scorefetch log "
                    "NAME to see what became of one",
                    command->name);
    else
        g_set_error(error, SM_ERROR, SM_ERROR_USAGE, "%s takes %s, not %d: scorefetch %s %s",
                    command->name, command->most == 1 ? "one argument" : "one or more arguments",
                    count, command->name, command->usage);
    return FALSE;
}

static gboolean
prepare(const SmCommand *command, SmSession *session, GError **error)
{
    guint needs = command->needs;

    return ((needs & SM_NEEDS_CONFIG) == 0 || sm_session_configure(session, error)) &&
           ((needs & SM_NEEDS_ACCOUNT) == 0 || sm_session_knows_account(session, error)) &&
           ((needs & SM_NEEDS_LOOK) == 0 ||
            sm_session_open_ledger(session, SM_LEDGER_LOOK, error)) &&
           ((needs & SM_NEEDS_LEDGER) == 0 ||
            sm_session_open_ledger(session, SM_LEDGER_CREATE, error));
}

int
sm_command_do(const SmCommand *command, int argc, char **argv)
{
    g_autofree gpointer values = g_malloc0(MAX(command->size, 1));
    GOptionEntry bound[OPTIONS_MAX];
    GError *fault = NULL;
    SmSession session;
    int code = 0;

    bind_options(command, values, bound);
    sm_session_start(&session, command->name, command->as_filter);
    if (parse(command, &session, bound, &argc, &argv, &fault) &&
        count_arguments(command, argc - 1, &fault) && prepare(command, &session, &fault))
        code = command->run(&session, values, argv + 1, &fault);
    if (fault != NULL)
        code = sm_session_exit(&session, fault);
    free_texts(bound);
    sm_session_end(&session);
    return code;
}
