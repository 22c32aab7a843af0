/*
 * Attempts what a parser that was taken over would attempt, from inside the
 * sandbox of the parser child:
 *
 *   sandbox-probe outside|landlock|seccomp|both|child ATTEMPT FOLDER
 *
 * It says "done", or the error's name, on its first standard output; the kernel
 * may end it before that. `outside` is the control: each attempt works there,
 * so that what fails inside was blocked and not wrong in itself. `child` is the
 * real one, forked to read a message, by a hook that no other program has; the
 * others enter the same sandbox with the walls that are asked for.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sysexits.h>
#include <unistd.h>

#include "filter/child.h"
#include "filter/parser.h"
#include "filter/reader.h"
#include "filter/sandbox/sandbox.h"

enum { PLENTY = 32 * 1024 * 1024, CPU_SECONDS = 7 };

/* What has to be known before the sandbox closes. */
typedef struct {
    char file[4096]; /* one that does not exist yet, in a folder where it could */
    pid_t parent;
    char *page; /* memory of its own */
    int answer;
} Before;

static long
try_openat(const Before *before)
{
    return openat(AT_FDCWD, "/etc/passwd", O_RDONLY | O_CLOEXEC);
}

static long
try_open(const Before *before)
{
#ifdef SYS_open
    return syscall(SYS_open, "/etc/passwd", O_RDONLY | O_CLOEXEC);
#else
    return try_openat(before);
#endif
}

static long
try_create(const Before *before)
{
    return openat(AT_FDCWD, before->file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
}

static long
try_mkdir(const Before *before)
{
    return mkdir(before->file, 0700);
}

static long
try_stat(const Before *before)
{
    struct stat about;

    return fstatat(AT_FDCWD, "/etc/passwd", &about, 0);
}

static long
try_socket(const Before *before)
{
    return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static long
try_bind(const Before *before)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    return bind((int)try_socket(before), (struct sockaddr *)&any, sizeof any);
}

static long
try_execve(const Before *before)
{
    char *const argv[] = {(char *)"echo", (char *)"done", NULL};

    return execve("/bin/echo", argv, argv + 2);
}

static long
try_ptrace(const Before *before)
{
    return ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}

static long
try_clone(const Before *before)
{
    long pid = syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);

    if (pid == 0)
        syscall(SYS_exit_group, 0);
    return pid;
}

static long
try_kill(const Before *before)
{
    return kill(before->parent, 0);
}

static long
try_mmap(const Before *before)
{
    return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED
               ? -1
               : 0;
}

static long
try_mprotect(const Before *before)
{
    return mprotect(before->page, 4096, PROT_READ | PROT_EXEC);
}

static long
try_memfd(const Before *before)
{
    return memfd_create("probe", MFD_CLOEXEC);
}

static long
try_read(const Before *before)
{
    char byte;

    return read(STDIN_FILENO, &byte, 1);
}

static long
try_write_elsewhere(const Before *before)
{
    return write(STDOUT_FILENO, "", 0);
}

static long
try_limit(const Before *before)
{
    const struct rlimit limit = {1 << 20, 1 << 20};

    return setrlimit(RLIMIT_FSIZE, &limit);
}

/* What the parser does need. */
static long
try_memory(const Before *before)
{
    g_autofree char *memory = g_malloc(PLENTY);

    memset(memory, 1, PLENTY);
    memory = g_realloc(memory, 2UL * PLENTY);
    memset(memory, 1, 2UL * PLENTY);
    return 0;
}

static const struct {
    const char *name;
    long (*attempt)(const Before *);
} attempts[] = {
    {"openat", try_openat},     {"open", try_open},
    {"create", try_create},     {"mkdir", try_mkdir},
    {"stat", try_stat},         {"socket", try_socket},
    {"bind", try_bind},         {"execve", try_execve},
    {"ptrace", try_ptrace},     {"clone", try_clone},
    {"kill", try_kill},         {"mmap", try_mmap},
    {"mprotect", try_mprotect}, {"memfd", try_memfd},
    {"read", try_read},         {"write elsewhere", try_write_elsewhere},
    {"limit", try_limit},       {"memory", try_memory},
};

