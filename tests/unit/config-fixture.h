/*
 * A folder of its own with a configuration in it, for tests with GTest's
 * fixtures. In expected messages CONF stands for the main file and ACCOUNTS for
 * accounts.d beside it. XDG_CONFIG_HOME and XDG_STATE_HOME name the folder.
 */
#pragma once

#include "common/config/config.h"

typedef struct {
    char *folder;
    char *file;     /* CONF; not yet there */
    char *accounts; /* ACCOUNTS; not yet there */
} Fixture;

/* An account of five lines, and one without its first line. */
#define MAIN                                                                                       \
    "[account main]\n"                                                                             \
    "username = me\n"                                                                              \
    "password-file = /etc/scoremail/password\n"                                                    \
    "directory = /srv/scores\n"                                                                    \
    "format = csv\n"
#define REST "username = me\npassword-file = /p\ndirectory = /d\nformat = csv\n"

void fixture_set_up(Fixture *fixture, gconstpointer data);
void fixture_tear_down(Fixture *fixture, gconstpointer data);

/* Writes text to path, mode 0644; to name in ACCOUNTS, which is made. */
void fixture_write(const char *path, const char *text);
void fixture_write_part(const Fixture *fixture, const char *name, const char *text);

/* CONF with that text, read; fails the test if it is refused. */
SmConfig *fixture_load(const Fixture *fixture, const char *text);

/* Asserts that a file of ACCOUNTS, or ACCOUNTS itself, cannot be used, with that message, and that
 * the one account of CONF, main, can. */
void fixture_assert_broken(const Fixture *fixture, const char *expected);

/* CONF as it is must be refused with that message; error must be that SM_ERROR_CONFIG. */
void fixture_assert_refused(const Fixture *fixture, const char *expected);
void fixture_assert_message(const Fixture *fixture, const GError *error, const char *expected);
