#include "fetch/database/postgresql-server.h"

#include <arpa/inet.h>
#include <libpq-fe.h>
#include <string.h>

#include "common/base/error.h"
#include "common/base/startup.h"
#include "common/base/text.h"
#include "common/config/places.h"
#include "fetch/database/db.h"

enum { CAUSE_MAX = 300 };

/* What a connection has unless the key says otherwise; seconds, milliseconds: a host that is cut
 * off knows it within half a minute. */
static const char *const defaults[][2] = {
    {"connect_timeout", "10"},          {"keepalives_idle", "10"},     {"keepalives_interval", "5"},
    {"keepalives_count", "3"},          {"tcp_user_timeout", "20000"}, {"gssencmode", "disable"},
    {"application_name", "scorefetch"},
};

/* What it has whatever the key says: texts are UTF-8, no file of libpq's has a password for us
 * (~/.pgpass), and a standby is no server for a ledger. */
static const char *const fixed[][2] = {
    {"client_encoding", "UTF8"},
    {"passfile", "/dev/null/none"},
    {"target_session_attrs", "read-write"},
};

static char *
option_of(PQconninfoOption *options, const char *keyword)
{
    for (PQconninfoOption *option = options; option->keyword != NULL; option++)
        if (strcmp(option->keyword, keyword) == 0)
            return option->val != NULL && *option->val != '\0' ? option->val : NULL;
    return NULL;
}

