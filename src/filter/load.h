/*
 * Loads a file of the program's own with what most messages do not need, and the libraries for it,
 * since loading these takes longer than all else. Needs no library but libc.
 */
#pragma once

/*
 * The one symbol of file, which lies in the program's own folder or in libexec: of a structure
 * that begins with the version of scoremail. It stays. NULL where it is missing or of another
 * version, and in *why a message; caller frees.
 */
const void *sm_load(const char *file, const char *symbol, char **why);
