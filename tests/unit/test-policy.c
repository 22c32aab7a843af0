/* The duplicate policy: one table. */
#include <string.h>

#include "fetch/rules/policy.h"

#define NONE SM_SIBLING_NONE
#define EARLIER SM_SIBLING_EARLIER
#define LATER SM_SIBLING_LATER
#define STORED SM_SIBLING_STORED

static const struct {
    const char *title;
    SmFormat format;
    const char *name;
    SmSibling sibling;
    SmDecision decision;
    const char *reason;
} cases[] = {
    {"csv fetches a csv", SM_FORMAT_CSV, "a.csv", NONE, SM_DECISION_FETCH, "format = csv"},
    {"csv fetches a CSV in capitals", SM_FORMAT_CSV, "a.CSV", NONE, SM_DECISION_FETCH,
     "format = csv"},
    {"csv drops a txt", SM_FORMAT_CSV, "a.txt", NONE, SM_DECISION_DROP, "format = csv"},
    {"csv drops a Txt in any case", SM_FORMAT_CSV, "a.Txt", NONE, SM_DECISION_DROP, "format = csv"},
    {"csv fetches a csv whatever its sibling does", SM_FORMAT_CSV, "a.csv", STORED,
     SM_DECISION_FETCH, "format = csv"},
    {"csv drops a txt whatever its sibling does", SM_FORMAT_CSV, "a.txt", EARLIER, SM_DECISION_DROP,
     "format = csv"},
    {"csv fetches another wanted extension", SM_FORMAT_CSV, "a.zip", NONE, SM_DECISION_FETCH,
     "format = csv"},
    {"txt fetches a txt", SM_FORMAT_TXT, "a.txt", NONE, SM_DECISION_FETCH, "format = txt"},
    {"txt drops a csv", SM_FORMAT_TXT, "a.csv", LATER, SM_DECISION_DROP, "format = txt"},
    {"txt fetches another wanted extension", SM_FORMAT_TXT, "a.zip", NONE, SM_DECISION_FETCH,
     "format = txt"},
    {"both fetches a csv beside a stored txt", SM_FORMAT_BOTH, "a.csv", STORED, SM_DECISION_FETCH,
     "format = both"},
    {"both fetches a txt beside an earlier csv", SM_FORMAT_BOTH, "a.txt", EARLIER,
     SM_DECISION_FETCH, "format = both"},
    {"first fetches what comes alone", SM_FORMAT_FIRST, "a.txt", NONE, SM_DECISION_FETCH,
     "format = first"},
    {"first fetches what came before its sibling", SM_FORMAT_FIRST, "a.csv", LATER,
     SM_DECISION_FETCH, "format = first"},
    {"first waits for a sibling that came earlier", SM_FORMAT_FIRST, "a.csv", EARLIER,
     SM_DECISION_WAIT, "format = first, and its other format is not stored yet"},
    {"first drops what has a stored sibling", SM_FORMAT_FIRST, "a.txt", STORED, SM_DECISION_DROP,
     "format = first, and its other format is stored"},
    {"first fetches another wanted extension beside a stored csv", SM_FORMAT_FIRST, "a.zip", STORED,
     SM_DECISION_FETCH, "format = first"},
    {"an extension that is not asked for is not wanted", SM_FORMAT_BOTH, "a.pdf", NONE,
     SM_DECISION_NOT_WANTED, "extensions = csv, txt, zip"},
    {"an extension that is not asked for is not wanted under first either", SM_FORMAT_FIRST,
     "a.pdf", EARLIER, SM_DECISION_NOT_WANTED, "extensions = csv, txt, zip"},
    {"a name without an extension is not wanted", SM_FORMAT_BOTH, "abc", NONE,
     SM_DECISION_NOT_WANTED, "extensions = csv, txt, zip"},
};

static void
decides(gconstpointer data)
{
    static const char *const extensions[] = {"csv", "txt", "zip", NULL};
    gsize i = GPOINTER_TO_SIZE(data);
    g_autofree char *reason = NULL;
    SmDecision decision =
        sm_policy_decide(cases[i].format, extensions, cases[i].name, cases[i].sibling, &reason);

    g_assert_cmpint((int)decision, ==, (int)cases[i].decision);
    g_assert_cmpstr(reason, ==, cases[i].reason);
}

static void
the_pair_is_csv_and_txt_in_any_case(void)
{
    g_assert_true(sm_policy_is_pair("a.csv"));
    g_assert_true(sm_policy_is_pair("a.TXT"));
    g_assert_false(sm_policy_is_pair("a.zip"));
    g_assert_false(sm_policy_is_pair("a.csv.zip"));
    g_assert_false(sm_policy_is_pair("csv"));
}

static void
types_are_all_wanted_or_those_that_are_named(void)
{
    static const char *const scores[] = {"scores file", "other", NULL};
    g_autofree char *reason = NULL;

    g_assert_true(sm_policy_wants_type(NULL, "Essay File", &reason));
    g_assert_true(sm_policy_wants_type(scores, "Scores File", &reason));
    g_assert_true(sm_policy_wants_type(scores, NULL, &reason)); /* the service does not say */
    g_assert_null(reason);
    g_assert_false(sm_policy_wants_type(scores, "Essay File", &reason));
    g_assert_cmpstr(reason, ==, "file-types = scores file, other");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strconcat("/policy/", cases[i].title, NULL);

        g_test_add_data_func(path, GSIZE_TO_POINTER(i), decides);
    }
    g_test_add_func("/policy/the pair is csv and txt, in any case",
                    the_pair_is_csv_and_txt_in_any_case);
    g_test_add_func("/policy/types are all wanted, or those that are named",
                    types_are_all_wanted_or_those_that_are_named);
    return g_test_run();
}
