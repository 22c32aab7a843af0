/* `scoremail-emulator serve`: puts the parts together and runs until SIGTERM or SIGINT. */
#pragma once

#include "emulator/options.h"

/* Returns after SIGTERM or SIGINT; FALSE and an error if it could not start. SM_ERROR_USAGE,
 * SM_ERROR_IO, SM_ERROR_CONFIG, SM_ERROR_INTERNAL. */
gboolean sm_serve(const SmOptions *options, GError **error);
