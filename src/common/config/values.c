#include "common/config/values.h"

#include <grp.h>
#include <string.h>
#include <sys/types.h>

#include "common/base/error.h"
#include "common/base/text.h"
#include "common/config/config.h"
#include "common/event/event.h"

typedef struct {
    const char *word;
    guint64 value;
} Word;

static gboolean
refuse(GError **error, const char *text, const char *allowed)
{
    g_autofree char *shown = sm_text_clean(text, SM_TEXT_SHOWN_MAX);

    g_set_error(error, SM_ERROR, SM_ERROR_CONFIG, "\"%s\" is invalid; allowed: %s", shown, allowed);
    return FALSE;
}

/* One of the words, the last of which has no text; FALSE if it is none of them. */
static gboolean
find_word(const Word *words, const char *text, guint64 *value)
{
    for (; words->word != NULL; words++)
        if (strcmp(words->word, text) == 0) {
            *value = words->value;
            return TRUE;
        }
    return FALSE;
}

gboolean
sm_value_boolean(const char *text, void *result, GError **error)
{
    static const Word words[] = {
        {"yes", TRUE}, {"no", FALSE}, {"true", TRUE}, {"false", FALSE}, {NULL, 0}};
    guint64 value;

    if (!find_word(words, text, &value))
        return refuse(error, text, "yes, no, true, false");
    *(gboolean *)result = (gboolean)value;
    return TRUE;
}

gboolean
sm_value_text(const char *text, void *result, GError **error)
{
    *(char **)result = g_strdup(text);
    return TRUE;
}

/* A whole number above 0 with one of the units right behind it. */
static gboolean
parse_quantity(const char *text, const Word *units, guint64 max, guint64 *amount)
{
    const char *unit = text + strspn(text, "0123456789");
    g_autofree char *digits = g_strndup(text, (gsize)(unit - text));
    guint64 number;
    guint64 factor;

    return g_ascii_string_to_unsigned(digits, 10, 1, max, &number, NULL) &&
           find_word(units, unit, &factor) && g_uint64_checked_mul(amount, number, factor) &&
           *amount <= max;
}

#define DURATION_UP_TO(most)                                                                       \
    "a whole number with a unit, s, min, h, d or w, as in 90s, 30min, 2h or 7d, from 1s to " most
#define A_DURATION DURATION_UP_TO("366d")

enum { DAY = 86400 }; /* seconds */

static gboolean
parse_duration(const char *text, guint days, const char *allowed, guint *result, GError **error)
{
    static const Word units[] = {{"s", 1},   {"min", 60},    {"h", 3600},
                                 {"d", DAY}, {"w", 7 * DAY}, {NULL, 0}};
    guint64 seconds;

    if (!parse_quantity(text, units, (guint64)days * DAY, &seconds))
        return refuse(error, text, allowed);
    *result = (guint)seconds;
    return TRUE;
}

gboolean
sm_value_duration(const char *text, void *result, GError **error)
{
    return parse_duration(text, 366, A_DURATION, result, error);
}

gboolean
sm_value_deferral(const char *text, void *result, GError **error)
{
    if (strcmp(text, "unlimited") != 0)
        return parse_duration(text, 366, A_DURATION ", or unlimited", result, error);
    *(guint *)result = G_MAXUINT;
    return TRUE;
}

gboolean
sm_value_hops(const char *text, void *result, GError **error)
{
    guint64 number;

    if (!g_ascii_string_to_unsigned(text, 10, 0, SM_EVENT_HOPS_MAX, &number, NULL))
        return refuse(error, text, "a whole number from 0 to 20");
    *(guint *)result = (guint)number;
    return TRUE;
}

gboolean
sm_value_authserv_id(const char *text, void *result, GError **error)
{
    for (const char *c = text; *c != '\0'; c++)
        if (!g_ascii_isgraph(*c) || strchr(";\"\\(),", *c) != NULL)
            return refuse(error, text,
                          "one name, as the mail system writes it behind "
                          "\"Authentication-Results:\"");
    *(char **)result = g_strdup(text);
    return TRUE;
}

gboolean
sm_value_duration_or_off(const char *text, void *result, GError **error)
{
    if (strcmp(text, "off") != 0)
        return parse_duration(text, 366, A_DURATION ", or off", result, error);
    *(guint *)result = 0;
    return TRUE;
}

gboolean
sm_value_retention(const char *text, void *result, GError **error)
{
    if (strcmp(text, "off") != 0)
        return parse_duration(text, 3660, DURATION_UP_TO("3660d") ", or off", result, error);
    *(guint *)result = 0;
    return TRUE;
}

gboolean
sm_value_parallel(const char *text, void *result, GError **error)
{
    guint64 number;

    if (!g_ascii_string_to_unsigned(text, 10, 1, 16, &number, NULL))
        return refuse(error, text, "a whole number from 1 to 16");
    *(guint *)result = (guint)number;
    return TRUE;
}

