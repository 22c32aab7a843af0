#include "options.h"

#include <string.h>

#include "common/error.h"

#define SUMMARY                                                                                    \
    "A stand-in for the score download service and its object store, on 127.0.0.1,\n"              \
    "for tests and for trying things out. It runs until SIGTERM or SIGINT.\n"                      \
    "`scoremail-emulator notify --help` is about notification e-mails."

void
sm_options_free(SmOptions *options)
{
    char **texts[] = {&options->data,         &options->tls_dir,    &options->tls_cert,
                      &options->tls_key,      &options->signature,  &options->etag,
                      &options->object_host,  &options->bucket,     &options->access_log,
                      &options->object_store, &options->access_key, &options->secret_key,
                      &options->region,       &options->ready_file};

    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(*texts[i]);
    g_strfreev(options->users);
    g_strfreev(options->files);
    g_strfreev(options->faults);
    g_free(options);
}

/* Texts are taken as file names are: byte by byte, whatever the locale. */
static gboolean
parse_words(SmOptions *o, char **argv, GError **error)
{
    const GOptionArg text = G_OPTION_ARG_FILENAME, texts = G_OPTION_ARG_FILENAME_ARRAY;
    const GOptionEntry entries[] = {
        {"port", 0, 0, G_OPTION_ARG_INT, &o->port, "8443 by default, 0 is any free one", "N"},
        {"user", 0, 0, texts, &o->users, "Who may call; repeatable", "NAME:PASSWORD[:no-role]"},
        {"data", 0, 0, text, &o->data, "DIR/files/* are score files, DIR/users has users", "DIR"},
        {"file", 0, 0, texts, &o->files, "One more score file; repeatable", "PATH"},
        {"tls-dir", 0, 0, text, &o->tls_dir, "Keep authority and certificate there", "DIR"},
        {"tls-cert", 0, 0, text, &o->tls_cert, "Use this certificate (PEM)", "FILE"},
        {"tls-key", 0, 0, text, &o->tls_key, "and its key (PEM)", "FILE"},
        {"url-lifetime", 0, 0, G_OPTION_ARG_INT, &o->url_lifetime, "Of a URL: 15", "SECONDS"},
        {"signature", 0, 0, text, &o->signature, "Of URLs: v2 by default", "v2|v4"},
        {"token-lifetime", 0, 0, G_OPTION_ARG_INT, &o->token_lifetime, "3600", "SECONDS"},
        {"object-host", 0, 0, text, &o->object_host, "Host name in URLs: localhost", "HOST"},
        {"bucket", 0, 0, text, &o->bucket, "Name of the bucket: scores", "NAME"},
        {"etag", 0, 0, text, &o->etag, "Form of the ETag: md5 by default", "md5|opaque"},
        {"access-log", 0, 0, text, &o->access_log, "One line a request; - is stderr", "FILE"},
        {"fault", 0, 0, texts, &o->faults, "CALL:KIND[=VALUE][xCOUNT]; repeatable", "SPEC"},
        {"object-store", 0, 0, text, &o->object_store, "Objects are at this S3 server", "URL"},
        {"access-key", 0, 0, text, &o->access_key, "whose key is this", "K"},
        {"secret-key", 0, 0, text, &o->secret_key, "with this secret", "S"},
        {"region", 0, 0, text, &o->region, "and this region: us-east-1", "R"},
        {"ready-file", 0, 0, text, &o->ready_file, "Write the ready line there, too", "FILE"},
        {"version", 0, 0, G_OPTION_ARG_NONE, &o->show_version, "Print the version", NULL},
        {NULL},
    };
    g_autoptr(GOptionContext) context = g_option_context_new("- stand in for the web service");
    g_auto(GStrv) words = g_strdupv(argv);
    g_autoptr(GError) cause = NULL;

    g_option_context_set_summary(context, SUMMARY);
    g_option_context_add_main_entries(context, entries, NULL);
    if (g_option_context_parse_strv(context, &words, &cause) && words[0] != NULL &&
        words[1] == NULL)
        return TRUE;
    if (cause != NULL)
        g_set_error(error, SM_ERROR, SM_ERROR_USAGE, "%s, see --help", cause->message);
    else
        g_set_error(error, SM_ERROR, SM_ERROR_USAGE, "'%s' is not expected here, see --help",
                    words[0] != NULL ? words[1] : "");
    return FALSE;
}

static void
set_default(char **option, const char *value)
{
    if (*option == NULL)
        *option = g_strdup(value);
}

/* Which of two words it is: 0 or 1, -1 for neither. */
static int
choice(const char *value, const char *first, const char *second)
{
    if (strcmp(value, first) == 0)
        return 0;
    return strcmp(value, second) == 0 ? 1 : -1;
}

static const char *
fault_in(SmOptions *o)
{
    int version = choice(o->signature, "v2", "v4");
    int etag = choice(o->etag, "md5", "opaque");

    if (version < 0)
        return "--signature: write v2 or v4";
    if (etag < 0)
        return "--etag: write md5 or opaque";
    o->version = version == 0 ? SM_SIGNATURE_V2 : SM_SIGNATURE_V4;
    o->etag_form = etag == 0 ? SM_ETAG_MD5 : SM_ETAG_OPAQUE;
    if (o->port < 0 || o->port > G_MAXUINT16)
        return "--port: write a number from 0 to 65535";
    if (o->url_lifetime < 0 || o->url_lifetime > 604800)
        return "--url-lifetime: write seconds, at most 604800";
    if (o->version == SM_SIGNATURE_V4 && o->url_lifetime == 0)
        return "--url-lifetime: Signature Version 4 needs at least a second";
    if (o->token_lifetime < 0)
        return "--token-lifetime: write seconds";
    if ((o->tls_cert == NULL) != (o->tls_key == NULL))
        return "--tls-cert and --tls-key belong together";
    if (o->tls_cert != NULL && o->tls_dir != NULL)
        return "--tls-dir and --tls-cert exclude each other";
    if ((o->access_key == NULL) != (o->secret_key == NULL))
        return "--access-key and --secret-key belong together";
    if (o->object_store == NULL && o->access_key != NULL)
        return "--access-key needs --object-store";
    if (o->bucket[0] == '\0' || strpbrk(o->bucket, "/?#%") != NULL ||
        strcmp(o->bucket, "pascoredwnld") == 0 || strcmp(o->bucket, "_emulator") == 0)
        return "--bucket: write a plain name";
    if (o->object_host[0] == '\0' || strpbrk(o->object_host, "/?#@:") != NULL)
        return "--object-host: write a host name";
    return NULL;
}

SmOptions *
sm_options_parse(char **argv, GError **error)
{
    g_autoptr(SmOptions) options = g_new0(SmOptions, 1);
    const char *fault;

    options->port = 8443;
    options->url_lifetime = 15;
    options->token_lifetime = 3600;
    if (!parse_words(options, argv, error))
        return NULL;
    set_default(&options->signature, "v2");
    set_default(&options->etag, "md5");
    set_default(&options->object_host, "localhost");
    set_default(&options->bucket, "scores");
    fault = fault_in(options);
    if (fault == NULL)
        return g_steal_pointer(&options);
    g_set_error(error, SM_ERROR, SM_ERROR_USAGE, "%s", fault);
    return NULL;
}
