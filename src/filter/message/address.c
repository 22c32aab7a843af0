#include "filter/message/address.h"

#include <string.h>

char *
sm_address_in(const char *value)
{
    g_autofree char *address = g_strstrip(g_strdup(value));
    gsize length = strlen(address);

    if (memchr(address, '@', length) == NULL)
        return NULL;
    if (address[0] == '<' && address[length - 1] == '>')
        return g_strndup(address + 1, length - 2);
    return g_steal_pointer(&address);
}
