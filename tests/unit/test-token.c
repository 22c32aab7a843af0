/* The word that a structured header begins with. */
#include "filter/message/token.h"

static const char *const tokens[][2] = {
    {"base64", "base64"},
    {"", ""},
    {" \t\r\n base64 \r\n", "base64"},
    {"attachment; filename=x", "attachment"},
    {"attachment;", "attachment"},
    {"attachment filename=x", "attachment"},
    {"\"base64\"", "base64"},
    {"\"", ""},
    {"(a comment) base64", "base64"},
    {"(a (nested \\) \\( one)) (another) base64(and one)", "base64"},
    {"(never closed", ""},
    {"(never closed\\", ""},
    {")base64", ")base64"},
    {"; filename=x", ""},
    {"inline-ish.x", "inline-ish.x"},
};

static void
check_tokens(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(tokens); i++) {
        g_autofree char *token = sm_token_of(tokens[i][0]);

        g_assert_cmpstr(token, ==, tokens[i][1]);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/token/comments, blanks, quotes and parameters do not matter", check_tokens);
    return g_test_run();
}
