/*
 * The reader: all that needs GMime, gumbo and libseccomp lies in a file of its
 * own, which is loaded for a message that could be a notification. Nearly none
 * is, and loading those libraries takes longer than all else.
 */
#pragma once

#include "filter/parser.h"

/*
 * Loads the reader, once in a process, from the program's own folder or from
 * libexec. It stays. NULL with SM_ERROR_INTERNAL where it is missing, or
 * of another version.
 */
const SmReader *sm_reader_load(GError **error);
