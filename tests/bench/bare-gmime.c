/*
 * What reading a message costs at the least: the bare program that ordinary.py
 * compares scoremail with. It links GMime, reads a message from standard input,
 * walks its parts and decodes the HTML ones. No limits, no child, no sandbox,
 * no look for names.
 */
#include <stdio.h>
#include <unistd.h>

#include "filter/message/gmime-auto.h"

static void
decode_html(GMimeObject *parent G_GNUC_UNUSED, GMimeObject *part, gpointer data)
{
    gsize *bytes = data;

    if (GMIME_IS_TEXT_PART(part) &&
        g_mime_content_type_is_type(g_mime_object_get_content_type(part), "text", "html")) {
        g_autofree char *text = g_mime_text_part_get_text(GMIME_TEXT_PART(part));

        *bytes += text != NULL ? strlen(text) : 0;
    }
}

int
main(void)
{
    g_autoptr(GMimeStream) stream = NULL;
    g_autoptr(GMimeParser) parser = NULL;
    g_autoptr(GMimeMessage) message = NULL;
    gsize bytes = 0;

    g_mime_init();
    stream = g_mime_stream_fs_new(STDIN_FILENO);
    parser = g_mime_parser_new_with_stream(stream);
    message = g_mime_parser_construct_message(parser, NULL);
    if (message == NULL)
        return 1;
    g_mime_message_foreach(message, decode_html, &bytes);
    return bytes > 0 ? 0 : 1;
}
