#include <stdio.h>
#include <string.h>

#include "build-config.h"
#include "common/base/error.h"
#include "common/base/report.h"
#include "common/base/startup.h"
#include "emulator/options.h"
#include "emulator/serve.h"
#include "emulator/service/notify.h"

static gboolean
serve(char **argv, GError **error)
{
    g_autoptr(SmOptions) options = sm_options_parse(argv, error);

    if (options == NULL)
        return FALSE;
    if (!options->show_version)
        return sm_serve(options, error);
    puts("scoremail-emulator " SM_VERSION);
    return TRUE;
}

int
main(int argc, char **argv)
{
    SmReport report = {.program = "scoremail-emulator", .role = SM_ROLE_PROMPT};
    g_autoptr(GError) error = NULL;
    gboolean done = sm_startup(SM_ROLE_PROMPT, &error);

    sm_report_start(&report);
    g_set_prgname(report.program);
    if (done && argc > 1 && strcmp(argv[1], "notify") == 0)
        done = sm_notify(argv + 1, &error);
    else if (done && argc > 1 && strcmp(argv[1], "serve") == 0)
        done = serve(argv + 1, &error);
    else if (done)
        done = serve(argv, &error);
    if (!done)
        g_warning("%s", error->message);
    return sm_error_exit_code(error, SM_ROLE_PROMPT);
}
