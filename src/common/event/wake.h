/*
 * The FIFO that starts the worker of a site: scoremail-run.socket makes it, in a folder of root's
 * where nobody else can. Who leaves an event in the spool writes a byte; the worker takes all
 * bytes out before it looks into the spool, so that what comes later starts it again.
 */
#pragma once

#define SM_SITE_WAKE "/run/scoremail/wake"

/* Writes a byte into fifo if it is a FIFO that is open for reading and that we may write to; never
 * blocks. */
void sm_wake(const char *fifo);

/* Reads and drops all bytes of fifo if it is a FIFO of our own; never blocks. */
void sm_wake_drain(const char *fifo);
