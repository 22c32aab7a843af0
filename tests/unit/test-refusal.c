/* What refusals mean, by their words. */
#include "fetch/rules/refusal.h"

static const struct {
    long status;
    const char *message;
    SmRefusalKind kind;
} cases[] = {
    {401, "The user name or the password is not valid", SM_REFUSAL_PASSWORD},
    {403, "password expired", SM_REFUSAL_PASSWORD},
    {401, "Your login credentials have expired", SM_REFUSAL_PASSWORD},
    {401, "Incorrect USERNAME", SM_REFUSAL_PASSWORD},
    {403, "Account locked", SM_REFUSAL_PASSWORD},
    {401, "wrong", SM_REFUSAL_PASSWORD},
    {403, "The user does not have the role File Downloads", SM_REFUSAL_ROLE},
    {401, "You lack the Role for this login", SM_REFUSAL_ROLE},
    {403, "No permission to download files", SM_REFUSAL_ROLE},
    {401,
     "You have reached the max sessions, Please download files with the Token instead of "
     "Username/Password",
     SM_REFUSAL_SESSIONS},
    {403, "MAX SESSIONS", SM_REFUSAL_SESSIONS},
    {429, "max sessions reached", SM_REFUSAL_SESSIONS},
    {400, "maximum number of sessions", SM_REFUSAL_SESSIONS},
    {200, "max sessions", SM_REFUSAL_SESSIONS},
    {403, NULL, SM_REFUSAL_WAY},
    {401, NULL, SM_REFUSAL_WAY},
    {403, "Forbidden", SM_REFUSAL_WAY},
    {401, "Unauthorized", SM_REFUSAL_WAY},
    {403, "Missing Authentication Token", SM_REFUSAL_WAY},
    {403, "Access Denied", SM_REFUSAL_WAY},
    {403, "User is not authorized to access this resource", SM_REFUSAL_WAY},
    {403, "Limit Exceeded", SM_REFUSAL_WAY},
    {403, "Request blocked", SM_REFUSAL_WAY},
    {403, "", SM_REFUSAL_WAY},
    {500, "wrong password", SM_REFUSAL_NONE},
    {404, "no such file", SM_REFUSAL_NONE},
    {200, NULL, SM_REFUSAL_NONE},
};

static void
tells(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("%ld %s", cases[i].status, cases[i].message);
        g_assert_cmpint(sm_refusal_kind(cases[i].status, cases[i].message), ==, cases[i].kind);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/refusal/tells by the words", tells);
    return g_test_run();
}
