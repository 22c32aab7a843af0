#include "fetch/host/crew.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/base/cleanup.h"
#include "common/base/each.h"
#include "common/base/error.h"
#include "common/base/io.h"
#include "common/base/startup.h"
#include "fetch/host/memory.h"

enum {             /* seconds */
       GRACE = 10, /* to end in good order */
       DEATH = 5,  /* to die of SIGKILL */
       GAP = 5,    /* between two looks: this process, too, stood still */
       LOOK_MS = 250,
       GROWTH = 4
};

struct SmCrew {
    guint places;
    SmCrewWork work;
    gpointer data;
    sigset_t before;
    int signal_fd;
    int out[2];         /* a pipe for each of STDOUT_FILENO and STDERR_FILENO, read here ... */
    int in[2];          /* ... and written to by the members; -1: they have ours */
    GPtrArray *members; /* of SmCrewMember, at work */
    guint requests;     /* signals that asked this process to end */
    gint64 looked_at;   /* monotonic time */
};

static gboolean
open_pipe(SmCrew *crew, int fd)
{
    return isatty(fd) || sm_open_pipe(&crew->out[fd - 1], &crew->in[fd - 1]);
}

SmCrew *
sm_crew_new(guint places, SmCrewWork work, gpointer data, GError **error)
{
    g_autoptr(SmCrew) crew = g_new0(SmCrew, 1);
    sigset_t awaited;

    crew->places = places;
    crew->work = work;
    crew->data = data;
    crew->members = g_ptr_array_new();
    crew->out[0] = crew->out[1] = crew->in[0] = crew->in[1] = -1;
    sigprocmask(SIG_SETMASK, NULL, &crew->before);
    sm_startup_hold_requests(&awaited);
    sigaddset(&awaited, SIGCHLD);
    sigprocmask(SIG_BLOCK, &awaited, NULL);
    crew->signal_fd = signalfd(-1, &awaited, SFD_CLOEXEC | SFD_NONBLOCK);
    if (crew->signal_fd >= 0 && open_pipe(crew, STDOUT_FILENO) && open_pipe(crew, STDERR_FILENO))
        return g_steal_pointer(&crew);
    return sm_error_null_errno(error, SM_ERROR_INTERNAL, "cannot create a pipe");
}

void
sm_crew_free(SmCrew *crew)
{
    if (crew == NULL)
        return;
    sm_close(&crew->signal_fd);
    for (int i = 0; i < 2; i++) {
        sm_close(&crew->out[i]);
        sm_close(&crew->in[i]);
    }
    sigprocmask(SIG_SETMASK, &crew->before, NULL);
    g_ptr_array_unref(crew->members);
    g_free(crew);
}

void
sm_crew_member_free(SmCrewMember *member)
{
    if (member->note != MAP_FAILED)
        munmap(member->note, sizeof *member->note);
    g_free(member);
}

static gint
now_in_seconds(void)
{
    return (gint)(g_get_monotonic_time() / G_USEC_PER_SEC);
}

void
sm_crew_note_progress(SmCrewNote *note)
{
    if (note != NULL)
        g_atomic_int_set(&note->progress_at, now_in_seconds());
}

guint
sm_crew_size(const SmCrew *crew)
{
    return crew->members->len;
}

gboolean
sm_crew_was_stopped(const SmCrew *crew)
{
    return crew->requests > 0;
}

/* Seconds since it got on. */
static gint
idle_for(const SmCrewMember *member)
{
    return now_in_seconds() - g_atomic_int_get(&member->note->progress_at);
}

gboolean
sm_crew_has_place(const SmCrew *crew)
{
    gint64 now = g_get_monotonic_time();
    guint taken = 0;

    SM_EACH (const SmCrewMember, member, crew->members)
        if (now - member->begun_at < member->task.turn * G_USEC_PER_SEC &&
            idle_for(member) <= (gint)member->task.stall)
            taken++;
    return taken < crew->places && crew->members->len < GROWTH * crew->places;
}

/* The process's side. It dies with its parent: whatever it was at, the next run resumes. */
G_GNUC_NORETURN static void
become(const SmCrew *crew, const SmCrewMember *member, pid_t parent)
{
    int code = EX_TEMPFAIL;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    sigprocmask(SIG_SETMASK, &crew->before, NULL);
    for (int i = 0; i < 2; i++)
        if (crew->in[i] >= 0)
            dup2(crew->in[i], i + 1);
    if (getppid() == parent)
        code = crew->work(&member->task, member->note, crew->data);
    fflush(NULL);
    _exit(code);
}

