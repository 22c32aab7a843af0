/* The event's encoding: what is said arrives, and nothing odd is understood. */
#include <string.h>

#include "common/base/error.h"
#include "common/event/event.h"

/* An event as bytes may claim it, for what sm_event_encode() would never write. */
typedef struct {
    const char *magic;
    guint8 version;
    guint8 kind;
    const char *names[20];
    const char *reason;
    const char *message_id;
    const char *to[80];
} Raw;

#define SOUND .magic = "SMEV", .version = 2, .kind = SM_EVENT_NAMES

static const struct {
    const char *title;
    Raw raw;
} hostile[] = {
    {"other magic", {.magic = "SMEW", .version = 2, .kind = 1, .names = {"a.csv"}}},
    {"version 0", {.magic = "SMEV", .version = 0, .kind = 1, .names = {"a.csv"}}},
    {"version 3", {.magic = "SMEV", .version = 3, .kind = 1, .names = {"a.csv"}}},
    {"kind 0", {.magic = "SMEV", .version = 2, .kind = 0}},
    {"kind 4", {.magic = "SMEV", .version = 2, .kind = 4}},
    {"kind 255", {.magic = "SMEV", .version = 2, .kind = 255}},
    {"names without a name", {SOUND}},
    {"a name where none may be", {.magic = "SMEV", .version = 2, .kind = 2, .names = {"a.csv"}}},
    {"a name in an unusable message",
     {.magic = "SMEV", .version = 2, .kind = 3, .names = {"a.csv"}}},
    {"a name twice", {SOUND, .names = {"a.csv", "b.csv", "a.csv"}}},
    {"17 names",
     {SOUND,
      .names = {"1.csv", "2.csv", "3.csv", "4.csv", "5.csv", "6.csv", "7.csv", "8.csv", "9.csv",
                "10.csv", "11.csv", "12.csv", "13.csv", "14.csv", "15.csv", "16.csv", "17.csv"}}},
    {"an empty name", {SOUND, .names = {""}}},
    {"a name that climbs", {SOUND, .names = {"../a.csv"}}},
    {"an absolute name", {SOUND, .names = {"/etc/a.csv"}}},
    {"a hidden name", {SOUND, .names = {".a.csv"}}},
    {"a bad name after a good one", {SOUND, .names = {"a.csv", "a/b.csv"}}},
    {"invalid UTF-8", {SOUND, .names = {"a.csv"}, .message_id = "a\377b"}},
    {"a control character", {SOUND, .names = {"a.csv"}, .message_id = "a\033b"}},
    {"a line break", {SOUND, .names = {"a.csv"}, .reason = "one\ntwo"}},
    {"a line break in a list", {SOUND, .names = {"a.csv"}, .to = {"a@b\r\nc"}}},
    {"a change of reading direction", {SOUND, .names = {"a.csv"}, .to = {"a\342\200\256b"}}},
};

static void
put_u32(GByteArray *out, guint32 value)
{
    guint32 wire = GUINT32_TO_BE(value);

    g_byte_array_append(out, (const guint8 *)&wire, sizeof wire);
}

static void
put_string(GByteArray *out, const char *text)
{
    gsize length = text != NULL ? strlen(text) : 0;

    put_u32(out, (guint32)length);
    g_byte_array_append(out, (const guint8 *)text, (guint)length);
}

static void
put_list(GByteArray *out, const char *const *list)
{
    put_u32(out, g_strv_length((char **)list));
    for (; *list != NULL; list++)
        put_string(out, *list);
}

static GByteArray *
write_raw(const Raw *raw)
{
    static const guint8 received[8] = {0};
    GByteArray *out = g_byte_array_new();

    g_byte_array_append(out, (const guint8 *)raw->magic, 4);
    g_byte_array_append(out, &raw->version, 1);
    g_byte_array_append(out, &raw->kind, 1);
    put_list(out, raw->names);
    put_string(out, raw->reason);
    put_string(out, raw->message_id);
    put_string(out, NULL); /* html_sha256 */
    put_string(out, NULL); /* from */
    put_u32(out, 0);       /* auth */
    put_list(out, raw->to);
    put_u32(out, 0);       /* recipients */
    put_u32(out, 0);       /* envelope */
    put_string(out, NULL); /* extension */
    put_string(out, NULL); /* account */
    g_byte_array_append(out, received, sizeof received);
    return out;
}

static void
assert_refused(const guint8 *data, gsize size)
{
    g_autoptr(GError) error = NULL;
    SmEvent *event = sm_event_decode(data, size, &error);

    g_assert_null(event);
    g_assert_error(error, SM_ERROR, (int)SM_ERROR_DATA);
}

