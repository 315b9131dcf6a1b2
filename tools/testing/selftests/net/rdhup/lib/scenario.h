/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The states of a connection that expect.h speaks about, and how to get into
 * them.
 *
 * A scenario is where it starts and up to five steps; "own" is the end that
 * is polled, "peer" the other one.  What a waiter must be told of is the last
 * step.  Nothing here asserts: play() returns 0 or a negative errno.
 */
#ifndef RDHUP_SCENARIO_H
#define RDHUP_SCENARIO_H

#include "family.h"

enum start {
	PAIR,		/* a connected pair, see make_pair() */
	ALONE,		/* own is a socket that nothing was done to */
	LISTENER,	/* own listens */
	CLIENT,		/* own connected to a listener, not accepted yet */
	ACCEPTING,	/* the peer has connected, own is not accepted yet */
	CONNECTING,	/* own waits for a full listener to answer its SYN */
	WRITER,		/* own is the end of a pipe that writes */
};

enum step {
	END,
	OWN_SHUT_RD,
	OWN_SHUT_WR,
	OWN_SHUT_RDWR,
	PEER_SHUT_RD,
	PEER_SHUT_WR,
	PEER_SHUT_RDWR,
	PEER_CLOSE,
	PEER_RESET,	/* close() with SO_LINGER 0 */
	PEER_WRITE,
	PEER_READ,
	PEER_OOB,	/* a byte of urgent data */
	OWN_WRITE,	/* may fail with EPIPE or ECONNRESET */
	OWN_READ,
	OWN_READ_EOF,	/* a read that must return 0 */
	OWN_FILL,	/* write until there is no room */
	ACCEPT,
	CONNECT,	/* the peer connects to own */
	REFUSED,	/* own connects to where nobody listens, and hears so */
	REFUSED_LATER,	/* the same, but connect() did not wait for it */
	CLOSE_LISTENER,
	SHUT_LISTENER_RD,
	FIFO_WRITER,	/* a new writer opens the FIFO */
	LINK_LOST,	/* the two Bluetooth controllers lose each other */
};

struct scenario {
	const char *name;
	enum start start;
	enum step step[6];
};

/* In the order of the documentation; the last one is empty. */
extern const struct scenario scenarios[];

/* The one of that name, or NULL. */
const struct scenario *scenario_named(const char *name);

/* A scenario that is being played. */
struct play {
	const struct scenario *scenario;
	enum family_id family;
	int own;
	int peer;
	int listener;
	int extra;	/* what keeps a full listener full */
};

/* How many steps @s has. */
int nr_steps(const struct scenario *s);

/* Get to where @s starts, with family @family. */
int play_start(struct play *p, const struct scenario *s, enum family_id family);

/* What a step may return for want of urgent data, beside errors. */
#define PLAY_NO_OOB	1

/* Play one step, of a scenario or not. */
int play_step(struct play *p, enum step step);

/* Play steps @from up to but not including @to. */
int play_steps(struct play *p, int from, int to);

#endif /* RDHUP_SCENARIO_H */
