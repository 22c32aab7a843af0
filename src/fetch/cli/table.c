#include "fetch/cli/table.h"

#include <string.h>
#include <sysexits.h>

#include "common/base/error.h"
#include "common/base/text.h"
#include "common/base/words.h"

static const SmCommand help_command;

static const SmCommand *const commands[] = {
    &sm_command_setup,
    &sm_command_get,
    &sm_command_list,
    &sm_command_sync,
    &sm_command_run,
    &sm_command_tell,
    &sm_command_status,
    &sm_command_report,
    &sm_command_log,
    &sm_command_check,
    &sm_command_backup,
    &sm_command_ledger,
    &sm_command_retry,
    &sm_command_forget,
    &sm_command_cat,
    &sm_command_adopt,
    &sm_command_adopt_directory,
    &sm_command_passwd,
    &sm_command_prune,
    &help_command,
    &sm_command_deliver,
};

const SmCommand *const *
sm_commands(gsize *count)
{
    *count = G_N_ELEMENTS(commands);
    return commands;
}

const SmCommand *
sm_command_find(const char *name)
{
    for (gsize i = 0; name != NULL && i < G_N_ELEMENTS(commands); i++)
        if (strcmp(name, commands[i]->name) == 0)
            return commands[i];
    return NULL;
}

void
sm_commands_print(FILE *to)
{
    fputs("Usage: scorefetch COMMAND [-c FILE] [-a ACCOUNT] [-v] [-q] ...\n\n", to);
    for (gsize i = 0; i < G_N_ELEMENTS(commands); i++)
        fprintf(to, "  %-15s %s\n", commands[i]->name, commands[i]->summary);
    fputs("\n`scorefetch help COMMAND` shows its options; see scorefetch(1).\n", to);
}

void
sm_command_unknown(const char *name, GError **error)
{
    g_autofree char *shown = sm_text_clean(name, SM_TEXT_SHOWN_MAX);
    const char *nearest = NULL;
    guint best = G_MAXUINT;

    for (gsize i = 0; i < G_N_ELEMENTS(commands); i++) {
        guint distance = sm_nearness(name, commands[i]->name);

        if (distance < best) {
            best = distance;
            nearest = commands[i]->name;
        }
    }
    sm_error_set(error, SM_ERROR_USAGE, "unknown command %s%s%s (see scorefetch help)", shown,
                 nearest != NULL ? "; did you mean " : "", nearest != NULL ? nearest : "");
}

/* scorefetch help: the commands, or what one of them takes. */
static int
help(SmSession *session, gpointer values, char **arguments, GError **error)
{
    const SmCommand *command = sm_command_find(arguments[0]);
    g_autofree char *text = command != NULL ? sm_command_text(command) : NULL;

    if (arguments[0] == NULL)
        sm_commands_print(stdout);
    else if (text != NULL)
        fputs(text, stdout);
    else
        sm_command_unknown(arguments[0], error);
    return EX_OK;
}

static const SmCommand help_command = {
    .name = "help",
    .usage = "[COMMAND]",
    .most = 1,
    .summary = "Show the commands, or the options of one",
    .run = help,
};
