#include "emulator/service/faults.h"

#include <string.h>

#include "common/base/each.h"
#include "common/base/error.h"

enum {
    API = SM_CALL_LOGIN | SM_CALL_FILE | SM_CALL_LIST,
    ALL = API | SM_CALL_OBJECT,
    NAMED = SM_CALL_FILE | SM_CALL_OBJECT,
};

typedef enum { NO_VALUE, NUMBER, OPTIONAL_NUMBER, TEXT } ValueForm;

static const struct {
    const char *name;
    SmFaultClass class;
    guint calls;
    gboolean spoils; /* an answer that succeeds, not any answer */
    ValueForm form;
    gint64 min, max;
} kinds[] = {
    [SM_FAULT_DELAY] = {"delay", SM_FAULT_LATE, ALL, FALSE, NUMBER, 0, G_MAXINT},
    [SM_FAULT_DRIP] = {"drip", SM_FAULT_SLOW, ALL, TRUE, NUMBER, 1, G_MAXINT},
    [SM_FAULT_STATUS] = {"status", SM_FAULT_WRONG, ALL, FALSE, NUMBER, 200, 599},
    [SM_FAULT_RESET] = {"reset", SM_FAULT_WRONG, ALL, TRUE, OPTIONAL_NUMBER, 0, G_MAXINT64},
    [SM_FAULT_SHORT] = {"short", SM_FAULT_WRONG, ALL, TRUE, NUMBER, 1, G_MAXINT64},
    [SM_FAULT_STALL] = {"stall", SM_FAULT_WRONG, ALL, TRUE, NUMBER, 0, G_MAXINT64},
    [SM_FAULT_BROKEN_JSON] = {"broken-json", SM_FAULT_WRONG, API, TRUE, NO_VALUE, 0, 0},
    [SM_FAULT_NOT_JSON] = {"not-json", SM_FAULT_WRONG, ALL, FALSE, NO_VALUE, 0, 0},
    [SM_FAULT_HUGE_JSON] = {"huge-json", SM_FAULT_WRONG, API, TRUE, OPTIONAL_NUMBER, 1, 1 << 30},
    [SM_FAULT_WRONG_LENGTH] = {"wrong-length", SM_FAULT_WRONG, ALL, TRUE, NUMBER, -G_MAXINT,
                               G_MAXINT},
    [SM_FAULT_NO_LENGTH] = {"no-length", SM_FAULT_WRONG, ALL, TRUE, NO_VALUE, 0, 0},
    [SM_FAULT_ENCODING] = {"encoding", SM_FAULT_WRONG, ALL, TRUE, NO_VALUE, 0, 0},
    [SM_FAULT_REDIRECT] = {"redirect", SM_FAULT_WRONG, ALL, FALSE, TEXT, 0, 0},
    [SM_FAULT_EXPIRED] = {"expired", SM_FAULT_WRONG, SM_CALL_FILE, TRUE, NO_VALUE, 0, 0},
    [SM_FAULT_FOREIGN_HOST] = {"foreign-host", SM_FAULT_WRONG, SM_CALL_FILE, TRUE, TEXT, 0, 0},
    [SM_FAULT_HTTP_URL] = {"http-url", SM_FAULT_WRONG, SM_CALL_FILE, TRUE, NO_VALUE, 0, 0},
    [SM_FAULT_USERINFO_URL] = {"userinfo-url", SM_FAULT_WRONG, SM_CALL_FILE, TRUE, NO_VALUE, 0, 0},
    [SM_FAULT_BAD_ETAG] = {"bad-etag", SM_FAULT_WRONG, SM_CALL_OBJECT, TRUE, NO_VALUE, 0, 0},
    [SM_FAULT_XML_200] = {"xml-200", SM_FAULT_WRONG, SM_CALL_OBJECT, FALSE, NO_VALUE, 0, 0},
    [SM_FAULT_RETRY_AFTER] = {"retry-after", SM_FAULT_WRONG, ALL, FALSE, NUMBER, 0, G_MAXINT},
    [SM_FAULT_CORRUPT] = {"corrupt", SM_FAULT_WRONG, SM_CALL_OBJECT, TRUE, NO_VALUE, 0, 0},
    [SM_FAULT_HTML] = {"html", SM_FAULT_WRONG, ALL, FALSE, NUMBER, 400, 599},
    [SM_FAULT_GATEWAY] = {"gateway", SM_FAULT_WRONG, ALL, FALSE, NUMBER, 400, 599},
    [SM_FAULT_MAX_SESSIONS] = {"max-sessions", SM_FAULT_WRONG, API, FALSE, NUMBER, 400, 599},
};

struct SmFaults {
    GMutex lock;
    GPtrArray *list;
};

static void
clear(gpointer data)
{
    SmFault *fault = data;

    g_free(fault->text);
    g_free(fault->file);
}

void
sm_fault_free(SmFault *fault)
{
    g_atomic_rc_box_release_full(fault, clear);
}

/* Takes a trailing xCOUNT off text. */
static gint64
cut_count(char *text)
{
    char *x = strrchr(text, 'x');
    gint64 count;

    if (x == NULL || !g_ascii_string_to_signed(x + 1, 10, 1, G_MAXINT, &count, NULL))
        return -1;
    *x = '\0';
    return count;
}

