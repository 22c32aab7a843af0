#include "fetch/setup/plan.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/cleanup.h"
#include "common/base/each.h"
#include "common/base/error.h"
#include "fetch/check/places.h"
#include "fetch/host/subprocess.h"
#include "fetch/service/secret-file.h"

enum { COMMAND_LIMIT = 60 /* seconds */ };

typedef enum { FOLDER, FILE_TEXT, SECRET, COMMAND, NOTE } Kind;

typedef struct {
    Kind kind;
    char *path; /* of a folder or file */
    char *text; /* of a file or note; what a command reads */
    GStrv argv;
    gboolean may_fail; /* a command that is only tried */
    SmSecret *secret;
    mode_t mode;
    const char *owner, *group; /* names, static; NULL: ours */
} Step;

static void
step_free(gpointer data)
{
    Step *step = data;

    g_free(step->path);
    g_free(step->text);
    g_strfreev(step->argv);
    sm_secret_free(step->secret);
    g_free(step);
}

SmPlan *
sm_plan_new(void)
{
    return g_ptr_array_new_with_free_func(step_free);
}

static Step *
add(SmPlan *plan, Kind kind, const char *path, const char *text)
{
    Step *step = g_new0(Step, 1);

    *step = (Step){.kind = kind, .path = g_strdup(path), .text = g_strdup(text)};
    g_ptr_array_add(plan, step);
    return step;
}

void
sm_plan_folder(SmPlan *plan, const char *path, mode_t mode, const char *owner, const char *group)
{
    Step *step = add(plan, FOLDER, path, NULL);

    step->mode = mode;
    step->owner = owner;
    step->group = group;
}

void
sm_plan_file(SmPlan *plan, const char *path, const char *text, mode_t mode)
{
    add(plan, FILE_TEXT, path, text)->mode = mode;
}

void
sm_plan_secret(SmPlan *plan, const char *path, SmSecret *secret, const char *owner)
{
    Step *step = add(plan, SECRET, path, NULL);

    step->secret = secret;
    step->owner = owner;
}

void
sm_plan_command(SmPlan *plan, gboolean must, const char *const *argv, const char *input)
{
    Step *step = add(plan, COMMAND, NULL, input);

    step->argv = g_strdupv((char **)argv);
    step->may_fail = !must;
}

void
sm_plan_note(SmPlan *plan, const char *text, ...)
{
    g_autofree char *note = NULL;
    va_list args;

    va_start(args, text);
    note = g_strdup_vprintf(text, args);
    va_end(args);
    add(plan, NOTE, NULL, note);
}

gboolean
sm_plan_can_write(const char *path, GError **error)
{
    g_autofree char *real = realpath(path, NULL);
    g_autofree char *above = g_path_get_dirname(real != NULL ? real : path);
    g_autofree char *folder = sm_check_nearest(above);

    if (real == NULL && g_file_test(path, G_FILE_TEST_IS_SYMLINK))
        return sm_error_set(error, SM_ERROR_DIRECTORY,
                            "nothing changed: %s is a link to what does not exist", path);
    if (access(folder, W_OK | X_OK) == 0)
        return TRUE;
    return sm_error_from_errno(error, SM_ERROR_DIRECTORY,
                               "nothing changed: %s needs write access to %s", path, folder);
}

gboolean
sm_plan_can_make(const char *path, GError **error)
{
    if (g_file_test(path, G_FILE_TEST_EXISTS) && !g_file_test(path, G_FILE_TEST_IS_DIR))
        return sm_error_set(error, SM_ERROR_DIRECTORY, "nothing changed: %s is not a directory",
                            path);
    return g_file_test(path, G_FILE_TEST_IS_DIR) || sm_plan_can_write(path, error);
}

/* What a step's owner and group are; (uid_t)-1: nobody in particular. FALSE and errno. */
static gboolean
find_owner(const Step *step, uid_t *user, gid_t *group)
{
    const struct passwd *entry = step->owner != NULL ? getpwnam(step->owner) : NULL;
    const struct group *members = step->group != NULL ? getgrnam(step->group) : NULL;

    *user = entry != NULL ? entry->pw_uid : (uid_t)-1;
    *group = members != NULL ? members->gr_gid : entry != NULL ? entry->pw_gid : (gid_t)-1;
    errno = ESRCH;
    return (step->owner == NULL || entry != NULL) && (step->group == NULL || members != NULL);
}

/* Owner and mode of a folder that was just made; one on the way to the last is a site's for all. */
static gboolean
set_access(int fd, const Step *step, gboolean last)
{
    uid_t user;
    gid_t group;

    if (!last)
        return step->owner == NULL || fchmod(fd, 0755) == 0;
    return find_owner(step, &user, &group) &&
           (step->owner == NULL || fchown(fd, user, group) == 0) && fchmod(fd, step->mode) == 0;
}

/* Opens the folder name in parent, which is made where it is missing; -1 and errno. */
static int
enter(int parent, const char *name, const Step *step, gboolean last, gboolean *made)
{
    int fd;

    *made = mkdirat(parent, name, 0700) == 0;
    if (!*made && errno != EEXIST)
        return -1;
    /* A link on the way is the person's own; what we made is none, and gets its owner by itself. */
    fd = openat(parent, name, O_DIRECTORY | O_RDONLY | O_CLOEXEC | (*made ? O_NOFOLLOW : 0));
    if (fd >= 0 && *made && !set_access(fd, step, last)) {
        int fault = errno;

        sm_close(&fd);
        errno = fault;
    }
    return fd;
}

