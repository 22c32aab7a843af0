#include <glib.h>

#include "common/base/error.h"
#include "emulator/service/faults.h"

static SmFaults *
faults_of(const char *const *specs)
{
    g_autoptr(GError) error = NULL;
    SmFaults *faults = sm_faults_new(specs, &error);

    g_assert_no_error(error);
    return faults;
}

/* The name of the fault that strikes, "-" for none. */
static const char *
strike(SmFaults *faults, SmFaultClass class, SmCall call, guint status)
{
    g_autoptr(SmFault) fault = sm_faults_take(faults, class, call, status);

    return fault != NULL ? fault->name : "-";
}

static void
test_right_and_wrong_specs(void)
{
    static const struct {
        const char *spec;
        gboolean good;
    } cases[] = {
        {"object:reset=1000x2", TRUE},
        {"object:reset", TRUE},
        {"any:status=503", TRUE},
        {"file:delay=100x1", TRUE},
        {"list:huge-json", TRUE},
        {"list:huge-json=100000", TRUE},
        {"object:wrong-length=-5", TRUE},
        {"file:redirect=https://example.org/", TRUE},
        {"file:foreign-host=evil.example:444x1", TRUE},
        {"any:corrupt", TRUE},
        {"", FALSE},
        {"object", FALSE},
        {"object:", FALSE},
        {"object:frobnicate", FALSE},
        {"nobody:reset=1", FALSE},
        {"object:status", FALSE},
        {"object:status=99", FALSE},
        {"object:status=abc", FALSE},
        {"object:short=0", FALSE},
        {"object:stall=-1", FALSE},
        {"object:reset=1x0", FALSE},
        {"object:corrupt=1", FALSE},
        {"object:broken-json", FALSE},
        {"login:expired", FALSE},
        {"file:redirect=", FALSE},
        {"file:redirect", FALSE},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const char *const specs[] = {cases[i].spec, NULL};
        g_autoptr(GError) error = NULL;
        g_autoptr(SmFaults) faults = sm_faults_new(specs, &error);

        g_test_message("%s", cases[i].spec);
        if (cases[i].good)
            g_assert_no_error(error);
        else
            g_assert_error(error, SM_ERROR, SM_ERROR_USAGE);
        g_assert_cmpint(faults != NULL, ==, cases[i].good);
    }
}

static void
test_one_after_the_other(void)
{
    static const char *const specs[] = {"object:status=503x2", "any:resetx1", NULL};
    g_autoptr(SmFaults) faults = faults_of(specs);

    g_assert_cmpstr(strike(faults, SM_FAULT_WRONG, SM_CALL_OBJECT, 200), ==, "status");
    g_assert_cmpstr(strike(faults, SM_FAULT_WRONG, SM_CALL_OBJECT, 403), ==, "status");
    g_assert_cmpstr(strike(faults, SM_FAULT_WRONG, SM_CALL_OTHER, 200), ==, "-");
    g_assert_cmpstr(strike(faults, SM_FAULT_WRONG, SM_CALL_OBJECT, 403), ==, "-");
    g_assert_cmpstr(strike(faults, SM_FAULT_WRONG, SM_CALL_LOGIN, 200), ==, "reset");
    g_assert_cmpstr(strike(faults, SM_FAULT_WRONG, SM_CALL_LOGIN, 200), ==, "-");
}

static void
test_classes(void)
{
    static const char *const specs[] = {"object:drip=10", "object:delay=5", "object:short=1", NULL};
    g_autoptr(SmFaults) faults = faults_of(specs);
    g_autoptr(SmFault) drip = sm_faults_take(faults, SM_FAULT_SLOW, SM_CALL_OBJECT, 200);
    g_autoptr(SmFault) delay = sm_faults_take(faults, SM_FAULT_LATE, SM_CALL_OBJECT, 0);

    g_assert_cmpint(drip->number, ==, 10);
    g_assert_cmpint(delay->number, ==, 5);
    g_assert_cmpstr(strike(faults, SM_FAULT_WRONG, SM_CALL_OBJECT, 206), ==, "short");
}

static void
test_any_means_where_it_can(void)
{
    static const char *const specs[] = {"any:expired", NULL};
    g_autoptr(SmFaults) faults = faults_of(specs);

    g_assert_cmpstr(strike(faults, SM_FAULT_WRONG, SM_CALL_LOGIN, 200), ==, "-");
    g_assert_cmpstr(strike(faults, SM_FAULT_WRONG, SM_CALL_FILE, 200), ==, "expired");
}

static void
test_a_wrong_list_changes_nothing(void)
{
    static const char *const before[] = {"object:corrupt", NULL};
    static const char *const wrong[] = {"object:short=1", "nonsense", NULL};
    g_autoptr(SmFaults) faults = faults_of(before);
    g_autoptr(GError) error = NULL;

    g_assert_false(sm_faults_replace(faults, wrong, &error));
    g_assert_error(error, SM_ERROR, SM_ERROR_USAGE);
    g_assert_cmpstr(strike(faults, SM_FAULT_WRONG, SM_CALL_OBJECT, 200), ==, "corrupt");
    g_assert_true(sm_faults_replace(faults, NULL, NULL));
    g_assert_cmpstr(strike(faults, SM_FAULT_WRONG, SM_CALL_OBJECT, 200), ==, "-");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/faults/are written CALL:KIND[=VALUE][xCOUNT]", test_right_and_wrong_specs);
    g_test_add_func("/faults/strike one after the other, as often as they may",
                    test_one_after_the_other);
    g_test_add_func("/faults/delay and drip go together with another", test_classes);
    g_test_add_func("/faults/of any call strike where they can", test_any_means_where_it_can);
    g_test_add_func("/faults/stay as they are when a new list is wrong",
                    test_a_wrong_list_changes_nothing);
    return g_test_run();
}
