/* How long to wait before asking again. */
#include "fetch/rules/pause.h"

static const struct {
    const char *title;
    guint failed;
    double luck;
    guint retry_after; /* seconds */
    guint pause;       /* milliseconds */
} tries[] = {
    {"the first pause is a quarter of a second with bad luck", 1, 0.0, 0, 250},
    {"the first pause is half a second with good luck", 1, 1.0, 0, 500},
    {"half the luck is half of the spread", 1, 0.5, 0, 375},
    {"no failure yet is like one", 0, 1.0, 0, 500},
    {"the second is twice as long", 2, 1.0, 0, 1000},
    {"the seventh is the last that doubles", 7, 1.0, 0, 32000},
    {"a minute is the end of growing", 8, 1.0, 0, 60000},
    {"the spread stays in the upper half", 8, 0.0, 0, 30000},
    {"very many failures change nothing more", G_MAXUINT, 1.0, 0, 60000},
    {"the server's own wish is kept", 1, 0.0, 7, 7000},
    {"a shorter wish of the server's shortens nothing", 8, 0.0, 1, 30000},
    {"a wish for ages is an hour", 1, 0.0, G_MAXUINT, 3600 * 1000},
};

static const struct {
    guint times;
    guint minutes;
} missing[] = {{1, 1}, {2, 2}, {3, 4}, {4, 8}, {5, 16}, {6, 30}, {7, 30}, {G_MAXUINT, 30}};

static const struct {
    const char *title;
    gint64 since;
    guint times;
    gboolean over;
} ends[] = {
    {"a name that was missing once goes on", 0, 1, FALSE},
    {"often but not for long goes on", 3599, 100, FALSE},
    {"long but not often goes on", 7200, 4, FALSE},
    {"an hour and five times are the end", 3600, 5, TRUE},
};

static void
pauses(gconstpointer data)
{
    gsize i = GPOINTER_TO_SIZE(data);

    g_assert_cmpuint(sm_pause_ms(tries[i].failed, tries[i].luck, tries[i].retry_after), ==,
                     tries[i].pause);
}

static void
missing_pauses_grow_to_half_an_hour(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(missing); i++)
        g_assert_cmpuint(sm_pause_missing(missing[i].times), ==, missing[i].minutes * 60);
}

static void
pauses_for_on_stored_grow_to_six_hours(void)
{
    g_assert_cmpuint(sm_pause_handover(1), ==, 60);
    g_assert_cmpuint(sm_pause_handover(2), ==, 120);
    g_assert_cmpuint(sm_pause_handover(9), ==, 256 * 60);
    g_assert_cmpuint(sm_pause_handover(10), ==, 6 * 3600);
    g_assert_cmpuint(sm_pause_handover(G_MAXUINT), ==, 6 * 3600);
}

static void
ends_when(gconstpointer data)
{
    gsize i = GPOINTER_TO_SIZE(data);

    g_assert_cmpint(sm_pause_missing_over(ends[i].since, ends[i].times), ==, ends[i].over);
}

static void
a_pause_holds_until_its_end_and_not_beyond_all(void)
{
    g_assert_true(sm_pause_holds(1001, 1000));
    g_assert_false(sm_pause_holds(1000, 1000));
    g_assert_false(sm_pause_holds(0, 1000));
    g_assert_true(sm_pause_holds(1000 + SM_PAUSE_LONGEST, 1000));
    g_assert_false(sm_pause_holds(1001 + SM_PAUSE_LONGEST, 1000)); /* the clock was set back */
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(tries); i++) {
        g_autofree char *path = g_strconcat("/pause/", tries[i].title, NULL);

        g_test_add_data_func(path, GSIZE_TO_POINTER(i), pauses);
    }
    g_test_add_func("/pause/pauses for a missing name grow to half an hour",
                    missing_pauses_grow_to_half_an_hour);
    g_test_add_func("/pause/pauses for on-stored grow to six hours",
                    pauses_for_on_stored_grow_to_six_hours);
    for (gsize i = 0; i < G_N_ELEMENTS(ends); i++) {
        g_autofree char *path = g_strconcat("/pause/", ends[i].title, NULL);

        g_test_add_data_func(path, GSIZE_TO_POINTER(i), ends_when);
    }
    g_test_add_func("/pause/a pause holds until its end, and not beyond all",
                    a_pause_holds_until_its_end_and_not_beyond_all);
    return g_test_run();
}
