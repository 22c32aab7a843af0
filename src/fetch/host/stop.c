#include "fetch/host/stop.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "common/base/cleanup.h"

enum {
    TOGETHER_MS = 1000
}; /* a terminal or systemd signals a parent and its child, and the parent
      passes it on: one request */

struct SmStop {
    void (*stop)(gpointer data);
    gpointer data;
    sigset_t signals;
    int signal_fd, end_fd;
    GThread *thread;
};

static gpointer
run(gpointer data)
{
    SmStop *stop = data;
    struct pollfd fds[] = {{.fd = stop->signal_fd, .events = POLLIN},
                           {.fd = stop->end_fd, .events = POLLIN}};

    TEMP_FAILURE_RETRY(poll(fds, G_N_ELEMENTS(fds), -1));
    if ((fds[0].revents & POLLIN) != 0) {
        struct signalfd_siginfo taken;

        stop->stop(stop->data);
        poll(&fds[1], 1, TOGETHER_MS);
        while (read(stop->signal_fd, &taken, sizeof taken) > 0)
            ;
        pthread_sigmask(SIG_UNBLOCK, &stop->signals, NULL); /* the next one finds this thread */
    }
    TEMP_FAILURE_RETRY(poll(&fds[1], 1, -1));
    return NULL;
}

/* nohup(1) and background jobs ignore some on purpose; sm_startup() leaves that so. */
static void
add_unless_ignored(sigset_t *signals, int number)
{
    struct sigaction action;

    if (sigaction(number, NULL, &action) == 0 && action.sa_handler != SIG_IGN)
        sigaddset(signals, number);
}

SmStop *
sm_stop_new(void (*function)(gpointer data), gpointer data)
{
    g_autoptr(SmStop) stop = g_new0(SmStop, 1);

    stop->stop = function;
    stop->data = data;
    sigemptyset(&stop->signals);
    add_unless_ignored(&stop->signals, SIGINT);
    add_unless_ignored(&stop->signals, SIGTERM);
    add_unless_ignored(&stop->signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &stop->signals, NULL);
    stop->signal_fd = signalfd(-1, &stop->signals, SFD_CLOEXEC | SFD_NONBLOCK);
    stop->end_fd = eventfd(0, EFD_CLOEXEC);
    if (stop->signal_fd < 0 || stop->end_fd < 0)
        return NULL;
    stop->thread = g_thread_try_new("stop", run, stop, NULL);
    return stop->thread != NULL ? g_steal_pointer(&stop) : NULL;
}

void
sm_stop_free(SmStop *stop)
{
    if (stop->thread != NULL) {
        const guint64 one = 1;
        ssize_t ignored = write(stop->end_fd, &one, sizeof one);

        (void)ignored;
        g_thread_join(stop->thread);
    }
    sm_close(&stop->signal_fd);
    sm_close(&stop->end_fd);
    pthread_sigmask(SIG_UNBLOCK, &stop->signals, NULL);
    g_free(stop);
}
