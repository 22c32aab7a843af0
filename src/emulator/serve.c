#include "emulator/serve.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "common/base/cleanup.h"
#include "common/base/error.h"
#include "emulator/access-log.h"
#include "emulator/server.h"
#include "emulator/service/service.h"
#include "emulator/tls.h"

typedef struct {
    SmUsers *users;
    SmSessions *sessions;
    SmFiles *files;
    SmSigner *signer;
    SmFaults *faults;
    int log;
    SmService service;
} Parts;

static void
parts_clear(Parts *parts)
{
    g_clear_pointer(&parts->users, sm_users_free);
    g_clear_pointer(&parts->sessions, sm_sessions_free);
    g_clear_pointer(&parts->files, sm_files_free);
    g_clear_pointer(&parts->signer, sm_signer_free);
    g_clear_pointer(&parts->faults, sm_faults_free);
    sm_close(&parts->log);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Parts, parts_clear)

static SmSigner *
make_signer(const SmOptions *options, GError **error)
{
    SmSigner *signer;

    if (options->object_store != NULL)
        signer = sm_signer_new_foreign(options->object_store, &options->key, error);
    else
        signer = sm_signer_new_own(options->object_host, options->bucket, options->virtual_host,
                                   &options->key);
    if (signer != NULL) {
        signer->version = strcmp(options->signature, "v4") == 0 ? SM_SIGNATURE_V4 : SM_SIGNATURE_V2;
        signer->lifetime = (guint)options->url_lifetime;
    }
    return signer;
}

/* Says what most probably is a slip; users and files of --data may come later. */
static void
warn(const SmUsers *users, const char *data, const char *folder)
{
    if (!sm_users_exist(users))
        g_warning("there is no user: every call is refused until --user or DIR/users of "
                  "--data names one");
    if (data != NULL && !g_file_test(folder, G_FILE_TEST_IS_DIR))
        g_warning("--data: %s does not exist yet, it is where score files are looked for", folder);
}

/* Everything that the options ask for and that needs no port; nothing is left to check later. */
static gboolean
make_parts(Parts *parts, const SmOptions *options, GError **error)
{
    const char *data = options->data;
    g_autofree char *folder = data != NULL ? g_build_filename(data, "files", NULL) : NULL;
    g_autofree char *users = data != NULL ? g_build_filename(data, "users", NULL) : NULL;

    if (data != NULL && !g_file_test(data, G_FILE_TEST_IS_DIR))
        return sm_error_set(error, SM_ERROR_IO, "--data %s: there is no such directory", data);
    parts->files = sm_files_new(folder, (const char *const *)options->files);
    if ((parts->users = sm_users_new((const char *const *)options->users, users,
                                     (guint)options->token_lifetime, error)) == NULL ||
        (parts->sessions = sm_sessions_new(options->max_sessions, error)) == NULL ||
        (parts->signer = make_signer(options, error)) == NULL ||
        (parts->faults = sm_faults_new((const char *const *)options->faults, error)) == NULL ||
        !sm_files_check_single(parts->files, error) ||
        !sm_access_log_open(options->access_log, &parts->log, error))
        return FALSE;
    warn(parts->users, data, folder);
    parts->service = (SmService){
        .api = {.users = parts->users,
                .files = parts->files,
                .signer = parts->signer,
                .any_name = options->object_store != NULL && !sm_files_configured(parts->files),
                .sessions = parts->sessions,
                .sessions_status = (guint)options->max_sessions_status,
                .empty = options->empty,
                .strict_dates = options->strict_dates},
        .objects = {parts->files, parts->signer, options->etag_form},
        .own_store = options->object_store == NULL,
        .faults = parts->faults,
    };
    return TRUE;
}

/* An IPv6 address stands in brackets in a URL, without them in a certificate. */
static char *
bare(const char *host)
{
    return host[0] == '[' ? g_strndup(host + 1, strlen(host) - 2) : g_strdup(host);
}

/* *temporary becomes the folder that is to be removed in the end, if there is one. */
static SmTls *
make_tls(const SmOptions *options, char **temporary, GError **error)
{
    g_autofree char *host = bare(options->host);
    g_autofree char *object_host = bare(options->object_host);
    g_autofree char *buckets =
        options->virtual_host ? g_strconcat("*.", object_host, NULL) : g_strdup(object_host);
    const char *const hosts[] = {"localhost", "*.localhost", "*.s3.localhost", "127.0.0.1", "::1",
                                 host,        object_host,   buckets,          NULL};
    g_autoptr(GError) cause = NULL;

    if (options->tls_cert != NULL)
        return sm_tls_load(options->tls_cert, options->tls_key, error);
    if (options->tls_dir != NULL)
        return sm_tls_keep(options->tls_dir, hosts, error);
    *temporary = g_dir_make_tmp("scoremail-emulator-XXXXXX", &cause);
    if (*temporary != NULL)
        return sm_tls_keep(*temporary, hosts, error);
    return sm_error_null(error, SM_ERROR_IO, "%s", cause->message);
}

static gboolean
say_ready(const SmOptions *options, guint16 port, const SmTls *tls, GError **error)
{
    g_autofree char *line = g_strdup_printf("ready https://%s:%u/pascoredwnld ca=%s\n",
                                            options->host, port, tls->ca_path);
    g_autoptr(GError) cause = NULL;

    if (options->ready_file != NULL && !g_file_set_contents(options->ready_file, line, -1, &cause))
        return sm_error_set(error, SM_ERROR_IO, "%s: %s", options->ready_file,
                            sm_error_of_file(cause));
    fputs(line, stdout);
    if (fflush(stdout) != 0)
        return sm_error_from_errno(error, SM_ERROR_IO, "standard output");
    return TRUE;
}

static gboolean
run(const SmOptions *options, const Parts *parts, const SmTls *tls, GError **error)
{
    guint16 port = (guint16)options->port;
    int listener = sm_server_listen(options->listen, &port, error);
    SmServer *server;
    sigset_t wanted;
    gboolean said;
    int signal;

    if (listener < 0)
        return FALSE;
    sm_signer_set_port(parts->signer, port);
    /* Blocked before there are threads, so that only sigwait() gets them. */
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGTERM);
    sigaddset(&wanted, SIGINT);
    pthread_sigmask(SIG_BLOCK, &wanted, NULL);
    server = sm_server_start(listener, tls, &parts->service, parts->log, error);
    if (server == NULL)
        return FALSE;
    said = say_ready(options, port, tls, error);
    if (said)
        sigwait(&wanted, &signal);
    sm_server_stop(server);
    return said;
}

gboolean
sm_serve(const SmOptions *options, GError **error)
{
    g_autofree char *temporary = NULL;
    g_auto(Parts) parts = {.log = -1};
    g_autoptr(SmTls) tls = NULL;
    gboolean done = FALSE;

    if (make_parts(&parts, options, error))
        tls = make_tls(options, &temporary, error);
    if (tls != NULL)
        done = run(options, &parts, tls, error);
    if (temporary != NULL)
        sm_tls_remove(temporary);
    return done;
}
