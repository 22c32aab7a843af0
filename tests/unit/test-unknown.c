/* Names that the service does not know: how many may be asked for, and what a name tells. */
#include "fetch/rules/unknown.h"

#define DAY 86400
#define NOW 1500000000

static const struct {
    const char *title;
    SmUnknowns unknown;
    gboolean fits, verified, room;
} rooms[] = {
    {"the first one", {0, 0, 0, 0}, FALSE, FALSE, TRUE},
    {"the third of a message", {2, 2, 2, 0}, FALSE, FALSE, TRUE},
    {"the fourth of a message", {3, 3, 3, 0}, FALSE, FALSE, FALSE},
    {"the twentieth of a domain", {0, 19, 19, 0}, FALSE, FALSE, TRUE},
    {"one more of that domain", {0, 20, 20, 0}, FALSE, FALSE, FALSE},
    {"the fortieth of all", {0, 0, 39, 0}, FALSE, FALSE, TRUE},
    {"one more than forty", {0, 0, 40, 0}, FALSE, FALSE, FALSE},
    {"one of the account's names after many others", {0, 0, 1000, 19}, TRUE, FALSE, TRUE},
    {"one of very many of them", {0, 0, 1000, 20}, TRUE, FALSE, FALSE},
    {"a verified sender's after many others", {0, 19, 1000, 0}, FALSE, TRUE, TRUE},
    {"one of very many of that sender's", {0, 20, 1000, 0}, FALSE, TRUE, FALSE},
};

static const struct {
    const char *name;
    const char *prefix;
    gint64 date;
} names[] = {
    {"4300_20180410_111604.csv", "4300_", 1523318400},
    {"123456_SAT_20180410_111604.csv", "123456_", 1523318400},
    {"5818_SAT_ Essays_20180410.zip", "5818_", 1523318400},
    {"00000020150717000005.csv", "000000", 1437091200},
    {"20150717.csv", NULL, 1437091200},
    {"a20150717.csv", NULL, 1437091200},
    {"scores.csv", NULL, 0},
    {"4300_20181310_111604.csv", "4300_", 0},
    {"4300_20190230.csv", "4300_", 0},
    {"4300_2018041", "4300_", 0},
    {"4300_20180410_20170410.csv", "4300_", 1491782400},
    {"20201101_20180410.csv", "20201101_", 1523318400},
};

static void
leaves_room(gconstpointer data)
{
    gsize i = GPOINTER_TO_SIZE(data);

    g_assert_cmpint(sm_unknown_leaves_room(&rooms[i].unknown, rooms[i].fits, rooms[i].verified), ==,
                    rooms[i].room);
}

static void
reads_a_name(gconstpointer data)
{
    gsize i = GPOINTER_TO_SIZE(data);
    g_autofree char *prefix = sm_unknown_prefix(names[i].name);

    g_assert_cmpstr(prefix, ==, names[i].prefix);
    g_assert_cmpint(sm_unknown_date(names[i].name), ==, names[i].date);
}

static void
looks_back_as_far_as_needed(void)
{
    /* NOW is 2017-07-14 02:40 */
    g_assert_cmpint(sm_unknown_listed_since("x.csv", NOW, NOW), ==, NOW - DAY);
    g_assert_cmpint(sm_unknown_listed_since("x.csv", NOW - 30 * DAY, NOW), ==, NOW - 31 * DAY);
    g_assert_cmpint(sm_unknown_listed_since("4300_20170601_0.csv", NOW, NOW), ==, 1496275200 - DAY);
    g_assert_cmpint(sm_unknown_listed_since("4300_20180601_0.csv", NOW, NOW), ==, NOW - DAY);
    g_assert_cmpint(sm_unknown_listed_since("4300_20010601_0.csv", NOW, NOW), ==, NOW - 367 * DAY);
    g_assert_cmpint(sm_unknown_listed_since("x.csv", 1, NOW), ==, NOW - 367 * DAY);
}

static void
tells_an_old_mailbox(void)
{
    g_assert_true(sm_unknown_is_old(NOW - DAY - 1, NOW));
    g_assert_false(sm_unknown_is_old(NOW - DAY, NOW));
    g_assert_false(sm_unknown_is_old(NOW + DAY, NOW)); /* announced once more since */
    g_assert_false(sm_unknown_is_old(0, NOW));         /* by nobody */
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(rooms); i++) {
        g_autofree char *path = g_strconcat("/unknown/room for ", rooms[i].title, NULL);

        g_test_add_data_func(path, GSIZE_TO_POINTER(i), leaves_room);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_strconcat("/unknown/reads ", names[i].name, NULL);

        g_test_add_data_func(path, GSIZE_TO_POINTER(i), reads_a_name);
    }
    g_test_add_func("/unknown/looks back as far as needed", looks_back_as_far_as_needed);
    g_test_add_func("/unknown/tells an old mailbox", tells_an_old_mailbox);
    return g_test_run();
}
