#include "filter/message/parts.h"

#include "filter/message/label.h"
#include "filter/message/mend.h"
#include "filter/message/token.h"
#include "filter/message/transfer.h"

enum {
    UTF8_PER_OCTET = 3, /* bytes at most, of a character set with one octet for a character */
    NAME_ROOM = 4096,   /* bytes of markup that a name may take, with its tags */
    WINDOW = SM_MARKUP_SIZE_MAX / 4, /* bytes of a large text, on either side of an id */
    /* Forwarded messages that are themselves encoded, which MIME forbids and Exchange does. */
    WRAPPED_MAX = 16,
    WRAPPED_BYTES_MAX = 64 * 1024 * 1024, /* of all of them, decoded */
};

typedef struct {
    SmCharsets *charsets;
    SmFindings *findings;
    char *html_sha256;  /* of the first part with a span; NULL while there is none */
    GPtrArray *pending; /* of GMimeObject: the tree still to be walked, the next one last */
    GPtrArray *decoded; /* of GByteArray: wrapped messages, which objects in pending point into */
    gsize decoded_left; /* bytes that further ones may have */
    gboolean as_sent;   /* the text that is searched was not encoded for its transfer */
} Walk;

static GMimeMessage *
parse(GByteArray *bytes, GMimeRfcComplianceMode mode)
{
    GMimeParserOptions *options = g_mime_parser_options_new();
    g_autoptr(GMimeStream) stream = g_mime_stream_mem_new();
    g_autoptr(GMimeParser) parser = NULL;
    GMimeMessage *message;

    g_mime_stream_mem_set_byte_array(GMIME_STREAM_MEM(stream), bytes);
    parser = g_mime_parser_new_with_stream(stream);
    g_mime_parser_options_set_parameter_compliance_mode(options, mode);
    message = g_mime_parser_construct_message(parser, options);
    g_mime_parser_options_free(options);
    return message;
}

/* A multipart without parts has a boundary that GMime could not read. */
static gboolean
lacks_parts(GMimeMessage *message)
{
    GMimeObject *root = g_mime_message_get_mime_part(message);

    return GMIME_IS_MULTIPART(root) && g_mime_multipart_get_count(GMIME_MULTIPART(root)) == 0;
}

/* Loosely, parameters may have blanks and odd characters; strictly, comments behind them. */
GMimeMessage *
sm_parts_parse(GByteArray *bytes)
{
    GMimeMessage *message = parse(bytes, GMIME_RFC_COMPLIANCE_LOOSE);

    if (message == NULL || !lacks_parts(message))
        return message;
    g_object_unref(message);
    return parse(bytes, GMIME_RFC_COMPLIANCE_STRICT);
}

/* The octets of a part where they lie, or, with header, from that on: GMime's content is a window
 * on the message's stream. */
static SmOctets
octets_from(GMimeHeader *header, GMimePart *part)
{
    GMimeDataWrapper *content = g_mime_part_get_content(part);
    GMimeStream *stream = content != NULL ? g_mime_data_wrapper_get_stream(content) : NULL;
    GByteArray *bytes;
    gint64 start, end;

    if (!GMIME_IS_STREAM_MEM(stream))
        return (SmOctets){"", 0};
    bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(stream));
    start = header != NULL ? g_mime_header_get_offset(header) : stream->bound_start;
    end = stream->bound_end >= 0 ? stream->bound_end : (gint64)bytes->len;
    return (SmOctets){(const char *)bytes->data + start, (gsize)(end - start)};
}

static SmOctets
octets_of(GMimePart *part)
{
    return octets_from(NULL, part);
}

/* A text that the parser takes in one piece: as it is, or, where that gives nothing, without the
 * line ends and blanks by which something on the way has broken long lines. */
static gboolean
search_piece(Walk *walk, SmOctets text)
{
    g_autoptr(GString) whole = NULL;

    if (sm_markup_is_candidate(text.data, text.length) &&
        sm_markup_read(text.data, text.length, walk->findings))
        return TRUE;
    whole = walk->as_sent ? sm_mend_broken_lines(text) : NULL;
    return whole != NULL && sm_markup_is_candidate(whole->str, whole->len) &&
           sm_markup_read(whole->str, whole->len, walk->findings);
}

/* As much of text from start on as length says, but no name that would be cut off at its end. */
static SmOctets
piece_of(SmOctets text, const char *start, gsize length)
{
    const char *end = text.data + text.length, *tail, *cut;

    if ((gsize)(end - start) <= length)
        return (SmOctets){start, (gsize)(end - start)};
    tail = start + length - NAME_ROOM;
    cut = sm_markup_find_candidate(tail, NAME_ROOM);
    return (SmOctets){start, cut != NULL ? (gsize)(cut - start) : length};
}

