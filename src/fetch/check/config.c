#include "fetch/check/checks.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fetch/check/places.h"

/* A log file that cannot be written to stops all else. */
static void
check_log_file(SmCheck *check, const char *file)
{
    g_autofree char *folder = g_path_get_dirname(file);
    const char *place = access(file, F_OK) == 0 ? file : folder;

    if (faccessat(AT_FDCWD, place, W_OK, AT_EACCESS) < 0)
        sm_check_say(check, SM_CHECK_FAILURE, "log", NULL,
                     "%s is not writable (%s: %s); nothing is fetched until it is; make it "
                     "writable, or change log",
                     file, place, g_strerror(errno));
    else
        sm_check_say(check, SM_CHECK_OK, "log", NULL, "%s", file);
}

static void
check_log(SmCheck *check)
{
    if (check->config->log == SM_LOG_FILE)
        check_log_file(check, check->config->log_file);
    else
        sm_check_say(check, SM_CHECK_OK, "log", NULL, "%s",
                     check->config->log == SM_LOG_SYSLOG ? "syslog, facility mail"
                                                         : "standard error");
}

void
sm_check_configuration(SmCheck *check, const SmAccount *none)
{
    const SmConfig *config = check->config;
    g_autofree char *described = NULL;
    struct stat about;

    if (stat(config->file, &about) == 0)
        described = sm_check_describe(&about);
    sm_check_say(check, SM_CHECK_OK, "configuration", NULL, "%s (%s), accounts: %u", config->file,
                 described != NULL ? described : "?", config->accounts->len);
    for (guint i = 0; i < config->broken->len; i++)
        sm_check_say_fault(check, "configuration", NULL, g_error_copy(config->broken->pdata[i]));
    sm_check_folder(check, "configuration", NULL, config->file);
    check_log(check);
}
