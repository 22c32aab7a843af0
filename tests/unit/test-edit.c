/* Edits of texts that a person keeps too: one line changes, all else stays to the byte. */
#include <string.h>

#include "fetch/setup/edit.h"

static const struct {
    const char *before, *group, *key, *value, *after;
} edits[] = {
    {"", "a", "k", "1", "[a]\nk = 1\n"},
    {"# x\n", "a", "k", "1", "# x\n\n[a]\nk = 1\n"},
    {"# x", "a", "k", "1", "# x\n\n[a]\nk = 1\n"},
    {"[a]", "a", "k", "1", "[a]\nk = 1\n"},
    {"[a]\n", "a", "k", "1", "[a]\nk = 1\n"},
    {"[a]\nk=0\n", "a", "k", "1", "[a]\nk = 1\n"},
    {"[a]\n  k  =  0 \nj = 2\n", "a", "k", "1", "[a]\nk = 1\nj = 2\n"},
    {"[a]\nk = 1\n", "a", "k", "1", "[a]\nk = 1\n"},
    {"[a]\nk=1", "a", "k", "1", "[a]\nk=1"},
    {"[a]\n#k = 0\nj = 2\n\n# b's\n[b]\nk = 9\n", "a", "k", "1",
     "[a]\n#k = 0\nj = 2\nk = 1\n\n# b's\n[b]\nk = 9\n"},
    {"[b]\nk = 9\n[a]\n", "a", "k", "1", "[b]\nk = 9\n[a]\nk = 1\n"},
    {"[a]\nk = 0\n[a]\nk = 5\n", "a", "k", "1", "[a]\nk = 1\n[a]\nk = 5\n"},
    {"[a]\r\nk = 0\r\n# x\r\n", "a", "k", "1", "[a]\r\nk = 1\r\n# x\r\n"},
    {"[b]\r\n", "a", "k", "1", "[b]\r\n\r\n[a]\r\nk = 1\r\n"},
    {"[a]\nkk = 0\nk-k = 3\n", "a", "k", "1", "[a]\nkk = 0\nk-k = 3\nk = 1\n"},
    {"[a]\nj = k = 3\n", "a", "k", "1", "[a]\nj = k = 3\nk = 1\n"},
    {"[a]\nk = 0\nj = 2\n", "a", "k", NULL, "[a]\nj = 2\n"},
    {"[a]\nj = 2\n", "a", "k", NULL, "[a]\nj = 2\n"},
    {" [a] \nk = 0\n", "a", "k", "1", " [a] \nk = 1\n"},
};

static void
one_line_changes(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(edits); i++) {
        g_autofree char *after =
            sm_edit_set(edits[i].before, edits[i].group, edits[i].key, edits[i].value);
        g_autofree char *value = sm_edit_value(after, edits[i].group, edits[i].key);
        g_autofree char *again = sm_edit_set(after, edits[i].group, edits[i].key, edits[i].value);

        g_assert_cmpstr(after, ==, edits[i].after);
        g_assert_cmpstr(value, ==, edits[i].value);
        g_assert_cmpstr(again, ==, after);
    }
}

static void
a_block_is_there_once_and_can_be_taken_out(void)
{
    static const char *const texts[] = {"", "mine\n", "mine", "a\r\nb\r\n", "\n\n"};

    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autofree char *once = sm_edit_block(texts[i], "ours 1\n");
        g_autofree char *below = g_strconcat("# above\n", once, NULL);
        g_autofree char *twice = sm_edit_block(below, "ours 2");
        g_autofree char *without = sm_edit_without_block(once);
        g_autofree char *rest = sm_edit_without_block(twice);
        g_autofree char *expected = g_strconcat("# above\n", texts[i], NULL);

        g_assert_cmpstr(without, ==, texts[i]);
        g_assert_cmpstr(rest, ==, expected);
        g_assert_nonnull(strstr(twice, "ours 2"));
        g_assert_null(strstr(twice, "ours 1"));
        g_assert_true(g_str_has_suffix(once, texts[i]));
    }
}

static void
half_a_block_is_none(void)
{
    g_assert_null(sm_edit_without_block("# >>> scorefetch setup\nours\n"));
    g_assert_null(sm_edit_without_block("x # >>> scorefetch setup\n# <<< scorefetch setup\n"));
    g_assert_null(sm_edit_without_block("# <<< scorefetch setup\n# >>> scorefetch setup\n"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/edit/one line changes", one_line_changes);
    g_test_add_func("/edit/a block is there once and can be taken out",
                    a_block_is_there_once_and_can_be_taken_out);
    g_test_add_func("/edit/half a block is none", half_a_block_is_none);
    return g_test_run();
}
