// SPDX-License-Identifier: GPL-2.0
/*
 * Every row of a table, asked for in every way there is.  A test's name is
 * FIXTURE.STATE__FAMILY.WAY.
 *
 * state: the row's state is there; what does poll() say of it?
 *  1. poll and ppoll give the row's masks, exactly, and select sorts the same
 *     bits into its three sets.
 *  2. epoll gives the row's masks: repeats them when level-triggered, gives
 *     them once when edge-triggered.
 *
 * event: two waiters are asleep when the row's last step is made.
 *  3. The one who asked for what comes is told, of exactly what he asked for;
 *     the one who did not is told of nothing but HUP and ERR.
 *
 * A few rows are known to be delivered by another thread of the kernel (MPTCP,
 * vsock and SMC), so each test first waits until the state is there.
 */
#include "expect.h"
#include "netns.h"
#include "scenario.h"
#include "tcp.h"
#include "wait.h"
#include "kselftest_harness.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/*
 * Where the last step must change nothing: how long to look for a change.
 * Loopback delivers before the step's system call returns, so this is ample.
 */
#define QUIET_MS	20

/* How long a state may take to get there; rows that fail use it up. */
#define STATE_MS	1000

/* A row for one of its families. */
struct cell {
	const struct row *row;
	const struct scenario *scenario;
	enum family_id family;
	unsigned int only;	/* the answer if RDHUP alone is requested */
	unsigned int none;	/* the answer if nothing is */
};

/* What can be asked of poll(2). */
#define ASKABLE	as_poll(E_ALL)

#define EXPECT_ROW(way, want, got) do {					\
	unsigned int __w = (want), __g = (got);				\
	EXPECT_EQ(__w, __g)						\
		TH_LOG("%s: want %s, got %s (%s)", way, mask_str(__w),	\
		       mask_str(__g), variant->cell.row->source);	\
} while (0)

/* Be in the row's state: nothing else is worth a look otherwise. */
#define ASSERT_STATE() do {						\
	unsigned int __w = as_poll(variant->cell.row->all), __g;	\
									\
	__g = poll_until_ms(self->play.own, E_ALL, __w, STATE_MS);	\
	ASSERT_EQ(__w, __g)						\
		TH_LOG("state: want %s, got %s (%s)", mask_str(__w),	\
		       mask_str(__g), variant->cell.row->source);	\
} while (0)

/*
 * The answer to RFCOMM's own request to disconnect is another: it is over when
 * there is no other end to name.  listen() fails, but not before it has had the
 * lock, which is held until the edge has been.
 */
static void wait_for_answer_to_disc(int fd)
{
	struct sockaddr_storage ss;
	long long end = now_ms() + STATE_MS;
	socklen_t len;

	do {
		len = sizeof(ss);
	} while (!getpeername(fd, (struct sockaddr *)&ss, &len) &&
		 now_ms() < end && !usleep(200));
	listen(fd, 0);
}

/*
 * The answer to a vsock's own shutdown() of both ways is a reset, of which all
 * are woken, with nothing new to say.  One thread carries the packets of all
 * connections, in turn, so that it has come when another connection has been
 * made.
 */
static int wait_for_answer_to_shutdown(void)
{
	int sv[2], err = make_pair(FAM_VSOCK_STREAM, sv);

	if (err)
		return err;
	close(sv[0]);
	close(sv[1]);
	return 0;
}

/*
 * Others have the peer's answer to their own shutdown() brought by a worker or
 * a timer, and cannot be asked whether it has come: it has when nothing comes
 * any more.
 */
static bool has_shut_down(const struct cell *cell)
{
	for (const enum step *s = cell->scenario->step; *s != END; s++)
		if (*s == OWN_SHUT_WR || *s == OWN_SHUT_RDWR)
			return true;
	return false;
}

static bool wait_for_quiet(int ep)
{
	const long long end = now_ms() + STATE_MS;

	while (epoll_next(ep, QUIET_MS))
		if (now_ms() >= end)
			return false;
	return true;
}

FIXTURE(state) {
	struct play play;
};

FIXTURE_VARIANT(state) {
	struct cell cell;
};

FIXTURE_SETUP(state)
{
	const struct cell *cell = &variant->cell;
	const struct row *row = cell->row;
	int err;

	err = play_start(&self->play, cell->scenario, cell->family);
	if (is_missing(err))
		SKIP(return, "no %s: %s", families[cell->family].name,
		     strerror(-err));
	ASSERT_EQ(0, err);
	err = play_steps(&self->play, 0, nr_steps(cell->scenario));
	if (err == PLAY_NO_OOB)
		SKIP(return, "no urgent data");
	ASSERT_EQ(0, err);
	if (family_is_tcp(cell->family))
		wait_for_ack_of_fin(self->play.own);
	if (cell->family == FAM_RFCOMM && (row->all & E_HUP))
		wait_for_answer_to_disc(self->play.own);
	if (families[cell->family].domain == AF_VSOCK)
		ASSERT_EQ(0, wait_for_answer_to_shutdown());
	ASSERT_STATE();
}