static void
refuses(gconstpointer data)
{
    g_autoptr(GByteArray) bytes = write_raw(&hostile[GPOINTER_TO_SIZE(data)].raw);

    assert_refused(bytes->data, bytes->len);
}

/* The table above proves nothing if its writer can't write what is accepted. */
static void
accepts_what_the_tests_write(void)
{
    const Raw raw = {SOUND, .names = {"a.csv", "b.txt"}, .message_id = "1@x", .to = {"a@b"}};
    g_autoptr(GByteArray) bytes = write_raw(&raw);
    g_autoptr(SmEvent) event = sm_event_decode(bytes->data, bytes->len, NULL);

    g_assert_nonnull(event);
    g_assert_cmpstr(event->names[1], ==, "b.txt");
    g_assert_cmpstr(event->to[0], ==, "a@b");
}

static SmEvent *
sample(void)
{
    SmEvent *event = sm_event_new(SM_EVENT_NAMES);

    g_strfreev(event->names);
    event->names = g_strsplit("4300_20180410_111604.csv,AP scores.TXT", ",", -1);
    g_free(event->message_id);
    event->message_id = g_strdup("CAF=x+y@mail.example.org");
    g_free(event->html_sha256);
    event->html_sha256 = g_strnfill(64, 'a');
    g_free(event->from);
    event->from = g_strdup("scores@example.org");
    g_strfreev(event->to);
    event->to = g_strsplit("registrar@example.edu,\303\266@example.edu", ",", -1);
    g_strfreev(event->recipients);
    event->recipients = g_strsplit("scores@example.edu", ",", -1);
    g_strfreev(event->auth);
    event->auth = g_strsplit("0 mx.example.edu dkim=pass header.d=example.org", ",", -1);
    g_strfreev(event->envelope);
    event->envelope = g_strsplit("scores+main@example.edu", ",", -1);
    g_free(event->extension);
    event->extension = g_strdup("main");
    g_free(event->account);
    event->account = g_strdup("north");
    event->received = G_GINT64_CONSTANT(1523373364);
    return event;
}

static void
assert_same(const SmEvent *a, const SmEvent *b)
{
    g_assert_cmpint(a->kind, ==, b->kind);
    g_assert_cmpstrv(a->names, b->names);
    g_assert_cmpstr(a->reason, ==, b->reason);
    g_assert_cmpstr(a->message_id, ==, b->message_id);
    g_assert_cmpstr(a->html_sha256, ==, b->html_sha256);
    g_assert_cmpstr(a->from, ==, b->from);
    g_assert_cmpstrv(a->to, b->to);
    g_assert_cmpstrv(a->recipients, b->recipients);
    g_assert_cmpstrv(a->auth, b->auth);
    g_assert_cmpstrv(a->envelope, b->envelope);
    g_assert_cmpstr(a->extension, ==, b->extension);
    g_assert_cmpstr(a->account, ==, b->account);
    g_assert_cmpint(a->received, ==, b->received);
}

static SmEvent *
pass_on(const SmEvent *event)
{
    g_autoptr(GBytes) bytes = sm_event_encode(event);
    g_autoptr(GError) error = NULL;
    gsize size;
    const void *data = g_bytes_get_data(bytes, &size);
    SmEvent *arrived = sm_event_decode(data, size, &error);

    g_assert_no_error(error);
    g_assert_cmpuint(size, <=, SM_EVENT_SIZE_MAX);
    return arrived;
}

static void
arrives_as_it_was_sent(void)
{
    g_autoptr(SmEvent) event = sample();
    g_autoptr(SmEvent) arrived = pass_on(event);

    assert_same(event, arrived);
}

static void
arrives_without_names(void)
{
    static const SmEventKind kinds[] = {SM_EVENT_NO_VALID_NAME, SM_EVENT_UNUSABLE};

    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_autoptr(SmEvent) event = sm_event_new(kinds[i]);
        g_autoptr(SmEvent) arrived = NULL;

        g_free(event->reason);
        event->reason = g_strdup("the span is empty");
        event->received = -1;
        arrived = pass_on(event);
        assert_same(event, arrived);
    }
}

static void
refuses_every_prefix(void)
{
    g_autoptr(SmEvent) event = sample();
    g_autoptr(GBytes) bytes = sm_event_encode(event);
    gsize size;
    const guint8 *data = g_bytes_get_data(bytes, &size);

    for (gsize length = 0; length < size; length++) {
        /* A copy of its own, so that a sanitizer sees a read past the end. */
        g_autofree guint8 *prefix = g_memdup2(data, length);

        assert_refused(prefix, length);
    }
}

