/* `scoremail-emulator notify`: a notification e-mail as the portal sends it, on stdout. */
#pragma once

#include <glib.h>

typedef struct {
    const char *name; /* of the file; any text of one line */
    const char *to, *from;
    const char *message_id; /* with or without <> */
    const char *date;       /* RFC 5322 */
} SmNotification;

/* The message, with LF line ends. Caller frees. */
char *sm_notification_text(const SmNotification *notification);

/* Text in quoted-printable (RFC 2045, 6.7), lines of at most 76 characters. Caller frees. */
char *sm_quoted_printable(const char *text);

/* The command: argv[0] is "notify"; SM_ERROR_USAGE for what makes no sense. */
gboolean sm_notify(char **argv, GError **error);
