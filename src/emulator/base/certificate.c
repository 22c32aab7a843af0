#include "emulator/base/certificate.h"

#include <arpa/inet.h>
#include <gnutls/crypto.h>
#include <string.h>
#include <time.h>

#include "common/base/error.h"
#include "emulator/base/autoptr.h"

enum { DAY = 24 * 3600, LIFE = 3650 * DAY, SERIAL_SIZE = 16, KEY_ID_MAX = 64 };

/* The first failure of a row of calls is the one that counts. */
static void
note(int *result, int next)
{
    if (*result >= 0 && next < 0)
        *result = next;
}

static int
make_key(gnutls_x509_privkey_t *key)
{
    int result = gnutls_x509_privkey_init(key);

    if (result >= 0)
        result = gnutls_x509_privkey_generate(*key, GNUTLS_PK_ECDSA,
                                              GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
    return result;
}

/* What both certificates have. */
static int
make_body(gnutls_x509_crt_t *certificate, gnutls_x509_privkey_t key, const char *dn)
{
    time_t now = time(NULL);
    guint8 serial[SERIAL_SIZE];
    guint8 id[KEY_ID_MAX];
    size_t id_size = sizeof id;
    int result = gnutls_x509_crt_init(certificate);

    if (result < 0)
        return result;
    note(&result, gnutls_rnd(GNUTLS_RND_NONCE, serial, sizeof serial));
    serial[0] = (serial[0] & 0x7f) | 0x40; /* positive, and never shortened */
    note(&result, gnutls_x509_crt_set_version(*certificate, 3));
    note(&result, gnutls_x509_crt_set_serial(*certificate, serial, sizeof serial));
    note(&result, gnutls_x509_crt_set_activation_time(*certificate, now - DAY));
    note(&result, gnutls_x509_crt_set_expiration_time(*certificate, now + LIFE));
    note(&result, gnutls_x509_crt_set_dn(*certificate, dn, NULL));
    note(&result, gnutls_x509_crt_set_key(*certificate, key));
    note(&result, gnutls_x509_crt_get_key_id(*certificate, 0, id, &id_size));
    note(&result, gnutls_x509_crt_set_subject_key_id(*certificate, id, id_size));
    return result;
}

static int
make_ca(gnutls_x509_crt_t *ca, gnutls_x509_privkey_t key)
{
    int result = make_body(ca, key, "CN=scoremail-emulator test authority");

    note(&result, gnutls_x509_crt_set_ca_status(*ca, 1));
    note(&result,
         gnutls_x509_crt_set_key_usage(*ca, GNUTLS_KEY_KEY_CERT_SIGN | GNUTLS_KEY_CRL_SIGN));
    note(&result, gnutls_x509_crt_sign2(*ca, *ca, key, GNUTLS_DIG_SHA256, 0));
    return result;
}

static int
add_host(gnutls_x509_crt_t server, const char *host)
{
    struct in6_addr address;
    gnutls_x509_subject_alt_name_t type = GNUTLS_SAN_IPADDRESS;
    const void *name = &address;
    gsize size = sizeof address;

    if (inet_pton(AF_INET, host, &address) == 1) {
        size = sizeof(struct in_addr);
    } else if (inet_pton(AF_INET6, host, &address) != 1) {
        type = GNUTLS_SAN_DNSNAME;
        name = host;
        size = strlen(host);
    }
    return gnutls_x509_crt_set_subject_alt_name(server, type, name, (unsigned)size,
                                                GNUTLS_FSAN_APPEND);
}

static int
make_server(gnutls_x509_crt_t *server, gnutls_x509_privkey_t key, gnutls_x509_crt_t ca,
            gnutls_x509_privkey_t ca_key, const char *const *hosts)
{
    int result = make_body(server, key, "CN=localhost");
    guint8 id[KEY_ID_MAX];
    size_t id_size = sizeof id;

    note(&result, gnutls_x509_crt_set_basic_constraints(*server, 0, -1));
    note(&result, gnutls_x509_crt_set_key_usage(*server, GNUTLS_KEY_DIGITAL_SIGNATURE));
    note(&result, gnutls_x509_crt_set_key_purpose_oid(*server, GNUTLS_KP_TLS_WWW_SERVER, 0));
    note(&result, gnutls_x509_crt_get_subject_key_id(ca, id, &id_size, NULL));
    note(&result, gnutls_x509_crt_set_authority_key_id(*server, id, id_size));
    for (gsize i = 0; hosts[i] != NULL; i++)
        if (!g_strv_contains(hosts + i + 1, hosts[i]))
            note(&result, add_host(*server, hosts[i]));
    note(&result, gnutls_x509_crt_sign2(*server, ca, ca_key, GNUTLS_DIG_SHA256, 0));
    return result;
}

/* Adds what an export has made. */
static void
take_text(GPtrArray *made, int *result, int exported, gnutls_datum_t *pem)
{
    note(result, exported);
    if (exported < 0)
        return;
    g_ptr_array_add(made, g_strndup((const char *)pem->data, pem->size));
    gnutls_free(pem->data);
}

GPtrArray *
sm_certificate_make(const char *const *hosts, GError **error)
{
    g_auto(gnutls_x509_privkey_t) ca_key = NULL;
    g_auto(gnutls_x509_privkey_t) key = NULL;
    g_auto(gnutls_x509_crt_t) ca = NULL;
    g_auto(gnutls_x509_crt_t) server = NULL;
    g_autoptr(GPtrArray) made = g_ptr_array_new_with_free_func(g_free);
    gnutls_datum_t pem;
    int result = make_key(&ca_key);

    if (result >= 0)
        result = make_key(&key);
    if (result >= 0)
        result = make_ca(&ca, ca_key);
    if (result >= 0)
        result = make_server(&server, key, ca, ca_key, hosts);
    if (result >= 0) {
        take_text(made, &result, gnutls_x509_crt_export2(ca, GNUTLS_X509_FMT_PEM, &pem), &pem);
        take_text(made, &result, gnutls_x509_crt_export2(server, GNUTLS_X509_FMT_PEM, &pem), &pem);
        take_text(made, &result,
                  gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_PEM, NULL,
                                                    GNUTLS_PKCS_PLAIN, &pem),
                  &pem);
    }
    if (result >= 0)
        return g_steal_pointer(&made);
    return sm_error_null(error, SM_ERROR_INTERNAL, "cannot make a certificate: %s",
                         gnutls_strerror(result));
}

