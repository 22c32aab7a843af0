/* From a message to an event: which parts are read, and what the header says. */
#include <string.h>

#include "filter/message/gmime-auto.h"
#include "filter/message/mime.h"

#define SPAN "<span id=\"fileName\">a.csv</span>"
#define HTML "Content-Type: text/html; charset=utf-8\n"
#define MIXED "Content-Type: multipart/mixed; boundary=b\n\n--b\n"

typedef struct {
    const char *name;
    const char *message;
    const char *names; /* with commas; "" a span without a good name; NULL no notification */
} Case;

static const Case cases[] = {
    /* which parts */
    {"a message of HTML", HTML "\n" SPAN, "a.csv"},
    {"a message of text", "Content-Type: text/plain\n\n" SPAN, NULL},
    {"a message without a type", "Subject: x\n\n" SPAN, NULL},
    {"a part in a multipart", MIXED HTML "\n" SPAN "\n--b--\n", "a.csv"},
    {"several parts, in order",
     MIXED HTML "\n<span id=fileName>b.csv</span>\n--b\n" HTML "\n" SPAN "\n--b--\n",
     "b.csv,a.csv"},
    {"the same name in two parts", MIXED HTML "\n" SPAN "\n--b\n" HTML "\n" SPAN "\n--b--\n",
     "a.csv"},
    {"the text before the first part",
     "Content-Type: multipart/mixed; boundary=b\n\n" SPAN "\n--b\n\nx\n--b--\n", NULL},
    {"the text behind the last part", MIXED "\nx\n--b--\n" SPAN, NULL},
    {"nested multiparts",
     MIXED "Content-Type: multipart/related; boundary=\"b2\"\n\n--b2\n" HTML "\n" SPAN
           "\n--b2--\n--b--\n",
     "a.csv"},
    {"a multipart that never ends", MIXED HTML "\n" SPAN, "a.csv"},
    {"a multipart without a boundary",
     "Content-Type: multipart/mixed\n\n--b\n" HTML "\n" SPAN "\n--b--\n", NULL},
    {"a clear-signed message",
     "Content-Type: multipart/signed; boundary=b; micalg=pgp-sha256;\n"
     " protocol=\"application/pgp-signature\"\n\n--b\n" HTML "\n" SPAN
     "\n--b\nContent-Type: application/pgp-signature\n\nx\n--b--\n",
     "a.csv"},
    {"an opaque signature", "Content-Type: application/pkcs7-mime; smime-type=signed-data\n\n" SPAN,
     NULL},
    {"an HTML attachment",
     MIXED HTML "Content-Disposition: ATTACHMENT; filename=x.html\n\n" SPAN "\n--b--\n", NULL},
    {"inline HTML with a file name",
     MIXED HTML "Content-Disposition: inline; filename=x.html\n\n" SPAN "\n--b--\n", "a.csv"},
    {"a forwarded message", "Content-Type: message/rfc822\n\nSubject: x\n" HTML "\n" SPAN, "a.csv"},
    {"an attached message",
     MIXED "Content-Type: message/rfc822\nContent-Disposition: attachment\n\nSubject: x\n" HTML
           "\n" SPAN "\n--b--\n",
     "a.csv"},
    {"an HTML attachment of an attached message",
     MIXED "Content-Type: message/rfc822\nContent-Disposition: attachment\n\n" HTML
           "Content-Disposition: attachment\n\n" SPAN "\n--b--\n",
     NULL},
    {"an attached message in base64, as Exchange does",
     MIXED "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n"
           "Q29udGVudC1UeXBlOiB0ZXh0L2h0bWwKCjxzcGFuIGlkPWZpbGVOYW1lPmEuY3N2PC9zcGFuPg==\n--b--\n",
     "a.csv"},
    {"a message of a digest",
     "Content-Type: multipart/digest; boundary=b\n\n--b\n\n" HTML "\n" SPAN "\n--b--\n", "a.csv"},
    {"an empty attached message", MIXED "Content-Type: message/rfc822\n\n--b--\n", NULL},
    {"HTML of another type", "Content-Type: application/xhtml+xml\n\n" SPAN, NULL},
    {"a type in capitals", "CONTENT-TYPE: TEXT/HTML\n\n" SPAN, "a.csv"},

    /* what stands before the message */
    {"a From line", "From x@example.org Tue Apr 10 11:16:09 2018\n" HTML "\n" SPAN, "a.csv"},
    {"two From lines", "From x Tue\n>From y Tue\n" HTML "\n" SPAN, "a.csv"},
    {"a From line with CRLF", "From x Tue\r\nContent-Type: text/html\r\n\r\n" SPAN, "a.csv"},
    {"a From header is none", "From: x@example.org\n" HTML "\n" SPAN, "a.csv"},
    {"a byte order mark", "\357\273\277" HTML "\n" SPAN, "a.csv"},
    {"blank lines", "\n\r\n" HTML "\n" SPAN, "a.csv"},
    {"a line that says From in the text", HTML "\nFrom here:\n" SPAN, "a.csv"},

    /* how it is encoded */
    {"quoted-printable with a break in the tag",
     HTML
     "Content-Transfer-Encoding: quoted-printable\n\n<sp=\nan id=3D=\n\"file=  \nName\">a=2Ecsv",
     "a.csv"},
    {"base64", HTML "Content-Transfer-Encoding: base64\n\nPHNwYW4gaWQ9ZmlsZU5hbWU+YS5jc3Y8L3NwYW4+",
     "a.csv"},
    {"base64 of nothing", HTML "Content-Transfer-Encoding: base64\n\n", NULL},
    {"base64 that is not", HTML "Content-Transfer-Encoding: base64\n\n" SPAN, "a.csv"},
    {"Latin 1", "Content-Type: text/html; charset=iso-8859-1\n\n<span id=fileName>\240a.csv\240",
     "a.csv"},
    {"Latin 1 without a label", "Content-Type: text/html\n\n<span id=fileName>\240a.csv\240", ""},
    {"Latin 1 elsewhere without a label", "Content-Type: text/html\n\n\351\240" SPAN "\351",
     "a.csv"},
    {"UTF-7",
     "Content-Type: text/html; charset=utf-7\n\n+ADw-span id+AD0-fileName+AD4-a.csv+ADw-/span+AD4-",
     "a.csv"},
    {"an unknown character set", "Content-Type: text/html; charset=x-user-defined\n\n" SPAN,
     "a.csv"},
    {"a wrong character set", "Content-Type: text/html; charset=utf-16\n\n" SPAN " ", "a.csv"},
    {"CRLF", "Content-Type: text/html\r\n\r\n<span\r\n id=fileName>\r\na.csv\r\n</span>\r\n",
     "a.csv"},
};

