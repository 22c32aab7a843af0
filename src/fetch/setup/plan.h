/*
 * What setup is going to do, in order: shown by --print, or done once every question is answered.
 * Each file is replaced as a whole, and no signal ends the work between two.
 */
#pragma once

#include <glib.h>
#include <sys/types.h>

#include "fetch/service/secret.h"

typedef GPtrArray SmPlan; /* of steps that only plan.c knows */

/* An empty plan. Caller frees. */
SmPlan *sm_plan_new(void);

/* A folder, with those above it that are missing; one that is there stays as it is. owner and group
 * are static names; NULL: ours. */
void sm_plan_folder(SmPlan *plan, const char *path, mode_t mode, const char *owner,
                    const char *group);

/* A file with that text; one that is there keeps its mode, and is left alone where it has the text
 * already. A link is followed. */
void sm_plan_file(SmPlan *plan, const char *path, const char *text, mode_t mode);

/* The password's file, 0600, with a new secret, which the plan takes. A new file is owner's (a
 * static name; NULL: ours), one that is there keeps its owner, unless that is root. */
void sm_plan_secret(SmPlan *plan, const char *path, SmSecret *secret, const char *owner);

/* A command, with input on its standard input (NULL: nothing). must: FALSE for one that may fail,
 * which runs after all others; a signal ends it. */
void sm_plan_command(SmPlan *plan, gboolean must, const char *const *argv, const char *input);

/* Something that is left to the person: shown at the end, several lines are allowed. */
void sm_plan_note(SmPlan *plan, const char *text, ...) G_GNUC_PRINTF(2, 3);

/* Whether the folder that path lies in, or the nearest above it that is there, can be written to,
 * and path is no link to what is missing. SM_ERROR_DIRECTORY. */
gboolean sm_plan_can_write(const char *path, GError **error);

/* Whether path is a directory, or can be made one. SM_ERROR_DIRECTORY. */
gboolean sm_plan_can_make(const char *path, GError **error);

/* Shows all of it on standard output; the password is not shown. */
void sm_plan_print(const SmPlan *plan);

/* Does it, and says each step that changed something. SM_ERROR_DIRECTORY; then what was done before
 * stays done. */
gboolean sm_plan_do(const SmPlan *plan, GError **error);

/* Shows the notes on standard output. */
void sm_plan_print_notes(const SmPlan *plan);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SmPlan, g_ptr_array_unref)