gboolean
sm_certificate_is_for(const char *pem, const char *const *hosts)
{
    gnutls_datum_t text = {(unsigned char *)pem, (unsigned)strlen(pem)};
    g_auto(gnutls_x509_crt_t) certificate = NULL;

    if (gnutls_x509_crt_init(&certificate) < 0 ||
        gnutls_x509_crt_import(certificate, &text, GNUTLS_X509_FMT_PEM) < 0)
        return FALSE;
    for (gsize i = 0; hosts[i] != NULL; i++)
        if (gnutls_x509_crt_check_hostname2(certificate, hosts[i],
                                            GNUTLS_VERIFY_DO_NOT_ALLOW_WILDCARDS) == 0)
            return FALSE;
    return TRUE;
}

gboolean
sm_certificate_has_key(const char *certificate, const char *key)
{
    const gnutls_datum_t pem = {(unsigned char *)certificate, (unsigned)strlen(certificate)};
    const gnutls_datum_t secret = {(unsigned char *)key, (unsigned)strlen(key)};
    gnutls_certificate_credentials_t pair;
    int result = gnutls_certificate_allocate_credentials(&pair);

    if (result < 0)
        return FALSE;
    result = gnutls_certificate_set_x509_key_mem(pair, &pem, &secret, GNUTLS_X509_FMT_PEM);
    gnutls_certificate_free_credentials(pair);
    return result >= 0;
}