static gboolean
is_here(const char *host)
{
    struct in6_addr v6;
    struct in_addr v4;

    if (*host == '\0' || *host == '/' || *host == '@' || strcmp(host, "localhost") == 0)
        return TRUE;
    return inet_pton(AF_INET, host, &v4) == 1
               ? ntohl(v4.s_addr) >> 24 == 127
               : inet_pton(AF_INET6, host, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

/* Of several hosts each; what hostaddr says of one counts, for there it connects to. */
static gboolean
are_all_here(PQconninfoOption *options)
{
    const char *host = option_of(options, "host"), *addr = option_of(options, "hostaddr");
    g_auto(GStrv) hosts = g_strsplit(host != NULL ? host : "", ",", -1);
    g_auto(GStrv) addrs = g_strsplit(addr != NULL ? addr : "", ",", -1);
    guint named = g_strv_length(hosts), given = g_strv_length(addrs);

    for (guint i = 0; i < MAX(named, given); i++) {
        gboolean has_addr = i < given && *addrs[i] != '\0';

        if (!is_here(has_addr ? addrs[i] : i < named ? hosts[i] : ""))
            return FALSE;
    }
    return TRUE;
}

static gboolean
refuse(GError **error, const char *why)
{
    return sm_error_set(error, SM_ERROR_CONFIG, "key ledger %s", why);
}

/* libpq shows such values as asterisks, if at all. */
static gboolean
has_secret(const PQconninfoOption *options)
{
    for (const PQconninfoOption *option = options; option->keyword != NULL; option++)
        if (*option->dispchar == '*' && option->val != NULL && *option->val != '\0')
            return TRUE;
    return FALSE;
}

static gboolean
check(PQconninfoOption *options, gboolean *local, GError **error)
{
    const char *mode = option_of(options, "sslmode");

    *local = are_all_here(options);
    if (has_secret(options) || option_of(options, "passfile") != NULL)
        return refuse(error, "has a password in it, or a passfile; remove it, and set "
                             "ledger-password-file, ledger-password-command or "
                             "ledger-password-credential");
    if (option_of(options, "service") != NULL)
        return refuse(error, "names a service; write out what that service says");
    if (!*local && mode != NULL && strcmp(mode, "verify-full") != 0)
        return refuse(error, "has an sslmode that trusts any server; only verify-full is allowed "
                             "for a server on another machine");
    return TRUE;
}

static void
add(SmDbServer *server, const char *keyword, const char *value)
{
    g_ptr_array_add(server->keywords, g_strdup(keyword));
    g_ptr_array_add(server->values, g_strdup(value));
}

static char *
describe(PQconninfoOption *options)
{
    const char *host = option_of(options, "host"), *addr = option_of(options, "hostaddr");
    const char *port = option_of(options, "port"), *database = option_of(options, "dbname");
    gboolean has_port = port != NULL && strchr(port, ',') == NULL; /* of one host */
    g_autofree char *name = g_strdup_printf("postgresql:%s on %s%s%s",
                                            database != NULL ? database : "(the user's database)",
                                            host != NULL   ? host
                                            : addr != NULL ? addr
                                                           : "this machine",
                                            has_port ? ":" : "", has_port ? port : "");

    return sm_text_clean(name, CAUSE_MAX);
}

/* Later words count. */
static void
complete(SmDbServer *server, PQconninfoOption *options, gboolean local, const char *password)
{
    for (PQconninfoOption *option = options; option->keyword != NULL; option++)
        if (option->val != NULL)
            add(server, option->keyword, option->val);
    for (gsize i = 0; i < G_N_ELEMENTS(defaults); i++)
        if (option_of(options, defaults[i][0]) == NULL)
            add(server, defaults[i][0], defaults[i][1]);
    for (gsize i = 0; i < G_N_ELEMENTS(fixed); i++)
        add(server, fixed[i][0], fixed[i][1]);
    if (!local && option_of(options, "sslmode") == NULL)
        add(server, "sslmode", "verify-full");
    if (password != NULL)
        add(server, "password", password);
    g_ptr_array_add(server->keywords, NULL);
    g_ptr_array_add(server->values, NULL);
}

/* "postgresql:KEY=VALUE ..." is libpq's other form. */
static const char *
conninfo_of(const char *where)
{
    const char *words = strchr(where, ':') + 1;

    return g_str_has_prefix(words, "//") ? where : words;
}

/* libpq's message may have the string in it, and that a password. */
static PQconninfoOption *
parse(const char *where, GError **error)
{
    char *message = NULL;
    PQconninfoOption *options = PQconninfoParse(conninfo_of(where), &message);

    PQfreemem(message);
    if (options == NULL)
        refuse(error, "cannot be read; allowed: the path of a file, or a URI of PostgreSQL's, as "
                      "postgresql://USER@HOST/DATABASE");
    return options;
}

SmDbServer *
sm_db_server_new(const char *where, const char *password, GError **error)
{
    PQconninfoOption *options = parse(where, error);
    SmDbServer *server = NULL;
    gboolean local;

    if (options != NULL && check(options, &local, error)) {
        server = g_new0(SmDbServer, 1);
        server->keywords = g_ptr_array_new_with_free_func(g_free);
        server->values = g_ptr_array_new_with_free_func(g_free);
        server->name = describe(options);
        complete(server, options, local, password);
    }
    PQconninfoFree(options);
    return server;
}

GStrv
sm_db_server_files(const char *where)
{
    static const char *const keywords[] = {"sslrootcert", "sslcert", "sslkey", "sslcrl",
                                           "sslcrldir"};
    PQconninfoOption *options = sm_place_is_server(where) ? parse(where, NULL) : NULL;
    g_autofree char *home = options != NULL ? sm_startup_home() : NULL;
    g_autoptr(GStrvBuilder) files = g_strv_builder_new();

    for (gsize i = 0; options != NULL && i < G_N_ELEMENTS(keywords); i++) {
        const char *file = option_of(options, keywords[i]);

        if (file != NULL)
            g_strv_builder_add(files, file);
    }
    if (home != NULL) {
        g_autofree char *usual = g_build_filename(home, ".postgresql", NULL); /* libpq's own */

        g_strv_builder_add(files, usual);
    }
    PQconninfoFree(options);
    return g_strv_builder_end(files);
}

void
sm_db_server_free(SmDbServer *server)
{
    if (server == NULL)
        return;
    g_ptr_array_unref(server->keywords);
    g_ptr_array_unref(server->values);
    g_free(server->name);
    g_free(server);
}
