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

gboolean
sm_value_read(const SmValue *value, const char *text, void *result, GError **error)
{
    return value->parse(text, value->terms, result, error);
}

/* A gint, gboolean or enum, by a list of Word. */
static gboolean
parse_word(const char *text, const void *terms, void *result, GError **error)
{
    g_autoptr(GString) allowed = g_string_new(NULL);
    const Word *words = terms;
    guint64 value;

    if (find_word(words, text, &value)) {
        *(gint *)result = (gint)value;
        return TRUE;
    }
    for (; words->word != NULL; words++)
        g_string_append_printf(allowed, "%s%s", allowed->len > 0 ? ", " : "", words->word);
    return refuse(error, text, allowed->str);
}

const SmValue sm_value_boolean = {
    parse_word,
    (const Word[]){{"yes", TRUE}, {"no", FALSE}, {"true", TRUE}, {"false", FALSE}, {NULL, 0}}};

const SmValue sm_value_format = {parse_word, (const Word[]){{"csv", SM_FORMAT_CSV},
                                                            {"txt", SM_FORMAT_TXT},
                                                            {"both", SM_FORMAT_BOTH},
                                                            {"first", SM_FORMAT_FIRST},
                                                            {NULL, 0}}};

const SmValue sm_value_delivery = {parse_word,
                                   (const Word[]){{"inline", FALSE}, {"queued", TRUE}, {NULL, 0}}};

const SmValue sm_value_commands = {
    parse_word, (const Word[]){{"inline", FALSE}, {"deferred", TRUE}, {NULL, 0}}};

const SmValue sm_value_log_level = {parse_word, (const Word[]){{"error", G_LOG_LEVEL_WARNING},
                                                               {"notice", G_LOG_LEVEL_MESSAGE},
                                                               {"info", G_LOG_LEVEL_INFO},
                                                               {NULL, 0}}};

typedef struct {
    guint min, max;
} Range;

static gboolean
parse_number(const char *text, const void *terms, void *result, GError **error)
{
    const Range *range = terms;
    g_autofree char *allowed =
        g_strdup_printf("a whole number from %u to %u", range->min, range->max);
    guint64 number;

    if (!g_ascii_string_to_unsigned(text, 10, range->min, range->max, &number, NULL))
        return refuse(error, text, allowed);
    *(guint *)result = (guint)number;
    return TRUE;
}

const SmValue sm_value_hops = {parse_number, &(const Range){0, SM_EVENT_HOPS_MAX}};
const SmValue sm_value_parallel = {parse_number, &(const Range){1, 16}};

static gboolean
parse_text(const char *text, const void *terms, void *result, GError **error)
{
    *(char **)result = g_strdup(text);
    return TRUE;
}

const SmValue sm_value_text = {parse_text, NULL, g_free};

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

typedef struct {
    guint days;       /* at most */
    const char *word; /* allowed besides, and what it means; NULL: none */
    guint of_word;
} Span;

static gboolean
parse_duration(const char *text, const void *terms, void *result, GError **error)
{
    static const Word units[] = {{"s", 1},   {"min", 60},    {"h", 3600},
                                 {"d", DAY}, {"w", 7 * DAY}, {NULL, 0}};
    const Span *span = terms;
    g_autofree char *allowed = NULL;
    guint64 seconds = span->of_word;

    if (g_strcmp0(text, span->word) != 0 &&
        !parse_quantity(text, units, (guint64)span->days * DAY, &seconds)) {
        allowed = g_strdup_printf(
            "a whole number with a unit, s, min, h, d or w, as in 90s, 30min, "
            "2h or 7d, from 1s to %ud%s%s",
            span->days, span->word != NULL ? ", or " : "", span->word != NULL ? span->word : "");
        return refuse(error, text, allowed);
    }
    *(guint *)result = (guint)seconds;
    return TRUE;
}

const SmValue sm_value_duration = {parse_duration, &(const Span){YEAR_DAYS, NULL, 0}};
const SmValue sm_value_deferral = {parse_duration,
                                   &(const Span){YEAR_DAYS, "unlimited", G_MAXUINT}};
const SmValue sm_value_duration_or_off = {parse_duration, &(const Span){YEAR_DAYS, "off", 0}};
const SmValue sm_value_retention = {parse_duration, &(const Span){YEARS_DAYS, "off", 0}};

static gboolean
parse_authserv_id(const char *text, const void *terms, void *result, GError **error)
{
    for (const char *c = text; *c != '\0'; c++)
        if (!g_ascii_isgraph(*c) || strchr(";\"\\(),", *c) != NULL)
            return refuse(error, text,
                          "one name, as the mail system writes it behind "
                          "\"Authentication-Results:\"");
    *(char **)result = g_strdup(text);
    return TRUE;
}

const SmValue sm_value_authserv_id = {parse_authserv_id, NULL, g_free};

static gboolean
parse_size(const char *text, const void *terms, void *result, GError **error)
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

const SmValue sm_value_size = {parse_size, NULL};

/* Permissions in octal with all bits of least and none but those of most. */
typedef struct {
    mode_t least, most;
    const char *allowed;
} Mode;

static gboolean
parse_mode(const char *text, const void *terms, void *result, GError **error)
{
    const Mode *rule = terms;
    gsize length = strlen(text);
    guint64 mode;

    if (length < 3 || length > 4 || strspn(text, "01234567") != length ||
        !g_ascii_string_to_unsigned(text, 8, 0, 07777, &mode, NULL) || (mode & ~rule->most) != 0 ||
        (mode & rule->least) != rule->least)
        return refuse(error, text, rule->allowed);
    *(mode_t *)result = (mode_t)mode;
    return TRUE;
}

/* Others never write, nobody executes: a score file is data. */
const SmValue sm_value_mode = {
    parse_mode, &(const Mode){0400, 0664,
                              "three or four octal digits, as in 0600 or 0640, without execute "
                              "bits and without write permission for others"}};

const SmValue sm_value_directory_mode = {
    parse_mode, &(const Mode){0700, 02775,
                              "three or four octal digits, as in 0700, 0750 or 2750, with all "
                              "permissions for the owner and without write permission for others"}};

static gboolean
parse_group(const char *text, const void *terms, void *result, GError **error)
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

const SmValue sm_value_group = {parse_group, NULL};
