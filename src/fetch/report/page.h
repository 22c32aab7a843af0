/* The forms of an overview. Pure. */
#pragma once

#include "fetch/report/overview.h"

/* One self-contained HTML page: no script, no request to anywhere, a strict content security
 * policy. All text in it is escaped (html.h). Caller frees. */
char *sm_page(const SmOverview *overview);

/*
 * A mail to the addresses of report-mail, in the form that scoremail-compose reads
 * (compose/message.h): a subject that says the state, a short text that says all that matters by
 * itself, the same as HTML of tables with inline styles, which mail programs show, and the page to
 * be attached. Caller frees.
 */
char *sm_letter(const SmOverview *overview);
