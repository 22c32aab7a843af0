#include "filter/message/token.h"

#include <string.h>

#define BLANKS " \t\r\n"

/* What follows the comment at value (RFC 822, 3.4.3: they nest); the end if it never closes. */
static const char *
skip_comment(const char *value)
{
    gsize depth = 0;

    for (; *value != '\0'; value++) {
        if (*value == '\\' && value[1] != '\0')
            value++;
        else if (*value == '(')
            depth++;
        else if (*value == ')' && --depth == 0)
            return value + 1;
    }
    return value;
}

char *
sm_token_of(const char *value)
{
    while (*value != '\0' && strchr(BLANKS "(", *value) != NULL)
        value = *value == '(' ? skip_comment(value) : value + 1;
    value += *value == '"';
    return g_strndup(value, strcspn(value, BLANKS "\";("));
}