/* As the parent and its children do it: a character set that is missing is opened, then again. */
static SmEvent *
read_message(const char *message, gsize length)
{
    g_autoptr(SmCharsets) charsets = sm_charsets_new();
    g_autofree char *missing = NULL;
    SmEvent *event = sm_mime_read(message, length, charsets);

    if (sm_charsets_missing(charsets) == NULL)
        return event;
    missing = g_strdup(sm_charsets_missing(charsets));
    sm_event_free(event);
    sm_charsets_free(charsets);
    charsets = sm_charsets_new();
    sm_charsets_open(charsets, missing);
    event = sm_mime_read(message, length, charsets);
    g_assert_null(sm_charsets_missing(charsets));
    return event;
}

static void
check_case(gconstpointer data)
{
    const Case *test = data;
    g_autoptr(SmEvent) event = read_message(test->message, strlen(test->message));
    g_autofree char *names = event != NULL ? g_strjoinv(",", event->names) : NULL;

    g_assert_cmpstr(names, ==, test->names);
    if (event != NULL)
        g_assert_cmpint(event->kind, ==, *names != '\0' ? SM_EVENT_NAMES : SM_EVENT_NO_VALID_NAME);
}

static const char full[] =
    "Return-Path: <bounces@example.org>\n"
    "Delivered-To: unknown\n"
    "Delivered-To: <scores@example.edu>\n"
    "X-Original-To: grades@example.edu\n"
    "Envelope-to: one@example.edu,\n o'two@example.edu\n"
    "X-Delivered-To: o'three@example.edu.\n"
    "X-Envelope-To: \"Scores, incoming\" <four@example.edu> (local)\n"
    "Received: from a.example.org by mx.example.edu (x; y)\n"
    "\tfor <scores@example.edu>; Tue, 10 Apr 2018 11:16:09 -0400 (EDT; DST)\n"
    "Delivered-To: forged@example.edu\n"
    "Received: from z by a.example.org; Mon, 9 Apr 2018 00:00:00 +0000\n"
    "Message-ID: <1.2@example.org>\n"
    "From: =?utf-8?q?Score=20Reporting?= <reports@example.org>\n"
    "To: \"Scores, incoming\" <scores@example.edu>, staff: a@example.edu, b@example.edu;\n"
    "Cc: <c@example.edu>\n" HTML "\n" SPAN;

static void
check_header(void)
{
    g_autoptr(SmEvent) event = read_message(full, strlen(full));
    g_autofree char *to = g_strjoinv(",", event->to);
    g_autofree char *recipients = g_strjoinv(",", event->recipients);
    g_autofree char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, SPAN, -1);

    g_assert_cmpstr(event->message_id, ==, "1.2@example.org");
    g_assert_cmpstr(event->from, ==, "reports@example.org");
    g_assert_cmpstr(to, ==, "scores@example.edu,a@example.edu,b@example.edu,c@example.edu");
    g_assert_cmpstr(recipients, ==,
                    "scores@example.edu,grades@example.edu,one@example.edu,o'two@example.edu,o'"
                    "three@example.edu,"
                    "four@example.edu");
    g_assert_cmpint(event->received, ==, 1523373369);
    g_assert_cmpstr(event->html_sha256, ==, hash);
}

