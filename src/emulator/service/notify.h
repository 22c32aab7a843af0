/* `scoremail-emulator notify`: prints a notification e-mail. */
#pragma once

#include <glib.h>

/* The command: argv[0] is "notify"; SM_ERROR_USAGE for what makes no sense, SM_ERROR_IO. */
gboolean sm_notify(char **argv, GError **error);
