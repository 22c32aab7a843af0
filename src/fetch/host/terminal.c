#include "fetch/host/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "common/base/cleanup.h"
#include "common/base/error.h"

enum { ANSWER_MAX = 2000 /* bytes */ };

typedef struct {
    int tty;
    int signals; /* readable while one of the signals that end or stop us is pending */
    sigset_t awaited, mask;
    struct termios before;
    gboolean echo; /* what is typed is shown */
} Terminal;

typedef enum { ANSWERED, INTERRUPTED, FAILED } Turn;

static gboolean
open_terminal(Terminal *terminal, GError **error)
{
    static const int numbers[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGTSTP};

    terminal->tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (terminal->tty < 0 || tcgetattr(terminal->tty, &terminal->before) < 0)
        return sm_error_from_errno(error, SM_ERROR_USAGE, "no terminal to ask at");
    sigemptyset(&terminal->awaited);
    for (gsize i = 0; i < G_N_ELEMENTS(numbers); i++)
        sigaddset(&terminal->awaited, numbers[i]);
    terminal->signals = signalfd(-1, &terminal->awaited, SFD_CLOEXEC);
    return terminal->signals >= 0 || sm_error_from_errno(error, SM_ERROR_INTERNAL, "signalfd");
}

static void
say(const Terminal *terminal, const char *text)
{
    ssize_t ignored = write(terminal->tty, text, strlen(text));

    (void)ignored; /* then the answer cannot be read either */
}

static gboolean
set_echo(const Terminal *terminal, gboolean on)
{
    struct termios state = terminal->before;

    if (!on)
        state.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
    return tcsetattr(terminal->tty, TCSAFLUSH, &state) == 0;
}

/* Reads until the line's end, the end of answer, or a signal. */
static Turn
read_line(const Terminal *terminal, char *answer, gsize size, gsize *length)
{
    struct pollfd sources[] = {{terminal->signals, POLLIN, 0}, {terminal->tty, POLLIN, 0}};
    ssize_t got;

    *length = 0;
    while (*length < size && memchr(answer, '\n', *length) == NULL) {
        if (poll(sources, G_N_ELEMENTS(sources), -1) < 0 && errno != EINTR)
            return FAILED;
        if (sources[0].revents != 0)
            return INTERRUPTED;
        if (sources[1].revents == 0)
            continue;
        got = read(terminal->tty, answer + *length, size - *length);
        if (got < 0)
            return FAILED;
        if (got == 0)
            break;
        *length += (gsize)got;
    }
    return ANSWERED;
}

/* One question; a signal that came meanwhile strikes at its end, with the terminal as it was. */
static Turn
ask_once(Terminal *terminal, const char *prompt, char *answer, gsize size, gsize *length)
{
    Turn turn = FAILED;
    int fault;

    sigprocmask(SIG_BLOCK, &terminal->awaited, &terminal->mask);
    if (set_echo(terminal, terminal->echo)) {
        say(terminal, prompt);
        turn = read_line(terminal, answer, size, length);
    }
    fault = errno;
    if (!set_echo(terminal, TRUE))
        turn = FAILED;
    if (!terminal->echo || turn != ANSWERED || *length == 0)
        say(terminal, "\n");
    sigprocmask(SIG_SETMASK, &terminal->mask, NULL);
    errno = fault;
    return turn;
}

static gboolean
ask(const char *prompt, gboolean echo, char *answer, gsize size, gsize *length, GError **error)
{
    Terminal terminal = {.tty = -1, .signals = -1, .echo = echo};
    gboolean ok = open_terminal(&terminal, error);
    Turn turn = INTERRUPTED;

    while (ok && turn == INTERRUPTED)
        turn = ask_once(&terminal, prompt, answer, size, length);
    if (ok && turn == FAILED)
        ok = sm_error_from_errno(error, SM_ERROR_IO, "the terminal");
    if (ok && *length == 0) {
        sm_error_set(error, SM_ERROR_DATA, "nothing typed; nothing changed");
        ok = FALSE;
    }
    sm_close(&terminal.tty);
    sm_close(&terminal.signals);
    return ok;
}

gboolean
sm_terminal_ask(const char *prompt, char *answer, gsize size, gsize *length, GError **error)
{
    return ask(prompt, FALSE, answer, size, length, error);
}

char *
sm_terminal_ask_openly(const char *prompt, GError **error)
{
    char answer[ANSWER_MAX + 1] = "";
    gsize length;

    if (!ask(prompt, TRUE, answer, ANSWER_MAX, &length, error))
        return NULL;
    return g_strstrip(g_strndup(answer, length));
}

gboolean
sm_terminal_is_there(void)
{
    sm_autofd int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);

    return fd >= 0;
}
