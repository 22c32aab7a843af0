#include "fetch/host/progress.h"

#include <string.h>
#include <unistd.h>

#include "common/base/text.h"
#include "fetch/host/screen.h"

enum {
    FIRST_US = 400 * 1000,
    TICK_US = 200 * 1000,
    NAME_MIN = 12, /* columns: a shorter name is of no use */
};

#define ERASE_LINE "\r\033[K"
#define LINE_UP "\033[A"

struct SmProgressLine {
    SmProgress *progress;
    char *name;
    guint number;
    gint64 bytes, size;
    gint64 begin_at, begin_bytes; /* where the rate is counted from; 0: no byte yet */
};

struct SmProgress {
    int fd;
    guint total, begun;
    GMutex lock;
    GCond ending;
    gboolean ended;
    GThread *thread;
    GPtrArray *lines; /* of SmProgressLine */
    guint drawn;      /* lines on the screen; the cursor is on the last one */
};

/* "0:07", "12:34", "3:05:00". Caller frees. */
static char *
clock_text(gint64 seconds)
{
    if (seconds >= 3600)
        return g_strdup_printf("%d:%02d:%02d", (int)(seconds / 3600), (int)(seconds / 60 % 60),
                               (int)(seconds % 60));
    return g_strdup_printf("%d:%02d", (int)(seconds / 60), (int)(seconds % 60));
}

/* The parts after the name, the most important one first; NULL-terminated. */
static char **
parts_of(const SmProgressState *state)
{
    g_autoptr(GPtrArray) parts = g_ptr_array_new();
    g_autofree char *size = sm_text_size((guint64)MAX(state->size, 0));
    g_autofree char *bytes = sm_text_size((guint64)state->bytes);
    g_autofree char *rate = sm_text_size((guint64)state->rate);

    if (state->size > 0)
        g_ptr_array_add(parts, g_strdup_printf("%3d%%", (int)(state->bytes * 100 / state->size)));
    g_ptr_array_add(parts,
                    state->size > 0 ? g_strdup_printf("%s of %s", bytes, size) : g_strdup(bytes));
    if (state->rate >= 1 && state->size > state->bytes) {
        gint64 left = (gint64)((double)(state->size - state->bytes) / state->rate) + 1;
        g_autofree char *time = clock_text(MIN(left, 99 * 3600));

        g_ptr_array_add(parts, g_strdup_printf("%s left", time));
    }
    if (state->rate >= 1)
        g_ptr_array_add(parts, g_strdup_printf("%s/s", rate));
    g_ptr_array_add(parts, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&parts), FALSE);
}

char *
sm_progress_format(const SmProgressState *state, gsize width)
{
    g_auto(GStrv) parts = parts_of(state);
    g_autofree char *count =
        state->total > 1 ? g_strdup_printf("%u of %u: ", state->number, state->total) : NULL;
    g_autoptr(GString) line = g_string_new(NULL);
    gsize name = strlen(state->name), before = count != NULL ? strlen(count) : 0;
    gsize room = MIN(name, NAME_MIN), used;

    if (before + room > width / 2)
        before = 0;
    used = before + room;
    for (char **part = parts; *part != NULL; part++) {
        if (used + 2 + strlen(*part) > width)
            break;
        g_string_append_printf(line, "  %s", *part);
        used += 2 + strlen(*part);
    }
    /* what is left is the name's */
    room = MIN(name, width - MIN(width, before + line->len));
    g_string_prepend_len(line, state->name, (gssize)room);
    if (room < name && room > 0)
        line->str[room - 1] = '~';
    if (before > 0)
        g_string_prepend(line, count);
    return g_string_free(g_steal_pointer(&line), FALSE);
}

static char *
format_line(const SmProgressLine *line, gsize width)
{
    double seconds = (double)(g_get_monotonic_time() - line->begin_at) / (double)G_USEC_PER_SEC;
    SmProgressState state = {line->name,  line->number, line->progress->total,
                             line->bytes, line->size,   0};

    if (line->begin_at != 0 && seconds > 0)
        state.rate = (double)(line->bytes - line->begin_bytes) / seconds;
    return sm_progress_format(&state, width);
}

static void
put(const SmProgress *progress, const GString *text)
{
    ssize_t ignored = write(progress->fd, text->str, text->len);

    (void)ignored; /* a terminal that is gone shows nothing */
}

