#include <glib.h>
#include <glib/gstdio.h>
#include <unistd.h>

#include "common/base/error.h"
#include "emulator/base/users.h"

static SmUsers *
users_of(const char *first, const char *second, const char *file)
{
    static const char *specs[3]; /* they live as long; one test at a time has users */
    g_autoptr(GError) error = NULL;
    SmUsers *users;

    specs[0] = first;
    specs[1] = second;
    users = sm_users_new(specs, file, 100, &error);
    g_assert_no_error(error);
    return users;
}

static void
test_passwords(void)
{
    static const struct {
        const char *name, *password;
        SmAdmission expected;
    } cases[] = {
        {"reg", "a:b=c", SM_ADMITTED}, {"reg", "a:b", SM_REJECTED},   {"reg", "", SM_REJECTED},
        {"re", "g:a:b", SM_REJECTED},  {"reg:a", "b=c", SM_REJECTED}, {"REG", "a:b=c", SM_REJECTED},
        {"other", "x", SM_NO_ROLE},    {"other", "y", SM_REJECTED},   {"nobody", "x", SM_REJECTED},
        {"", "", SM_REJECTED},
    };
    g_autoptr(SmUsers) users = users_of("reg:a:b=c", "other:x:no-role", NULL);

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        g_assert_cmpint(sm_users_check_password(users, cases[i].name, cases[i].password), ==,
                        cases[i].expected);
}

static void
test_wrong_specs(void)
{
    static const char *const wrong[] = {"reg", ":x", ""};

    for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++) {
        const char *const specs[] = {wrong[i], NULL};
        g_autoptr(GError) error = NULL;

        g_assert_null(sm_users_new(specs, NULL, 100, &error));
        g_assert_error(error, SM_ERROR, SM_ERROR_USAGE);
    }
}

static void
test_file(void)
{
    g_autofree char *path = NULL;
    int fd = g_file_open_tmp("scoremail-users-XXXXXX", &path, NULL);
    g_autoptr(SmUsers) users = users_of("reg:one", NULL, path);

    close(fd);
    g_assert_true(g_file_set_contents(path, "# who\n\nfred:two\nkim:three:no-role\n", -1, NULL));
    g_assert_cmpint(sm_users_check_password(users, "reg", "one"), ==, SM_ADMITTED);
    g_assert_cmpint(sm_users_check_password(users, "fred", "two"), ==, SM_ADMITTED);
    g_assert_cmpint(sm_users_check_password(users, "kim", "three"), ==, SM_NO_ROLE);
    g_assert_cmpint(sm_users_check_password(users, "# who", ""), ==, SM_REJECTED);
    g_assert_true(g_file_set_contents(path, "fred:changed", -1, NULL));
    g_assert_cmpint(sm_users_check_password(users, "fred", "two"), ==, SM_REJECTED);
    g_assert_cmpint(sm_users_check_password(users, "fred", "changed"), ==, SM_ADMITTED);
    g_unlink(path);
    g_assert_cmpint(sm_users_check_password(users, "fred", "changed"), ==, SM_REJECTED);
}

static void
test_tokens(void)
{
    g_autoptr(SmUsers) users = users_of("reg:x", NULL, NULL);
    g_autofree char *token = sm_users_issue_token(users, "reg", 1000);
    g_autofree char *other = sm_users_issue_token(users, "reg", 1000);
    g_autofree char *name = NULL;
    g_autofree char *late = NULL;
    g_autofree char *nobody = NULL;

    g_assert_true(g_uuid_string_is_valid(token));
    g_assert_cmpstr(token, !=, other);
    g_assert_cmpint(sm_users_check_token(users, token, 1099, &name), ==, SM_ADMITTED);
    g_assert_cmpstr(name, ==, "reg");
    g_assert_cmpint(sm_users_check_token(users, token, 1100, &late), ==, SM_REJECTED);
    g_assert_cmpint(sm_users_check_token(users, "45B5B7E7", 1000, &nobody), ==, SM_REJECTED);
    g_assert_null(nobody);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/users/are told apart by the whole name and password", test_passwords);
    g_test_add_func("/users/need a name and a colon", test_wrong_specs);
    g_test_add_func("/users/of a file are read afresh", test_file);
    g_test_add_func("/users/have tokens that end", test_tokens);
    return g_test_run();
}
