/* What the scan of raw bytes (scan.h) cannot judge: lines that only the parsers understand. */
#pragma once

#include "filter/scan/bytes.h"

/*
 * Whether the line at from, with those that continue it, may make other text of a
 * part than its bytes show: a Content-Type with such a character set, or of a
 * message that may itself be encoded, or that hides what it says; uuencode; an
 * Outlook file.
 */
gboolean sm_scan_is_odd_line(SmBytes from);