gboolean
sm_crew_start(SmCrew *crew, const SmCrewTask *task, GError **error)
{
    g_autoptr(SmCrewMember) member = g_new0(SmCrewMember, 1);
    pid_t parent = getpid();

    member->task = *task;
    member->begun_at = g_get_monotonic_time();
    member->note =
        mmap(NULL, sizeof *member->note, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (member->note == MAP_FAILED)
        return sm_error_from_errno(error, SM_ERROR_INTERNAL, "cannot start a process");
    sm_crew_note_progress(member->note);
    fflush(NULL); /* what waits in a buffer would be written twice */
    member->pid = sm_secret_fork();
    if (member->pid == 0)
        become(crew, member, parent);
    if (member->pid < 0)
        return sm_error_from_errno(error, SM_ERROR_INTERNAL, "cannot start a process");
    g_ptr_array_add(crew->members, g_steal_pointer(&member));
    return TRUE;
}

static gboolean
has_ended(SmCrewMember *member)
{
    int status;

    if (waitpid(member->pid, &status, WNOHANG) != member->pid)
        return FALSE;
    member->code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return TRUE;
}

static void
ask(SmCrewMember *member, gint64 now)
{
    kill(member->pid, SIGTERM);
    if (member->asked_at == 0)
        member->asked_at = now;
}

/* Ends a process that makes no progress, step by step. Whether it is given up. */
static gboolean
attend(SmCrewMember *member, gint64 now)
{
    if (member->killed_at != 0) {
        if (now - member->killed_at < DEATH * G_USEC_PER_SEC)
            return FALSE;
        member->end = SM_CREW_LEFT_BEHIND;
        return TRUE;
    }
    if (member->asked_at == 0 && idle_for(member) > (gint)member->task.patience) {
        member->end = SM_CREW_STALLED;
        ask(member, now);
    } else if (member->asked_at != 0 && now - member->asked_at > GRACE * G_USEC_PER_SEC) {
        kill(member->pid, SIGKILL);
        member->killed_at = now;
    }
    return FALSE;
}

/* The first of them that is over, taken out; NULL: all are at work. */
static SmCrewMember *
take_ended(SmCrew *crew)
{
    gint64 now = g_get_monotonic_time();
    gboolean paused = now - crew->looked_at > GAP * G_USEC_PER_SEC; /* a shell's, or a machine's */

    crew->looked_at = now;
    for (guint i = 0; i < crew->members->len; i++) {
        SmCrewMember *member = crew->members->pdata[i];

        if (paused)
            sm_crew_note_progress(member->note);
        if (has_ended(member) || attend(member, now))
            return g_ptr_array_steal_index(crew->members, i);
    }
    return NULL;
}

/* What the members have printed so far. */
static void
print(const SmCrew *crew)
{
    char piece[4096];
    ssize_t got;

    for (int i = 0; i < 2; i++)
        while (crew->out[i] >= 0 && (got = read(crew->out[i], piece, sizeof piece)) > 0)
            sm_write_all(i + 1, piece, (gsize)got);
}

/* A second one is no request any more. */
static void
pass_on(SmCrew *crew)
{
    gint64 now = g_get_monotonic_time();

    crew->requests++;
    SM_EACH (SmCrewMember, member, crew->members) {
        if (crew->requests == 1)
            ask(member, now);
        else
            member->asked_at = 1; /* its time is over */
    }
}

SmCrewMember *
sm_crew_wait(SmCrew *crew, gint64 until)
{
    SmCrewMember *member;

    while ((member = take_ended(crew)) == NULL) {
        struct pollfd fds[] = {
            {crew->signal_fd, POLLIN, 0}, {crew->out[0], POLLIN, 0}, {crew->out[1], POLLIN, 0}};
        gint64 left = MIN(until - g_get_monotonic_time(), LOOK_MS * 1000);
        struct signalfd_siginfo taken;

        if (left <= 0)
            return NULL;
        poll(fds, G_N_ELEMENTS(fds), (int)(left / 1000) + 1);
        print(crew);
        while (read(crew->signal_fd, &taken, sizeof taken) == sizeof taken)
            if (taken.ssi_signo != SIGCHLD)
                pass_on(crew);
    }
    print(crew);
    return member;
}

gint64
sm_process_begun(pid_t pid)
{
    /* fields behind the name, which may have blanks: proc(5) */
    enum { STATE = 0, THREADS = 17, BEGUN = 19 };
    g_autofree char *path = g_strdup_printf("/proc/%d/stat", (int)pid);
    g_autofree char *text = NULL;
    g_auto(GStrv) fields = NULL;
    const char *name;

    if (pid <= 0 || !g_file_get_contents(path, &text, NULL, NULL) ||
        (name = strrchr(text, ')')) == NULL || name[1] == '\0')
        return 0;
    fields = g_strsplit(name + 2, " ", BEGUN + 2);
    /* a first thread that is dead, while another one hangs, looks like a zombie */
    if (g_strv_length(fields) <= BEGUN ||
        (strchr("ZX", fields[STATE][0]) != NULL && g_ascii_strtoll(fields[THREADS], NULL, 10) <= 1))
        return 0;
    return g_ascii_strtoll(fields[BEGUN], NULL, 10);
}
