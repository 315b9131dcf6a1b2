/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What poll must say about a connection: one table, a file a family.
 *
 * The rows are in states_*.c, which run_states() runs through; see there.
 * They are what Documentation/networking/poll-half-close.rst shows.
 *
 * Requested are IN, PRI, OUT, RDNORM, WRNORM and RDHUP, and the answer is
 * exact.  Who asks for less is told those of its bits that he asked for, and
 * HUP and ERR.  IN stands for IN and RDNORM, OUT for OUT and WRNORM: no family
 * but TIPC, which knows no WRNORM, gives one of two without the other.
 *
 * The source of a row is who says so: the kernel's function that decides, and
 * other suites that expect the same ("gVisor" is its syscall tests,
 * "sockapi-ts" is Xilinx's iomux/rdhup.c, "LTP" the Linux Test Project).  Where
 * families disagree on purpose or by age, the top of their files says so.
 */
#ifndef RDHUP_EXPECT_H
#define RDHUP_EXPECT_H

#include "ask.h"
#include "family.h"

enum {
	E_IN	= EPOLLIN | EPOLLRDNORM,
	E_PRI	= EPOLLPRI,
	E_OUT	= EPOLLOUT | EPOLLWRNORM,
	E_RDHUP	= EPOLLRDHUP,
	E_HUP	= EPOLLHUP,
	E_ERR	= EPOLLERR,

	E_ALL	= E_IN | E_PRI | E_OUT | E_RDHUP,	/* what is requested */

	/* The three ends of a connection that come up most. */
	E_EOF	= E_IN | E_OUT | E_RDHUP,
	E_GONE	= E_EOF | E_HUP,
	E_RESET	= E_GONE | E_ERR,

	/* TIPC: no WRNORM, and no OUT once there is nowhere to write to. */
	T_OUT	= EPOLLOUT,
	T_END	= E_IN | E_RDHUP | E_HUP,
};

/* A family in the mask of a row. */
#define F(id)	(1u << (id))

/*
 * Nobody can be asleep right before the row's state, or the peer's end goes
 * away in several steps, each of which may be seen.
 */
#define NO_EVENT	true

struct row {
	const char *state;	/* the name of a scenario, see scenario.h */
	unsigned int families;
	unsigned int all;	/* the answer */
	const char *source;
	bool no_event;
};

/*
 * The main() of a program of rows, the last of which is empty: every row for
 * each of its families, asked for in every way there is.  In a network of its
 * own, but for Bluetooth, whose controllers are in the initial one.
 */
int run_states(int argc, char **argv, const struct row *rows);

#endif /* RDHUP_EXPECT_H */
