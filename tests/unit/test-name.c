/* The rules for file names: one table of names and verdicts. */
#include <string.h>

#include "common/event/name.h"

#define A8 "AAAAAAAA"
#define A32 A8 A8 A8 A8
#define A124 A32 A32 A32 A8 A8 A8 "AAAA"

static const struct {
    const char *title;
    const char *name;
    SmNameVerdict verdict;
    const char *why;
} cases[] = {
    {"accepts organisation, date and time", "4300_20180410_111604.csv", SM_NAME_VALID, NULL},
    {"accepts digits alone", "00000020150717000005.csv", SM_NAME_VALID, NULL},
    {"accepts AP's form", "AP_HED_Scores_5818_09252025_0930.csv", SM_NAME_VALID, NULL},
    {"accepts txt", "5818_20150925_000004.txt", SM_NAME_VALID, NULL},
    {"accepts an upper-case extension", "5818.CSV", SM_NAME_VALID, NULL},
    {"accepts a mixed-case extension", "5818.TxT", SM_NAME_VALID, NULL},
    {"accepts one letter and an extension", "a.csv", SM_NAME_VALID, NULL},
    {"accepts single inner spaces", "AP scores 2025.csv", SM_NAME_VALID, NULL},
    {"accepts several dots apart", "a.b.c.csv", SM_NAME_VALID, NULL},
    {"accepts an inner hyphen", "a-b.csv", SM_NAME_VALID, NULL},
    {"accepts a leading underscore", "_a.csv", SM_NAME_VALID, NULL},
    {"accepts 128 bytes", A124 ".csv", SM_NAME_VALID, NULL},
    {"refuses 129 bytes", A124 "B.csv", SM_NAME_INVALID, "is longer than 128 bytes"},
    {"does not want zip", "5818_essays.zip", SM_NAME_NOT_WANTED, NULL},
    {"does not want a last extension that differs", "a.csv.exe", SM_NAME_NOT_WANTED, NULL},
    {"does not want an extension that csv begins", "a.csvx", SM_NAME_NOT_WANTED, NULL},
    {"does not want an extension that begins csv", "a.cs", SM_NAME_NOT_WANTED, NULL},
    {"does not want an extension of 16 bytes", "a.1234567890abcdef", SM_NAME_NOT_WANTED, NULL},
    {"refuses an extension of 17 bytes", "a.1234567890abcdefg", SM_NAME_INVALID,
     "has an extension longer than 16 bytes"},
    {"refuses the empty name", "", SM_NAME_INVALID, "is empty"},
    {"refuses a name without extension", "scores", SM_NAME_INVALID, "has no extension"},
    {"refuses an empty extension", "scores.", SM_NAME_INVALID, "has no extension"},
    {"refuses an extension with a hyphen", "a.c-v", SM_NAME_INVALID,
     "has an extension with something else than letters and digits"},
    {"refuses an extension with a space", "a.csv b", SM_NAME_INVALID,
     "has an extension with something else than letters and digits"},
    {"refuses a leading dot", ".csv", SM_NAME_INVALID, "starts with a dot or a hyphen"},
    {"refuses a hidden name", ".a.csv", SM_NAME_INVALID, "starts with a dot or a hyphen"},
    {"refuses a leading hyphen", "-rf.csv", SM_NAME_INVALID, "starts with a dot or a hyphen"},
    {"refuses a leading space", " a.csv", SM_NAME_INVALID, "starts or ends with a space"},
    {"refuses a trailing space", "a.csv ", SM_NAME_INVALID, "starts or ends with a space"},
    {"refuses two dots", "a..csv", SM_NAME_INVALID, "has two dots in a row"},
    {"refuses two spaces", "a  b.csv", SM_NAME_INVALID, "has two spaces in a row"},
    {"refuses a slash", "a/b.csv", SM_NAME_INVALID,
     "has a character other than letters, digits, '.', '_', '-' and space"},
    {"refuses traversal", "../../etc/cron.d/a.csv", SM_NAME_INVALID,
     "starts with a dot or a hyphen"},
    {"refuses traversal inside", "a/../b.csv", SM_NAME_INVALID,
     "has a character other than letters, digits, '.', '_', '-' and space"},
    {"refuses a backslash", "a\\b.csv", SM_NAME_INVALID,
     "has a character other than letters, digits, '.', '_', '-' and space"},
    {"refuses a tab", "a\tb.csv", SM_NAME_INVALID,
     "has a character other than letters, digits, '.', '_', '-' and space"},
    {"refuses a line break", "a.csv\n", SM_NAME_INVALID,
     "has a character other than letters, digits, '.', '_', '-' and space"},
    {"refuses an escape sequence", "a\033[2J.csv", SM_NAME_INVALID,
     "has a character other than letters, digits, '.', '_', '-' and space"},
    {"refuses a semicolon", "a;b.csv", SM_NAME_INVALID,
     "has a character other than letters, digits, '.', '_', '-' and space"},
    {"refuses a percent sign", "a%2fb.csv", SM_NAME_INVALID,
     "has a character other than letters, digits, '.', '_', '-' and space"},
    {"refuses a letter beyond ASCII", "sc\303\266res.csv", SM_NAME_INVALID,
     "has a character other than letters, digits, '.', '_', '-' and space"},
    {"refuses a no-break space", "a\302\240b.csv", SM_NAME_INVALID,
     "has a character other than letters, digits, '.', '_', '-' and space"},
};

static void
check_case(gconstpointer data)
{
    gsize i = GPOINTER_TO_SIZE(data);
    const char *why = "untouched";
    SmNameVerdict verdict =
        sm_name_check(cases[i].name, strlen(cases[i].name), sm_default_extensions, &why);

    g_assert_cmpint(verdict, ==, cases[i].verdict);
    g_assert_cmpstr(why, ==, cases[i].why);
}

static void
judges_only_the_bytes_given(void)
{
    const char *why;

    g_assert_cmpint(sm_name_check("a.csv/../x", 5, sm_default_extensions, NULL), ==, SM_NAME_VALID);
    g_assert_cmpint(sm_name_check("a\0b.csv", 7, sm_default_extensions, &why), ==, SM_NAME_INVALID);
    g_assert_cmpint(sm_name_check("a.csv\0", 6, sm_default_extensions, &why), ==, SM_NAME_INVALID);
}

static void
takes_other_extensions(void)
{
    static const char *const essays[] = {"zip", NULL};

    g_assert_cmpint(sm_name_check("a.ZIP", 5, essays, NULL), ==, SM_NAME_VALID);
    g_assert_cmpint(sm_name_check("a.csv", 5, essays, NULL), ==, SM_NAME_NOT_WANTED);
}

static void
splits_stem_and_extension(void)
{
    g_autofree char *stem = sm_name_stem("5818.2025.CSV");
    g_autofree char *whole = sm_name_stem("plain");

    g_assert_cmpstr(stem, ==, "5818.2025");
    g_assert_cmpstr(whole, ==, "plain");
    g_assert_cmpstr(sm_name_extension("5818.2025.CSV"), ==, "CSV");
    g_assert_cmpstr(sm_name_extension("plain"), ==, "");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strconcat("/names/", cases[i].title, NULL);

        g_test_add_data_func(path, GSIZE_TO_POINTER(i), check_case);
    }
    g_test_add_func("/names/judges only the bytes given", judges_only_the_bytes_given);
    g_test_add_func("/names/takes other extensions", takes_other_extensions);
    g_test_add_func("/names/splits stem and extension", splits_stem_and_extension);
    return g_test_run();
}
