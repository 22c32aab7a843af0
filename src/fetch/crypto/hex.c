#include "fetch/crypto/hex.h"

char *
sm_hex(const guint8 *bytes, gsize length)
{
    static const char digits[] = "0123456789abcdef";
    char *hex = g_malloc(2 * length + 1);

    for (gsize i = 0; i < length; i++) {
        hex[2 * i] = digits[bytes[i] >> 4];
        hex[2 * i + 1] = digits[bytes[i] & 15];
    }
    hex[2 * length] = '\0';
    return hex;
}