static gboolean
parse_value(SmFault *fault, gsize which, const char *value)
{
    fault->number = SM_FAULT_NO_VALUE;
    switch (kinds[which].form) {
    case NO_VALUE:
        return value == NULL;
    case OPTIONAL_NUMBER:
        if (value == NULL)
            return TRUE;
        break;
    case TEXT:
        fault->text = g_strdup(value);
        return value != NULL && value[0] != '\0';
    case NUMBER:
        break;
    }
    return value != NULL && g_ascii_string_to_signed(value, 10, kinds[which].min, kinds[which].max,
                                                     &fault->number, NULL);
}

/* How a fault of that kind is written. */
static char *
usage(gsize which)
{
    const char *name = kinds[which].name;

    if (kinds[which].form == NO_VALUE)
        return g_strdup_printf("%s takes no value", name);
    if (kinds[which].form == TEXT)
        return g_strdup_printf("write %s=TEXT", name);
    if (kinds[which].max >= G_MAXINT)
        return g_strdup_printf("write %s=NUMBER, at least %" G_GINT64_FORMAT, name,
                               kinds[which].min);
    return g_strdup_printf("write %s=NUMBER, from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT, name,
                           kinds[which].min, kinds[which].max);
}

/* Takes a trailing /NAME off call; FALSE if it is none. */
static gboolean
cut_name(SmFault *fault, char *call)
{
    char *slash = strchr(call, '/');

    if (slash == NULL)
        return TRUE;
    *slash = '\0';
    fault->file = g_uri_unescape_string(slash + 1, NULL);
    return fault->file != NULL && fault->file[0] != '\0';
}

/* Fills fault from CALL[/NAME] and KIND[=VALUE]; what is wrong with it, or NULL. Caller frees. */
static char *
parse_parts(SmFault *fault, char *call, char *kind)
{
    char *value = strchr(kind, '=');
    guint which;
    gsize k = 0;

    if (!cut_name(fault, call))
        return g_strdup("write a file's name after /, percent-encoded");
    if (value != NULL)
        *value++ = '\0';
    which = strcmp(call, "any") == 0 ? ALL : sm_call_named(call) & ALL;
    while (k < G_N_ELEMENTS(kinds) && strcmp(kinds[k].name, kind) != 0)
        k++;
    if (which == 0)
        return g_strdup("the call must be login, file, list, object or any");
    if (k == G_N_ELEMENTS(kinds))
        return g_strdup_printf("there is no kind %s, see FAULTS in scoremail-emulator(1)", kind);
    fault->kind = (SmFaultKind)k;
    fault->name = kinds[k].name;
    fault->calls = which & kinds[k].calls;
    if (fault->calls == 0)
        return g_strdup_printf("%s is no fault of the call %s", kind, call);
    if (fault->file != NULL && (fault->calls &= NAMED) == 0)
        return g_strdup("only file and object calls are about a file");
    return parse_value(fault, k, value) ? NULL : usage(k);
}

static SmFault *
parse(const char *spec, GError **error)
{
    g_autofree char *text = g_strdup(spec);
    g_autoptr(SmFault) fault = g_atomic_rc_box_new0(SmFault);
    char *colon = strchr(text, ':');
    g_autofree char *wrong = NULL;

    if (colon == NULL) {
        wrong = g_strdup("write CALL[/NAME]:KIND[=VALUE][xCOUNT]");
    } else {
        *colon = '\0';
        fault->left = cut_count(colon + 1);
        wrong = parse_parts(fault, text, colon + 1);
    }
    if (wrong == NULL)
        return g_steal_pointer(&fault);
    return sm_error_null(error, SM_ERROR_USAGE, "fault '%s': %s", spec, wrong);
}

SmFaults *
sm_faults_new(const char *const *specs, GError **error)
{
    g_autoptr(SmFaults) faults = g_new0(SmFaults, 1);

    g_mutex_init(&faults->lock);
    faults->list = g_ptr_array_new_with_free_func((GDestroyNotify)sm_fault_free);
    if (!sm_faults_replace(faults, specs, error))
        return NULL;
    return g_steal_pointer(&faults);
}

void
sm_faults_free(SmFaults *faults)
{
    g_ptr_array_unref(faults->list);
    g_mutex_clear(&faults->lock);
    g_free(faults);
}

gboolean
sm_faults_replace(SmFaults *faults, const char *const *specs, GError **error)
{
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)sm_fault_free);
    g_autoptr(GMutexLocker) held G_GNUC_UNUSED = NULL;

    for (gsize i = 0; specs != NULL && specs[i] != NULL; i++) {
        SmFault *fault = parse(specs[i], error);

        if (fault == NULL)
            return FALSE;
        g_ptr_array_add(list, fault);
    }
    held = g_mutex_locker_new(&faults->lock);
    g_ptr_array_unref(faults->list);
    faults->list = g_steal_pointer(&list);
    return TRUE;
}

static gboolean
fits(const SmFault *fault, SmFaultClass class, const SmRequest *request, guint status)
{
    return fault->left != 0 && (fault->calls & request->call) != 0 &&
           kinds[fault->kind].class == class &&
           (fault->file == NULL || g_strcmp0(fault->file, request->name) == 0) &&
           (!kinds[fault->kind].spoils || (status >= 200 && status < 300));
}

SmFault *
sm_faults_take(SmFaults *faults, SmFaultClass class, const SmRequest *request, guint status)
{
    g_autoptr(GMutexLocker) held G_GNUC_UNUSED = g_mutex_locker_new(&faults->lock);

    SM_EACH (SmFault, fault, faults->list)
        if (fits(fault, class, request, status)) {
            fault->left -= fault->left > 0 ? 1 : 0;
            return g_atomic_rc_box_acquire(fault); /* outlives a change of the list */
        }
    return NULL;
}
