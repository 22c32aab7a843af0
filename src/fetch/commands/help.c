/* scorefetch help: the commands, or what one of them takes. */
#include <sysexits.h>

#include "common/base/io.h"
#include "fetch/commands/table.h"

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
    if (*error == NULL)
        sm_io_flush(error);
    return EX_OK;
}

const SmCommand sm_command_help = {
    .name = "help",
    .usage = "[COMMAND]",
    .most = 1,
    .summary = "Show the commands, or the options of one",
    .run = help,
};