static void
check_bare_header(void)
{
    static const char message[] = "To: undisclosed-recipients:;\nReceived: by x\n"
                                  "From: one@example.org, another@example.org\n" HTML "\n" SPAN;
    g_autoptr(SmEvent) event = read_message(message, strlen(message));

    g_assert_cmpstr(event->message_id, ==, "");
    g_assert_cmpstr(event->from, ==, "");
    g_assert_cmpuint(g_strv_length(event->to), ==, 0);
    g_assert_cmpuint(g_strv_length(event->recipients), ==, 0);
    g_assert_cmpint(event->received, ==, 0);
}

/* Which of two a person would be shown, nobody knows. */
static void
check_two_senders(void)
{
    static const char *const messages[] = {
        "From: one@example.org\nFrom: another@example.org\n" HTML "\n" SPAN,
        "From: one@example.org, group: another@example.org;\n" HTML "\n" SPAN,
    };

    for (gsize i = 0; i < G_N_ELEMENTS(messages); i++) {
        g_autoptr(SmEvent) event = read_message(messages[i], strlen(messages[i]));

        g_assert_cmpstr(event->from, ==, "");
    }
}

static void
check_one_sender_twice(void)
{
    static const char message[] =
        "From: one@example.org\nFrom: One <one@example.org>\n" HTML "\n" SPAN;
    g_autoptr(SmEvent) event = read_message(message, strlen(message));

    g_assert_cmpstr(event->from, ==, "one@example.org");
}

static void
check_auth(void)
{
    static const char message[] = "Authentication-Results: mx; dmarc=pass header.from=a.org\n"
                                  "Received: by mx\n"
                                  "AUTHENTICATION-RESULTS: mx;\r\n\tdkim=pass\r\n"
                                  " header.d=b.org; spf=none\r\n"
                                  "Received: by x\nReceived: by y\n"
                                  "Authentication-Results: mx; none\n" HTML "\n" SPAN;
    g_autoptr(SmEvent) event = read_message(message, strlen(message));
    g_autofree char *auth = g_strjoinv("|", event->auth);

    g_assert_cmpstr(auth, ==,
                    "0 mx dmarc=pass header.from=a.org|1 mx dkim=pass header.d=b.org|1 mx spf=none"
                    "|3 mx none");
}

static void
check_many_recipients(void)
{
    g_autoptr(GString) message = g_string_new("To: ");
    g_autoptr(SmEvent) event = NULL;

    for (int i = 0; i < 3 * SM_EVENT_LIST_MAX; i++)
        g_string_append_printf(message, "%d@example.edu,\n ", i);
    g_string_append(message, "x@example.edu\n" HTML "\n" SPAN);
    event = read_message(message->str, message->len);
    g_assert_cmpuint(g_strv_length(event->to), ==, SM_EVENT_LIST_MAX);
}

static void
check_unusable(void)
{
    g_autoptr(SmEvent) event = sm_mime_unusable(full, strlen(full), "too hard");
    g_autofree char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, full, -1);

    g_assert_cmpint(event->kind, ==, SM_EVENT_UNUSABLE);
    g_assert_cmpstr(event->reason, ==, "too hard");
    g_assert_cmpstr(event->message_id, ==, "1.2@example.org");
    g_assert_cmpstr(event->html_sha256, ==, hash);
}

static void
check_compound_document(void)
{
    static const char msg[] = "\320\317\021\340\241\261\032\341\0\0\0\0" SPAN;
    g_autoptr(SmEvent) event = read_message(msg, sizeof msg - 1);

    g_assert_cmpint(event->kind, ==, SM_EVENT_UNUSABLE);
    g_assert_nonnull(strstr(event->reason, ".msg"));
}

static void
check_nothing(void)
{
    static const char junk[] = "\0\1\2\377\376 junk: \0";

    g_assert_null(read_message("", 0));
    g_assert_null(read_message("\n", 1));
    g_assert_null(read_message("From x\n", 7));
    g_assert_null(read_message(junk, sizeof junk));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_mime_init();
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strconcat("/mime/", cases[i].name, NULL);

        g_test_add_data_func(path, &cases[i], check_case);
    }
    g_test_add_func("/mime/what the header says", check_header);
    g_test_add_func("/mime/a header that says nothing", check_bare_header);
    g_test_add_func("/mime/two senders are none", check_two_senders);
    g_test_add_func("/mime/one sender twice is one", check_one_sender_twice);
    g_test_add_func("/mime/what was found out about the sender, and by how many hops", check_auth);
    g_test_add_func("/mime/no more recipients than an event holds", check_many_recipients);
    g_test_add_func("/mime/an unusable message keeps its identity", check_unusable);
    g_test_add_func("/mime/an Outlook file is named as such", check_compound_document);
    g_test_add_func("/mime/nothing at all is no notification", check_nothing);
    return g_test_run();
}
