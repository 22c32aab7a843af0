#include "fetch/host/screen.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "common/base/cleanup.h"
#include "common/base/error.h"
#include "common/base/io.h"
#include "common/base/text.h"

enum {
    COLUMNS_USUAL = 80,
    ROWS_USUAL = 24,
    LINE_MAX_BYTES = 4096,
};

/* The other screen, no cursor, no line that goes on in the next one; and back. */
#define ENTER "\033[?1049h\033[?25l\033[?7l"
#define LEAVE "\033[?7h\033[?25h\033[?1049l"
#define HOME "\033[H"
#define ERASE_REST_OF_LINE "\033[K"
#define ERASE_BELOW "\033[J"

struct SmScreen {
    struct termios before;
    sigset_t ours, mask;
    int signals;
    int end; /* the signal that has ended the view; 0: none */
};

static void
say(const char *text)
{
    sm_write_all(STDOUT_FILENO, text, strlen(text)); /* a terminal that is gone shows nothing */
}

static gboolean
enter(const SmScreen *screen)
{
    struct termios state = screen->before;

    state.c_iflag &= ~(tcflag_t)IXON; /* Ctrl-S would hold us up, too */
    state.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    state.c_cc[VMIN] = 0; /* what poll() has seen may be flushed before it is read, by a Ctrl-C */
    state.c_cc[VTIME] = 0;
    if (tcsetattr(STDIN_FILENO, TCSANOW, &state) < 0)
        return FALSE;
    say(ENTER);
    return TRUE;
}

/* What was typed and not read is no command for the shell. */
static void
leave(const SmScreen *screen)
{
    say(LEAVE);
    tcflush(STDIN_FILENO, TCIFLUSH);
    tcsetattr(STDIN_FILENO, TCSANOW, &screen->before); /* without waiting for the terminal */
}

SmScreen *
sm_screen_open(const char *what, GError **error)
{
    static const int numbers[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGTSTP, SIGWINCH};
    g_autoptr(SmScreen) screen = NULL;
    struct termios before;

    if (!isatty(STDOUT_FILENO) || tcgetattr(STDIN_FILENO, &before) < 0 ||
        g_getenv("TERM") == NULL || g_str_equal(g_getenv("TERM"), "dumb"))
        return sm_error_null(error, SM_ERROR_USAGE,
                             "%s needs a terminal on standard input and output, with TERM set",
                             what);
    screen = g_new0(SmScreen, 1);
    screen->before = before;
    sigemptyset(&screen->ours);
    for (gsize i = 0; i < G_N_ELEMENTS(numbers); i++)
        sigaddset(&screen->ours, numbers[i]);
    pthread_sigmask(SIG_BLOCK, &screen->ours, &screen->mask);
    screen->signals = signalfd(-1, &screen->ours, SFD_CLOEXEC);
    if (screen->signals >= 0 && enter(screen))
        return g_steal_pointer(&screen);
    return sm_error_null_errno(error, SM_ERROR_INTERNAL, "the terminal");
}

void
sm_screen_close(SmScreen *screen)
{
    int end;

    leave(screen);
    end = screen->end;
    sm_close(&screen->signals);
    pthread_sigmask(SIG_SETMASK, &screen->mask, NULL);
    g_free(screen);
    if (end != 0 && end != SIGINT)
        raise(end);
}

/* Ctrl-Z: the shell finds the terminal as it was, and fg brings the view back. */
static gboolean
stop(const SmScreen *screen)
{
    sigset_t one;

    leave(screen);
    sigemptyset(&one);
    sigaddset(&one, SIGTSTP);
    raise(SIGTSTP);
    pthread_sigmask(SIG_UNBLOCK, &one, NULL);
    pthread_sigmask(SIG_BLOCK, &one, NULL);
    return enter(screen);
}

static gboolean
take_signal(SmScreen *screen)
{
    struct signalfd_siginfo taken = {0};

    if (read(screen->signals, &taken, sizeof taken) != (ssize_t)sizeof taken ||
        taken.ssi_signo == SIGWINCH)
        return TRUE;
    if (taken.ssi_signo == SIGTSTP)
        return stop(screen);
    screen->end = (int)taken.ssi_signo;
    return FALSE;
}

gboolean
sm_screen_wait(SmScreen *screen, guint ms)
{
    struct pollfd sources[] = {{screen->signals, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
    char key = '\0';
    ssize_t taken;

    if (poll(sources, G_N_ELEMENTS(sources), (int)ms) < 0)
        return errno == EINTR;
    if (sources[0].revents != 0 && !take_signal(screen))
        return FALSE;
    if (sources[1].revents == 0)
        return TRUE;
    taken = read(STDIN_FILENO, &key, 1);
    return taken >= 0 && (sources[1].revents & POLLHUP) == 0 && key != 'q' && key != 'Q';
}

void
sm_screen_size(int fd, guint *columns, guint *rows)
{
    struct winsize size = {0};

    if (ioctl(fd, TIOCGWINSZ, &size) < 0)
        size = (struct winsize){0};
    *columns = size.ws_col > 0 ? size.ws_col : COLUMNS_USUAL;
    *rows = size.ws_row > 0 ? size.ws_row : ROWS_USUAL;
}

static guint
width_of(gunichar c)
{
    return g_unichar_iszerowidth(c) ? 0 : g_unichar_iswide(c) ? 2 : 1;
}

char *
sm_screen_cut(const char *text, guint columns)
{
    const char *end = text;

    for (guint used = 0; *end != '\0'; end = g_utf8_next_char(end)) {
        used += width_of(g_utf8_get_char(end));
        if (used > columns)
            break;
    }
    return g_strndup(text, (gsize)(end - text));
}

void
sm_screen_draw(const GPtrArray *lines)
{
    g_autoptr(GString) text = g_string_new(HOME);
    struct pollfd terminal = {STDOUT_FILENO, POLLOUT, 0};
    guint columns, rows;

    if (poll(&terminal, 1, 0) <= 0)
        return;
    sm_screen_size(STDOUT_FILENO, &columns, &rows);
    for (guint i = 0; i < MIN(lines->len, rows); i++) {
        g_autofree char *clean = sm_text_clean(lines->pdata[i], LINE_MAX_BYTES);
        /* one column stays free: there some terminals erase the last character with the rest */
        g_autofree char *shown = sm_screen_cut(clean, columns - 1);

        g_string_append_printf(text, "%s%s" ERASE_REST_OF_LINE, i > 0 ? "\r\n" : "", shown);
    }
    g_string_append(text, ERASE_BELOW);
    say(text->str);
}
