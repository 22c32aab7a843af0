/*
 * For gcc's analyzer alone: from GLib 2.78 on g_strdup() is an inline function that asks whether
 * its argument is a constant NULL, and the analyzer follows the answer "yes" everywhere. Where the
 * compiler is only asked what it can do, GLib is not on its path.
 */
#if __has_include(<glib.h>)
#include <glib.h>
#undef g_strdup
#endif
