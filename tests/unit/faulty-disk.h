/*
 * A disk that fails when it is told to: SQLite's file system, with each write and
 * each sync counted, and failing from one of them on. Installed before the
 * ledger is opened; for one thread.
 */
#pragma once

#include <glib.h>

/* Makes it SQLite's default; once. */
void faulty_disk_install(void);

/*
 * The write or sync of that number, counted from 1 as of now, fails, and the next
 * times - 1 after it, as a full disk does (a write) or a broken one (a sync).
 */
void faulty_disk_fail(guint number, guint times);

/* Mended. TRUE if anything has failed since faulty_disk_fail(). */
gboolean faulty_disk_mend(void);