gboolean
sm_value_size(const char *text, void *result, GError **error)
{
    static const Word units[] = {
        {"B", 1},
        {"kB", 1000},
        {"MB", 1000000},
        {"GB", 1000000000},
        {"TB", 1000000000000},
        {"KiB", G_GUINT64_CONSTANT(1) << 10},
        {"MiB", G_GUINT64_CONSTANT(1) << 20},
        {"GiB", G_GUINT64_CONSTANT(1) << 30},
        {"TiB", G_GUINT64_CONSTANT(1) << 40},
        {NULL, 0},
    };
    guint64 bytes;

    if (!parse_quantity(text, units, G_MAXINT64, &bytes))
        return refuse(error, text,
                      "a whole number with a unit, B, kB, MB, GB, TB, KiB, MiB, GiB or TiB, as in "
                      "100KiB or 2GiB");
    *(guint64 *)result = bytes;
    return TRUE;
}

/* Permissions in octal with all bits of least and none but those of most. */
static gboolean
parse_mode(const char *text, mode_t least, mode_t most, mode_t *result)
{
    gsize length = strlen(text);
    guint64 mode;

    if (length < 3 || length > 4 || strspn(text, "01234567") != length ||
        !g_ascii_string_to_unsigned(text, 8, 0, 07777, &mode, NULL) || (mode & ~most) != 0 ||
        (mode & least) != least)
        return FALSE;
    *result = (mode_t)mode;
    return TRUE;
}

gboolean
sm_value_mode(const char *text, void *result, GError **error)
{
    /* Others never write, nobody executes: a score file is data. */
    if (!parse_mode(text, 0400, 0664, result))
        return refuse(error, text,
                      "three or four octal digits, as in 0600 or 0640, without execute bits and "
                      "without write permission for others");
    return TRUE;
}

gboolean
sm_value_directory_mode(const char *text, void *result, GError **error)
{
    if (!parse_mode(text, 0700, 02775, result))
        return refuse(error, text,
                      "three or four octal digits, as in 0700, 0750 or 2750, with all permissions "
                      "for the owner and without write permission for others");
    return TRUE;
}

gboolean
sm_value_group(const char *text, void *result, GError **error)
{
    const struct group *group = getgrnam(text);
    guint64 number;

    if (group == NULL && g_ascii_string_to_unsigned(text, 10, 0, G_MAXINT32, &number, NULL))
        group = getgrgid((gid_t)number);
    if (group == NULL) {
        g_autofree char *shown = sm_text_clean(text, SM_TEXT_SHOWN_MAX);

        g_set_error(error, SM_ERROR, SM_ERROR_CONFIG,
                    "this system knows no group \"%s\"; allowed: the name or number of a group "
                    "that `getent group` shows",
                    shown);
        return FALSE;
    }
    *(gid_t *)result = group->gr_gid;
    return TRUE;
}

gboolean
sm_value_format(const char *text, void *result, GError **error)
{
    static const Word words[] = {{"csv", SM_FORMAT_CSV},
                                 {"txt", SM_FORMAT_TXT},
                                 {"both", SM_FORMAT_BOTH},
                                 {"first", SM_FORMAT_FIRST},
                                 {NULL, 0}};
    guint64 value;

    if (!find_word(words, text, &value))
        return refuse(error, text, "csv, txt, both, first");
    *(SmFormat *)result = (SmFormat)value;
    return TRUE;
}

gboolean
sm_value_delivery(const char *text, void *result, GError **error)
{
    static const Word words[] = {{"inline", FALSE}, {"queued", TRUE}, {NULL, 0}};
    guint64 value;

    if (!find_word(words, text, &value))
        return refuse(error, text, "inline, queued");
    *(gboolean *)result = (gboolean)value;
    return TRUE;
}

gboolean
sm_value_commands(const char *text, void *result, GError **error)
{
    static const Word words[] = {{"inline", FALSE}, {"deferred", TRUE}, {NULL, 0}};
    guint64 value;

    if (!find_word(words, text, &value))
        return refuse(error, text, "inline, deferred");
    *(gboolean *)result = (gboolean)value;
    return TRUE;
}

gboolean
sm_value_log_level(const char *text, void *result, GError **error)
{
    static const Word words[] = {{"error", G_LOG_LEVEL_WARNING},
                                 {"notice", G_LOG_LEVEL_MESSAGE},
                                 {"info", G_LOG_LEVEL_INFO},
                                 {NULL, 0}};
    guint64 value;

    if (!find_word(words, text, &value))
        return refuse(error, text, "error, notice, info");
    *(GLogLevelFlags *)result = (GLogLevelFlags)value;
    return TRUE;
}