static gboolean
make_folder(const Step *step, GError **error)
{
    g_auto(GStrv) names = g_strsplit(step->path, "/", -1);
    sm_autofd int fd = open("/", O_DIRECTORY | O_RDONLY | O_CLOEXEC);
    gboolean made = FALSE;

    for (char **name = names; *name != NULL; name++) {
        gboolean last = name[1] == NULL;
        int next;

        if (**name == '\0')
            continue;
        next = enter(fd, *name, step, last, &made);
        if (next < 0)
            return sm_error_from_errno(error, SM_ERROR_DIRECTORY, "folder %s", step->path);
        if (made && fsync(fd) < 0) {
            sm_close(&next);
            return sm_error_from_errno(error, SM_ERROR_DIRECTORY, "%s", step->path);
        }
        sm_close(&fd);
        fd = next;
    }
    if (made)
        g_message("made %s, mode %04o", step->path, (guint)step->mode);
    return TRUE;
}

static gboolean
write_file(const Step *step, GError **error)
{
    g_autofree char *present = NULL;
    g_autofree char *real = realpath(step->path, NULL);
    const char *target = real != NULL ? real : step->path;
    g_autoptr(GError) fault = NULL;
    struct stat st;
    gboolean exists = stat(target, &st) == 0;
    gboolean ok;
    mode_t mask;

    if (exists && g_file_get_contents(target, &present, NULL, NULL) &&
        strcmp(present, step->text) == 0)
        return TRUE;
    mask = umask(0); /* the mode is meant as it is said */
    ok = g_file_set_contents_full(target, step->text, -1,
                                  G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE,
                                  exists ? (int)(st.st_mode & 07777) : (int)step->mode, &fault);
    umask(mask);
    if (!ok || (exists && st.st_uid != geteuid() && chown(target, st.st_uid, st.st_gid) < 0))
        return sm_error_set(error, SM_ERROR_DIRECTORY, "%s: %s", step->path,
                            fault != NULL ? sm_error_of_file(fault) : g_strerror(errno));
    g_message("%s %s", exists ? "edited" : "wrote", step->path);
    return TRUE;
}

static gboolean
write_secret(const Step *step, GError **error)
{
    uid_t user, owner;
    gid_t group;

    if (!sm_secret_write(step->path, step->secret, &owner, error))
        return FALSE;
    if (!find_owner(step, &user, &group) ||
        (step->owner != NULL && owner == 0 && lchown(step->path, user, (gid_t)-1) < 0))
        return sm_error_from_errno(error, SM_ERROR_DIRECTORY, "%s", step->path);
    g_message("wrote %s, mode 0600", step->path);
    return TRUE;
}

static gboolean
run_command(const Step *step, GError **error)
{
    g_autofree char *line = g_strjoinv(" ", step->argv);
    SmTask task = {.argv = (const char *const *)step->argv,
                   .input = step->text,
                   .limit = g_get_monotonic_time() + COMMAND_LIMIT * G_USEC_PER_SEC};
    GError *fault = NULL;

    if (sm_subprocess_do(&task, NULL, SM_ERROR_DIRECTORY, &fault)) {
        g_message("ran %s", line);
        return TRUE;
    }
    if (!step->may_fail) {
        g_propagate_prefixed_error(error, fault, "%s: ", line);
        return FALSE;
    }
    g_info("%s: %s", line, fault->message);
    g_error_free(fault);
    return TRUE;
}

void
sm_plan_print(const SmPlan *plan)
{
    SM_EACH (const Step, step, plan) {
        g_autofree char *line = step->argv != NULL ? g_strjoinv(" ", step->argv) : NULL;

        if (step->kind == FOLDER)
            printf("== folder %s, mode %04o\n", step->path, (guint)step->mode);
        else if (step->kind == FILE_TEXT)
            printf("== file %s, mode %04o\n%s", step->path, (guint)step->mode, step->text);
        else if (step->kind == SECRET)
            printf("== file %s, mode 0600\n(the password)\n", step->path);
        else if (step->kind == COMMAND)
            printf("== command %s\n%s", line, step->text != NULL ? step->text : "");
        else
            printf("== left to you\n%s\n", step->text);
    }
}

gboolean
sm_plan_do(const SmPlan *plan, GError **error)
{
    static gboolean (*const doers[])(const Step *, GError **) = {[FOLDER] = make_folder,
                                                                 [FILE_TEXT] = write_file,
                                                                 [SECRET] = write_secret,
                                                                 [COMMAND] = run_command};
    static const int requests[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGTSTP};
    sigset_t held, before;
    gboolean ok = TRUE;

    sigemptyset(&held);
    for (gsize i = 0; i < G_N_ELEMENTS(requests); i++)
        sigaddset(&held, requests[i]);
    sigprocmask(SIG_BLOCK, &held, &before);
    SM_EACH (const Step, step, plan)
        if (ok && step->kind != NOTE && !step->may_fail)
            ok = doers[step->kind](step, error);
    sigprocmask(SIG_SETMASK, &before, NULL);
    SM_EACH (const Step, step, plan)
        if (ok && step->kind == COMMAND && step->may_fail)
            ok = run_command(step, error);
    return ok;
}

void
sm_plan_print_notes(const SmPlan *plan)
{
    SM_EACH (const Step, step, plan)
        if (step->kind == NOTE)
            puts(step->text);
}
