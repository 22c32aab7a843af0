/*
 * What scoremail's parsers make of many messages, in one process. On standard input each message
 * stands behind a line with its length in bytes; each answer is a line of its own, as
 * tests/fixtures/corpus/table.py has it.
 */
#include <stdio.h>
#include <string.h>

#include "common/event/name.h"
#include "filter/message/gmime-auto.h"
#include "filter/message/mime.h"
#include "filter/scan/scan.h"

/* Reads anew with each character set that is asked for, as child.c does. Caller owns. */
static SmEvent *
event_of(const char *message, gsize length)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);

    for (;;) {
        g_autoptr(SmCharsets) charsets = sm_charsets_new();
        g_autoptr(SmEvent) event = NULL;

        for (guint i = 0; i < names->len; i++)
            sm_charsets_open(charsets, names->pdata[i]);
        event = sm_mime_read(message, length, charsets);
        if (sm_charsets_missing(charsets) == NULL || names->len == SM_CHARSETS_MAX)
            return g_steal_pointer(&event);
        g_ptr_array_add(names, g_strdup(sm_charsets_missing(charsets)));
    }
}

/* The names that are valid for a score file, with commas between them. Caller frees. */
static char *
valid_names(const SmEvent *event)
{
    g_autoptr(GStrvBuilder) valid = g_strv_builder_new();
    g_auto(GStrv) list = NULL;

    for (char **name = event->names; name != NULL && *name != NULL; name++)
        if (sm_name_check(*name, strlen(*name), sm_default_extensions, NULL) == SM_NAME_VALID)
            g_strv_builder_add(valid, *name);
    list = g_strv_builder_end(valid);
    return g_strjoinv(",", list);
}

static void
answer(const char *message, gsize length)
{
    g_autoptr(SmEvent) event = event_of(message, length);
    SmLoop loop = event != NULL ? sm_mime_loop(message, length) : SM_LOOP_NONE;
    g_autofree char *names = NULL;

    if (event != NULL && !sm_scan_could_announce(message, length)) {
        puts("missed by the scan");
        return;
    }
    if (event == NULL || loop == SM_LOOP_ALERT) {
        puts("no notification");
        return;
    }
    if (loop == SM_LOOP_HOPS) {
        puts("no notification but a mail loop");
        return;
    }
    names = valid_names(event);
    puts(*names != '\0' ? names : "no valid name");
}

int
main(void)
{
    gsize length;

    g_mime_init();
    while (scanf("%zu", &length) == 1 && getchar() == '\n') {
        g_autofree char *message =
            g_malloc(MAX(length, 1)); // not NULL: what the filter reads never is

        if (fread(message, 1, length, stdin) != length)
            return 1;
        answer(message, length);
    }
    return feof(stdin) ? 0 : 1;
}
