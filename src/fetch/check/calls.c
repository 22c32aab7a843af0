#include "fetch/check/calls.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "build-config.h"
#include "common/base/error.h"
#include "fetch/host/subprocess.h"

#define NAME "/scoremail"
#define PIPE_FOLDER "sieve_pipe_bin_dir"
#define NOT_IN_PATHS " \t\r\"'`|;,()<>=!:"

enum { LIMIT = 10 /* seconds */, SAID_MAX = 1000, CRONTAB_MAX = 256 * 1024 /* bytes */ };

gboolean
sm_check_mentions(const char *text, const char *word)
{
    while (*text != '\0') {
        gsize length = strcspn(text, "\n");
        const char *line = text + strspn(text, " \t");

        if (*line != '#' && g_strstr_len(line, text + length - line, word) != NULL)
            return TRUE;
        text += length + (text[length] == '\n' ? 1 : 0);
    }
    return FALSE;
}

/* The path that a word of a recipe means; NULL: not known. Caller frees. */
static char *
path_of(const char *word, const char *home)
{
    static const char *const homes[] = {"~/", "$HOME/", "${HOME}/", "%h/"};

    if (*word == '/')
        return g_strdup(word);
    for (gsize i = 0; i < G_N_ELEMENTS(homes); i++)
        if (home != NULL && g_str_has_prefix(word, homes[i]))
            return g_build_filename(home, word + strlen(homes[i]), NULL);
    return NULL;
}

/* What a recipe names below these is configuration, state or mail. */
static gboolean
is_no_program(const char *path)
{
    return g_str_has_prefix(path, "/etc/") || g_str_has_prefix(path, "/var/") ||
           g_file_test(path, G_FILE_TEST_IS_DIR);
}

GStrv
sm_check_calls(const char *text, const char *home)
{
    g_autoptr(GStrvBuilder) calls = g_strv_builder_new();
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (char **line = lines; *line != NULL; line++) {
        g_auto(GStrv) words = NULL; /* the line's, by what may stand around a path */

        if ((*line)[strspn(*line, " \t")] == '#')
            continue;
        words = g_strsplit_set(*line, NOT_IN_PATHS, -1);
        for (char **word = words; *word != NULL; word++) {
            g_autofree char *path = g_str_has_suffix(*word, NAME) ? path_of(*word, home) : NULL;

            if (path != NULL && !is_no_program(path))
                g_strv_builder_add(calls, path);
        }
    }
    return g_strv_builder_end(calls);
}

char *
sm_check_piped_call(const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (char **line = lines; *line != NULL; line++) {
        char *value = g_strstrip(*line);

        if (!g_str_has_prefix(value, PIPE_FOLDER))
            continue;
        value = g_strchug(value + strlen(PIPE_FOLDER));
        if (*value == '=')
            return g_strconcat(g_strchug(value + 1), NAME, NULL);
    }
    return NULL;
}

/* NULL: it is what its name says, in our version. Caller frees. */
static char *
fault_of(const char *program)
{
    g_autofree char *name = g_path_get_basename(program);
    g_autofree char *wanted = g_strdup_printf("%s " SM_VERSION, name);
    const char *const argv[] = {program, "--version", NULL};
    gint64 limit = g_get_monotonic_time() + LIMIT * G_USEC_PER_SEC;
    g_autoptr(GError) fault = NULL;
    char said[SAID_MAX];
    gsize length = sizeof said;

    if (access(program, F_OK) < 0)
        return g_strdup(errno == ENOENT ? "does not exist" : g_strerror(errno));
    if (!sm_subprocess(argv, limit, said, &length, SM_ERROR_INTERNAL, &fault))
        return g_strdup_printf("cannot run: it %s", fault->message);
    said[strcspn(said, "\n")] = '\0';
    if (strcmp(said, wanted) != 0)
        return g_strdup_printf("is \"%s\", not %s", said, wanted);
    return NULL;
}

char *
sm_check_calls_fault(const char *const *calls)
{
    g_autofree char *first = NULL;

    for (; *calls != NULL; calls++) {
        g_autofree char *fault = fault_of(*calls);

        if (fault == NULL)
            return NULL;
        if (first == NULL)
            first = g_strdup_printf("%s %s", *calls, fault);
    }
    return g_steal_pointer(&first);
}

char *
sm_check_crontab(GError **error)
{
    static const char *const argv[] = {"crontab", "-l", NULL};
    g_autofree char *text = g_malloc0(CRONTAB_MAX + 1);
    gsize length = CRONTAB_MAX;
    g_autoptr(GError) fault = NULL;

    if (!sm_subprocess(argv, g_get_monotonic_time() + LIMIT * G_USEC_PER_SEC, text, &length,
                       SM_ERROR_DIRECTORY, &fault)) {
        if (strstr(fault->message, "no crontab for") != NULL)
            return g_strdup("");
        return sm_error_null(error, SM_ERROR_DIRECTORY, "crontab -l: %s", fault->message);
    }
    if (length < CRONTAB_MAX - 1 && strlen(text) == length)
        return g_steal_pointer(&text);
    return sm_error_null(error, SM_ERROR_DIRECTORY, "the crontab is too long to be edited");
}

gboolean
sm_check_has_own_systemd(void)
{
    g_autofree char *socket = g_strdup_printf("/run/user/%u/systemd/private", (guint)geteuid());

    return access(socket, F_OK) == 0;
}
