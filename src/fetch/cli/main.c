/* scorefetch: finds the command and starts it. */
#include <glib.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "build-config.h"
#include "common/base/error.h"
#include "common/base/io.h"
#include "common/base/startup.h"
#include "fetch/cli/table.h"
#include "fetch/crypto/gpg.h"
#include "fetch/database/db.h"
#include "fetch/host/autoptr.h"
#include "fetch/http/authorities.h"
#include "fetch/http/http.h"

static int
usage(FILE *to, int code)
{
    sm_commands_print(to);
    return code;
}

/* detailed: and what it finds on this machine. */
static int
version(gboolean detailed)
{
    const curl_version_info_data *curl = curl_version_info(CURLVERSION_NOW);

    printf("scorefetch %s\nlibcurl %s (%s), SQLite %s, cJSON %s, GPGME %s\n", SM_VERSION,
           curl->version, curl->ssl_version, sm_db_version(), cJSON_Version(),
           gpgme_check_version(NULL));
    if (detailed) {
        g_autofree char *authorities = sm_authorities_describe(NULL);

        printf("certificate authorities: %s\n", authorities);
    }
    return EX_OK;
}

static int
scorefetch(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    const SmCommand *command = sm_command_find(argc > 0 ? argv[1] : NULL);
    gboolean as_filter = command != NULL && command->as_filter;
    /* A signal ends any command: for a mail system, scoremail makes an exit code of that end. */
    const char *fault = sm_startup(SM_ROLE_PROMPT);
    gboolean ok = fault == NULL || sm_error_from_errno(&error, SM_ERROR_INTERNAL, "%s", fault);

    sm_startup_environment();
    setlocale(LC_CTYPE, ""); /* and no more of the locale: numbers and messages stay as they are */
    if (!ok || !sm_http_start(&error)) {
        fprintf(stderr, "scorefetch: %s\n", error->message);
        return sm_error_exit_code(error, as_filter ? SM_ROLE_FILTER : SM_ROLE_PROMPT);
    }
    sm_startup_export_home();
    if (argc < 2)
        return usage(stderr, EX_USAGE);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        return usage(stdout, EX_OK);
    if (g_strv_contains((const char *const *)argv + 1, "--version"))
        return version(g_strv_contains((const char *const *)argv + 1, "-v"));
    if (command != NULL)
        return sm_command_do(command, argc - 1, argv + 1);
    sm_command_unknown(argv[1], &error);
    fprintf(stderr, "scorefetch: %s\n", error->message);
    return EX_USAGE;
}

int
main(int argc, char **argv)
{
    int code;

    atexit(sm_io_end);
    code = scorefetch(argc, argv);
    if (code < EX__BASE) /* those are failures, and said */
        sm_io_end();
    sm_startup_exit(code);
}
