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

/* A request of that call for a file of that name. */
static SmRequest *
request_of(SmCall call, const char *name)
{
    g_autofree char *file = g_strconcat("/pascoredwnld/file?filename=", name, NULL);
    g_autofree char *object = g_strconcat("/scores/K12/", name, NULL);

    switch (call) {
    case SM_CALL_LOGIN:
        return sm_request_new("POST", "/pascoredwnld/login", 0);
    case SM_CALL_FILE:
        return sm_request_new("POST", file, 0);
    case SM_CALL_LIST:
        return sm_request_new("POST", "/pascoredwnld/files/list", 0);
    case SM_CALL_OBJECT:
        return sm_request_new("GET", object, 0);
    case SM_CALL_OTHER:
        break;
    }
    return sm_request_new("POST", "/pascoredwnld/nothing", 0);
}

/* The name of the fault that strikes, "-" for none. */
static const char *
strike(SmFaults *faults, SmFaultClass class, SmCall call, guint status)
{
    g_autoptr(SmRequest) request = request_of(call, "a.csv");
    g_autoptr(SmFault) fault = sm_faults_take(faults, class, request, status);

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
        {"login:html=403", TRUE},
        {"any:gateway=401x1", TRUE},
        {"list:max-sessions=429", TRUE},
        {"file/a.csv:status=500", TRUE},
        {"object/a%3Ab%2Fc.csv:reset=5x1", TRUE},
        {"any/a b.csv:delay=5", TRUE},
        {"login:html", FALSE},
        {"login:gateway=200", FALSE},
        {"object:max-sessions=403", FALSE},
        {"login/a.csv:status=500", FALSE},
        {"list/a.csv:status=500", FALSE},
        {"any/a.csv:max-sessions=403", TRUE},
        {"file/:status=500", FALSE},
        {"file/%zz:status=500", FALSE},
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
    g_autoptr(SmRequest) request = request_of(SM_CALL_OBJECT, "a.csv");
    g_autoptr(SmFault) drip = sm_faults_take(faults, SM_FAULT_SLOW, request, 200);
    g_autoptr(SmFault) delay = sm_faults_take(faults, SM_FAULT_LATE, request, 0);

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
test_one_name(void)
{
    static const char *const specs[] = {"any/a%3Ab.csv:status=503", NULL};
    static const struct {
        SmCall call;
        const char *name;
        gboolean struck;
    } cases[] = {
        {SM_CALL_FILE, "a%3Ab.csv", TRUE},   {SM_CALL_FILE, "a:b.csv", TRUE},
        {SM_CALL_OBJECT, "a%3ab.csv", TRUE}, {SM_CALL_FILE, "a.csv", FALSE},
        {SM_CALL_FILE, "", FALSE},           {SM_CALL_OBJECT, "b.csv", FALSE},
        {SM_CALL_LOGIN, "", FALSE},          {SM_CALL_LIST, "", FALSE},
    };
    g_autoptr(SmFaults) faults = faults_of(specs);

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(SmRequest) request = request_of(cases[i].call, cases[i].name);
        g_autoptr(SmFault) fault = sm_faults_take(faults, SM_FAULT_WRONG, request, 200);

        g_test_message("%s", cases[i].name);
        g_assert_cmpint(fault != NULL, ==, cases[i].struck);
    }
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
    g_test_add_func("/faults/are written CALL[/NAME]:KIND[=VALUE][xCOUNT]",
                    test_right_and_wrong_specs);
    g_test_add_func("/faults/strike one after the other, as often as they may",
                    test_one_after_the_other);
    g_test_add_func("/faults/delay and drip go together with another", test_classes);
    g_test_add_func("/faults/of any call strike where they can", test_any_means_where_it_can);
    g_test_add_func("/faults/of one name strike that name alone", test_one_name);
    g_test_add_func("/faults/stay as they are when a new list is wrong",
                    test_a_wrong_list_changes_nothing);
    return g_test_run();
}
