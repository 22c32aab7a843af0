/* What was said to whoever starts a command every few minutes (cron mails each line), so that it is
 * said once, not every time. */
#pragma once

#include "fetch/ledger/ledger.h"

/*
 * Whether text, one line, is news at the time now (seconds since 1970): it was
 * not said within the last day, numbers in it aside. Then it counts as said. Where
 * the ledger cannot tell, it is news.
 */
gboolean sm_said_is_news(SmLedger *ledger, const char *text, gint64 now);
