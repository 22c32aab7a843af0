#include "filter/options.h"

#include <string.h>
#include <unistd.h>

#include "common/base/error.h"
#include "common/base/words.h"
#include "common/config/values.h"
#include "filter/filter.h"

enum {
    MAX_MESSAGE_MAX = 1024 * 1024 * 1024,
    MAX_CPU_DEFAULT = 3,
    MAX_CPU_MAX = 3600,
    TIME_LIMIT_DEFAULT = 15 * 60, /* longer than run-limit's default, shorter than any agent's */
};

static gboolean
take_sandbox(SmOptions *options, GError **error)
{
    const char *word = options->sandbox_word;

    if (word == NULL || strcmp(word, "auto") == 0) {
        options->sandbox = SM_SANDBOX_AUTO;
    } else if (strcmp(word, "required") == 0) {
        options->sandbox = SM_SANDBOX_REQUIRED;
    } else {
        return sm_error_set(error, SM_ERROR_USAGE,
                            "--sandbox '%s' is invalid; allowed: auto, required", word);
    }
    return TRUE;
}

static gboolean
take_defer_for(SmOptions *options, GError **error)
{
    const char *word = options->handoff.defer_for;
    g_autoptr(GError) fault = NULL;

    if (word == NULL &&
        isatty(STDERR_FILENO)) /* at a terminal a person sees the failure; no mail system waits */
        options->handoff.defer_for = word = g_strdup("unlimited");
    if (word == NULL || sm_value_read(&sm_value_deferral, word, &options->defer_for, &fault))
        return TRUE;
    return sm_error_set(error, SM_ERROR_USAGE, "--defer-for %s", fault->message);
}

static gboolean
take_time_limit(SmOptions *options, GError **error)
{
    g_autoptr(GError) fault = NULL;

    if (options->time_limit == NULL || sm_value_read(&sm_value_duration, options->time_limit,
                                                     &options->handoff.time_limit, &fault))
        return TRUE;
    return sm_error_set(error, SM_ERROR_USAGE, "--time-limit %s", fault->message);
}

static gboolean
are_sound(const SmOptions *options, int argc, char **argv, GError **error)
{
    if (argc > 1)
        sm_error_set(error, SM_ERROR_USAGE,
                     "unexpected argument '%s'; scoremail reads the message from standard input",
                     argv[1]);
    else if (options->max_message < 1 || options->max_message > MAX_MESSAGE_MAX)
        sm_error_set(error, SM_ERROR_USAGE, "--max-message takes 1 to %d bytes", MAX_MESSAGE_MAX);
    else if (options->max_cpu < 1 || options->max_cpu > MAX_CPU_MAX)
        sm_error_set(error, SM_ERROR_USAGE, "--max-cpu takes 1 to %d seconds", MAX_CPU_MAX);
    else
        return TRUE;
    return FALSE;
}

static GOptionContext *
context_for(SmOptions *options)
{
    SmHandoff *handoff = &options->handoff;
    /* Paths and names are passed on byte by byte, whatever the locale: hence FILENAME. */
    const GOptionEntry entries[] = {
        {"config", 'c', 0, G_OPTION_ARG_FILENAME, &handoff->config, "Use this configuration",
         "FILE"},
        {"account", 'a', 0, G_OPTION_ARG_FILENAME, &options->account, "Deliver for this account",
         "NAME"},
        {"defer-for", 0, 0, G_OPTION_ARG_FILENAME, &handoff->defer_for,
         "How long the mail system keeps the message and retries (2h)", "TIME|unlimited"},
        {"dry-run", 'n', 0, G_OPTION_ARG_NONE, &handoff->dry_run,
         "Show what would be done, and do nothing", NULL},
        {"extract", 0, 0, G_OPTION_ARG_NONE, &options->extract,
         "Print the valid names and do nothing else; needs no configuration", NULL},
        {"max-message", 0, 0, G_OPTION_ARG_INT64, &options->max_message,
         "Ignore larger messages (64 MiB)", "BYTES"},
        {"max-cpu", 0, 0, G_OPTION_ARG_INT, &options->max_cpu,
         "Processor time limit for parsing one message (3)", "SECONDS"},
        {"sandbox", 0, 0, G_OPTION_ARG_FILENAME, &options->sandbox_word,
         "If this kernel lacks a part of it: use the rest (auto), or refuse (required)", "POLICY"},
        {"time-limit", 0, 0, G_OPTION_ARG_FILENAME, &options->time_limit,
         "Stop a scorefetch that takes longer (15min)", "TIME"},
        {"verbose", 'v', 0, G_OPTION_ARG_NONE, &handoff->verbose, "Show each step", NULL},
        {"quiet", 'q', 0, G_OPTION_ARG_NONE, &handoff->quiet, "Show failures only", NULL},
        {"version", 0, 0, G_OPTION_ARG_NONE, &options->version, "Show version and features", NULL},
        {"help", 'h', 0, G_OPTION_ARG_NONE, &options->help, "Show this help", NULL},
        {NULL},
    };
    GOptionContext *context = g_option_context_new("< MESSAGE");

    g_set_prgname("scoremail");
    g_option_context_set_summary(context, "Fetches the score file that a notification e-mail on "
                                          "standard input announces.");
    g_option_context_set_help_enabled(context, FALSE); /* its own ends the process */
    g_option_context_add_main_entries(context, entries, NULL);
    return context;
}

gboolean
sm_options_parse(SmOptions *options, int argc, char **argv, GError **error)
{
    g_autoptr(GOptionContext) context = context_for(options);
    g_autoptr(GError) fault = NULL;

    *options = (SmOptions){.max_message = SM_MESSAGE_MAX,
                           .max_cpu = MAX_CPU_DEFAULT,
                           .handoff.time_limit = TIME_LIMIT_DEFAULT};
    if (!sm_words_are_filled(argv, error))
        return FALSE;
    if (!g_option_context_parse(context, &argc, &argv, &fault))
        return sm_error_set(error, SM_ERROR_USAGE, "%s", fault->message);
    return take_sandbox(options, error) && take_defer_for(options, error) &&
           take_time_limit(options, error) && are_sound(options, argc, argv, error);
}

char *
sm_options_help(void)
{
    SmOptions options;
    g_autoptr(GOptionContext) context = context_for(&options);

    return g_option_context_get_help(context, TRUE, NULL);
}

void
sm_options_clear(SmOptions *options)
{
    g_free((char *)options->handoff.config);
    g_free((char *)options->handoff.defer_for);
    g_free(options->account);
    g_free(options->time_limit);
    g_free(options->sandbox_word);
}