static void
refuses_every_trailing_byte(void)
{
    g_autoptr(SmEvent) event = sample();
    g_autoptr(GBytes) bytes = sm_event_encode(event);
    gsize size;
    const guint8 *data = g_bytes_get_data(bytes, &size);
    g_autofree guint8 *longer = g_malloc(size + 1);

    memcpy(longer, data, size);
    for (guint byte = 0; byte < 256; byte++) {
        longer[size] = (guint8)byte;
        assert_refused(longer, size + 1);
    }
}

/* Each length field in turn claims more than there is, or than is allowed. */
static void
refuses_lengths_past_the_end(void)
{
    static const guint32 claims[] = {65, 999, 0x10000, 0x7fffffff, 0xfffffff0, 0xffffffff};
    const Raw raw = {SOUND, .names = {"a.csv"}};
    g_autoptr(GByteArray) bytes = write_raw(&raw);
    const gsize fields[] = {6, 10, 19, 23, 27, 31, 35, 39};

    for (gsize i = 0; i < G_N_ELEMENTS(fields); i++)
        for (gsize j = 0; j < G_N_ELEMENTS(claims); j++) {
            g_autofree guint8 *copy = g_memdup2(bytes->data, bytes->len);
            guint32 wire = GUINT32_TO_BE(claims[j]);

            memcpy(copy + fields[i], &wire, sizeof wire);
            assert_refused(copy, bytes->len);
        }
}

static void
refuses_more_than_64_kib(void)
{
    g_autofree guint8 *zeros = g_malloc0(SM_EVENT_SIZE_MAX + 1);

    memcpy(zeros, "SMEV\1\2", 6);
    assert_refused(zeros, SM_EVENT_SIZE_MAX + 1);
}

static void
refuses_a_string_of_999_bytes(void)
{
    g_autofree char *longest = g_strnfill(SM_EVENT_STRING_MAX, 'x');
    g_autofree char *longer = g_strnfill(SM_EVENT_STRING_MAX + 1, 'x');
    const Raw good = {SOUND, .names = {"a.csv"}, .message_id = longest};
    const Raw bad = {SOUND, .names = {"a.csv"}, .message_id = longer};
    g_autoptr(GByteArray) accepted = write_raw(&good);
    g_autoptr(GByteArray) refused = write_raw(&bad);
    g_autoptr(SmEvent) event = sm_event_decode(accepted->data, accepted->len, NULL);

    g_assert_nonnull(event);
    assert_refused(refused->data, refused->len);
}

static void
cuts_long_text_and_long_lists(void)
{
    g_autoptr(SmEvent) event = sample();
    g_autoptr(SmEvent) arrived = NULL;

    g_free(event->message_id);
    event->message_id = g_strnfill(5000, 'm');
    g_strfreev(event->to);
    event->to = g_new0(char *, 201);
    for (int i = 0; i < 200; i++)
        event->to[i] = g_strnfill(2000, 't');
    g_strfreev(event->recipients);
    event->recipients = g_strdupv(event->to);
    arrived = pass_on(event);
    g_assert_cmpuint(strlen(arrived->message_id), ==, SM_EVENT_STRING_MAX);
    g_assert_cmpuint(g_strv_length(arrived->to), >=, 4);
    g_assert_cmpuint(g_strv_length(arrived->recipients), >=, 4);
    g_assert_cmpstrv(arrived->names, event->names);
}

static void
cleans_what_headers_say(void)
{
    g_autoptr(SmEvent) event = sample();
    g_autoptr(SmEvent) arrived = NULL;

    g_free(event->from);
    event->from = g_strdup("a\033]0;x\007\377\n b@c");
    arrived = pass_on(event);
    g_assert_cmpstr(arrived->from, ==, "a?]0;x?  b@c");
}

static void
is_known_by_message_id_else_hash(void)
{
    g_autoptr(SmEvent) event = sample();

    g_assert_cmpstr(sm_event_identity(event), ==, "CAF=x+y@mail.example.org");
    *event->message_id = '\0';
    g_assert_cmpstr(sm_event_identity(event), ==, event->html_sha256);
}

