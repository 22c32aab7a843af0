/*
 * A fuzz target: one function that makes of any octets an input of the module
 * that it is named for, and asserts what must hold of the outcome. libFuzzer
 * (contrib/fuzz) looks for octets that break it; replay.c runs those of the
 * corpus, in every build.
 */
#pragma once

#include <glib.h>

#include "common/event/event.h"

/* libFuzzer's name and signature. Never returns but 0; aborts where something does not hold. */
int LLVMFuzzerTestOneInput(const guint8 *data, size_t size);

/* Asserts that names are well formed, each there once, and no more than an event takes. */
void fuzz_assert_names(char *const *names, guint count);

/* Asserts that event keeps its promises, and that it stays as it is when encoded, decoded and
 * copied. */
void fuzz_assert_event(const SmEvent *event);
