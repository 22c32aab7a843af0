#include "fetch/rules/unknown.h"

#include <string.h>

enum {
    OF_MESSAGE = 3,
    OF_DOMAIN = 20,
    OF_ALL = 40,
    RESERVE = 20,
    DAY = 86400,
    DATE = 8,       /* digits: YYYYMMDD */
    PREFIX_MIN = 4, /* characters before a date that tell one organisation from another */
};

gboolean
sm_unknown_leaves_room(const SmUnknowns *unknown, gboolean fits, gboolean verified)
{
    return (unknown->of_message < OF_MESSAGE && unknown->of_domain < OF_DOMAIN &&
            unknown->of_all < OF_ALL) ||
           (fits && unknown->alike < RESERVE) || (verified && unknown->of_domain < RESERVE);
}

/* Seconds since 1970 of the eight digits that text begins with; 0: they are no date. */
static gint64
read_date(const char *text)
{
    g_autoptr(GDateTime) date = NULL;
    int number = 0;

    for (int i = 0; i < DATE; i++) {
        if (!g_ascii_isdigit(text[i]))
            return 0;
        number = number * 10 + g_ascii_digit_value(text[i]);
    }
    if (number / 1000000 == 20)
        date = g_date_time_new_utc(number / 10000, number / 100 % 100, number % 100, 0, 0, 0);
    return date != NULL ? g_date_time_to_unix(date) : 0;
}

char *
sm_unknown_prefix(const char *name)
{
    gsize digits = strspn(name, "0123456789");

    if (digits > 0 && name[digits] == '_')
        return g_strndup(name, digits + 1);
    for (gsize i = 0; name[i] != '\0'; i++)
        if (read_date(name + i) != 0)
            return i >= PREFIX_MIN ? g_strndup(name, i) : NULL;
    return NULL;
}

gint64
sm_unknown_date(const char *name)
{
    gint64 earliest = 0;

    for (; *name != '\0'; name++) {
        gint64 date = read_date(name);

        if (date != 0 && (earliest == 0 || date < earliest))
            earliest = date;
    }
    return earliest;
}

gint64
sm_unknown_listed_since(const char *name, gint64 posted, gint64 now)
{
    gint64 date = sm_unknown_date(name);
    gint64 since = (date != 0 ? MIN(date, posted) : posted) - DAY;

    return MAX(since, now - SM_UNKNOWN_KEPT_FOR - DAY);
}

gboolean
sm_unknown_is_old(gint64 posted, gint64 announced)
{
    return posted > 0 && posted + DAY < announced;
}
