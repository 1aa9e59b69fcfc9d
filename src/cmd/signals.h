/* SPDX-License-Identifier: MIT */
/* Signals of the operating system, which are the whole process's business and so stay in cmd/:
 * SIGINT and SIGTERM stop the program in order, a second one at once.
 *
 * mg_signals_block is called first in main, before any thread exists, so that all threads inherit
 * the mask; a thread of its own then waits for them.
 */
#ifndef MG_CMD_SIGNALS_H
#define MG_CMD_SIGNALS_H

struct mg_sched;
struct mg_signals;

/* Blocks SIGINT and SIGTERM in this thread and those it starts; ignores SIGPIPE. */
void mg_signals_block(void);

/* Undoes it for the calling thread: the signals end the process again. */
void mg_signals_unblock(void);

/* Starts a thread that turns signals into requests to stop. Ended by mg_signals_unwatch, before the
 * sched is freed. */
struct mg_signals *mg_signals_watch(struct mg_sched *sched);
void mg_signals_unwatch(struct mg_signals *signals);

#endif
