#include "fetch/check/checks.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/error.h"
#include "common/config/places.h"
#include "fetch/check/calls.h"
#include "fetch/host/subprocess.h"

enum { LIMIT = 10 /* seconds */, SHOWN_MAX = 64 * 1024 };

#define WORKER "scoremail-run.service"

/* What writes, and what starts it. */
static const struct {
    const char *unit, *timer;
} writers[] = {{WORKER, "scoremail-run.timer"}, {"scoremail-sync.service", "scoremail-sync.timer"}};

/* What a person starts by `enable --now`, then what these start; and what is missing without it. */
static const struct {
    const char *unit, *missing;
} units[] = {
    {"scoremail-run.socket", "after a boot, events wait for the first run"},
    {"scoremail-run.timer", "nothing is tried again"},
    {"scoremail-sync.timer", "a lost e-mail loses its file"},
    {"scoremail-tell.timer", "an alert or on-stored that failed waits for the next run"},
    {WORKER, "what is announced is not fetched"},
    {"scoremail-sync.service", "a lost e-mail loses its file"},
    {"scoremail-tell.service", "no alert is sent, and no on-stored run"},
};

/* The unit's own lines, which blank ones part from those of others. Caller frees. */
static char *
block_of(const char *shown, const char *unit)
{
    g_auto(GStrv) blocks = g_strsplit(shown, "\n\n", -1);
    g_autofree char *id = g_strdup_printf("Id=%s", unit);

    for (char **block = blocks; *block != NULL; block++) {
        g_auto(GStrv) lines = g_strsplit(*block, "\n", -1);

        if (g_strv_contains((const char *const *)lines, id))
            return g_strdup(*block);
    }
    return NULL;
}

/* Of what systemctl has shown; NULL without one. Caller frees. */
static char *
property_of(const char *shown, const char *unit, const char *property)
{
    g_autofree char *block = block_of(shown, unit);
    g_auto(GStrv) lines = g_strsplit(block != NULL ? block : "", "\n", -1);
    gsize length = strlen(property);

    for (char **line = lines; *line != NULL; line++)
        if (strncmp(*line, property, length) == 0 && (*line)[length] == '=')
            return g_strdup(*line + length + 1);
    return NULL;
}

static gboolean
has(const char *shown, const char *unit, const char *property, const char *value)
{
    g_autofree char *found = property_of(shown, unit, property);

    return g_strcmp0(found, value) == 0;
}

/* How much of path a folder is that it lies below, in bytes; 0: it does not. */
static gsize
depth_below(const char *path, const char *folder)
{
    gsize length = strlen(folder);

    while (length > 1 && folder[length - 1] == '/')
        length--;
    if (strncmp(path, folder, length) != 0)
        return 0;
    return length == 1 || path[length] == '/' || path[length] == '\0' ? length : 0;
}

/* The deepest of the folders that the property names, each below base, that path lies below. */
static gsize
deepest(const char *shown, const char *unit, const char *property, const char *base,
        const char *path)
{
    g_autofree char *value = property_of(shown, unit, property);
    g_auto(GStrv) words = NULL; /* quoted as for a shell */
    gsize depth = 0;

    if (value == NULL || !g_shell_parse_argv(value, NULL, &words, NULL))
        return 0;
    for (char **word = words; *word != NULL; word++) {
        g_autofree char *folder =
            g_strconcat(base, *word + strspn(*word, "-+"), NULL); /* missing is allowed */

        if (**word != '\0')
            depth = MAX(depth, depth_below(path, folder));
    }
    return depth;
}

static gsize
depth_of_protected(const char *shown, const char *unit, const char *path)
{
    static const char *const homes[] = {"/home", "/root", "/run/user"};
    static const char *const system[] = {"/usr", "/boot", "/efi", "/etc"};
    gsize depth = 0;

    if (has(shown, unit, "ProtectSystem", "strict"))
        depth = 1;
    for (gsize i = 0; !has(shown, unit, "ProtectSystem", "no") && i < G_N_ELEMENTS(system); i++)
        depth = MAX(depth, depth_below(path, system[i]));
    for (gsize i = 0; !has(shown, unit, "ProtectHome", "no") && i < G_N_ELEMENTS(homes); i++)
        depth = MAX(depth, depth_below(path, homes[i]));
    depth = MAX(depth, deepest(shown, unit, "ReadOnlyPaths", "", path));
    return MAX(depth, deepest(shown, unit, "InaccessiblePaths", "", path));
}

