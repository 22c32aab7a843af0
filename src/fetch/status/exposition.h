/*
 * The survey as metrics in Prometheus' text exposition format (version 0.0.4),
 * for the text-file collector of its node exporter.
 */
#pragma once

#include "fetch/status/survey.h"

/* Caller frees. */
char *sm_exposition(const SmSurvey *survey);

/*
 * Writes text to the file at path, mode 0644, in one step: a collector reads the
 * older one or the new one. SM_ERROR_IO.
 */
gboolean sm_exposition_write(const char *path, const char *text, GError **error);
