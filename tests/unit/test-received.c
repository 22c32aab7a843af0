/* When a message was received, by the scan for messages that the parsers fail on: one table. */
#include "filter/received.h"

#include <string.h>

static const struct {
    const char *title;
    const char *message;
    gint64 time;
} cases[] = {
    {"of the topmost line",
     "Received: by mx.example.edu; Wed, 25 Nov 2026 10:11:12 +0000\n"
     "Received: by elsewhere; Tue, 24 Nov 2026 10:11:12 +0000\n\n",
     1795601472},
    {"behind other headers, folded, with CRLF",
     "Return-Path: <a@b>\r\nDelivered-To: c@d\r\nReceived: from a\r\n\tby b; \r\n\tWed, 25 Nov "
     "2026 "
     "11:11:12 +0100 (CET)\r\n\r\n",
     1795601472},
    {"west of Greenwich by half an hour", "received:x;25 Nov 2026 04:41:12 -0530\n\n", 1795601472},
    {"behind the last semicolon", "Received: by a; b; c; Wed, 25 Nov 2026 10:11:12 GMT\n\n",
     1795601472},
    {"cut off in the middle", "Received: by a; Wed, 25 Nov 2026 10:11:12 +0000", 1795601472},
    {"none in the body", "Subject: x\n\nReceived: by a; Wed, 25 Nov 2026 10:11:12 +0000\n", 0},
    {"none without a semicolon", "Received: by a Wed, 25 Nov 2026 10:11:12 +0000\n\n", 0},
    {"none of nonsense", "Received: by a; 99 Foo 2026 99:99:99 +9999\n\n", 0},
    {"none of a month across two", "Received: by a; 25 anf 2026 10:11:12 +0000\n\n", 0},
    {"none of a day that is none", "Received: by a; 31 Feb 2026 10:11:12 +0000\n\n", 0},
    {"none of another header", "Received-SPF: x; Wed, 25 Nov 2026 10:11:12 +0000\n\n", 0},
    {"none of nothing", "", 0},
};

static void
finds(gconstpointer data)
{
    gsize i = GPOINTER_TO_SIZE(data);
    gsize length = strlen(cases[i].message);
    g_autofree char *exact =
        g_memdup2(cases[i].message, length); /* no byte behind the end is read */

    g_assert_cmpint(sm_received_scan(exact, length), ==, cases[i].time);
}

static void
survives_every_cut(void)
{
    const char *message = cases[1].message;

    for (gsize length = 0; length < strlen(message); length++) {
        g_autofree char *exact = g_memdup2(message, length);

        sm_received_scan(exact, length);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strconcat("/received/", cases[i].title, NULL);

        g_test_add_data_func(path, GSIZE_TO_POINTER(i), finds);
    }
    g_test_add_func("/received/survives every cut", survives_every_cut);
    return g_test_run();
}