FIXTURE_TEARDOWN(state)
{
}

TEST_F(state, poll)
{
	const struct timespec now = {};
	struct pollfd pfd = {
		.fd = self->play.own,
		.events = to_poll(E_ALL),
	};
	const struct cell *cell = &variant->cell;
	const struct row *row = cell->row;
	int fd = self->play.own;
	struct timeval tv = {};
	fd_set in, out, ex;
	int n;

	/* Where nothing came, nothing may come later. */
	if (!(row->all & E_IN))
		EXPECT_ROW("poll, the rest", cell->none,
			   poll_mask(fd, ASKABLE & ~as_poll(row->all),
				     QUIET_MS));
	EXPECT_ROW("poll", as_poll(row->all), poll_mask(fd, E_ALL, 0));
	EXPECT_ROW("poll, RDHUP", cell->only, poll_mask(fd, EPOLLRDHUP, 0));
	EXPECT_ROW("poll, nothing", cell->none, poll_mask(fd, 0, 0));
	EXPECT_EQ(row->all ? 1 : 0, ppoll(&pfd, 1, &now, NULL));
	EXPECT_ROW("ppoll", as_poll(row->all),
		   to_epoll((unsigned short)pfd.revents));

	FD_ZERO(&in);
	FD_SET(fd, &in);
	out = in;
	ex = in;
	n = select(fd + 1, &in, &out, &ex, &tv);
	EXPECT_EQ(!!(row->all & (E_IN | E_HUP | E_ERR)), !!FD_ISSET(fd, &in));
	EXPECT_EQ(!!(row->all & (E_OUT | E_ERR)), !!FD_ISSET(fd, &out));
	EXPECT_EQ(!!(row->all & E_PRI), !!FD_ISSET(fd, &ex));
	EXPECT_EQ(n, !!FD_ISSET(fd, &in) + !!FD_ISSET(fd, &out) +
		  !!FD_ISSET(fd, &ex));
}

TEST_F(state, epoll)
{
	const struct cell *cell = &variant->cell;
	const struct row *row = cell->row;
	int fd = self->play.own;
	int ep;

	ep = epoll_with(fd, E_ALL);
	ASSERT_LE(0, ep);
	EXPECT_ROW("epoll", row->all, epoll_next(ep, 0));
	EXPECT_ROW("epoll again", row->all, epoll_next(ep, 0));
	ASSERT_EQ(0, epoll_mod(ep, fd, EPOLLRDHUP));
	EXPECT_ROW("epoll, RDHUP", cell->only, epoll_next(ep, 0));
	EXPECT_ROW("epoll, RDHUP again", cell->only, epoll_next(ep, 0));
	ASSERT_EQ(0, epoll_mod(ep, fd, 0));
	EXPECT_ROW("epoll, nothing", cell->none, epoll_next(ep, 0));
	close(ep);

	ep = epoll_with(fd, E_ALL | EPOLLET);
	ASSERT_LE(0, ep);
	if (has_shut_down(cell)) {
		EXPECT_TRUE(wait_for_quiet(ep));
		ASSERT_EQ(0, epoll_mod(ep, fd, E_ALL | EPOLLET));
	}
	EXPECT_ROW("edge", row->all, epoll_next(ep, 0));
	EXPECT_ROW("edge again", 0, epoll_next(ep, 0));
	ASSERT_EQ(0, epoll_mod(ep, fd, EPOLLRDHUP | EPOLLET));
	EXPECT_ROW("edge, RDHUP", cell->only, epoll_next(ep, 0));
	EXPECT_ROW("edge, RDHUP again", 0, epoll_next(ep, 0));
	ASSERT_EQ(0, epoll_mod(ep, fd, EPOLLET));
	EXPECT_ROW("edge, nothing", cell->none, epoll_next(ep, 0));
	EXPECT_ROW("edge, nothing again", 0, epoll_next(ep, 0));
}

FIXTURE(event) {
	struct play play;
	unsigned int before;	/* what is so before the last step anyway */
	int last;
};

FIXTURE_VARIANT(event) {
	struct cell cell;
};

FIXTURE_SETUP(event)
{
	const struct cell *cell = &variant->cell;
	int err;

	err = play_start(&self->play, cell->scenario, cell->family);
	if (is_missing(err))
		SKIP(return, "no %s: %s", families[cell->family].name,
		     strerror(-err));
	ASSERT_EQ(0, err);
	self->last = nr_steps(cell->scenario) - 1;
	ASSERT_LE(0, self->last);
	/* A new connection may be writable only after another exchange. */
	if (cell->scenario->start == PAIR && cell->family < FAM_PIPE)
		ASSERT_MASK(EPOLLOUT,
			    poll_mask(self->play.own, EPOLLOUT, MUST_MS));
	err = play_steps(&self->play, 0, self->last);
	if (err == PLAY_NO_OOB)
		SKIP(return, "no urgent data");
	ASSERT_EQ(0, err);
	self->before = poll_mask(self->play.own, E_ALL, 0);
}

