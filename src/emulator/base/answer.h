/*
 * One answer, before it is sent: status, headers, and a body of bytes in memory or
 * of a part of a file; and the fault, if any, that spoils the body on its way.
 */
#pragma once

#include <cjson/cJSON.h>
#include <glib.h>

typedef enum {
    SM_END_WHOLE, /* the body is sent to its end */
    SM_END_CLOSE, /* the connection is closed in good order after `stop` bytes */
    SM_END_RESET, /* the connection is broken hard after `stop` bytes */
    SM_END_STALL, /* nothing is sent after `stop` bytes, the connection stays open */
} SmEnd;

enum { SM_LENGTH_NONE = -1, SM_FLIP_NONE = -1 };

typedef struct {
    guint status;
    GPtrArray *headers; /* name, value, name, value ... */
    GBytes *bytes;      /* the body, if fd is -1 */
    int fd;             /* the file that the body is read from, owned */
    guint64 offset;     /* where in the file the body starts */
    guint64 length;     /* bytes of the body */

    gint64 declared; /* Content-Length; SM_LENGTH_NONE: the answer goes out in chunks */
    SmEnd end;
    guint64 stop;    /* for any other end than SM_END_WHOLE */
    gboolean silent; /* SM_END_RESET before even the status is sent */
    guint pace;      /* bytes a second; 0: as fast as it goes */
    gint64 flip;     /* the byte of the body that is spoilt, or SM_FLIP_NONE */
} SmAnswer;

/* An empty answer with that status. Caller owns. */
SmAnswer *sm_answer_new(guint status);

/* Frees answer. */
void sm_answer_free(SmAnswer *answer);

/* Sets a header, in place of one of the same name. */
void sm_answer_set_header(SmAnswer *answer, const char *name, const char *value);

/* The value of a header, or NULL. Points into answer. */
const char *sm_answer_header(const SmAnswer *answer, const char *name);

/* Gives the answer a body of its own: takes over text, of length bytes. */
void sm_answer_take_text(SmAnswer *answer, const char *type, char *text, gsize length);

/* Gives the answer length bytes of a file from offset on: takes over fd. */
void sm_answer_take_file(SmAnswer *answer, const char *type, int fd, guint64 offset,
                         guint64 length);

/* An answer in JSON: takes over json. */
SmAnswer *sm_answer_json(guint status, cJSON *json);

/* {"message":"..."}, as the service reports errors. */
SmAnswer *sm_answer_message(guint status, const char *format, ...) G_GNUC_PRINTF(2, 3);

/*
 * Copies at most max bytes of the body from position on, spoilt as the fault says.
 * Returns the number of bytes, 0 at the end, -1 (errno) if the file cannot be read.
 */
gssize sm_answer_read(const SmAnswer *answer, guint64 position, char *buffer, gsize max);

/* How many bytes of the body are sent before it ends, whole or by a fault. */
guint64 sm_answer_sendable(const SmAnswer *answer);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SmAnswer, sm_answer_free)
