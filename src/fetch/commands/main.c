/* scorefetch: finds the command and starts it. */
#include <glib.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "build-config.h"
#include "common/base/error.h"
#include "common/base/startup.h"
#include "fetch/commands/commands.h"
#include "fetch/crypto/gpg.h"
#include "fetch/host/autoptr.h"
#include "fetch/http/http.h"

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *summary;
} commands[] = {
    {"get", sm_cmd_get, "fetch files by name"},
    {"list", sm_cmd_list, "list the service's files, and what the ledger says of each"},
    {"sync", sm_cmd_sync, "fetch what the service lists and is not stored"},
    {"run", sm_cmd_run, "work off what waits in spool and ledger"},
    {"status", sm_cmd_status, "show the ledger: what is stored, waiting, dropped, failed"},
    {"log", sm_cmd_log, "show the trail: who did what, when, and why"},
    {"check", sm_cmd_check, "look whether all is as it should be, and what to do if not"},
    {"backup", sm_cmd_backup, "copy the ledger to a file"},
    {"retry", sm_cmd_retry, "try again what failed or waits"},
    {"forget", sm_cmd_forget, "make a name unknown again"},
    {"cat", sm_cmd_cat, "print a stored file, decrypted"},
    {"adopt", sm_cmd_adopt, "take a file as stored that was put there by hand"},
    {"passwd", sm_cmd_passwd, "change an account's password-file, once the service takes it"},
    {"prune", sm_cmd_prune, "delete what has been stored for longer than keep-for"},
    {"deliver", sm_cmd_deliver, "act on an event that scoremail hands over (not for people)"},
};

static int
usage(FILE *to, int code)
{
    fputs("Usage: scorefetch COMMAND [-c FILE] [-a ACCOUNT] [-v] [-q] ...\n\n", to);
    for (gsize i = 0; i < G_N_ELEMENTS(commands); i++)
        fprintf(to, "  %-8s %s\n", commands[i].name, commands[i].summary);
    fputs("\n`scorefetch COMMAND --help` says more of one; see scorefetch(1).\n", to);
    return code;
}

static int
version(void)
{
    const curl_version_info_data *curl = curl_version_info(CURLVERSION_NOW);

    printf("scorefetch %s\nlibcurl %s (%s), SQLite %s, cJSON %s, GPGME %s\n", SM_VERSION,
           curl->version, curl->ssl_version, sqlite3_libversion(), cJSON_Version(),
           gpgme_check_version(NULL));
    return EX_OK;
}

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    SmRole role = argc > 1 && strcmp(argv[1], "deliver") == 0 ? SM_ROLE_FILTER : SM_ROLE_PROMPT;

    setlocale(LC_CTYPE, ""); /* and no more of the locale: numbers and messages stay as they are */
    /* A signal ends any command: for a mail system, scoremail makes an exit code of that end. */
    if (!sm_startup(SM_ROLE_PROMPT, &error) || !sm_http_start(&error)) {
        fprintf(stderr, "scorefetch: %s\n", error->message);
        return sm_error_exit_code(error, role);
    }
    sm_startup_export_home();
    if (argc < 2)
        return usage(stderr, EX_USAGE);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        return usage(stdout, EX_OK);
    if (g_strv_contains((const char *const *)argv + 1, "--version"))
        return version();
    for (gsize i = 0; i < G_N_ELEMENTS(commands); i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    fprintf(stderr, "scorefetch: there is no command %s\n\n", argv[1]);
    return usage(stderr, EX_USAGE);
}
