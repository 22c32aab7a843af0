#include <string.h>

#include "common/base/error.h"
#include "common/base/words.h"
#include "common/event/wake.h"
#include "fetch/session/command.h"

enum { OPTIONS_MAX = 16 };

static gboolean
is_text(const GOptionEntry *option)
{
    return option->arg == G_OPTION_ARG_STRING || option->arg == G_OPTION_ARG_FILENAME;
}

static const GOptionEntry common_options[] = {
    SM_OPTION(SmSession, config_file, "config", 'c', FILENAME, "Use this configuration", "FILE"),
    SM_OPTION(SmSession, account, "account", 'a', STRING, "Act for this account", "NAME"),
    SM_OPTION(SmSession, verbose, "verbose", 'v', NONE, "Show each step", NULL),
    SM_OPTION(SmSession, quiet, "quiet", 'q', NONE, "Show failures only", NULL),
    {NULL}};

const GOptionEntry *
sm_command_common_options(void)
{
    return common_options;
}

/* The options, whose values are to be found in values. */
static void
bind_options(const GOptionEntry *options, gpointer values, GOptionEntry *bound)
{
    gsize count = 0;

    for (const GOptionEntry *option = options; option != NULL && option->long_name != NULL;
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
        else if (bound->arg == G_OPTION_ARG_STRING_ARRAY)
            g_strfreev(*(char ***)bound->arg_data);
}

/* The option of that list that was probably meant by unknown; best is how near the nearest is. */
static void
find_nearest(const GOptionEntry *option, const char *unknown, const char **nearest, guint *best)
{
    for (; option != NULL && option->long_name != NULL; option++) {
        guint distance = sm_nearness(unknown, option->long_name);

        if (distance < *best) {
            *best = distance;
            *nearest = option->long_name;
        }
    }
}

/* The first of the words that is no option of the command, where it is near to one: "; did you mean
 * --json". Caller frees. */
static char *
guess_option(const SmCommand *command, const GError *fault, char **words)
{
    const char *nearest = NULL;
    guint best = G_MAXUINT;

    for (; g_error_matches(fault, G_OPTION_ERROR, G_OPTION_ERROR_UNKNOWN_OPTION) && *words != NULL;
         words++) {
        g_autofree char *name =
            g_str_has_prefix(*words, "--") ? g_strndup(*words + 2, strcspn(*words + 2, "=")) : NULL;

        if (name == NULL || strstr(fault->message, *words) == NULL)
            continue;
        find_nearest(command->options, name, &nearest, &best);
        find_nearest(common_options, name, &nearest, &best);
    }
    return nearest != NULL ? g_strdup_printf("; did you mean --%s", nearest) : g_strdup("");
}

static GOptionContext *
make_context(const SmCommand *command, const GOptionEntry *common, const GOptionEntry *own)
{
    GOptionContext *context = g_option_context_new(command->usage);
    g_autofree char *program = g_strconcat("scorefetch ", command->name, NULL);

    g_option_context_set_summary(context, command->summary);
    g_option_context_add_main_entries(context, common, NULL);
    g_option_context_add_main_entries(context, own, NULL);
    g_set_prgname(program);
    return context;
}

char *
sm_command_text(const SmCommand *command)
{
    g_autofree gpointer values = g_malloc0(MAX(command->size, 1));
    GOptionEntry common[OPTIONS_MAX], own[OPTIONS_MAX];
    GOptionContext *context;
    SmSession session;
    char *text;

    bind_options(common_options, &session, common);
    bind_options(command->options, values, own);
    context = make_context(command, common, own);
    text = g_option_context_get_help(context, TRUE, NULL);
    g_option_context_free(context);
    return text;
}

static gboolean
parse(const SmCommand *command, SmSession *session, const GOptionEntry *bound, int *argc,
      char ***argv, GError **error)
{
    GOptionEntry common[OPTIONS_MAX];
    GOptionContext *context;
    g_autoptr(GError) fault = NULL;

    if (!sm_words_are_filled(*argv, error))
        return FALSE;
    bind_options(common_options, session, common);
    context = make_context(command, common, bound);
    if (!g_option_context_parse(context, argc, argv, &fault)) {
        g_autofree char *guess = guess_option(command, fault, *argv);

        sm_error_set(error, SM_ERROR_USAGE, "%s%s (see scorefetch %s --help)", fault->message,
                     guess, command->name);
    }
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
        return sm_error_set(
            error, SM_ERROR_USAGE,
            "%s takes no names; run scorefetch get NAME to fetch a file, scorefetch log NAME to see"
            " what became of one",
            command->name);
    return sm_error_set(error, SM_ERROR_USAGE, "too %s arguments: scorefetch %s %s",
                        count < command->least ? "few" : "many", command->name, command->usage);
}

static gboolean
prepare(const SmCommand *command, SmSession *session, GError **error)
{
    guint needs = command->needs;

    /* Whatever fails below: systemd would start it again at once as long as the byte is there. */
    if ((needs & SM_NEEDS_DRAIN) != 0 && session->account == NULL)
        sm_wake_drain(SM_SITE_WAKE);
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

    bind_options(command->options, values, bound);
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
