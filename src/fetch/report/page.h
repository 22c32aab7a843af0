/*
 * The overview as one self-contained HTML page: no script, no request to anywhere, a strict
 * content security policy. All text in it is escaped (html.h).
 */
#pragma once

#include "fetch/report/overview.h"

/* The page. Caller frees. */
char *sm_page(const SmOverview *overview);
