/*
 * Seccomp: the wall around the kernel (seccomp(2)). Allowed is what a parser
 * needs that has all it reads in memory: memory, an answer, an end. Any other
 * call kills the process: a parser that makes one has been taken over, or the list is wrong; its
 * answer cannot be trusted. Only the calls by which iconv looks for a converter fail instead of
 * killing: iconv then has none, and sm_charsets_missing() names it.
 */
#pragma once

#include <glib.h>

/* Allows for good nothing but the list, writing only to answer and standard error. Needs
 * no_new_privs. */
gboolean sm_seccomp_enter(int answer);
