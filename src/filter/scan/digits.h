/*
 * Long lines of base64, which are nearly all of a large message, for the scan of
 * raw bytes (scan.h). A line of digits alone holds no attribute as text. What is
 * wanted in base64 is found there by four digits of it, looked for at each
 * seventh place: of any ten digits next to each other one such four is looked at.
 * Which ones there are, for all ways to encode it, a table tells.
 */
#pragma once

#include <glib.h>

enum {
    SM_DIGITS_MEETING = 12, /* digits of a line that what is wanted can reach over into the next */
    SM_DIGITS_HASH_BITS = 16,
};

typedef struct {
    guchar fours[1 << SM_DIGITS_HASH_BITS >> 3]; /* a bit for each hash of four digits */
} SmDigits;

/* Fills the table. */
void sm_digits_prepare(SmDigits *digits);

/* The end of the line's digits, without what ends the line, where it is a long one of digits alone;
 * else NULL. */
const guchar *sm_digits_end(const guchar *at, const guchar *line_end);

/* Whether a line of digits may hold a part of what is wanted; never FALSE where it holds all of it.
 */
gboolean sm_digits_may_hold(const SmDigits *digits, const guchar *at, const guchar *end);

/* The same for what begins in the last SM_DIGITS_MEETING digits of a line, at tail, and ends in the
 * first ones of another, at at. */
gboolean sm_digits_may_meet(const SmDigits *digits, const guchar *tail, const guchar *at);
