#include "emulator/serve.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

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
    SmAccessLog *log;
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
    g_clear_pointer(&parts->log, sm_access_log_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Parts, parts_clear)

static SmSigner *
make_signer(const SmOptions *options, guint16 port, GError **error)
{
    SmSigner *signer;

    if (options->object_store != NULL) {
        signer = sm_signer_new_foreign(options->object_store, options->access_key,
                                       options->secret_key, options->region, error);
    } else {
        g_autofree char *host = g_strdup_printf("%s:%u", options->object_host, port);

        signer = sm_signer_new_own(host, options->bucket);
    }
    if (signer != NULL) {
        signer->version = options->version;
        signer->lifetime = (guint)options->url_lifetime;
    }
    return signer;
}

static gboolean
make_parts(Parts *parts, const SmOptions *options, guint16 port, GError **error)
{
    g_autofree char *folder = NULL;
    g_autofree char *users = NULL;

    if (options->data != NULL) {
        folder = g_build_filename(options->data, "files", NULL);
        users = g_build_filename(options->data, "users", NULL);
    }
    parts->users = sm_users_new((const char *const *)options->users, users,
                                (guint)options->token_lifetime, error);
    parts->files = sm_files_new(folder, (const char *const *)options->files);
    if (parts->users == NULL)
        return FALSE;
    if ((parts->signer = make_signer(options, port, error)) == NULL ||
        (parts->sessions = sm_sessions_new(options->max_sessions, error)) == NULL ||
        (parts->faults = sm_faults_new((const char *const *)options->faults, error)) == NULL ||
        (parts->log = sm_access_log_new(options->access_log, error)) == NULL)
        return FALSE;
    parts->service = (SmService){
        .api = {.users = parts->users,
                .files = parts->files,
                .signer = parts->signer,
                .any_name = options->object_store != NULL && !sm_files_configured(parts->files),
                .sessions = parts->sessions,
                .sessions_status = (guint)options->max_sessions_status,
                .empty = options->empty_form,
                .strict_dates = options->strict_dates},
        .objects = {parts->files, parts->signer, options->etag_form},
        .own_store = options->object_store == NULL,
        .faults = parts->faults,
    };
    return TRUE;
}

/* *temporary becomes the folder that is to be removed in the end, if there is one. */
static SmTls *
make_tls(const SmOptions *options, char **temporary, GError **error)
{
    g_autoptr(GError) cause = NULL;

    if (options->tls_cert != NULL)
        return sm_tls_load(options->tls_cert, options->tls_key, error);
    if (options->tls_dir != NULL)
        return sm_tls_keep(options->tls_dir, options->object_host, error);
    *temporary = g_dir_make_tmp("scoremail-emulator-XXXXXX", &cause);
    if (*temporary != NULL)
        return sm_tls_keep(*temporary, options->object_host, error);
    g_set_error(error, SM_ERROR, SM_ERROR_IO, "%s", cause->message);
    return NULL;
}

static gboolean
say_ready(const SmOptions *options, guint16 port, const SmTls *tls, GError **error)
{
    g_autofree char *line =
        g_strdup_printf("ready https://localhost:%u/pascoredwnld ca=%s\n", port, tls->ca_path);
    g_autoptr(GError) cause = NULL;

    if (options->ready_file != NULL &&
        !g_file_set_contents(options->ready_file, line, -1, &cause)) {
        g_set_error(error, SM_ERROR, SM_ERROR_IO, "%s", cause->message);
        return FALSE;
    }
    fputs(line, stdout);
    if (fflush(stdout) != 0)
        return sm_error_from_errno(error, SM_ERROR_IO, "standard output");
    return TRUE;
}

static gboolean
run(const SmOptions *options, int listener, guint16 port, const SmTls *tls, GError **error)
{
    g_auto(Parts) parts = {0};
    SmServer *server;
    sigset_t wanted;
    gboolean said;
    int signal;

    if (!make_parts(&parts, options, port, error)) {
        close(listener);
        return FALSE;
    }
    /* Blocked before there are threads, so that only sigwait() gets them. */
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGTERM);
    sigaddset(&wanted, SIGINT);
    pthread_sigmask(SIG_BLOCK, &wanted, NULL);
    server = sm_server_start(listener, tls, &parts.service, parts.log, error);
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
    g_autoptr(SmTls) tls = make_tls(options, &temporary, error);
    guint16 port = (guint16)options->port;
    gboolean done = FALSE;

    if (tls != NULL) {
        int listener = sm_server_listen(&port, error);

        done = listener >= 0 && run(options, listener, port, tls, error);
    }
    if (temporary != NULL)
        sm_tls_remove(temporary);
    return done;
}