/* A larger text is read around each place where the id may stand, behind what is read at once. */
static gboolean
search_windows(Walk *walk, SmOctets text)
{
    SmOctets piece = piece_of(text, text.data, SM_MARKUP_SIZE_MAX);
    gboolean found = search_piece(walk, piece);
    const char *end = text.data + text.length;
    /* One that the first piece ends within is looked for again. */
    const char *at = piece.data + piece.length - MIN(piece.length, NAME_ROOM);

    while ((at = sm_markup_find_candidate(at, (gsize)(end - at))) != NULL) {
        piece = piece_of(text, at - WINDOW, 2 * WINDOW);
        found |= search_piece(walk, piece);
        at = MAX(piece.data + piece.length, at + 1);
    }
    return found;
}

static gboolean
search(Walk *walk, SmOctets text)
{
    gboolean found =
        text.length <= SM_MARKUP_SIZE_MAX ? search_piece(walk, text) : search_windows(walk, text);

    if (found && walk->html_sha256 == NULL)
        walk->html_sha256 =
            g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)text.data, text.length);
    return found;
}

static gboolean
is_ascii(SmOctets octets)
{
    guchar all = 0;

    for (gsize i = 0; i < octets.length; i++)
        all |= (guchar)octets.data[i];
    return all < 0x80;
}

/* Searches octets as the text that the label of their character set makes of them. */
static gboolean
search_labelled(Walk *walk, SmOctets octets, const char *label)
{
    g_autofree char *charset = sm_charset_for(label, octets.data, octets.length);
    g_autoptr(GString) text = NULL;

    /* No span: nearly every part ends here. */
    if (charset == NULL ||
        (sm_label_keeps_ascii(charset) && !sm_markup_is_candidate(octets.data, octets.length)))
        return FALSE;
    if (sm_label_keeps_ascii(charset) && is_ascii(octets))
        return search(walk, octets);
    text = sm_charsets_convert(walk->charsets, charset, octets.data, octets.length,
                               octets.length * UTF8_PER_OCTET);
    return text != NULL && search(walk, (SmOctets){text->str, text->len});
}

static SmTransfer
transfer_of(GMimeObject *object)
{
    return sm_transfer_of(g_mime_object_get_header(object, "Content-Transfer-Encoding"));
}

/* The octets that raw stands for in encoding; at most max bytes. *decoded is what the caller frees,
 * or NULL. */
static SmOctets
decode(SmOctets raw, SmTransfer encoding, gsize max, GByteArray **decoded)
{
    *decoded = sm_transfer_decode(encoding, raw.data, raw.length, max);
    if (*decoded == NULL)
        return raw;
    return (SmOctets){(const char *)(*decoded)->data, (*decoded)->len};
}

/* Labels may be wrong or unknown, of the encoding and of the character set: tries others next. */
static void
read_html(Walk *walk, GMimePart *part)
{
    const char *charset = g_mime_object_get_content_type_parameter(GMIME_OBJECT(part), "charset");
    SmTransfer label = transfer_of(GMIME_OBJECT(part)), encoding;
    SmOctets raw = octets_of(part);

    for (guint i = 0; (encoding = sm_transfer_guess(label, i)) != SM_TRANSFER_N; i++) {
        g_autoptr(GByteArray) decoded = NULL;
        SmOctets octets = decode(raw, encoding, raw.length, &decoded);

        walk->as_sent = decoded == NULL;
        if (search_labelled(walk, octets, charset) || sm_charsets_missing(walk->charsets) != NULL ||
            search(walk, octets))
            return;
    }
}

static gboolean
is_attachment(GMimeObject *object)
{
    const char *disposition = g_mime_object_get_header(object, "Content-Disposition");
    g_autofree char *word = disposition != NULL ? sm_token_of(disposition) : NULL;

    return word != NULL && g_ascii_strcasecmp(word, "attachment") == 0;
}

static void
push(Walk *walk, GMimeObject *object)
{
    if (object != NULL)
        g_ptr_array_add(walk->pending, g_object_ref(object));
}

/* From the first field of MIME on, if there is one: what S/MIME signs stands in its structure as it
 * is (RFC 5652, 5.2). */
static SmOctets
signed_in(SmOctets octets)
{
    const char *field =
        octets.length > 0 ? memmem(octets.data, octets.length, "Content-", 8) : NULL;

    if (field == NULL)
        return (SmOctets){"", 0};
    return (SmOctets){field, octets.length - (gsize)(field - octets.data)};
}

/* The message in raw, or its header, as it is or in the encoding that raw really has. */
static GByteArray *
message_in(SmOctets raw, SmTransfer label, gboolean is_signed, gsize max)
{
    GByteArray *bytes = g_byte_array_new();
    SmTransfer encoding;

    for (guint i = 0; (encoding = sm_transfer_guess(label, i)) != SM_TRANSFER_N; i++) {
        g_autoptr(GByteArray) decoded = NULL;
        g_autoptr(GString) mended = NULL;
        SmOctets octets = decode(raw, encoding, max, &decoded);
        SmOctets text = is_signed ? signed_in(octets) : octets;
        SmOctets message = sm_mend(text.data, text.length, &mended);

        if (!sm_mend_is_field(message))
            continue;
        return g_byte_array_append(bytes, (const guint8 *)message.data,
                                   (guint)MIN(message.length, max));
    }
    return g_byte_array_append(bytes, (const guint8 *)raw.data, (guint)MIN(raw.length, max));
}