static void
mutate(GRand *rand, GByteArray *bytes)
{
    guint at = (guint)g_rand_int_range(rand, 0, (gint32)bytes->len);
    guint8 byte = (guint8)g_rand_int_range(rand, 0, 256);

    switch (g_rand_int_range(rand, 0, 4)) {
    case 0:
        bytes->data[at] = byte;
        break;
    case 1:
        bytes->data[at] ^= (guint8)(1 << (byte % 8));
        break;
    case 2:
        g_byte_array_remove_index(bytes, at);
        break;
    default:
        g_byte_array_append(bytes, &byte, 1);
        memmove(bytes->data + at + 1, bytes->data + at, bytes->len - 1 - at);
        bytes->data[at] = byte;
    }
}

/* Whatever decodes after damage must be an event that could have been sent. */
static void
stays_sound_under_mutation(void)
{
    g_autoptr(SmEvent) event = sample();
    g_autoptr(GBytes) bytes = sm_event_encode(event);
    g_autoptr(GRand) rand = g_rand_new_with_seed(5818);
    gsize size;
    const guint8 *data = g_bytes_get_data(bytes, &size);
    guint decoded = 0;

    for (int round = 0; round < 20000; round++) {
        g_autoptr(GByteArray) damaged = g_byte_array_new();
        g_autoptr(SmEvent) arrived = NULL;

        g_byte_array_append(damaged, data, (guint)size);
        for (int i = g_rand_int_range(rand, 1, 4); i > 0; i--)
            mutate(rand, damaged);
        arrived = sm_event_decode(damaged->data, damaged->len, NULL);
        if (arrived != NULL) {
            g_autoptr(SmEvent) again = pass_on(arrived);

            assert_same(arrived, again);
            decoded++;
        }
    }
    g_assert_cmpuint(decoded, >, 0); /* else the loop has tried nothing but the first check */
}

static void
is_overdue_once_it_was_deferred_for_long_enough(void)
{
    g_autoptr(SmEvent) event = sample();
    gint64 received = event->received;

    g_assert_false(sm_event_is_overdue(event, 7200, received + 7199));
    g_assert_true(sm_event_is_overdue(event, 7200, received + 7200));
    g_assert_false(sm_event_is_overdue(event, 7200, received - 100000)); /* a clock that is wrong */
    g_assert_false(sm_event_is_overdue(event, G_MAXUINT, received + 1000000));
    g_assert_false(sm_event_has_waited(received, 7200, received - 7199));
    g_assert_true(sm_event_has_waited(received, 7200, received - 7200)); /* it was set back */
    g_assert_false(sm_event_has_waited(received, G_MAXUINT, received - 1000000));
    event->received = 0; /* nothing tells */
    g_assert_false(sm_event_is_overdue(event, 7200, received + 1000000));
}

static void
a_copy_has_the_names_that_it_is_made_for(void)
{
    g_autoptr(SmEvent) event = sample();
    g_autoptr(SmEvent) copy = sm_event_copy(event, event->names + 1, 1);

    g_assert_cmpstr(copy->names[0], ==, "AP scores.TXT");
    g_assert_null(copy->names[1]);
    g_strfreev(copy->names);
    copy->names = g_strdupv(event->names);
    assert_same(event, copy);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(hostile); i++) {
        g_autofree char *path = g_strconcat("/event/refuses ", hostile[i].title, NULL);

        g_test_add_data_func(path, GSIZE_TO_POINTER(i), refuses);
    }
    g_test_add_func("/event/accepts what the tests write", accepts_what_the_tests_write);
    g_test_add_func("/event/arrives as it was sent", arrives_as_it_was_sent);
    g_test_add_func("/event/arrives without names", arrives_without_names);
    g_test_add_func("/event/refuses every prefix", refuses_every_prefix);
    g_test_add_func("/event/refuses every trailing byte", refuses_every_trailing_byte);
    g_test_add_func("/event/refuses lengths past the end", refuses_lengths_past_the_end);
    g_test_add_func("/event/refuses more than 64 KiB", refuses_more_than_64_kib);
    g_test_add_func("/event/refuses a string of 999 bytes", refuses_a_string_of_999_bytes);
    g_test_add_func("/event/cuts long text and long lists", cuts_long_text_and_long_lists);
    g_test_add_func("/event/cleans what headers say", cleans_what_headers_say);
    g_test_add_func("/event/is known by Message-ID, else by hash",
                    is_known_by_message_id_else_hash);
    g_test_add_func("/event/is overdue once it was deferred for long enough",
                    is_overdue_once_it_was_deferred_for_long_enough);
    g_test_add_func("/event/a copy has the names that it is made for",
                    a_copy_has_the_names_that_it_is_made_for);
    g_test_add_func("/event/stays sound under mutation", stays_sound_under_mutation);
    return g_test_run();
}
