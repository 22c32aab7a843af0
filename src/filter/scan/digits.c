#include "filter/scan/digits.h"

#include "filter/scan/bytes.h"

enum {
    FOUR = 4,
    STRIDE = 7,
    SPAN = STRIDE + FOUR - 1,
    LINE_MIN = 32, /* digits of a line for which this is worth it */
    BLOCK = 16,
};

static guint
hash_of(const guchar *four)
{
    guint32 value;

    memcpy(&value, four, sizeof value);
    return value * 0x9e3779b1U >> (32 - SM_DIGITS_HASH_BITS);
}

/* The last SPAN digits of text, from each place on. */
static void
add_fours(SmDigits *digits, const char *text, gsize length)
{
    for (gsize i = length - SPAN; i + FOUR <= length; i++) {
        guint hash = hash_of((const guchar *)text + i);

        digits->fours[hash >> 3] |= (guchar)(1 << (hash & 7));
    }
}

/* What is wanted as characters of so many octets in base64, behind so many octets of a group. What
 * depends on its neighbours, which is one digit at most, is left out. */
static void
add_encoded(SmDigits *digits, gsize width, gsize before, gsize after)
{
    static const char alphabet[] = G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "+/";
    guchar octets[4 * SM_WANTED_LENGTH + 4] = {0};
    char text[8 * sizeof octets / 6] = {0};
    gsize length = before, digits_length;

    for (gsize i = 0; i < SM_WANTED_LENGTH; i++) {
        length += width - 1 - after;
        octets[length++] = (guchar)SM_WANTED[i];
        length += i + 1 < SM_WANTED_LENGTH ? after : 0;
    }
    digits_length = length * 8 / 6;
    for (gsize i = 0; i < digits_length; i++) {
        const guchar *at = octets + i * 6 / 8;

        text[i] = alphabet[(at[0] << 8 | at[1]) >> (10 - i * 6 % 8) & 63];
    }
    add_fours(digits, text, digits_length);
}

void
sm_digits_prepare(SmDigits *digits)
{
    memset(digits, 0, sizeof *digits);
    for (gsize before = 0; before < 3; before++) {
        add_encoded(digits, 1, before, 0);
        for (gsize width = 2; width <= 4; width += 2) {
            add_encoded(digits, width, before, 0);
            add_encoded(digits, width, before, width - 1);
        }
    }
}

/* Whether a block is digits, without a branch. */
static inline gboolean
is_block(const guchar *at)
{
    guchar others[BLOCK];
    guint64 halves[2];

    for (guint i = 0; i < BLOCK; i++) {
        guchar letter = (guchar)((at[i] | 0x20) - 'a'), digit = (guchar)(at[i] - '/');

        others[i] = (guchar)((letter > 25) & (digit > '9' - '/') & (at[i] != '+'));
    }
    memcpy(halves, others, sizeof halves);
    return (halves[0] | halves[1]) == 0;
}

/* Whether all of at least a block are digits; most lines of text show at once that they are not. */
static gboolean
are_digits(const guchar *at, const guchar *end)
{
    for (; end - at > BLOCK; at += BLOCK)
        if (!is_block(at))
            return FALSE;
    return is_block(end - BLOCK);
}

const guchar *
sm_digits_end(const guchar *at, const guchar *line_end)
{
    while (line_end > at && (line_end[-1] == '\n' || line_end[-1] == '\r'))
        line_end--;
    return line_end - at >= LINE_MIN && are_digits(at, line_end) ? line_end : NULL;
}

static gboolean
is_four(const SmDigits *digits, const guchar *at)
{
    guint hash = hash_of(at);

    return (digits->fours[hash >> 3] >> (hash & 7) & 1) != 0;
}

gboolean
sm_digits_may_hold(const SmDigits *digits, const guchar *at, const guchar *end)
{
    for (; end - at >= FOUR; at += STRIDE)
        if (is_four(digits, at))
            return TRUE;
    return FALSE;
}

/* No four digits of those that are looked at lie in both lines. */
gboolean
sm_digits_may_meet(const SmDigits *digits, const guchar *tail, const guchar *at)
{
    return is_four(digits, tail) || is_four(digits, tail + STRIDE) ||
           is_four(digits, at + 2 * STRIDE - SM_DIGITS_MEETING);
}
