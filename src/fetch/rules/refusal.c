#include "fetch/rules/refusal.h"

#include <string.h>

static gboolean
has_one_of(const char *lower, const char *const *words)
{
    for (; *words != NULL; words++)
        if (strstr(lower, *words) != NULL)
            return TRUE;
    return FALSE;
}

SmRefusalKind
sm_refusal_kind(long status, const char *message)
{
    static const char *const roles[] = {"role", "permission", "privilege", "entitle", NULL};
    static const char *const passwords[] = {
        "password", "credential", "username", "user name", "userid",  "user id", "login",
        "log in",   "logon",      "log on",   "signin",    "sign in", "sign-in", "log-in",
        "wrong",    "incorrect",  "account",  "mfa",       "factor",  NULL};
    g_autofree char *lower = message != NULL ? g_utf8_strdown(message, -1) : NULL;

    if (lower != NULL && strstr(lower, "max") != NULL && strstr(lower, "session") != NULL)
        return SM_REFUSAL_SESSIONS;
    if (status != 401 && status != 403)
        return SM_REFUSAL_NONE;
    if (lower != NULL && has_one_of(lower, roles))
        return SM_REFUSAL_ROLE;
    return lower != NULL && has_one_of(lower, passwords) ? SM_REFUSAL_PASSWORD : SM_REFUSAL_WAY;
}
