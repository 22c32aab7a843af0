/* Which addresses are the internet's, and which are inside a network: one table. */
#include "fetch/rules/address.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/un.h>

static const struct {
    const char *text;
    gboolean is_public;
} cases[] = {
    {"52.216.1.2", TRUE},
    {"8.8.8.8", TRUE},
    {"9.255.255.255", TRUE},
    {"11.0.0.0", TRUE},
    {"100.63.255.255", TRUE},
    {"100.128.0.0", TRUE},
    {"172.15.255.255", TRUE},
    {"172.32.0.0", TRUE},
    {"192.167.255.255", TRUE},
    {"192.169.0.0", TRUE},
    {"169.253.255.255", TRUE},
    {"223.255.255.255", TRUE},
    {"0.0.0.0", FALSE},
    {"0.1.2.3", FALSE},
    {"10.0.0.0", FALSE},
    {"10.255.255.255", FALSE},
    {"100.64.0.0", FALSE},
    {"100.127.255.255", FALSE},
    {"127.0.0.1", FALSE},
    {"127.255.255.255", FALSE},
    {"169.254.169.254", FALSE},
    {"172.16.0.0", FALSE},
    {"172.31.255.255", FALSE},
    {"192.0.0.8", FALSE},
    {"192.0.2.1", FALSE},
    {"192.88.99.1", FALSE},
    {"192.168.0.1", FALSE},
    {"198.18.0.1", FALSE},
    {"198.19.255.255", FALSE},
    {"198.51.100.7", FALSE},
    {"203.0.113.7", FALSE},
    {"224.0.0.1", FALSE},
    {"240.0.0.1", FALSE},
    {"255.255.255.255", FALSE},

    {"2600:1fa0::1", TRUE},
    {"2a05:d07a::1", TRUE},
    {"2001:200::1", TRUE},
    {"3fff:1000::1", TRUE},
    {"::", FALSE},
    {"::1", FALSE},
    {"::127.0.0.1", FALSE},
    {"100::1", FALSE},
    {"2001::1", FALSE},
    {"2001:1ff::1", FALSE},
    {"2001:db8::1", FALSE},
    {"3fff::1", FALSE},
    {"4000::1", FALSE},
    {"fc00::1", FALSE},
    {"fdff::1", FALSE},
    {"fe80::1", FALSE},
    {"fec0::1", FALSE},
    {"ff02::1", FALSE},

    {"::ffff:52.216.1.2", TRUE},
    {"::ffff:127.0.0.1", FALSE},
    {"::ffff:10.0.0.1", FALSE},
    {"::ffff:169.254.169.254", FALSE},
    {"::ffff:0:52.216.1.2", FALSE},
    {"64:ff9b::52.216.1.2", TRUE},
    {"64:ff9b::10.0.0.1", FALSE},
    {"64:ff9b:1::52.216.1.2", FALSE},
    {"2002:34d8:102::1", TRUE},
    {"2002:7f00:1::1", FALSE},
    {"2002:a00:1::1", FALSE},
};

/* Of text, with IPv6 where it has a colon. */
static const struct sockaddr *
address_of(const char *text, struct sockaddr_storage *storage)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)storage;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)storage;
    gboolean colon = strchr(text, ':') != NULL;

    memset(storage, 0, sizeof *storage);
    storage->ss_family = colon ? AF_INET6 : AF_INET;
    g_assert_cmpint(
        inet_pton(storage->ss_family, text, colon ? (void *)&v6->sin6_addr : (void *)&v4->sin_addr),
        ==, 1);
    return (const struct sockaddr *)storage;
}

static void
the_table_holds(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct sockaddr_storage storage;

        g_test_message("%s", cases[i].text);
        g_assert_cmpint(sm_address_is_public(address_of(cases[i].text, &storage)), ==,
                        cases[i].is_public);
    }
}

static void
what_is_no_internet_address_is_not_public(void)
{
    const struct sockaddr_un local = {.sun_family = AF_UNIX, .sun_path = "/run/x"};
    g_autofree char *text = sm_address_text((const struct sockaddr *)&local);

    g_assert_false(sm_address_is_public((const struct sockaddr *)&local));
    g_assert_cmpstr(text, ==, "?");
}

static void
addresses_are_written_as_in_a_url(void)
{
    struct sockaddr_storage storage;
    g_autofree char *v4 = sm_address_text(address_of("10.0.0.5", &storage));
    g_autofree char *v6 = sm_address_text(address_of("::1", &storage));

    g_assert_cmpstr(v4, ==, "10.0.0.5");
    g_assert_cmpstr(v6, ==, "[::1]");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/address/the table holds", the_table_holds);
    g_test_add_func("/address/what is no internet address is not public",
                    what_is_no_internet_address_is_not_public);
    g_test_add_func("/address/addresses are written as in a URL",
                    addresses_are_written_as_in_a_url);
    return g_test_run();
}