/* What sm_parser_probe() attempts, and where it says what came of it: it has no other way out. */
static struct {
    const Before *before;
    const char *name;
    char *outcome; /* shared with the parent */
} in_child;

static const char *
outcome_of(const Before *before, const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS(attempts); i++)
        if (strcmp(name, attempts[i].name) == 0)
            return attempts[i].attempt(before) >= 0 ? "done" : strerrorname_np(errno);
    return "no such attempt";
}

void
sm_parser_probe(void)
{
    if (in_child.name != NULL)
        g_strlcpy(in_child.outcome, outcome_of(in_child.before, in_child.name), 4096);
}

/* The one that is linked in, which knows the probe. */
const SmReader *
sm_reader_load(GError **error)
{
    return &sm_reader;
}

/* The attempt by the child that reads a message; "killed" by the sandbox where it says nothing. */
static int
report_child(const Before *before, const char *name)
{
    static const char message[] = "Content-Type: text/html\n\nnothing\n";
    const SmChildRules rules = {CPU_SECONDS, SM_SANDBOX_REQUIRED};
    g_autoptr(SmEvent) event = NULL;
    g_autoptr(GError) error = NULL;

    in_child.before = before;
    in_child.name = name;
    in_child.outcome = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (sm_child_read(message, sizeof message - 1, &rules, &event, &error))
        puts(in_child.outcome);
    else
        puts(strstr(error->message, "sandbox killed the parser") != NULL ? "killed"
                                                                         : error->message);
    return EX_OK;
}

static void
say(const Before *before, const char *text)
{
    if (write(before->answer, text, strlen(text)) < 0)
        _exit(EX_IOERR);
}

static void
report(const Before *before, const char *name)
{
    say(before, outcome_of(before, name));
    _exit(EX_OK);
}

/* For `state`, which wants no seccomp: the limits, in bytes and seconds, and the descriptors. */
static void
report_state(const Before *before)
{
    const int limits[] = {RLIMIT_CPU, RLIMIT_AS, RLIMIT_FSIZE};
    char text[64];

    for (gsize i = 0; i < G_N_ELEMENTS(limits); i++) {
        struct rlimit limit;

        getrlimit((__rlimit_resource_t)limits[i], &limit);
        g_snprintf(text, sizeof text, "%lu ", (unsigned long)limit.rlim_cur);
        say(before, text);
    }
    for (int fd = 0; fd < 1024; fd++)
        if (fcntl(fd, F_GETFD) >= 0)
            say(before, fd == before->answer ? "answer " : fd == STDERR_FILENO ? "stderr " : "? ");
    _exit(EX_OK);
}

int
main(int argc, char **argv)
{
    SmSandbox sandbox = {sm_sandbox_find(), 1UL << 30, CPU_SECONDS, -1};
    Before before = {.parent = getppid()};
    SmSandboxStep step;

    if (argc != 4)
        return EX_USAGE;
    g_snprintf(before.file, sizeof before.file, "%s/created", argv[3]);
    before.page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    before.answer = fcntl(STDOUT_FILENO, F_DUPFD, STDERR_FILENO + 7);
    sandbox.answer = before.answer;
    if (strcmp(argv[1], "child") == 0)
        return report_child(&before, argv[2]);
    if (strcmp(argv[1], "landlock") == 0)
        sandbox.walls.seccomp = FALSE;
    else if (strcmp(argv[1], "seccomp") == 0)
        sandbox.walls.landlock = 0;
    if (strcmp(argv[1], "outside") != 0) {
        step = sm_sandbox_enter(&sandbox);
        if (step != SM_SANDBOX_ENTERED)
            _exit(EX_UNAVAILABLE);
    }
    if (strcmp(argv[2], "state") == 0)
        report_state(&before);
    report(&before, argv[2]);
}
