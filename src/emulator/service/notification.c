#include "emulator/service/notification.h"

#include <string.h>

#include "emulator/base/digest.h"

#define NAME "@NAME@" /* where the file's name stands in a text */
#define PORTAL_HTML(span)                                                                          \
    "<!DOCTYPE html>\n"                                                                            \
    "<html>\n<head>\n<meta http-equiv=\"Content-Type\" content=\"text/html; charset=UTF-8\">\n"    \
    "<title>Scores are ready</title>\n</head>\n"                                                   \
    "<body style=\"font-family: Arial, sans-serif; font-size: 14px; color: #1e1e1e;\">\n"          \
    "<table width=\"600\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\"><tr><td>\n"             \
    "<p>Dear score recipient,</p>\n"                                                               \
    "<p>A score file for your organization has been posted and is ready for download:\n" span      \
    "</p>\n"                                                                                       \
    "<p>Sign in to the score reporting portal, or use your automated download, to get it. The\n"   \
    "file stays available for one year.</p>\n"                                                     \
    "<p>Please do not reply to this message.</p>\n"                                                \
    "</td></tr></table>\n</body>\n</html>\n"
#define WEB_HTML                                                                                   \
    "<html>\n<head>\n<meta http-equiv=\"Content-Type\" content=\"text/html; charset=utf-8\">\n"    \
    "<style type=\"text/css\" style=\"display:none;\"> P {margin-top:0;margin-bottom:0;} "         \
    "</style>\n"                                                                                   \
    "</head>\n<body dir=\"ltr\">\n<div>For our records.</div>\n"                                   \
    "<hr tabindex=\"-1\" style=\"display:inline-block; width:98%\">\n"                             \
    "<div id=\"divRplyFwdMsg\" dir=\"ltr\"><font face=\"Calibri, sans-serif\"><b>From:</b> Score " \
    "Reporting<br>\n<b>Subject:</b> Your score file is ready for download</font>\n"                \
    "<div>&nbsp;</div>\n</div>\n<div style=\"font-family:Arial,sans-serif\">\n"                    \
    "<table class=\"x_mail\" width=\"600\"><tbody><tr><td>\n<p>Dear score recipient,</p>\n"        \
    "<p>A score file for your organization has been posted and is ready for download: "            \
    "<span id=\"x_fileName\">" NAME "</span></p>\n"                                                \
    "</td></tr></tbody></table>\n</div>\n</body>\n</html>\n"
#define WORD_HTML                                                                                  \
    "<html xmlns:o=\"urn:schemas-microsoft-com:office:office\" xmlns=\"http://www.w3.org/TR/"      \
    "REC-html40\">\n<head>\n<meta http-equiv=Content-Type content=\"text/html; charset=utf-8\">\n" \
    "<meta name=Generator content=\"Microsoft Word 15 (filtered medium)\">\n"                      \
    "<!--[if gte mso 9]><xml>\n<o:shapedefaults v:ext=\"edit\" spidmax=\"1026\" />\n"              \
    "</xml><![endif]-->\n</head>\n<body lang=EN-US link=\"#0563C1\" "                              \
    "style='word-wrap:break-word'>\n"                                                              \
    "<div class=WordSection1>\n<p class=MsoNormal>For our records.<o:p></o:p></p>\n"               \
    "<p class=MsoNormal><b>From:</b> Score Reporting<br><b>Subject:</b> Your score file is "       \
    "ready\n"                                                                                      \
    "for download<o:p></o:p></p>\n<p class=MsoNormal><span style='font-family:\"Arial\",\n"        \
    "sans-serif;color:#1E1E1E'>A score file for your organization has been posted and is\n"        \
    "ready for download:\n<span\nid=fileName>" NAME "</span><o:p></o:p></span></p>\n"              \
    "</div>\n</body>\n</html>\n"
#define PLAIN                                                                                      \
    "Dear score recipient,\n\n"                                                                    \
    "A score file for your organization has been posted and is ready for\n"                        \
    "download: " NAME "\n\n"                                                                       \
    "The file stays available for one year.\n"

enum { LINE = 76 };

