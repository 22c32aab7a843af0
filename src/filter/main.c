/*
 * scoremail, the mail filter: nearly all mail announces nothing and ends here, with exit 0, before
 * any library but libc is loaded. The rest is filter.h's.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/base/startup.h"
#include "filter/filter.h"
#include "filter/load.h"
#include "filter/scan/scan.h"

/* Whether a message that announces nothing is passed over in silence, whatever the options name. */
static gboolean
is_plain(int argc, char **argv)
{
    int place = 1;

    while (place + 1 < argc && *argv[place + 1] != '\0' &&
           (strcmp(argv[place], "-c") == 0 || strcmp(argv[place], "-a") == 0))
        place += 2;
    return place == argc && !isatty(STDIN_FILENO) && !isatty(STDERR_FILENO);
}

static gboolean
is_ordinary(const SmInput *input)
{
    return input->fault == NULL && !input->too_large &&
           !sm_scan_could_announce(input->data, input->length);
}

int
main(int argc, char **argv)
{
    gboolean is_closed = fcntl(STDIN_FILENO, F_GETFD) < 0; /* sm_startup() opens /dev/null there */
    const char *fault = sm_startup(SM_ROLE_FILTER);
    SmInput input = {.data = NULL};
    const SmFilter *filter = NULL;
    char *why = NULL;

    if (fault != NULL) {
        fprintf(stderr, "scoremail: %s: %s\n", fault, strerror(errno));
        sm_startup_exit(EX_TEMPFAIL);
    }
    if (is_closed) {
        input.fault = "standard input is closed; pipe a message into scoremail";
        input.code = SM_ERROR_IO;
    } else if (is_plain(argc, argv)) {
        sm_input_read(&input, STDIN_FILENO, SM_MESSAGE_MAX);
        if (is_ordinary(&input))
            sm_startup_exit(EX_OK);
    }
    filter = sm_load("scoremail-filter.so", "sm_filter", &why);
    if (filter != NULL)
        sm_startup_exit(filter->run(argc, argv, input));
    fprintf(stderr, "scoremail: %s\n", why);
    if (!is_closed && input.data == NULL && !isatty(STDIN_FILENO))
        sm_input_read(&input, STDIN_FILENO, SM_MESSAGE_MAX); /* no agent sees a closed pipe */
    sm_startup_exit(EX_TEMPFAIL);
}
