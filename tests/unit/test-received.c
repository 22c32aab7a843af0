/* When a message was received, by the scan for messages that the parsers fail on: one table. */
#include "filter/received.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

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

/* The date counts from its first digit of the seconds on. The bytes end where a page does that
 * nobody may read: one byte read behind the end is a SIGSEGV. */
static void
survives_every_cut(void)
{
    const char *message = cases[1].message;
    const gsize whole = strlen(message);
    const gsize seconds = (gsize)(strstr(message, ":12 +0100") + strlen(":") - message);
    const gsize zone = seconds + strlen("12 +0100");
    const gsize page = (gsize)sysconf(_SC_PAGESIZE);
    char *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    g_assert_true(pages != MAP_FAILED);
    g_assert_cmpint(mprotect(pages + page, page, PROT_NONE), ==, 0);
    for (gsize length = 0; length <= whole; length++) {
        char *cut = pages + page - length;
        gint64 time;

        memcpy(cut, message, length);
        time = sm_received_scan(cut, length);
        if (length <= seconds)
            g_assert_cmpint(time, ==, 0);
        else if (length >= zone)
            g_assert_cmpint(time, ==, cases[1].time);
        else /* a part of the seconds, or of the hour east of Greenwich */
            g_assert_cmpint(ABS(time - cases[1].time), <=, 3600);
    }
    g_assert_cmpint(munmap(pages, 2 * page), ==, 0);
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
