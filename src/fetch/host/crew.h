/*
 * Work that is shared out to processes of our own, so many at a time. They are forks that go on
 * without exec: each has all that was read already, and nothing has to be loaded from a file
 * system that may hang. A process that makes no progress is ended; one that cannot be ended, as
 * while a file system hangs, is left behind, and the others go on.
 *
 * What they print goes through this process, unless that is a terminal: one that is left behind
 * must not hold the pipe that somebody else reads to its end.
 *
 * Whoever starts one has no database open, and no thread that may hold a lock.
 */
#pragma once

#include <sys/types.h>

#include <glib.h>

/* What a process and its parent both see. */
typedef struct {
    gint progress_at; /* monotonic time in seconds; sm_crew_note_progress() sets it */
    guint done, left; /* for the parent, which only hands them on */
} SmCrewNote;

typedef struct {
    gpointer data;  /* what it works on */
    guint turn;     /* seconds for which it takes one of the places */
    guint stall;    /* seconds without progress after which it takes none until it gets on */
    guint patience; /* seconds without progress after which it is ended */
} SmCrewTask;

typedef enum {
    SM_CREW_ENDED,       /* by itself */
    SM_CREW_STALLED,     /* it made no progress and was ended */
    SM_CREW_LEFT_BEHIND, /* it could not be ended, and lives */
} SmCrewEnd;

/* A process of the crew; once sm_crew_wait() has given it back, how it ended. */
typedef struct {
    SmCrewTask task;
    pid_t pid;
    SmCrewNote *note;
    SmCrewEnd end;
    int code; /* its exit code; 128 + number where a signal ended it */
    /* the crew's own */
    gint64 begun_at, asked_at, killed_at; /* monotonic times; 0: not yet */
} SmCrewMember;

typedef struct SmCrew SmCrew;

/* What the process does; its result is the exit code. Nothing is freed after it. */
typedef int (*SmCrewWork)(const SmCrewTask *task, SmCrewNote *note, gpointer data);

/* places: processes at a time. Until it is freed, signals that ask this process to end are for the
 * crew. Caller frees, once nobody is at work. SM_ERROR_INTERNAL. */
SmCrew *sm_crew_new(guint places, SmCrewWork work, gpointer data, GError **error);

/* Frees crew; NULL is allowed. */
void sm_crew_free(SmCrew *crew);

/* Called by the process, from any thread: it has got on. NULL is allowed. */
void sm_crew_note_progress(SmCrewNote *note);

/* How many are at work. */
guint sm_crew_size(const SmCrew *crew);

/* Whether one more may be started: one whose turn is over, or that stalls, takes no place, but
 * the crew never grows beyond four times its places. */
gboolean sm_crew_has_place(const SmCrew *crew);

/* Starts a process for task. SM_ERROR_INTERNAL. */
gboolean sm_crew_start(SmCrew *crew, const SmCrewTask *task, GError **error);

/*
 * Waits until a process has ended, in whatever way, or until that monotonic time: NULL then. A
 * signal that asks this process to end is passed on to all; they have some seconds to end.
 * Caller frees with sm_crew_member_free().
 */
SmCrewMember *sm_crew_wait(SmCrew *crew, gint64 until);

/* Whether such a signal came. */
gboolean sm_crew_was_stopped(const SmCrew *crew);

/* Frees member. */
void sm_crew_member_free(SmCrewMember *member);

/* When the process began, in the kernel's ticks since the machine did, which with its number is
 * never another's; 0: there is none that lives. */
gint64 sm_process_begun(pid_t pid);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SmCrew, sm_crew_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SmCrewMember, sm_crew_member_free)
