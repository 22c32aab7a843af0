/*
 * scoremail-compose COMMAND [ARGUMENT ...]: makes a mail of the letter on its standard input
 * (message.h) and becomes COMMAND, a sendmail, with the mail on its standard input. So what happens
 * to COMMAND is what scorefetch, which starts this, sees.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sysexits.h>
#include <unistd.h>

#include "build-config.h"
#include "common/base/cleanup.h"
#include "common/base/error.h"
#include "compose/message.h"

static GKeyFile *
read_letter(GError **error)
{
    g_autoptr(GIOChannel) in = g_io_channel_unix_new(STDIN_FILENO);
    g_autoptr(GKeyFile) letter = g_key_file_new();
    g_autofree char *data = NULL;
    gsize length;

    g_io_channel_set_encoding(in, NULL, NULL);
    if (g_io_channel_read_to_end(in, &data, &length, error) != G_IO_STATUS_NORMAL ||
        !g_key_file_load_from_data(letter, data, length, G_KEY_FILE_NONE, error))
        return NULL;
    return g_steal_pointer(&letter);
}

static gboolean
hand_over(GKeyFile *letter, char **argv, GError **error)
{
    sm_autofd int mail = memfd_create("mail", MFD_CLOEXEC);

    if (mail < 0 || !sm_compose(letter, mail, error))
        return mail >= 0 ? FALSE : sm_error_from_errno(error, SM_ERROR_IO, "memory for the mail");
    if (lseek(mail, 0, SEEK_SET) == 0 && dup2(mail, STDIN_FILENO) == STDIN_FILENO)
        execvp(argv[0], argv);
    return sm_error_from_errno(error, SM_ERROR_IO, "%s", argv[0]);
}

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GKeyFile) letter = NULL;

    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        puts("scoremail-compose " SM_VERSION);
        return EX_OK;
    }
    if (argc < 2) {
        fputs("scoremail-compose: scorefetch starts it; see report-mail in scoremail.conf(5)\n",
              stderr);
        return EX_USAGE;
    }
    letter = read_letter(&error);
    if (letter == NULL || !hand_over(letter, argv + 1, &error))
        fprintf(stderr, "%s\n", error->message);
    return EX_IOERR;
}
