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

    return sm_error_set(error, SM_ERROR_CONFIG, "\"%s\" is invalid; allowed: %s", shown, allowed);
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

/* The same for a whole value; result: a gint, gboolean or enum. */
static gboolean
parse_word(const Word *words, const char *text, gint *result, GError **error)
{
    g_autoptr(GString) allowed = g_string_new(NULL);
    guint64 value;

    if (find_word(words, text, &value)) {
        *result = (gint)value;
        return TRUE;
    }
    for (; words->word != NULL; words++)
        g_string_append_printf(allowed, "%s%s", allowed->len > 0 ? ", " : "", words->word);
    return refuse(error, text, allowed->str);
}

static gboolean
parse_number(const char *text, guint min, guint max, guint *result, GError **error)
{
    g_autofree char *allowed = g_strdup_printf("a whole number from %u to %u", min, max);
    guint64 number;

    if (!g_ascii_string_to_unsigned(text, 10, min, max, &number, NULL))
        return refuse(error, text, allowed);
    *result = (guint)number;
    return TRUE;
}

gboolean
sm_value_boolean(const char *text, void *result, GError **error)
{
    static const Word words[] = {
        {"yes", TRUE}, {"no", FALSE}, {"true", TRUE}, {"false", FALSE}, {NULL, 0}};

    return parse_word(words, text, result, error);
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

enum { DAY = 86400 /* seconds */, YEAR_DAYS = 366, YEARS_DAYS = 3660 };

/* Seconds, of as many days at most; or word, which means of_word. */
static gboolean
parse_duration(const char *text, guint days, const char *word, guint of_word, guint *result,
               GError **error)
{
    static const Word units[] = {{"s", 1},   {"min", 60},    {"h", 3600},
                                 {"d", DAY}, {"w", 7 * DAY}, {NULL, 0}};
    g_autofree char *allowed = NULL;
    guint64 seconds = of_word;

    if (g_strcmp0(text, word) != 0 && !parse_quantity(text, units, (guint64)days * DAY, &seconds)) {
        allowed =
            g_strdup_printf("a whole number with a unit, s, min, h, d or w, as in 90s, 30min, "
                            "2h or 7d, from 1s to %ud%s%s",
                            days, word != NULL ? ", or " : "", word != NULL ? word : "");
        return refuse(error, text, allowed);
    }
    *result = (guint)seconds;
    return TRUE;
}

gboolean
sm_value_duration(const char *text, void *result, GError **error)
{
    return parse_duration(text, YEAR_DAYS, NULL, 0, result, error);
}

gboolean
sm_value_deferral(const char *text, void *result, GError **error)
{
    return parse_duration(text, YEAR_DAYS, "unlimited", G_MAXUINT, result, error);
}

gboolean
sm_value_duration_or_off(const char *text, void *result, GError **error)
{
    return parse_duration(text, YEAR_DAYS, "off", 0, result, error);
}

gboolean
sm_value_retention(const char *text, void *result, GError **error)
{
    return parse_duration(text, YEARS_DAYS, "off", 0, result, error);
}

gboolean
sm_value_hops(const char *text, void *result, GError **error)
{
    return parse_number(text, 0, SM_EVENT_HOPS_MAX, result, error);
}

gboolean
sm_value_parallel(const char *text, void *result, GError **error)
{
    return parse_number(text, 1, 16, result, error);
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

        return sm_error_set(
            error, SM_ERROR_CONFIG,
            "this system knows no group \"%s\"; allowed: the name or number of a group "
            "that `getent group` shows",
            shown);
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

    return parse_word(words, text, result, error);
}

gboolean
sm_value_delivery(const char *text, void *result, GError **error)
{
    static const Word words[] = {{"inline", FALSE}, {"queued", TRUE}, {NULL, 0}};

    return parse_word(words, text, result, error);
}

gboolean
sm_value_commands(const char *text, void *result, GError **error)
{
    static const Word words[] = {{"inline", FALSE}, {"deferred", TRUE}, {NULL, 0}};

    return parse_word(words, text, result, error);
}

gboolean
sm_value_log_level(const char *text, void *result, GError **error)
{
    static const Word words[] = {{"error", G_LOG_LEVEL_WARNING},
                                 {"notice", G_LOG_LEVEL_MESSAGE},
                                 {"info", G_LOG_LEVEL_INFO},
                                 {NULL, 0}};

    return parse_word(words, text, result, error);
}
