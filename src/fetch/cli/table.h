/*
 * This room is the program around the commands: it finds the one that is asked for, lists them all,
 * and completes them in a shell.
 *
 * The one table of commands: what main() starts, what help tells, what shells complete.
 */
#pragma once

#include <stdio.h>

#include "fetch/commands/commands.h"

/* The table, in the order in which it is told; *count is its length. */
const SmCommand *const *sm_commands(gsize *count);

/* The command of that name; NULL where there is none, or name is NULL. */
const SmCommand *sm_command_find(const char *name);

/* Prints how scorefetch is called, with a line for each command. */
void sm_commands_print(FILE *to);

/* SM_ERROR_USAGE: there is no such command, with the one that was probably meant. */
void sm_command_unknown(const char *name, GError **error);
