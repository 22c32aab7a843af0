#include "common/base/words.h"

#include <string.h>

#include "common/base/error.h"

enum { NEAR = 2, SHORTEST = 2, LONGEST = 32 };

/* Levenshtein's distance, where two neighbours that changed places count once. */
static guint
edit_distance(const char *a, const char *b)
{
    gsize width = strlen(b) + 1, height = strlen(a) + 1;
    g_autofree guint *cells = g_new0(guint, width * height);

    for (gsize i = 0; i < height; i++) {
        guint *row = &cells[i * width];

        row[0] = (guint)i;
        for (gsize j = 1; j < width; j++) {
            guint changed, swapped;

            if (i == 0) {
                row[j] = (guint)j;
                continue;
            }
            changed = cells[(i - 1) * width + j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]
                          ? cells[(i - 2) * width + j - 2] + 1
                          : G_MAXUINT;
            row[j] = MIN(MIN(changed, swapped), MIN(cells[(i - 1) * width + j], row[j - 1]) + 1);
        }
    }
    return cells[width * height - 1];
}

guint
sm_nearness(const char *typed, const char *known)
{
    gsize length = strlen(typed);
    guint distance;

    if (length < SHORTEST || length > LONGEST)
        return G_MAXUINT;
    /* The first part of a longer name was meant: password, max-file. */
    if (g_str_has_prefix(known, typed) && known[length] == '-')
        return 1;
    distance = edit_distance(typed, known);
    return distance <= 1 || (distance <= NEAR && distance < length / 2) ? distance : G_MAXUINT;
}

gboolean
sm_words_are_filled(char *const *words, GError **error)
{
    for (guint i = 1; words[0] != NULL && words[i] != NULL; i++) {
        const char *equals = *words[i] == '-' ? strchr(words[i], '=') : NULL;
        const char *option = *words[i] == '\0' ? words[i - 1] : words[i];

        if (*words[i] != '\0' && (equals == NULL || equals[1] != '\0'))
            continue;
        return sm_error_set(error, SM_ERROR_USAGE,
                            "the value behind %.*s is empty; give one, or leave it out",
                            (int)strcspn(option, "="), option);
    }
    return TRUE;
}
