/*
 * Charts as inline SVG with a table behind each. A chart has a row of slots (weeks, months), each
 * with a value for every series; all words of it are text (html.h). Its width is the page's, its
 * letters stay as large as the page's.
 */
#pragma once

#include <glib.h>

typedef enum {
    SM_CHART_COMPARED, /* two series of counts: the first in front of the second */
    SM_CHART_STACKED,  /* counts, one on top of the other */
    SM_CHART_SPANS,    /* two series of seconds: a dot for the first, a ring for the second */
} SmChartForm;

typedef struct {
    SmChartForm form;
    const char *id;                /* unique in the page */
    const char *title;             /* what it shows, in a few words */
    const char *text;              /* what is to be seen, in a sentence: the text alternative */
    const char *slot_kind;         /* heading of the table's first column */
    guint slots, series;           /* series: 3 at most */
    const char *const *names;      /* of the series */
    const gint64 *values;          /* slot by slot; -1: none */
    const char *const *labels;     /* of each slot below the chart, "": none */
    const char *const *slot_names; /* of each slot in the table and where the mouse is */
} SmChart;

/* Appends a figure: the chart, its key, and the table in a details element. */
void sm_chart_add(GString *to, const SmChart *chart);
