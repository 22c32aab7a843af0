/* When a password is said to get too old. */
#include "fetch/service/secret.h"

#include <string.h>

enum { DAY = 86400, SINCE = 1700000000 /* 2023-11-14 in UTC */ };

static char *
warning(guint max_age, gint64 since, gint64 now)
{
    char *command[] = {(char *)"pass", (char *)"s3cret-argument", NULL};
    const SmAccount account = {
        .name = (char *)"main", .password_command = command, .password_max_age = max_age};

    return sm_secret_age_warning(&account, since, now);
}

static void
nothing_is_said_before_the_last_fourteen_days(void)
{
    g_autofree char *early = warning(90 * DAY, SINCE, SINCE + 76 * DAY - 1);
    g_autofree char *due = warning(90 * DAY, SINCE, SINCE + 76 * DAY);

    g_assert_null(early);
    g_assert_nonnull(due);
}

static void
it_names_account_source_days_and_remedy(void)
{
    g_autofree char *ahead = warning(90 * DAY, SINCE, SINCE + 80 * DAY);
    g_autofree char *over = warning(90 * DAY, SINCE, SINCE + 90 * DAY);

    g_assert_cmpstr(ahead, ==,
                    "account main: the password of password-command pass has been in use since "
                    "2023-11-14 and gets password-max-age old on 2024-02-12: sign in at the "
                    "portal, which asks for that before passwords expire, and give the account "
                    "another one");
    g_assert_nonnull(strstr(over, "and got password-max-age old on 2024-02-12"));
}

static void
an_age_below_fourteen_days_warns_from_the_start(void)
{
    g_autofree char *due = warning(DAY, SINCE, SINCE);

    g_assert_nonnull(due);
}

static void
nothing_is_said_where_it_is_off_or_not_known(void)
{
    g_autofree char *off = warning(0, SINCE, SINCE + 1000 * DAY);
    g_autofree char *unknown = warning(90 * DAY, 0, SINCE);

    g_assert_null(off);
    g_assert_null(unknown);
}

int
main(int argc, char **argv)
{
    g_setenv("TZ", "UTC", TRUE);
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/secret age/nothing is said before the last fourteen days",
                    nothing_is_said_before_the_last_fourteen_days);
    g_test_add_func("/secret age/it names account, source, days and remedy",
                    it_names_account_source_days_and_remedy);
    g_test_add_func("/secret age/an age below fourteen days warns from the start",
                    an_age_below_fourteen_days_warns_from_the_start);
    g_test_add_func("/secret age/nothing is said where it is off or not known",
                    nothing_is_said_where_it_is_off_or_not_known);
    return g_test_run();
}
