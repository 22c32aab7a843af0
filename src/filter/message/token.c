#include "filter/message/token.h"

#include <string.h>

#define BLANKS " \t\r\n"

const char *
sm_token_skip(const char *at, gboolean *endless)
{
    const char begin = *at, end = begin == '(' ? ')' : begin;
    guint depth = 1;

    for (at++; *at != '\0'; at++) {
        if (*at == '\\' && at[1] != '\0')
            at++;
        else if (*at == end && --depth == 0)
            return at + 1;
        else if (*at == begin)
            depth++;
    }
    if (endless != NULL)
        *endless = TRUE;
    return at;
}

const char *
sm_token_skip_blanks(const char *at)
{
    while (*at != '\0' && strchr(BLANKS "(", *at) != NULL)
        at = *at == '(' ? sm_token_skip(at, NULL) : at + 1;
    return at;
}

char *
sm_token_of(const char *value)
{
    value = sm_token_skip_blanks(value);
    value += *value == '"';
    return g_strndup(value, strcspn(value, BLANKS "\";("));
}