gboolean
sm_units_may_write(const char *shown, const char *unit, const char *path)
{
    gsize writable = deepest(shown, unit, "ReadWritePaths", "", path);

    if (!has(shown, unit, "LoadState", "loaded"))
        return TRUE;
    writable = MAX(writable, deepest(shown, unit, "StateDirectory", "/var/lib/", path));
    writable = MAX(writable, deepest(shown, unit, "LogsDirectory", "/var/log/", path));
    return writable >= depth_of_protected(shown, unit, path);
}

/* What systemctl shows, once; "" for nothing. */
static const char *
show(SmCheck *check)
{
    static const char *const argv[] = {
        "systemctl",
        "show",
        "-p",
        "Id,LoadState,UnitFileState,ActiveState,SubState,Result,NeedDaemonReload,FragmentPath,"
        "DropInPaths,ExecStart,ProtectSystem,ProtectHome,ReadWritePaths,ReadOnlyPaths,"
        "InaccessiblePaths,StateDirectory,LogsDirectory",
        "scoremail-run.socket",
        "scoremail-run.timer",
        "scoremail-sync.timer",
        "scoremail-tell.timer",
        WORKER,
        "scoremail-sync.service",
        "scoremail-tell.service",
        NULL};
    gsize length = SHOWN_MAX;

    if (check->units != NULL)
        return check->units;
    check->units = g_malloc0(SHOWN_MAX);
    if (!check->config->site || !g_file_test("/run/systemd/system", G_FILE_TEST_IS_DIR) ||
        !sm_subprocess(argv, g_get_monotonic_time() + LIMIT * G_USEC_PER_SEC, check->units, &length,
                       SM_ERROR_INTERNAL, NULL))
        *check->units = '\0';
    return check->units;
}

gboolean
sm_units_is_off(SmCheck *check, const char *unit)
{
    static const char *const off[] = {"disabled",       "masked", "masked-runtime",  "linked",
                                      "linked-runtime", "bad",    "enabled-runtime", NULL};
    g_autofree char *state = property_of(show(check), unit, "UnitFileState");

    return state != NULL && g_strv_contains(off, state);
}

/* What is wrong with the program that a service starts; NULL: nothing, or it starts none. Caller
 * frees. */
static char *
fault_of_program(const char *shown, const char *unit)
{
    g_autofree char *command = property_of(shown, unit, "ExecStart");
    g_auto(GStrv) words = g_strsplit(command != NULL ? command : "", " ", -1);

    for (char **word = words; *word != NULL; word++)
        if (g_str_has_suffix(*word, "/scorefetch")) /* behind "path=" or "argv[]=" */
            return sm_check_calls_fault((const char *const[]){strchr(*word, '/'), NULL});
    return NULL;
}

/* What is wrong with a unit, in words that follow its name, and what to do, before its name; NULL:
 * nothing. That one is not enabled is said by whoever knows whether cron takes its place, but of
 * the socket, which belongs to the timer. Caller frees what is wrong. */
