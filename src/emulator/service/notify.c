#include "emulator/service/notify.h"

#include <stdio.h>
#include <string.h>

#include "common/base/error.h"
#include "common/base/text.h"
#include "emulator/base/digest.h"

enum { LINE = 76 };

/* The line lengths are counted as they go; "=" at a line's end continues it. */
char *
sm_quoted_printable(const char *text)
{
    GString *out = g_string_new(NULL);
    gsize column = 0;

    for (const char *c = text; *c != '\0'; c++) {
        gboolean trailing = (*c == ' ' || *c == '\t') && (c[1] == '\n' || c[1] == '\0');
        gboolean plain = (g_ascii_isprint(*c) || *c == '\t') && *c != '=' && !trailing;
        gsize width = plain ? 1 : 3;

        if (*c == '\n') {
            g_string_append_c(out, '\n');
            column = 0;
            continue;
        }
        if (column + width > LINE - 1) {
            g_string_append(out, "=\n");
            column = 0;
        }
        if (plain)
            g_string_append_c(out, *c);
        else
            g_string_append_printf(out, "=%02X", (guchar)*c);
        column += width;
    }
    return g_string_free(out, FALSE);
}

static char *
html_part(const char *name)
{
    g_autofree char *escaped = g_markup_escape_text(name, -1);

    return g_strdup_printf(
        "<!DOCTYPE html>\n"
        "<html>\n<head>\n<meta http-equiv=\"Content-Type\" content=\"text/html; charset=UTF-8\">\n"
        "<title>Scores are ready</title>\n</head>\n"
        "<body style=\"font-family: Arial, sans-serif; font-size: 14px; color: #1e1e1e;\">\n"
        "<table width=\"600\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\"><tr><td>\n"
        "<p>Dear score recipient,</p>\n"
        "<p>A score file for your organization has been posted and is ready for download:\n"
        "<span id=\"fileName\"> %s </span></p>\n"
        "<p>Sign in to the score reporting portal, or use your automated download, to get it. The\n"
        "file stays available for one year.</p>\n"
        "<p>Please do not reply to this message.</p>\n"
        "</td></tr></table>\n</body>\n</html>\n",
        escaped);
}

static char *
headers(const SmNotification *n, const char *boundary)
{
    g_autofree char *queue = sm_random_text(10, "0123456789ABCDEF");
    const char *open = n->message_id[0] == '<' ? "" : "<";
    const char *close = n->message_id[0] == '<' ? "" : ">";

    return g_strdup_printf("Received: from mail.scores.example (mail.scores.example [192.0.2.25])\n"
                           "\tby mx.school.example (Postfix) with ESMTPS id %s\n"
                           "\tfor <%s>; %s\n"
                           "Date: %s\n"
                           "From: Score Reporting <%s>\n"
                           "To: %s\n"
                           "Message-ID: %s%s%s\n"
                           "Subject: Your score file is ready for download\n"
                           "MIME-Version: 1.0\n"
                           "Auto-Submitted: auto-generated\n"
                           "Content-Type: multipart/alternative;\n"
                           "\tboundary=\"%s\"\n",
                           queue, n->to, n->date, n->date, n->from, n->to, open, n->message_id,
                           close, boundary);
}

char *
sm_notification_text(const SmNotification *notification)
{
    g_autofree char *id = sm_random_uuid();
    g_autofree char *boundary = g_strdup_printf("----=_Part_%.8s_%.4s", id, id + 9);
    g_autofree char *head = headers(notification, boundary);
    g_autofree char *plain =
        g_strdup_printf("Dear score recipient,\n\n"
                        "A score file for your organization has been posted and is ready for\n"
                        "download: %s\n\n"
                        "The file stays available for one year.\n",
                        notification->name);
    g_autofree char *plain_quoted = sm_quoted_printable(plain);
    g_autofree char *html = html_part(notification->name);
    g_autofree char *html_quoted = sm_quoted_printable(html);

    return g_strdup_printf("%s\n"
                           "--%s\n"
                           "Content-Type: text/plain; charset=UTF-8\n"
                           "Content-Transfer-Encoding: quoted-printable\n\n%s\n"
                           "--%s\n"
                           "Content-Type: text/html; charset=UTF-8\n"
                           "Content-Transfer-Encoding: quoted-printable\n\n%s\n"
                           "--%s--\n",
                           head, boundary, plain_quoted, boundary, html_quoted, boundary);
}

static gboolean
print_message(SmNotification *n, GError **error)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_local();
    g_autofree char *date = g_date_time_format(now, "%a, %d %b %Y %H:%M:%S %z");
    g_autofree char *id = sm_random_uuid();
    g_autofree char *message_id = g_strdup_printf("%s@mail.scores.example", id);
    const char **fields[] = {&n->name, &n->to, &n->from, &n->message_id, &n->date};
    const char *const defaults[] = {"", "registrar@school.example", "no-reply@scores.example",
                                    message_id, date};
    g_autofree char *text = NULL;

    for (gsize i = 0; i < G_N_ELEMENTS(fields); i++) {
        if (*fields[i] == NULL)
            *fields[i] = defaults[i];
        if (sm_text_is_clean(*fields[i], strlen(*fields[i])))
            continue;
        g_set_error(error, SM_ERROR, SM_ERROR_USAGE,
                    "an argument has a line break, a control character or no valid UTF-8");
        return FALSE;
    }
    text = sm_notification_text(n);
    if (fputs(text, stdout) < 0 || fflush(stdout) != 0)
        return sm_error_from_errno(error, SM_ERROR_IO, "standard output");
    return TRUE;
}

gboolean
sm_notify(char **argv, GError **error)
{
    g_autofree char *to = NULL, *from = NULL, *message_id = NULL, *date = NULL;
    const GOptionArg text = G_OPTION_ARG_FILENAME;
    const GOptionEntry entries[] = {
        {"to", 0, 0, text, &to, "To whom (registrar@school.example)", "ADDRESS"},
        {"from", 0, 0, text, &from, "From whom (no-reply@scores.example)", "ADDRESS"},
        {"message-id", 0, 0, text, &message_id, "Its Message-ID (a new one)", "ID"},
        {"date", 0, 0, text, &date, "Its date, as RFC 5322 writes it (now)", "DATE"},
        {NULL},
    };
    g_autoptr(GOptionContext) context = g_option_context_new("notify NAME");
    g_auto(GStrv) words = g_strdupv(argv);
    g_autoptr(GError) cause = NULL;
    SmNotification notification;

    g_option_context_set_summary(context, "Prints a notification e-mail as the portal sends it.");
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse_strv(context, &words, &cause)) {
        g_set_error(error, SM_ERROR, SM_ERROR_USAGE, "%s, see notify --help", cause->message);
        return FALSE;
    }
    if (g_strv_length(words) != 2) {
        g_set_error(error, SM_ERROR, SM_ERROR_USAGE, "notify: write one file name, see --help");
        return FALSE;
    }
    notification = (SmNotification){words[1], to, from, message_id, date};
    return print_message(&notification, error);
}
