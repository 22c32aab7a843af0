/*
 * This room is scoremail-compose: it wraps what a report says into a mail, by GMime, which nothing
 * else of scorefetch needs. It is given all that is in the mail and makes up nothing but the date
 * and the Message-ID.
 */
#pragma once

#include <glib.h>

/*
 * Writes the message that letter describes to fd, with LF line ends and nothing but ASCII in it:
 * multipart/mixed, of multipart/alternative (text and HTML) and an attached page. letter's group
 * `letter` has From and To (addresses; To is a list), Subject, Kind (for X-Scoremail-Alert, by
 * which scoremail ignores the message), Host (for the Message-ID), Text, Html, Page and Page-Name.
 * SM_ERROR_DATA where one is missing, SM_ERROR_IO.
 */
gboolean sm_compose(GKeyFile *letter, int fd, GError **error);
