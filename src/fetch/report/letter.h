/*
 * The overview as a mail: a subject that says the state, a short text that says all that matters by
 * itself, the same as HTML of tables with inline styles, which mail programs show, and the page to
 * be attached. Pure.
 */
#pragma once

#include "fetch/report/overview.h"

/* The whole letter, in the form that scoremail-compose reads (compose/message.h), to the addresses
 * of report-mail. Caller frees. */
char *sm_letter(const SmOverview *overview);
