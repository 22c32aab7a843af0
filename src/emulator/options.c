#include "emulator/options.h"

#include <arpa/inet.h>
#include <string.h>

#include "common/base/error.h"

#define SUMMARY                                                                                    \
    "A stand-in for the score download service and its object store, for tests\n"                  \
    "and for trying things out. It runs until SIGTERM or SIGINT."
#define DESCRIPTION                                                                                \
    "user, file and fault may be repeated. `scoremail-emulator notify --help` is about\n"          \
    "notification e-mails; scoremail-emulator(1) has it all.\n"

void
sm_options_free(SmOptions *options)
{
    char **texts[] = {
        &options->listen,         &options->host,           &options->data,
        &options->tls_dir,        &options->tls_cert,       &options->tls_key,
        &options->signature,      &options->etag,           &options->object_host,
        &options->bucket,         &options->access_log,     &options->object_store,
        &options->key.access_key, &options->key.secret_key, &options->key.token,
        &options->key.region,     &options->ready_file,     &options->empty,
        &options->max_sessions,
    };

    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        g_clear_pointer(texts[i], g_free);
    g_strfreev(options->users);
    g_strfreev(options->files);
    g_strfreev(options->faults);
    g_free(options);
}

/* Texts are taken as file names are: byte by byte, whatever the locale. */
static gboolean
parse_words(SmOptions *o, char **argv, GError **error)
{
    const GOptionArg text = G_OPTION_ARG_FILENAME, list = G_OPTION_ARG_FILENAME_ARRAY;
    const GOptionArg number = G_OPTION_ARG_INT, flag = G_OPTION_ARG_NONE;
    const GOptionEntry entries[] = {
        {"listen", 0, 0, text, &o->listen, "Listen there (127.0.0.1); 0.0.0.0 or ::, everywhere",
         "ADDRESS"},
        {"port", 0, 0, number, &o->port, "Its port (8443); 0: any free one", "N"},
        {"user", 0, 0, list, &o->users, "Somebody who may call", "NAME:PASSWORD[:no-role]"},
        {"data", 0, 0, text, &o->data, "Score files in DIR/files, users in DIR/users", "DIR"},
        {"file", 0, 0, list, &o->files, "One more score file", "PATH"},
        {"tls-dir", 0, 0, text, &o->tls_dir, "Keep authority and certificate in DIR", "DIR"},
        {"tls-cert", 0, 0, text, &o->tls_cert, "Use this certificate (PEM)", "FILE"},
        {"tls-key", 0, 0, text, &o->tls_key, "The certificate's key (PEM)", "FILE"},
        {"url-lifetime", 0, 0, number, &o->url_lifetime, "How long URLs live (15)", "SECONDS"},
        {"signature", 0, 0, text, &o->signature, "How URLs are signed (v2)", "v2|v4"},
        {"token-lifetime", 0, 0, number, &o->token_lifetime, "For tokens (3600)", "SECONDS"},
        {"object-host", 0, 0, text, &o->object_host, "Host name in URLs (localhost)", "HOST"},
        {"bucket", 0, 0, text, &o->bucket, "Bucket in URLs (scores)", "NAME"},
        {"virtual-host", 0, 0, flag, &o->virtual_host, "URLs of the form https://BUCKET.HOST/KEY",
         NULL},
        {"etag", 0, 0, text, &o->etag, "md5 (default), multipart, kms, dsse, customer, opaque",
         "FORM"},
        {"empty", 0, 0, text, &o->empty, "Empty listing: null (default), [], {}, \"\", missing",
         "FORM"},
        {"strict-dates", 0, 0, flag, &o->strict_dates, "fromDate as documented alone", NULL},
        {"max-sessions", 0, 0, text, &o->max_sessions, "One-step calls of a user, 10/60 or 10/5min",
         "N/TIME"},
        {"max-sessions-status", 0, 0, number, &o->max_sessions_status, "Answered beyond that (403)",
         "CODE"},
        {"access-log", 0, 0, text, &o->access_log, "A line for each request; -: stderr", "FILE"},
        {"fault", 0, 0, list, &o->faults, "A fault, CALL[/NAME]:KIND[=VALUE][xCOUNT]", "SPEC"},
        {"object-store", 0, 0, text, &o->object_store, "Where the objects really are", "URL"},
        {"access-key", 0, 0, text, &o->key.access_key, "Key that URLs are signed with", "KEY"},
        {"secret-key", 0, 0, text, &o->key.secret_key, "Secret of that key", "SECRET"},
        {"session-token", 0, 0, text, &o->key.token, "Token of a temporary key", "TOKEN"},
        {"region", 0, 0, text, &o->key.region, "Region of the store (us-east-1)", "REGION"},
        {"ready-file", 0, 0, text, &o->ready_file, "Write the ready line there, too", "FILE"},
        {"version", 0, 0, flag, &o->show_version, "Print the version", NULL},
        {NULL},
    };
    g_autoptr(GOptionContext) context = g_option_context_new("[serve]");
    g_auto(GStrv) words = g_strdupv(argv);
    g_autoptr(GError) cause = NULL;

    g_option_context_set_summary(context, SUMMARY);
    g_option_context_set_description(context, DESCRIPTION);
    g_option_context_add_main_entries(context, entries, NULL);
    if (g_option_context_parse_strv(context, &words, &cause) && words[0] != NULL &&
        words[1] == NULL)
        return TRUE;
    if (cause != NULL)
        sm_error_set(error, SM_ERROR_USAGE, "%s, see --help", cause->message);
    else
        sm_error_set(error, SM_ERROR_USAGE, "'%s' is not expected here, see --help",
                     words[0] != NULL ? words[1] : "");
    return FALSE;
}

