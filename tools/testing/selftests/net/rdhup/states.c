// SPDX-License-Identifier: GPL-2.0
/*
 * Every row of expect.h, asked for in every way there is.  A test's name is
 * FIXTURE.SCENARIO__FAMILY.WAY.
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
#include "kselftest_harness.h"

#include <sys/select.h>

/*
 * Where the last step must change nothing: how long to look for a change.
 * Loopback delivers before the step's system call returns, so this is ample.
 */
#define QUIET_MS	20

/* How long a state may take to get there; rows that fail use it up. */
#define STATE_MS	1000

struct row {
	enum scenario_id scenario;
	enum family_id family;
	unsigned int all;
	unsigned int only;
	unsigned int none;
	const char *source;
};

/* What can be asked of poll(2). */
#define ASKABLE	as_poll(E_ALL)

#define EXPECT_ROW(way, want, got) do {					\
	unsigned int __w = (want), __g = (got);				\
	EXPECT_EQ(__w, __g)						\
		TH_LOG("%s: want %s, got %s (%s)", way, mask_str(__w),	\
		       mask_str(__g), variant->row.source);		\
} while (0)

/* Be in the row's state: nothing else is worth a look otherwise. */
#define ASSERT_STATE() do {						\
	unsigned int __w = as_poll(variant->row.all), __g;		\
									\
	__g = poll_until_ms(self->play.own, E_ALL, __w, STATE_MS);	\
	ASSERT_EQ(__w, __g)						\
		TH_LOG("state: want %s, got %s (%s)", mask_str(__w),	\
		       mask_str(__g), variant->row.source);		\
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

FIXTURE(state) {
	struct play play;
};

FIXTURE_VARIANT(state) {
	struct row row;
};

FIXTURE_SETUP(state)
{
	const struct row *row = &variant->row;
	int err;

	err = play_start(&self->play, row->scenario, row->family);
	if (is_missing(err))
		SKIP(return, "no %s: %s", families[row->family].name,
		     strerror(-err));
	ASSERT_EQ(0, err);
	err = play_steps(&self->play, row->scenario, 0,
			 nr_steps(row->scenario));
	if (err == -EOPNOTSUPP)
		SKIP(return, "no urgent data");
	ASSERT_EQ(0, err);
	if (family_is_tcp(row->family))
		wait_for_ack_of_fin(self->play.own);
	if (row->family == FAM_RFCOMM && (row->all & E_HUP))
		wait_for_answer_to_disc(self->play.own);
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
	const struct row *row = &variant->row;
	int fd = self->play.own;
	struct timeval tv = {};
	fd_set in, out, ex;
	int n;

	/* Where nothing came, nothing may come later. */
	if (!(row->all & E_IN))
		EXPECT_ROW("poll, the rest", row->none,
			   poll_mask(fd, ASKABLE & ~as_poll(row->all),
				     QUIET_MS));
	EXPECT_ROW("poll", as_poll(row->all), poll_mask(fd, E_ALL, 0));
	EXPECT_ROW("poll, RDHUP", row->only, poll_mask(fd, EPOLLRDHUP, 0));
	EXPECT_ROW("poll, nothing", row->none, poll_mask(fd, 0, 0));
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
	const struct row *row = &variant->row;
	int fd = self->play.own;
	int ep;

	ep = epoll_with(fd, E_ALL);
	ASSERT_LE(0, ep);
	EXPECT_ROW("epoll", row->all, epoll_next(ep, 0));
	EXPECT_ROW("epoll again", row->all, epoll_next(ep, 0));
	ASSERT_EQ(0, epoll_mod(ep, fd, EPOLLRDHUP));
	EXPECT_ROW("epoll, RDHUP", row->only, epoll_next(ep, 0));
	EXPECT_ROW("epoll, RDHUP again", row->only, epoll_next(ep, 0));
	ASSERT_EQ(0, epoll_mod(ep, fd, 0));
	EXPECT_ROW("epoll, nothing", row->none, epoll_next(ep, 0));
	close(ep);

	ep = epoll_with(fd, E_ALL | EPOLLET);
	ASSERT_LE(0, ep);
	EXPECT_ROW("edge", row->all, epoll_next(ep, 0));
	EXPECT_ROW("edge again", 0, epoll_next(ep, 0));
	ASSERT_EQ(0, epoll_mod(ep, fd, EPOLLRDHUP | EPOLLET));
	EXPECT_ROW("edge, RDHUP", row->only, epoll_next(ep, 0));
	EXPECT_ROW("edge, RDHUP again", 0, epoll_next(ep, 0));
	ASSERT_EQ(0, epoll_mod(ep, fd, EPOLLET));
	EXPECT_ROW("edge, nothing", row->none, epoll_next(ep, 0));
	EXPECT_ROW("edge, nothing again", 0, epoll_next(ep, 0));
}

FIXTURE(event) {
	struct play play;
	unsigned int before;	/* what is so before the last step anyway */
	int last;
};

FIXTURE_VARIANT(event) {
	struct row row;
};

FIXTURE_SETUP(event)
{
	const struct row *row = &variant->row;
	int err;

	err = play_start(&self->play, row->scenario, row->family);
	if (is_missing(err))
		SKIP(return, "no %s: %s", families[row->family].name,
		     strerror(-err));
	ASSERT_EQ(0, err);
	self->last = nr_steps(row->scenario) - 1;
	ASSERT_LE(0, self->last);
	/* A new connection may be writable only after another exchange. */
	if (scenarios[row->scenario].start == PAIR && row->family < FAM_PIPE)
		ASSERT_MASK(EPOLLOUT,
			    poll_mask(self->play.own, EPOLLOUT, MUST_MS));
	err = play_steps(&self->play, row->scenario, 0, self->last);
	if (err == -EOPNOTSUPP)
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
static unsigned int told(const struct row *row, struct sleeper *s,
			 unsigned int want)
{
	unsigned int mask = sleeper_stop(s, want ? WAKE_MS : 0);

	if (row->family != FAM_MPTCP4 || !(want & EPOLLERR) || !mask ||
	    mask & ~want)
		return mask;
	return poll_until_ms(s->w.fd, s->w.events, want, WAKE_MS);
}

TEST_F(event, waiters_are_told_what_they_asked)
{
	const struct row *row = &variant->row;
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
	err = play_steps(&self->play, row->scenario, self->last,
			 self->last + 1);
	if (err == -EOPNOTSUPP) {
		sleeper_stop(&asked, 0);
		sleeper_stop(&did_not, 0);
		SKIP(return, "no urgent data");
	}
	ASSERT_EQ(0, err);
	ASSERT_STATE();

	EXPECT_ROW("who asked", want, told(row, &asked, want));
	EXPECT_EQ(!want, asked.stopped);
	EXPECT_ROW("who did not ask", row->none,
		   told(row, &did_not, row->none));
	EXPECT_EQ(!row->none, did_not.stopped);
}

#define X(scenario, family, all, only, none, source)			\
	FIXTURE_VARIANT_ADD(state, scenario##__##family) {		\
		.row = { SC_##scenario, (enum family_id)FID_##family,	\
			 all, only, none, source },			\
	};
RDHUP_EXPECT(X)
#undef X

#define X(scenario, family, all, only, none, source)			\
	FIXTURE_VARIANT_ADD(event, scenario##__##family) {		\
		.row = { SC_##scenario, (enum family_id)FID_##family,	\
			 all, only, none, source },			\
	};
RDHUP_EXPECT_EVENTS(X)
#undef X

int main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN);
	return test_harness_run(argc, argv);
}
