#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "build-config.h"
#include "common/base/cleanup.h"
#include "common/base/error.h"
#include "common/base/io.h"
#include "common/base/report.h"
#include "common/base/startup.h"
#include "common/base/words.h"
#include "emulator/access-log.h"
#include "emulator/options.h"
#include "emulator/server.h"
#include "emulator/service/notify.h"
#include "emulator/service/service.h"
#include "emulator/tls.h"

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
run(const SmOptions *options, const SmService *service, SmSigner *signer, const SmTls *tls, int log,
    GError **error)
{
    guint16 port = (guint16)options->port;
    int listener = sm_server_listen(options->listen, &port, error);
    SmServer *server;
    sigset_t wanted;
    gboolean said;
    int signal;

    if (listener < 0)
        return FALSE;
    sm_signer_set_port(signer, port);
    /* Blocked before there are threads, so that only sigwait() gets them. */
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGTERM);
    sigaddset(&wanted, SIGINT);
    pthread_sigmask(SIG_BLOCK, &wanted, NULL);
    server = sm_server_start(listener, tls, service, log, error);
    if (server == NULL)
        return FALSE;
    said = say_ready(options, port, tls, error);
    if (said)
        sigwait(&wanted, &signal);
    sm_server_stop(server);
    return said;
}

/* Makes all that needs no port before the port is taken; nothing is left to check later. */
static gboolean
serve(const SmOptions *options, GError **error)
{
    const char *data = options->data;
    g_autofree char *folder = data != NULL ? g_build_filename(data, "files", NULL) : NULL;
    g_autofree char *list = data != NULL ? g_build_filename(data, "users", NULL) : NULL;
    g_autofree char *temporary = NULL;
    g_autoptr(SmFiles) files = sm_files_new(folder, (const char *const *)options->files);
    g_autoptr(SmUsers) users = NULL;
    g_autoptr(SmSessions) sessions = NULL;
    g_autoptr(SmSigner) signer = NULL;
    g_autoptr(SmFaults) faults = NULL;
    g_autoptr(SmTls) tls = NULL;
    sm_autofd int log = -1;
    SmService service;
    gboolean done = FALSE;

    if (data != NULL && !g_file_test(data, G_FILE_TEST_IS_DIR))
        return sm_error_set(error, SM_ERROR_IO, "--data %s: there is no such directory", data);
    if ((users = sm_users_new((const char *const *)options->users, list,
                              (guint)options->token_lifetime, error)) == NULL ||
        (sessions = sm_sessions_new(options->max_sessions, error)) == NULL ||
        (signer = make_signer(options, error)) == NULL ||
        (faults = sm_faults_new((const char *const *)options->faults, error)) == NULL ||
        !sm_files_check_single(files, error) ||
        !sm_access_log_open(options->access_log, &log, error))
        return FALSE;
    warn(users, data, folder);
    service = (SmService){
        .api = {.users = users,
                .files = files,
                .signer = signer,
                .any_name = options->object_store != NULL && !sm_files_configured(files),
                .sessions = sessions,
                .sessions_status = (guint)options->max_sessions_status,
                .empty = options->empty,
                .strict_dates = options->strict_dates},
        .objects = {files, signer, options->etag_form},
        .own_store = options->object_store == NULL,
        .faults = faults,
    };
    tls = make_tls(options, &temporary, error);
    done = tls != NULL && run(options, &service, signer, tls, log, error);
    if (temporary != NULL)
        sm_tls_remove(temporary);
    return done;
}

static gboolean
serve_as_told(char **argv, GError **error)
{
    g_autoptr(SmOptions) options = sm_options_parse(argv, error);

    if (options == NULL)
        return FALSE;
    if (!options->show_version)
        return serve(options, error);
    puts("scoremail-emulator " SM_VERSION);
    return TRUE;
}

int
main(int argc, char **argv)
{
    SmReport report = {.program = "scoremail-emulator", .role = SM_ROLE_PROMPT};
    g_autoptr(GError) error = NULL;
    const char *fault = sm_startup(SM_ROLE_PROMPT);
    gboolean done = fault == NULL || sm_error_from_errno(&error, SM_ERROR_INTERNAL, "%s", fault);

    atexit(sm_io_end);
    sm_startup_environment();
    sm_report_start(&report);
    g_set_prgname(report.program);
    done = done && sm_words_are_filled(argv, &error);
    if (done && argc > 1 && strcmp(argv[1], "notify") == 0)
        done = sm_notify(argv + 1, &error);
    else if (done && argc > 1 && strcmp(argv[1], "serve") == 0)
        done = serve_as_told(argv + 1, &error);
    else if (done)
        done = serve_as_told(argv, &error);
    if (!done)
        g_warning("%s", error->message);
    return sm_error_exit_code(error, SM_ROLE_PROMPT);
}