static void
set_default(char **option, const char *value)
{
    if (*option == NULL)
        *option = g_strdup(value);
}

/* Whether everything that is listened to can be called as localhost. */
static gboolean
is_localhost(const char *address)
{
    return g_str_has_prefix(address, "127.") || strcmp(address, "0.0.0.0") == 0 ||
           strcmp(address, "::") == 0;
}

static gboolean
is_address(const char *text)
{
    struct in6_addr address;

    return inet_pton(AF_INET, text, &address) == 1 || inet_pton(AF_INET6, text, &address) == 1;
}

static gboolean
is_plain(const char *text, const char *unwanted)
{
    return text == NULL || (text[0] != '\0' && strpbrk(text, unwanted) == NULL);
}

static gboolean
is_between(gint64 value, gint64 min, gint64 max)
{
    return value >= min && value <= max;
}

/* The first rule that the options break; NULL: none. */
static const char *
find_fault(SmOptions *o)
{
    static const char *const signatures[] = {"v2", "v4", NULL};
    static const char *const empties[] = {"null", "[]", "{}", "\"\"", "missing", NULL};
    static const char *const taken[] = {"pascoredwnld", "_emulator", NULL};
    gboolean named = o->object_host != NULL ? !is_address(o->object_host) : is_localhost(o->listen);
    const struct {
        gboolean holds;
        const char *fault;
    } rules[] = {
        {g_strv_contains(signatures, o->signature), "--signature: write v2 or v4"},
        {g_strv_contains(empties, o->empty), "--empty: write null, '[]', '{}', '\"\"' or missing"},
        {sm_etag_parse(o->etag, &o->etag_form),
         "--etag: write md5, multipart, kms, dsse, customer or opaque"},
        {is_between(o->port, 0, G_MAXUINT16), "--port: write a number from 0 to 65535"},
        {is_between(o->url_lifetime, 0, 604800), "--url-lifetime: write seconds, at most 604800"},
        {strcmp(o->signature, "v4") != 0 || o->url_lifetime > 0,
         "--url-lifetime: Signature Version 4 needs at least a second"},
        {o->token_lifetime >= 0, "--token-lifetime: write seconds"},
        {is_between(o->max_sessions_status, 400, 599),
         "--max-sessions-status: write a status from 400 to 599"},
        {is_address(o->listen), "--listen: write an IP address, e.g. 127.0.0.1, 0.0.0.0 or ::1"},
        {is_plain(o->bucket, "/?#%:@") && !g_strv_contains(taken, o->bucket),
         "--bucket: write a plain name"},
        {is_plain(o->object_host, "/?#@:"), "--object-host: write a host name"},
        {is_plain(o->key.access_key, "/"), "--access-key: write a key without a slash"},
        {(o->tls_cert == NULL) == (o->tls_key == NULL), "--tls-cert and --tls-key belong together"},
        {o->tls_cert == NULL || o->tls_dir == NULL, "--tls-dir and --tls-cert exclude each other"},
        {(o->key.access_key == NULL) == (o->key.secret_key == NULL),
         "--access-key and --secret-key belong together"},
        {o->key.token == NULL || o->key.access_key != NULL, "--session-token needs --access-key"},
        {!o->virtual_host || o->object_store == NULL,
         "--virtual-host is for the emulator's own store, --object-store names another"},
        {!o->virtual_host || named,
         "--virtual-host: name the host, not its address, with --object-host"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rules); i++)
        if (!rules[i].holds)
            return rules[i].fault;
    return NULL;
}

static char *
host_of(const char *address)
{
    if (is_localhost(address))
        return g_strdup("localhost");
    return strchr(address, ':') != NULL ? g_strdup_printf("[%s]", address) : g_strdup(address);
}

SmOptions *
sm_options_parse(char **argv, GError **error)
{
    g_autoptr(SmOptions) options = g_new0(SmOptions, 1);
    const char *fault;

    options->port = 8443;
    options->url_lifetime = 15;
    options->token_lifetime = 3600;
    options->max_sessions_status = 403;
    if (!parse_words(options, argv, error))
        return NULL;
    set_default(&options->signature, "v2");
    set_default(&options->etag, "md5");
    set_default(&options->empty, "null");
    set_default(&options->listen, "127.0.0.1");
    set_default(&options->bucket, "scores");
    fault = find_fault(options);
    if (fault != NULL)
        return sm_error_null(error, SM_ERROR_USAGE, "%s", fault);
    options->host = host_of(options->listen);
    set_default(&options->object_host, options->virtual_host ? "s3.localhost" : options->host);
    return g_steal_pointer(&options);
}
