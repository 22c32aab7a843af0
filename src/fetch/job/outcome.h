/* Reports the decision about one name once: as text to people, as fields to the log. */
#pragma once

#include <glib.h>

#include "fetch/rows/files.h"

/*
 * Says text at the level (G_LOG_LEVEL_WARNING: a failure, else
 * G_LOG_LEVEL_MESSAGE). The log's line has account, name and what file, the row
 * of the name (NULL: it has none), says: event (its state), id, attempts, and,
 * once there is something stored, size and sha256.
 */
void sm_outcome_say(const SmFile *file, const char *account, const char *name, GLogLevelFlags level,
                    const char *text);
