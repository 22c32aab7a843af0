/*
 * The FIFO that starts the worker of a site: scoremail-run.socket makes it, in a folder of root's
 * where nobody else can. Who leaves an event in the spool writes a byte; the worker takes all
 * bytes out before it looks into the spool, so that what comes later starts it again.
 */
#pragma once

#define SM_SITE_WAKE "/run/scoremail/wake"

/* Writes a byte into fifo, where it is a FIFO that somebody waits at and we may write into; never
 * waits. */
void sm_wake(const char *fifo);

/* Takes out of fifo, where it is a FIFO of our own, all that is in it; never waits. */
void sm_wake_drain(const char *fifo);
