/*
 * The parser child's side: all that reads what strangers sent happens in here,
 * in a process of its own that ends with its answer.
 */
#pragma once

#include <glib.h>
#include <sys/types.h>

/* Answers that are no event. The second one is followed by the name of a character set. */
#define SM_ANSWER_NONE "none"
#define SM_ANSWER_NEED "need "

/* Address space beside the message: libraries, the message's tree, a hostile document's tree. */
#define SM_PARSER_MEMORY (512UL * 1024 * 1024)

typedef struct {
    const char *message;
    gsize length;
    guint max_cpu;        /* seconds */
    GPtrArray *charsets;  /* of char *: those to open before the message is read */
    const char *unusable; /* if not NULL: why the message is not to be read, but for its header */
} SmParserTask;

/*
 * Limits the process to max_cpu seconds and to memory, gives up its standard
 * descriptors, reads the message and writes to fd one of: an encoded event,
 * SM_ANSWER_NONE, SM_ANSWER_NEED with a character set to begin again with.
 * Exit status 0 means that the answer is complete.
 */
G_GNUC_NORETURN void sm_parser_run(const SmParserTask *task, int fd);
