/* The command line of `scoremail-emulator serve`. */
#pragma once

#include <glib.h>

#include "emulator/s3/objects.h"
#include "emulator/s3/signer.h"

typedef struct {
    char *listen; /* an IP address */
    char *host;   /* what clients on this machine call that: localhost, or the address itself */
    gint port;
    char **users;
    char *data;
    char **files;
    char *tls_dir, *tls_cert, *tls_key;
    gint url_lifetime;   /* seconds */
    gint token_lifetime; /* seconds */
    char *signature;
    char *etag;
    SmEtagForm etag_form;
    char *empty;
    gboolean strict_dates;
    char *max_sessions;       /* N/TIME, or NULL */
    gint max_sessions_status; /* 400 to 599 */
    char *object_host;        /* in URLs; host, if nothing else was said */
    char *bucket;
    gboolean virtual_host; /* the bucket stands in the host's name */
    char *access_log;
    char **faults;
    char *object_store;
    SmS3Key key;
    char *ready_file;
    gboolean show_version;
} SmOptions;

/*
 * Reads the arguments (argv[0] is skipped, --help prints and exits); what is
 * missing has its default. SM_ERROR_USAGE for invalid arguments.
 */
SmOptions *sm_options_parse(char **argv, GError **error);

/* Frees options. */
void sm_options_free(SmOptions *options);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SmOptions, sm_options_free)
