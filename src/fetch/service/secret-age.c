#include "fetch/service/secret-age.h"

#include "fetch/service/secret.h"

static char *
day_of(gint64 time)
{
    g_autoptr(GDateTime) when = g_date_time_new_from_unix_local(time);

    return g_date_time_format(when, "%Y-%m-%d");
}

char *
sm_secret_age_warning(const SmAccount *account, gint64 since, gint64 now)
{
    gint64 due = since + account->password_max_age;
    g_autofree char *source = NULL;
    g_autofree char *from = NULL;
    g_autofree char *until = NULL;

    if (account->password_max_age == 0 || since <= 0 || now < due - SM_SECRET_WARN_AHEAD)
        return NULL;
    source = sm_secret_source(account);
    from = day_of(since);
    until = day_of(due);
    return g_strdup_printf("account %s: the password of %s has been in use since %s and %s"
                           " password-max-age old on %s: sign in at the portal, which asks for that"
                           " before passwords expire, and give the account another one",
                           account->name, source, from, now < due ? "gets" : "got", until);
}