static char *
fault_of(const char *shown, const char *unit, const char **remedy)
{
    g_autofree char *load = property_of(shown, unit, "LoadState");
    g_autofree char *enabled = property_of(shown, unit, "UnitFileState");
    g_autofree char *active = property_of(shown, unit, "ActiveState");
    g_autofree char *result = property_of(shown, unit, "Result");
    g_autofree char *program = NULL;
    gboolean socket = g_str_has_suffix(unit, ".socket");

    *remedy = "systemctl unmask";
    if (load == NULL || strcmp(load, "not-found") == 0)
        return NULL;
    if (strcmp(load, "masked") == 0)
        return g_strdup("is masked and never starts");
    *remedy = "systemd-analyze verify";
    if (strcmp(load, "loaded") != 0)
        return g_strdup_printf("cannot be loaded (%s)", load);
    *remedy = "systemctl daemon-reload, then systemctl restart";
    if (has(shown, unit, "NeedDaemonReload", "yes"))
        return g_strdup("has changed on the disk, and systemd has not read it again");
    *remedy = "systemctl edit";
    program = fault_of_program(shown, unit);
    if (program != NULL)
        return g_strdup_printf("starts a program that does not fit: %s", program);
    *remedy = "journalctl -u";
    if (g_strcmp0(active, "failed") == 0)
        return g_strdup_printf("has failed (%s)", result);
    *remedy = "systemctl enable --now";
    if (g_strcmp0(enabled, "enabled") != 0)
        return socket && has(shown, "scoremail-run.timer", "UnitFileState", "enabled")
                   ? g_strdup("is not enabled")
                   : NULL;
    *remedy = "systemctl start";
    if (g_strcmp0(active, "active") != 0)
        return g_strdup("is stopped");
    *remedy = "systemctl cat";
    return has(shown, unit, "SubState", "elapsed") ? g_strdup("has elapsed, and is never due again")
                                                   : NULL;
}

/* Adds the files that change a unit from how it was installed. */
static void
add_changes(GString *changes, const char *shown, const char *unit)
{
    g_autofree char *file = property_of(shown, unit, "FragmentPath");
    g_autofree char *drop_ins = property_of(shown, unit, "DropInPaths");

    if (file != NULL && g_str_has_prefix(file, "/etc/"))
        g_string_append_printf(changes, " %s", file);
    if (drop_ins != NULL && *drop_ins != '\0')
        g_string_append_printf(changes, " %s", drop_ins);
}

void
sm_check_units(SmCheck *check, const SmAccount *none)
{
    const char *shown = show(check);
    g_autoptr(GString) changes = g_string_new(NULL);
    guint before = check->findings->len;

    for (gsize i = 0; i < G_N_ELEMENTS(units); i++) {
        const char *remedy;
        g_autofree char *fault = fault_of(shown, units[i].unit, &remedy);

        if (fault != NULL)
            sm_check_say(check, SM_CHECK_WARNING, "units", NULL, "%s %s: %s; run %s %s",
                         units[i].unit, fault, units[i].missing, remedy, units[i].unit);
        add_changes(changes, shown, units[i].unit);
    }
    if (check->findings->len == before && has(shown, WORKER, "LoadState", "loaded"))
        sm_check_say(check, SM_CHECK_OK, "units", NULL, "systemd runs those that are enabled%s%s",
                     changes->len > 0 ? "; changed by" : "", changes->str);
}

static void
check_view(SmCheck *check, const char *item, const SmAccount *account, const char *path)
{
    g_autofree char *real = path != NULL ? realpath(path, NULL) : NULL;
    g_autoptr(GString) closed = g_string_new(NULL);

    for (gsize i = 0; real != NULL && i < G_N_ELEMENTS(writers); i++)
        if (has(show(check), writers[i].timer, "UnitFileState", "enabled") &&
            !sm_units_may_write(show(check), writers[i].unit, real))
            g_string_append_printf(closed, " %s", writers[i].unit);
    if (closed->len > 0)
        sm_check_say(check, SM_CHECK_FAILURE, item, account,
                     "%s is read-only for systemd's%s; run systemctl edit%s and add, below "
                     "[Service], ReadWritePaths=\"%s\"",
                     path, closed->str, closed->str, real);
}

void
sm_check_units_view(SmCheck *check, const SmAccount *none)
{
    const SmConfig *config = check->config;
    g_autofree char *ledger =
        sm_place_is_server(config->ledger) ? NULL : g_path_get_dirname(config->ledger);

    check_view(check, "ledger", NULL, ledger);
    check_view(check, "spool", NULL, config->spool);
    check_view(check, "log", NULL, config->log == SM_LOG_FILE ? config->log_file : NULL);
}

void
sm_check_units_view_of(SmCheck *check, const SmAccount *account)
{
    check_view(check, "directory", account, account->directory);
    check_view(check, "keys", account, sm_account_encrypts(account) ? account->gnupg_home : NULL);
}
