#include "compose/message.h"

#include <gmime/gmime.h>
#include <string.h>

#include "common/base/error.h"

#define GROUP "letter"

/* What a letter says, by key; the names stand in the header. */
enum { FROM, SUBJECT, KIND, HOST, TEXT, HTML, PAGE, PAGE_NAME, N_WORDS };

static const char *const keys[N_WORDS] = {"From", "Subject", "Kind", "Host",
                                          "Text", "Html",    "Page", "Page-Name"};

typedef struct {
    char *words[N_WORDS];
    char **to;
} Letter;

static void
letter_clear(Letter *letter)
{
    for (gsize i = 0; i < N_WORDS; i++)
        g_free(letter->words[i]);
    g_strfreev(letter->to);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Letter, letter_clear)

static gboolean
read_letter(GKeyFile *file, Letter *letter, GError **error)
{
    g_autoptr(GError) fault = NULL;

    letter->to = g_key_file_get_string_list(file, GROUP, "To", NULL, &fault);
    for (gsize i = 0; i < N_WORDS && fault == NULL; i++)
        letter->words[i] = g_key_file_get_string(file, GROUP, keys[i], &fault);
    if (fault != NULL)
        sm_error_set(error, SM_ERROR_DATA, "the letter: %s", fault->message);
    return fault == NULL;
}

/* Quoted-printable keeps a mail readable as it is; an attached page is long, and nobody reads that.
 */
static GMimePart *
part_of(const char *subtype, const char *text, GMimeContentEncoding encoding)
{
    GMimePart *part = g_mime_part_new_with_type("text", subtype);
    GMimeStream *stream = g_mime_stream_mem_new_with_buffer(text, strlen(text));
    GMimeDataWrapper *content =
        g_mime_data_wrapper_new_with_stream(stream, GMIME_CONTENT_ENCODING_DEFAULT);

    g_mime_object_set_content_type_parameter(GMIME_OBJECT(part), "charset", "utf-8");
    g_mime_part_set_content(part, content);
    g_mime_part_set_content_encoding(part, encoding);
    g_object_unref(content);
    g_object_unref(stream);
    return part;
}

static void
add(GMimeMultipart *to, gpointer part)
{
    g_mime_multipart_add(to, GMIME_OBJECT(part));
    g_object_unref(part);
}

static GMimeMultipart *
body_of(const Letter *letter)
{
    GMimeMultipart *all = g_mime_multipart_new_with_subtype("mixed");
    GMimeMultipart *either = g_mime_multipart_new_with_subtype("alternative");
    GMimePart *page = part_of("html", letter->words[PAGE], GMIME_CONTENT_ENCODING_BASE64);

    g_mime_part_set_filename(page, letter->words[PAGE_NAME]);
    g_mime_object_set_disposition(GMIME_OBJECT(page), GMIME_DISPOSITION_ATTACHMENT);
    add(either, part_of("plain", letter->words[TEXT], GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE));
    add(either, part_of("html", letter->words[HTML], GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE));
    add(all, either);
    add(all, page);
    return all;
}

static GMimeMessage *
message_of(const Letter *letter)
{
    GMimeMessage *message = g_mime_message_new(TRUE);
    GMimeObject *head = GMIME_OBJECT(message);
    GMimeMultipart *body = body_of(letter);
    g_autoptr(GDateTime) now = g_date_time_new_now_local();
    g_autofree char *id = g_mime_utils_generate_message_id(letter->words[HOST]);

    g_mime_message_add_mailbox(message, GMIME_ADDRESS_TYPE_FROM, "scoremail", letter->words[FROM]);
    for (char **address = letter->to; *address != NULL; address++)
        g_mime_message_add_mailbox(message, GMIME_ADDRESS_TYPE_TO, NULL, *address);
    g_mime_message_set_subject(message, letter->words[SUBJECT], "utf-8");
    g_mime_message_set_date(message, now);
    g_mime_message_set_message_id(message, id);
    g_mime_object_set_header(head, "Auto-Submitted", "auto-generated", NULL);
    g_mime_object_set_header(head, "Precedence", "bulk", NULL);
    g_mime_object_set_header(head, "X-Scoremail-Alert", letter->words[KIND], NULL);
    g_mime_message_set_mime_part(message, GMIME_OBJECT(body));
    g_object_unref(body);
    return message;
}

gboolean
sm_compose(GKeyFile *file, int fd, GError **error)
{
    g_auto(Letter) letter = {0};
    GMimeMessage *message;
    GMimeStream *stream;
    gboolean ok;

    if (!read_letter(file, &letter, error))
        return FALSE;
    g_mime_init();
    message = message_of(&letter);
    stream = g_mime_stream_pipe_new(fd);
    g_mime_stream_pipe_set_owner(GMIME_STREAM_PIPE(stream), FALSE);
    ok = g_mime_object_write_to_stream(GMIME_OBJECT(message), NULL, stream) >= 0 &&
         g_mime_stream_flush(stream) == 0;
    if (!ok)
        sm_error_from_errno(error, SM_ERROR_IO, "the message");
    g_object_unref(stream);
    g_object_unref(message);
    g_mime_shutdown();
    return ok;
}
