/*
 * The parser child's side: everything that parses strangers' mail runs here, in a process of its
 * own that ends with its answer.
 */
#pragma once

#include "filter/sandbox/walls.h"

/* Answers that are no event: no notification, in words of their own where it would be one but
 * for a loop (loop.h); and what is followed by the name of a character set. */
#define SM_ANSWER_NONE "none"
#define SM_ANSWER_ALERT "alert"
#define SM_ANSWER_HOPS "hops"
#define SM_ANSWER_NEED "need "

/* Address space beside the message: libraries, the message's tree, a hostile document's tree. */
#define SM_PARSER_MEMORY (512UL * 1024 * 1024)

/* Only the tests' build defines it: called in the closed sandbox in place of a look at the message.
 */
void sm_parser_probe(void) __attribute__((weak));

/* How it ends. SM_STACK_FULL is another way; signals are the others. */
enum {
    SM_PARSER_ANSWERED = 0,
    SM_PARSER_FAILED = 1,     /* the answer could not be written, or not even begun */
    SM_PARSER_NOT_CLOSED = 8, /* plus an SmSandboxStep: the step at which the sandbox failed */
};

typedef struct {
    const char *message;
    gsize length;
    guint max_cpu;        /* seconds */
    SmSandboxWalls walls; /* that the sandbox has */
    GPtrArray *charsets;  /* of char *: those to open before the message is read */
    const char *unusable; /* if not NULL: why only the message's header is parsed */
} SmParserTask;

/*
 * Reads the message and writes to fd one of: an encoded event, one of the
 * answers above, SM_ANSWER_NEED with a character set to begin again with. Before the first
 * look at the message the process shuts itself in (sandbox.h), with max_cpu
 * seconds, SM_PARSER_MEMORY beside the message, fd, and no more. Exit status
 * SM_PARSER_ANSWERED means that the answer is complete.
 */
G_GNUC_NORETURN void sm_parser_run(const SmParserTask *task, int fd);

/* What reads messages, with the libraries that it needs: reader.h loads it. */
typedef struct {
    const char *version;                           /* of scoremail */
    void (*run)(const SmParserTask *task, int fd); /* sm_parser_run() */
    char *(*describe)(void); /* the libraries and their versions; caller frees */
} SmReader;

/* The one symbol of the reader's file. */
extern const SmReader sm_reader;