FIXTURE_TEARDOWN(event)
{
}

/*
 * What @s was told, which ought to be @want.  Of the reset of an MPTCP socket
 * it may be a part, see mptcp.c: then what poll says within WAKE_MS.
 */
static unsigned int told(const struct cell *cell, struct sleeper *s,
			 unsigned int want)
{
	unsigned int mask = sleeper_stop(s, want ? WAKE_MS : QUIET_MS);

	if (cell->family != FAM_MPTCP4 || !(want & EPOLLERR) || !mask ||
	    mask & ~want)
		return mask;
	return poll_until_ms(s->w.fd, s->w.events, want, WAKE_MS);
}

TEST_F(event, waiters_are_told_what_they_asked)
{
	const struct cell *cell = &variant->cell;
	const struct row *row = cell->row;
	struct sleeper asked = {
		.w.fd = self->play.own,
		.w.events = ASKABLE & ~self->before,
	};
	struct sleeper did_not = {
		.w.fd = self->play.own,
		.w.events = ASKABLE & ~self->before & ~as_poll(row->all),
	};
	unsigned int want;
	int err;

	want = as_poll(row->all) & (asked.w.events | EPOLLHUP | EPOLLERR);
	ASSERT_EQ(0, sleeper_start(&asked));
	ASSERT_EQ(0, sleeper_start(&did_not));
	err = play_steps(&self->play, self->last, self->last + 1);
	if (err == PLAY_NO_OOB) {
		sleeper_stop(&asked, 0);
		sleeper_stop(&did_not, 0);
		SKIP(return, "no urgent data");
	}
	ASSERT_EQ(0, err);
	ASSERT_STATE();

	EXPECT_ROW("who asked", want, told(cell, &asked, want));
	EXPECT_EQ(!want, asked.stopped);
	EXPECT_ROW("who did not ask", cell->none,
		   told(cell, &did_not, cell->none));
	EXPECT_EQ(!cell->none, did_not.stopped);
}

/* The harness knows a variant by a macro for each; ours come from the table. */
static int add_variant(struct __fixture_metadata *fixture,
		       const struct cell *cell)
{
	struct __fixture_variant_metadata *variant;
	char *name;

	variant = calloc(1, sizeof(*variant));
	if (!variant || asprintf(&name, "%s__%s", cell->row->state,
				 families[cell->family].name) < 0)
		return -ENOMEM;
	variant->name = name;
	variant->data = cell;	/* all that there is to a variant */
	__register_fixture_variant(fixture, variant);
	return 0;
}

/* Can somebody be asleep right before the last step is made? */
static bool is_event(const struct cell *cell)
{
	const int steps = nr_steps(cell->scenario);

	if (cell->row->no_event || !steps)
		return false;
	switch (cell->scenario->step[steps - 1]) {
	case OWN_READ_EOF:
	case OWN_FILL:
	case ACCEPT:
	case REFUSED:
	case REFUSED_LATER:
		return false;
	default:
		return true;
	}
}

static int add_cell(const struct row *row, enum family_id family)
{
	struct cell *cell = malloc(sizeof(*cell));

	if (!cell)
		return -ENOMEM;
	*cell = (struct cell) {
		.row = row,
		.scenario = scenario_named(row->state),
		.family = family,
		.only = row->all & (E_RDHUP | E_HUP | E_ERR),
		.none = row->all & (E_HUP | E_ERR),
	};
	if (!cell->scenario)
		return -ENOENT;
	return add_variant(&_state_fixture_object, cell) ?:
	       is_event(cell) ? add_variant(&_event_fixture_object, cell) : 0;
}

int run_states(int argc, char **argv, const struct row *rows)
{
	bool own = true;

	for (const struct row *row = rows; row->state; row++) {
		for (int id = 0; id < NR_FAMILIES; id++) {
			if (!(row->families & F(id)))
				continue;
			if (add_cell(row, id)) {
				fprintf(stderr, "# no state %s\n", row->state);
				return KSFT_FAIL;
			}
			own &= families[id].domain != AF_BLUETOOTH;
		}
	}
	/* Without a variant the harness would run its tests once, with none. */
	if (!_event_fixture_object.variant)
		_event_fixture_object.tests = NULL;
	if (own)
		enter_own_net();
	signal(SIGPIPE, SIG_IGN);
	return test_harness_run(argc, argv);
}
