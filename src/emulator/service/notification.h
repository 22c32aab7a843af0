/*
 * A notification e-mail as the portal sends it, and as it looks after what mail
 * systems and people have done to it.
 */
#pragma once

#include <glib.h>

typedef enum {
    SM_FORM_PORTAL,        /* id="fileName", in quoted-printable */
    SM_FORM_SINGLE_QUOTES, /* id='fileName' */
    SM_FORM_BASE64,        /* the parts in base64 */
    SM_FORM_FORWARDED,     /* forwarded by Outlook on the web: id="x_fileName" */
    SM_FORM_OUTLOOK,       /* forwarded by Outlook, which writes the HTML anew: id=fileName */
    SM_FORM_PLAIN,         /* text alone, and so without the element that has the name */
} SmForm;

typedef struct {
    const char *name; /* of the file; any text of one line */
    const char *to, *from;
    const char *message_id; /* with or without <> */
    const char *date;       /* RFC 5322 */
    SmForm form;
} SmNotification;

/* portal, single-quotes, base64, forwarded, outlook or plain; FALSE for another word. */
gboolean sm_form_parse(const char *word, SmForm *form);

/* Whether a person sends it on, and not the portal. */
gboolean sm_form_is_forwarded(SmForm form);

/* The message, with LF line ends. Caller frees. */
char *sm_notification_text(const SmNotification *notification);

/* Text in quoted-printable (RFC 2045, 6.7), lines of at most 76 characters. Caller frees. */
char *sm_quoted_printable(const char *text);
