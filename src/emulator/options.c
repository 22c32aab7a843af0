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

/* Options that are one of several words. */
static const char *
fault_in_words(SmOptions *o)
{
    static const char *const signatures[] = {"v2", "v4", NULL};
    static const char *const empties[] = {"null", "[]", "{}", "\"\"", "missing", NULL};

    if (!g_strv_contains(signatures, o->signature))
        return "--signature: write v2 or v4";
    if (!g_strv_contains(empties, o->empty))
        return "--empty: write null, '[]', '{}', '\"\"' or missing";
    if (!sm_etag_parse(o->etag, &o->etag_form))
        return "--etag: write md5, multipart, kms, dsse, customer or opaque";
    return NULL;
}

static const char *
fault_in_numbers(const SmOptions *o)
{
    if (o->port < 0 || o->port > G_MAXUINT16)
        return "--port: write a number from 0 to 65535";
    if (o->url_lifetime < 0 || o->url_lifetime > 604800)
        return "--url-lifetime: write seconds, at most 604800";
    if (strcmp(o->signature, "v4") == 0 && o->url_lifetime == 0)
        return "--url-lifetime: Signature Version 4 needs at least a second";
    if (o->token_lifetime < 0)
        return "--token-lifetime: write seconds";
    if (o->max_sessions_status < 400 || o->max_sessions_status > 599)
        return "--max-sessions-status: write a status from 400 to 599";
    return NULL;
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

static const char *
fault_in_names(const SmOptions *o)
{
    if (!is_address(o->listen))
        return "--listen: write an IP address, e.g. 127.0.0.1, 0.0.0.0 or ::1";
    if (o->bucket[0] == '\0' || strpbrk(o->bucket, "/?#%:@") != NULL ||
        strcmp(o->bucket, "pascoredwnld") == 0 || strcmp(o->bucket, "_emulator") == 0)
        return "--bucket: write a plain name";
    if (o->object_host != NULL &&
        (o->object_host[0] == '\0' || strpbrk(o->object_host, "/?#@:") != NULL))
        return "--object-host: write a host name";
    if (o->key.access_key != NULL &&
        (o->key.access_key[0] == '\0' || strchr(o->key.access_key, '/') != NULL))
        return "--access-key: write a key without a slash";
    return NULL;
}

/* Options that need or exclude each other. */
static const char *
fault_in_combinations(const SmOptions *o)
{
    if ((o->tls_cert == NULL) != (o->tls_key == NULL))
        return "--tls-cert and --tls-key belong together";
    if (o->tls_cert != NULL && o->tls_dir != NULL)
        return "--tls-dir and --tls-cert exclude each other";
    if ((o->key.access_key == NULL) != (o->key.secret_key == NULL))
        return "--access-key and --secret-key belong together";
    if (o->key.token != NULL && o->key.access_key == NULL)
        return "--session-token needs --access-key";
    if (o->virtual_host && o->object_store != NULL)
        return "--virtual-host is for the emulator's own store, --object-store names another";
    if (o->virtual_host &&
        (o->object_host != NULL ? is_address(o->object_host) : !is_localhost(o->listen)))
        return "--virtual-host: name the host, not its address, with --object-host";
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
    fault = fault_in_words(options);
    if (fault == NULL)
        fault = fault_in_numbers(options);
    if (fault == NULL)
        fault = fault_in_names(options);
    if (fault == NULL)
        fault = fault_in_combinations(options);
    if (fault != NULL)
        return sm_error_null(error, SM_ERROR_USAGE, "%s", fault);
    options->host = host_of(options->listen);
    set_default(&options->object_host, options->virtual_host ? "s3.localhost" : options->host);
    return g_steal_pointer(&options);
}
