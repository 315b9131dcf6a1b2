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

/*
 * X(name, start, steps...): the scenarios.  In the order of the documentation.
 */
#define RDHUP_SCENARIOS(X)						\
	X(fresh, PAIR, END)						\
	X(own_shut_rd, PAIR, OWN_SHUT_RD)				\
	X(own_shut_wr, PAIR, OWN_SHUT_WR)				\
	X(own_shut_rdwr, PAIR, OWN_SHUT_RDWR)				\
	X(peer_shut_rd, PAIR, PEER_SHUT_RD)				\
	X(peer_shut_wr, PAIR, PEER_SHUT_WR)				\
	X(peer_shut_rdwr, PAIR, PEER_SHUT_RDWR)				\
	X(peer_shut_rd_data_shut_wr, PAIR, PEER_SHUT_RD, PEER_WRITE,	\
	  PEER_SHUT_WR)							\
	X(peer_data, PAIR, PEER_WRITE)					\
	X(peer_data_shut_wr, PAIR, PEER_WRITE, PEER_SHUT_WR)		\
	X(peer_shut_wr_drained, PAIR, PEER_WRITE, PEER_SHUT_WR,		\
	  OWN_READ, OWN_READ_EOF)					\
	X(both_shut_wr, PAIR, OWN_SHUT_WR, PEER_SHUT_WR)		\
	X(own_shut_rd_peer_data, PAIR, OWN_SHUT_RD, PEER_WRITE)		\
	X(own_shut_wr_peer_shut_rd, PAIR, OWN_SHUT_WR, PEER_SHUT_RD)	\
	X(peer_oob, PAIR, PEER_OOB)					\
	X(peer_oob_shut_wr, PAIR, PEER_OOB, PEER_SHUT_WR)		\
	X(full, PAIR, OWN_FILL)						\
	X(full_peer_shut_wr, PAIR, OWN_FILL, PEER_SHUT_WR)		\
	X(full_peer_close, PAIR, OWN_FILL, PEER_CLOSE)			\
	X(peer_close, PAIR, PEER_CLOSE)					\
	X(peer_data_close, PAIR, PEER_WRITE, PEER_CLOSE)		\
	X(peer_close_unread, PAIR, OWN_WRITE, PEER_CLOSE)		\
	X(peer_reset, PAIR, PEER_RESET)					\
	X(own_shut_wr_peer_close, PAIR, OWN_SHUT_WR, PEER_CLOSE)	\
	X(peer_close_own_write, PAIR, PEER_CLOSE, OWN_WRITE)		\
	X(peer_shut_rdwr_own_write, PAIR, PEER_SHUT_RDWR, OWN_WRITE)	\
	X(unconnected, ALONE, END)					\
	X(unconnected_shut_rd, ALONE, OWN_SHUT_RD)			\
	X(unconnected_shut_rdwr, ALONE, OWN_SHUT_RDWR)			\
	X(refused, ALONE, REFUSED)					\
	X(refused_later, ALONE, REFUSED_LATER)				\
	X(connecting, CONNECTING, END)					\
	X(connecting_shut_rd, CONNECTING, OWN_SHUT_RD)			\
	X(connecting_shut_wr, CONNECTING, OWN_SHUT_WR)			\
	X(connecting_shut_rdwr, CONNECTING, OWN_SHUT_RDWR)		\
	X(listener, LISTENER, END)					\
	X(listener_pending, LISTENER, CONNECT)				\
	X(listener_shut_rd, LISTENER, OWN_SHUT_RD)			\
	X(listener_shut_wr, LISTENER, OWN_SHUT_WR)			\
	X(listener_shut_rdwr, LISTENER, OWN_SHUT_RDWR)			\
	X(not_accepted, CLIENT, END)					\
	X(listener_closed, CLIENT, CLOSE_LISTENER)			\
	X(listener_shut, CLIENT, SHUT_LISTENER_RD)			\
	X(shut_wr_before_accept, ACCEPTING, PEER_WRITE, PEER_SHUT_WR,	\
	  ACCEPT)							\
	X(closed_before_accept, ACCEPTING, PEER_CLOSE, ACCEPT)		\
	X(reset_before_accept, ACCEPTING, PEER_RESET, ACCEPT)		\
	X(readers_gone, WRITER, PEER_CLOSE)				\
	X(full_readers_gone, WRITER, OWN_FILL, PEER_CLOSE)		\
	X(writer_back, PAIR, PEER_CLOSE, FIFO_WRITER)			\
	X(link_lost, PAIR, LINK_LOST)					\
	X(data_link_lost, PAIR, PEER_WRITE, LINK_LOST)

enum scenario_id {
#define X(name, ...) SC_##name,
	RDHUP_SCENARIOS(X)
#undef X
	NR_SCENARIOS,
};

struct scenario {
	const char *name;
	enum start start;
	enum step step[6];
};

extern const struct scenario scenarios[NR_SCENARIOS];

/* A scenario that is being played. */
struct play {
	enum family_id family;
	int own;
	int peer;
	int listener;
	int extra;	/* what keeps a full listener full */
};

/* How many steps @id has. */
int nr_steps(enum scenario_id id);

/* Get to where scenario @id starts, with family @family. */
int play_start(struct play *p, enum scenario_id id, enum family_id family);

/* Play steps @from up to but not including @to. */
int play_steps(struct play *p, enum scenario_id id, int from, int to);

#endif /* RDHUP_SCENARIO_H */
