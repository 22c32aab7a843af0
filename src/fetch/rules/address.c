#include "fetch/rules/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

typedef struct {
    guint8 prefix[16];
    guint bits;
} Block;

static const Block private_4[] = {
    {{0}, 8},             /* this network */
    {{10}, 8},            /* private, RFC 1918 */
    {{100, 64}, 10},      /* shared behind a carrier's NAT, RFC 6598 */
    {{127}, 8},           /* loopback */
    {{169, 254}, 16},     /* link-local, and the clouds' metadata */
    {{172, 16}, 12},      /* private */
    {{192, 0, 0}, 24},    /* protocol assignments */
    {{192, 0, 2}, 24},    /* documentation, RFC 5737 */
    {{192, 88, 99}, 24},  /* 6to4 relays, RFC 7526 */
    {{192, 168}, 16},     /* private */
    {{198, 18}, 15},      /* benchmarks, RFC 2544 */
    {{198, 51, 100}, 24}, /* documentation */
    {{203, 0, 113}, 24},  /* documentation */
    {{224}, 3},           /* multicast, reserved, broadcast */
};

static const Block global_6 = {{0x20}, 3};

/* of global_6 */
static const Block private_6[] = {
    {{0x20, 0x01}, 23},             /* protocol assignments, Teredo among them */
    {{0x20, 0x01, 0x0d, 0xb8}, 32}, /* documentation, RFC 3849 */
    {{0x3f, 0xff}, 20},             /* documentation, RFC 9637 */
};

/* An IPv4 address stands behind the prefix. */
static const Block translated[] = {
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96}, /* mapped */
    {{0, 0x64, 0xff, 0x9b}, 96},                      /* NAT64 */
    {{0x20, 0x02}, 16},                               /* 6to4 */
};

static gboolean
is_in(const guint8 *bytes, const Block *block)
{
    guint whole = block->bits / 8, rest = block->bits % 8;
    guint8 mask = (guint8)(0xff << (8 - rest));

    return memcmp(bytes, block->prefix, whole) == 0 &&
           (rest == 0 || ((bytes[whole] ^ block->prefix[whole]) & mask) == 0);
}

static gboolean
is_public_4(const guint8 *bytes)
{
    for (gsize i = 0; i < G_N_ELEMENTS(private_4); i++)
        if (is_in(bytes, &private_4[i]))
            return FALSE;
    return TRUE;
}

static gboolean
is_public_6(const guint8 *bytes)
{
    for (gsize i = 0; i < G_N_ELEMENTS(translated); i++)
        if (is_in(bytes, &translated[i]))
            return is_public_4(bytes + translated[i].bits / 8);
    for (gsize i = 0; i < G_N_ELEMENTS(private_6); i++)
        if (is_in(bytes, &private_6[i]))
            return FALSE;
    return is_in(bytes, &global_6);
}

gboolean
sm_address_is_public(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET)
        return is_public_4((const guint8 *)&((const struct sockaddr_in *)address)->sin_addr);
    return address->sa_family == AF_INET6 &&
           is_public_6((const guint8 *)&((const struct sockaddr_in6 *)address)->sin6_addr);
}

char *
sm_address_text(const struct sockaddr *address)
{
    char text[INET6_ADDRSTRLEN] = "?";

    if (address->sa_family == AF_INET6) {
        inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)address)->sin6_addr, text, sizeof text);
        return g_strdup_printf("[%s]", text);
    }
    if (address->sa_family == AF_INET)
        inet_ntop(AF_INET, &((const struct sockaddr_in *)address)->sin_addr, text, sizeof text);
    return g_strdup(text);
}
