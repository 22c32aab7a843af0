/* What requests to a store are signed with. */
#pragma once

typedef struct {
    char *access_key; /* NULL: nothing is signed */
    char *secret_key;
    char *token;  /* of temporary credentials, or NULL */
    char *region; /* matters to Signature Version 4 alone */
} SmS3Key;
