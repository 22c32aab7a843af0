#include "fetch/service/secret-age.h"

#include "common/base/text.h"
#include "fetch/service/secret.h"

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
    from = sm_text_day(since);
    until = sm_text_day(due);
    return g_strdup_printf("account %s: the password of %s has been in use since %s and %s"
                           " password-max-age old on %s: sign in at the portal, which asks for that"
                           " before passwords expire, and give the account another one",
                           account->name, source, from, now < due ? "gets" : "got", until);
}