GByteArray *
sm_parts_message_in(GMimePart *part, gsize max)
{
    return message_in(octets_of(part), transfer_of(GMIME_OBJECT(part)), FALSE, max);
}

/* A message that GMime took for a plain part, since it calls itself encoded or is signed, or in
 * which it found no header. */
static void
push_wrapped(Walk *walk, SmOctets raw, SmTransfer label, gboolean is_signed)
{
    g_autoptr(GMimeMessage) message = NULL;
    GByteArray *bytes;

    if (walk->decoded->len == WRAPPED_MAX)
        return;
    bytes = message_in(raw, label, is_signed, walk->decoded_left);
    walk->decoded_left -= bytes->len;
    g_ptr_array_add(walk->decoded, bytes);
    message = sm_parts_parse(bytes);
    if (message != NULL)
        push(walk, g_mime_message_get_mime_part(message));
}

static gboolean
has_header(GMimeObject *object)
{
    return g_mime_header_list_get_count(g_mime_object_get_header_list(object)) > 0;
}

/* All that stands between the header of part and the end of what GMime found there. */
static SmOctets
text_of(GMimeMessagePart *part, GMimePart *found)
{
    GMimeHeaderList *headers = g_mime_object_get_header_list(GMIME_OBJECT(part));
    int count = g_mime_header_list_get_count(headers);
    SmOctets text = octets_of(found);

    if (count > 0) {
        gsize header;

        text = octets_from(g_mime_header_list_get_header_at(headers, count - 1), found);
        header = sm_mend_header(text).length;
        text = (SmOctets){text.data + header, text.length - header};
    }
    return text;
}

/* A message without a header begins with a blank line, or is encoded and does not say so plainly:
 * GMime has skipped all up to the first blank line. */
static void
push_message(Walk *walk, GMimeMessagePart *part)
{
    GMimeMessage *message = g_mime_message_part_get_message(part);
    GMimeObject *root = message != NULL ? g_mime_message_get_mime_part(message) : NULL;

    if (GMIME_IS_PART(root) && !has_header(GMIME_OBJECT(message)) && !has_header(root))
        push_wrapped(walk, text_of(part, GMIME_PART(root)), transfer_of(GMIME_OBJECT(part)), FALSE);
    else
        push(walk, root);
}

/* Whether part has its own content and the signature in one structure; encrypted ones have neither
 * in the clear. */
static gboolean
is_opaquely_signed(GMimeObject *part)
{
    GMimeContentType *type = g_mime_object_get_content_type(part);
    const char *kind = g_mime_content_type_get_parameter(type, "smime-type");

    return (g_mime_content_type_is_type(type, "application", "pkcs7-mime") ||
            g_mime_content_type_is_type(type, "application", "x-pkcs7-mime")) &&
           (kind == NULL || g_ascii_strcasecmp(kind, "signed-data") == 0);
}

static void
visit(Walk *walk, GMimeObject *object)
{
    GMimeContentType *type = g_mime_object_get_content_type(object);

    if (GMIME_IS_MULTIPART(object)) {
        GMimeMultipart *multipart = GMIME_MULTIPART(object);

        for (int i = g_mime_multipart_get_count(multipart); i > 0; i--)
            push(walk, g_mime_multipart_get_part(multipart, i - 1));
    } else if (GMIME_IS_MESSAGE_PART(object)) {
        push_message(walk, GMIME_MESSAGE_PART(object));
    } else if (GMIME_IS_PART(object)) {
        gboolean is_signed = is_opaquely_signed(object);

        if (g_mime_content_type_is_type(type, "text", "html") && !is_attachment(object))
            read_html(walk, GMIME_PART(object));
        else if (is_signed || g_mime_content_type_is_type(type, "message", "rfc822") ||
                 g_mime_content_type_is_type(type, "message", "global"))
            push_wrapped(walk, octets_of(GMIME_PART(object)), transfer_of(object), is_signed);
    }
}

char *
sm_parts_search(GMimeMessage *message, SmCharsets *charsets, SmFindings *findings)
{
    g_autoptr(GPtrArray) decoded =
        g_ptr_array_new_with_free_func((GDestroyNotify)g_byte_array_unref);
    g_autoptr(GPtrArray) pending = g_ptr_array_new_with_free_func(g_object_unref);
    Walk walk = {charsets, findings, NULL, pending, decoded, WRAPPED_BYTES_MAX, FALSE};

    push(&walk, g_mime_message_get_mime_part(message));
    while (pending->len > 0 && sm_charsets_missing(charsets) == NULL) {
        g_autoptr(GObject) object = g_ptr_array_steal_index(pending, pending->len - 1);

        visit(&walk, (GMimeObject *)object);
    }
    return walk.html_sha256;
}