static const struct {
    const char *word;
    const char *html; /* NULL: no such part */
    gboolean base64;
    gboolean forwarded;
} forms[] = {
    [SM_FORM_PORTAL] = {"portal", PORTAL_HTML("<span id=\"fileName\"> " NAME " </span>"), FALSE,
                        FALSE},
    [SM_FORM_SINGLE_QUOTES] = {"single-quotes",
                               PORTAL_HTML("<span id='fileName'> " NAME " </span>"), FALSE, FALSE},
    [SM_FORM_BASE64] = {"base64", PORTAL_HTML("<span id=\"fileName\"> " NAME " </span>"), TRUE,
                        FALSE},
    [SM_FORM_FORWARDED] = {"forwarded", WEB_HTML, FALSE, TRUE},
    [SM_FORM_OUTLOOK] = {"outlook", WORD_HTML, FALSE, TRUE},
    [SM_FORM_PLAIN] = {"plain", NULL, FALSE, FALSE},
};

gboolean
sm_form_parse(const char *word, SmForm *form)
{
    for (gsize i = 0; i < G_N_ELEMENTS(forms); i++)
        if (strcmp(forms[i].word, word) == 0) {
            *form = (SmForm)i;
            return TRUE;
        }
    return FALSE;
}

gboolean
sm_form_is_forwarded(SmForm form)
{
    return forms[form].forwarded;
}

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

/* The text in base64, in lines. */
static char *
base64(const char *text)
{
    g_autofree char *encoded = g_base64_encode((const guchar *)text, strlen(text));
    GString *lines = g_string_new(NULL);

    for (const char *at = encoded; *at != '\0'; at += strnlen(at, LINE))
        g_string_append_printf(lines, "%.*s\n", LINE, at);
    return g_string_free(lines, FALSE);
}

static char *
fill_in(const char *text, const char *name)
{
    g_auto(GStrv) around = g_strsplit(text, NAME, -1);

    return g_strjoinv(name, around);
}

/* A body with the headers that are its own. */
static char *
part(const SmNotification *n, const char *type, const char *text)
{
    gboolean in_base64 = forms[n->form].base64;
    g_autofree char *encoded = in_base64 ? base64(text) : sm_quoted_printable(text);

    return g_strdup_printf("Content-Type: %s; charset=UTF-8\n"
                           "Content-Transfer-Encoding: %s\n\n%s",
                           type, in_base64 ? "base64" : "quoted-printable", encoded);
}

static char *
headers(const SmNotification *n)
{
    g_autofree char *queue = sm_random_text(10, "0123456789ABCDEF");
    gboolean forwarded = forms[n->form].forwarded;
    const char *open = n->message_id[0] == '<' ? "" : "<";
    const char *close = n->message_id[0] == '<' ? "" : ">";

    return g_strdup_printf("Received: from mail.scores.example (mail.scores.example [192.0.2.25])\n"
                           "\tby mx.school.example (Postfix) with ESMTPS id %s\n"
                           "\tfor <%s>; %s\n"
                           "Date: %s\n"
                           "From: %s<%s>\n"
                           "To: %s\n"
                           "Message-ID: %s%s%s\n"
                           "Subject: %sYour score file is ready for download\n"
                           "MIME-Version: 1.0\n"
                           "%s",
                           queue, n->to, n->date, n->date,
                           forwarded ? "Registrar " : "Score Reporting ", n->from, n->to, open,
                           n->message_id, close, forwarded ? "Fw: " : "",
                           forwarded ? "" : "Auto-Submitted: auto-generated\n");
}

char *
sm_notification_text(const SmNotification *notification)
{
    g_autofree char *id = sm_random_uuid();
    g_autofree char *boundary = g_strdup_printf("----=_Part_%.8s_%.4s", id, id + 9);
    g_autofree char *escaped = g_markup_escape_text(notification->name, -1);
    g_autofree char *head = headers(notification);
    g_autofree char *plain = fill_in(PLAIN, notification->name);
    g_autofree char *plain_part = part(notification, "text/plain", plain);
    g_autofree char *html = NULL;
    g_autofree char *html_part = NULL;

    if (forms[notification->form].html == NULL)
        return g_strconcat(head, plain_part, NULL);
    html = fill_in(forms[notification->form].html, escaped);
    html_part = part(notification, "text/html", html);
    return g_strdup_printf("%sContent-Type: multipart/alternative;\n\tboundary=\"%s\"\n\n"
                           "--%s\n%s\n--%s\n%s\n--%s--\n",
                           head, boundary, boundary, plain_part, boundary, html_part, boundary);
}