static void
append_erasure(SmProgress *progress, GString *text)
{
    if (progress->drawn > 0)
        g_string_append(text, ERASE_LINE);
    for (guint i = 1; i < progress->drawn; i++)
        g_string_append(text, LINE_UP ERASE_LINE);
    progress->drawn = 0;
}

static void
erase(SmProgress *progress)
{
    g_autoptr(GString) text = g_string_new(NULL);

    append_erasure(progress, text);
    put(progress, text);
}

static void
draw(SmProgress *progress)
{
    g_autoptr(GString) text = g_string_new(NULL);
    guint columns, rows;

    sm_screen_size(progress->fd, &columns, &rows);
    append_erasure(progress, text);
    for (guint i = 0; i < progress->lines->len && progress->drawn + 1 < rows; i++) {
        /* one column stays free, lest the cursor jumps to the next line */
        g_autofree char *line = format_line(progress->lines->pdata[i], columns - 1);

        g_string_append(text, progress->drawn++ > 0 ? "\n" : "");
        g_string_append(text, line);
    }
    put(progress, text);
}

static gpointer
run(gpointer data)
{
    SmProgress *progress = data;
    gint64 next = g_get_monotonic_time() + FIRST_US;

    g_mutex_lock(&progress->lock);
    while (!progress->ended) {
        if (g_cond_wait_until(&progress->ending, &progress->lock, next))
            continue;
        draw(progress);
        next = g_get_monotonic_time() + TICK_US;
    }
    erase(progress);
    g_mutex_unlock(&progress->lock);
    return NULL;
}

SmProgress *
sm_progress_new(int fd, guint total)
{
    SmProgress *progress;

    if (!isatty(fd) || g_strcmp0(g_getenv("TERM"), "dumb") == 0)
        return NULL;
    progress = g_new0(SmProgress, 1);
    progress->fd = fd;
    progress->total = total;
    progress->lines = g_ptr_array_new();
    g_mutex_init(&progress->lock);
    g_cond_init(&progress->ending);
    progress->thread = g_thread_try_new("progress", run, progress, NULL);
    return progress;
}

void
sm_progress_free(SmProgress *progress)
{
    if (progress == NULL)
        return;
    g_mutex_lock(&progress->lock);
    progress->ended = TRUE;
    g_cond_signal(&progress->ending);
    g_mutex_unlock(&progress->lock);
    if (progress->thread != NULL)
        g_thread_join(progress->thread);
    g_ptr_array_unref(progress->lines);
    g_mutex_clear(&progress->lock);
    g_cond_clear(&progress->ending);
    g_free(progress);
}

SmProgressLine *
sm_progress_begin(SmProgress *progress, const char *name)
{
    SmProgressLine *line;

    if (progress == NULL)
        return NULL;
    line = g_new0(SmProgressLine, 1);
    line->progress = progress;
    line->name = g_strdup(name);
    line->size = -1;
    g_mutex_lock(&progress->lock);
    line->number = ++progress->begun;
    g_ptr_array_add(progress->lines, line);
    g_mutex_unlock(&progress->lock);
    return line;
}

void
sm_progress_move(SmProgressLine *line, gint64 bytes, gint64 size)
{
    if (line == NULL)
        return;
    g_mutex_lock(&line->progress->lock);
    if (line->begin_at == 0 || bytes < line->bytes) { /* the first ones, or it started over */
        line->begin_at = g_get_monotonic_time();
        line->begin_bytes = bytes;
    }
    line->bytes = bytes;
    line->size = size;
    g_mutex_unlock(&line->progress->lock);
}

void
sm_progress_end(SmProgressLine *line)
{
    if (line == NULL)
        return;
    g_mutex_lock(&line->progress->lock);
    g_ptr_array_remove(line->progress->lines, line);
    g_mutex_unlock(&line->progress->lock);
    g_free(line->name);
    g_free(line);
}

static void
make_way(gpointer screen, gboolean begin)
{
    SmProgress *progress = screen;

    if (begin) {
        g_mutex_lock(&progress->lock);
        erase(progress);
    } else {
        g_mutex_unlock(&progress->lock); /* the next tick draws them again */
    }
}

void
sm_progress_show(SmProgress *progress, SmReport *report)
{
    report->screen = progress;
    report->make_way = progress != NULL ? make_way : NULL;
}
