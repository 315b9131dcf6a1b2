// SPDX-License-Identifier: GPL-2.0
/*
 * A model of a connection, against the kernel: random sequences of calls on
 * both ends, each answer compared.
 *
 * The model knows a connection as two ends with what poll can tell of each:
 * which ways are shut, how many bytes wait, a pending error, whether the
 * socket is dead; and for each watch of epoll whether it is on its instance's
 * list of ready ones.  It is written from the standards and manual pages and
 * knows nothing of how the kernel keeps this.
 *
 * A sequence that disagrees is shrunk, by leaving out calls for as long as it
 * still disagrees, and printed as a list of calls.
 *
 * Environment:
 *	RDHUP_MODEL_OPS		how many calls for each family (default 4000);
 *				a long run says every 100000 how far it is
 *	RDHUP_MODEL_SEED	where the random numbers start (default: 1;
 *				printed)
 *	RDHUP_MODEL_FAULT	1: the model forgets that RDHUP does not wait
 *				for the reader; the disagreement must be found
 *
 * Left open on purpose: AF_UNIX wakes an end's waiters for every shutdown()
 * of the other, also if it changes nothing for them.  Whether an edge-
 * triggered watch then says again what it has said already is accepted either
 * way.
 */
#include "ask.h"
#include "family.h"
#include "netns.h"
#include "kselftest_harness.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

#define LEN		40	/* calls in a sequence */
#define TELL		100000	/* say how far it is after so many */
#define WATCHES		2	/* per end: one level-, one edge-triggered */
#define RCV		1
#define SND		2
#define UNMASKABLE	(EPOLLHUP | EPOLLERR)

/* What is asked of poll, and of a watch: a random part of these. */
static const unsigned int askable[] = {
	EPOLLIN, EPOLLOUT, EPOLLRDHUP, EPOLLPRI, EPOLLRDNORM, EPOLLWRNORM,
};

enum call {
	SHUTDOWN,
	WRITE,
	READ,
	CLOSE,
	RESET,
	POLL,
	WAIT,
	MOD,
	NR_CALLS,
};

/* How often each comes up. */
static const unsigned char weight[NR_CALLS] = {
	[SHUTDOWN] = 5, [WRITE] = 7, [READ] = 7, [CLOSE] = 1, [RESET] = 1,
	[POLL] = 8, [WAIT] = 10, [MOD] = 4,
};

struct op {
	enum call call;
	int end;
	unsigned int arg;	/* how, bytes, or events */
	int watch;
};

struct watch {
	unsigned int events;
	bool fired;	/* ONESHOT */
	bool ready;
	bool maybe;	/* ready or not: both are right */
};

struct end {
	int fd;
	int ep[WATCHES];
	bool closed;	/* the descriptor is */
	unsigned char shut;
	bool fin_sent;
	bool fin_come;
	bool dead;	/* the connection is over for this end */
	int queued;
	int error;
	struct watch watch[WATCHES];
};

struct pair {
	bool is_unix;
	struct end end[2];
};

/*
 * How long the kernel may take to get where the model is.  A disagreement
 * that is to come out, or has come out already, is not waited for as long.
 */
#define SHORT_MS	500

static bool fault;
static int patience = MUST_MS;

/* ------------------------------------------------------------- the model */

static unsigned int model_mask(const struct end *e)
{
	unsigned int mask = EPOLLOUT | EPOLLWRNORM;

	if (e->queued)
		mask |= EPOLLIN | EPOLLRDNORM;
	if (e->shut & RCV)
		mask |= EPOLLIN | EPOLLRDNORM |
			(fault && e->queued ? 0 : EPOLLRDHUP);
	if (e->shut == (RCV | SND))
		mask |= EPOLLHUP;
	if (e->error)
		mask |= EPOLLERR;
	return mask;
}

/* Its waiters are woken; @key is what for, 0 for "look yourself". */
static void model_wake(struct end *e, unsigned int key)
{
	for (int i = 0; i < WATCHES; i++) {
		struct watch *w = &e->watch[i];

		if (!w->fired && (!key || (w->events & key)))
			w->ready = true;
	}
}

static void model_maybe_wake(struct end *e)
{
	for (int i = 0; i < WATCHES; i++)
		e->watch[i].maybe = !e->watch[i].fired;
}

/* A RST has come. */
static void model_reset(struct end *e)
{
	if (e->closed || e->dead)
		return;
	e->error = e->fin_come && !e->fin_sent ? EPIPE : ECONNRESET;
	e->shut = RCV | SND;
	e->dead = true;
	model_wake(e, 0);
}

/* Over in good order: both have finished. */
static void model_over(struct end *e)
{
	e->shut = RCV | SND;
	e->dead = true;
	model_wake(e, 0);
}

static void model_send_fin(struct end *e, struct end *other)
{
	if (e->fin_sent || e->dead)
		return;
	e->fin_sent = true;
	if (!other->closed && !other->dead) {
		other->fin_come = true;
		other->shut |= RCV;
		model_wake(other, 0);
	}
	if (other->fin_sent) {
		model_over(e);
		model_over(other);
	}
}

static int model_shutdown(struct pair *p, int i, int how)
{
	struct end *e = &p->end[i], *other = &p->end[!i];
	unsigned char bits = how + 1, theirs = 0;
	bool was_dead = e->dead;

	e->shut |= bits;
	model_wake(e, 0);
	if (p->is_unix) {
		if (bits & RCV)
			theirs |= SND;
		if (bits & SND)
			theirs |= RCV;
		if (!other->closed) {
			if ((other->shut | theirs) != other->shut &&
			    (bits & SND))
				model_wake(other, 0);
			else
				model_maybe_wake(other);
			other->shut |= theirs;
			/* HUP may be what is new. */
			if (other->shut == (RCV | SND) && !other->dead) {
				other->dead = true;
				model_wake(other, 0);
			}
		}
		return 0;
	}
	if (bits & SND)
		model_send_fin(e, other);
	return was_dead ? -ENOTCONN : 0;
}

static int model_write(struct pair *p, int i, int n)
{
	struct end *e = &p->end[i], *other = &p->end[!i];
	int err;

	if (e->shut & SND) {
		err = p->is_unix || !e->error ? EPIPE : e->error;
		if (!p->is_unix)
			e->error = 0;
		return -err;
	}
	if (other->closed) {
		/* The port that closed its socket answers with a RST. */
		model_reset(e);
		return n;
	}
	if (!p->is_unix && other->fin_sent && (other->shut & RCV)) {
		model_reset(other);
		model_reset(e);
		return n;
	}
	other->queued += n;
	model_wake(other, EPOLLIN | EPOLLPRI | EPOLLRDNORM | EPOLLRDBAND);
	return n;
}

static int model_read(struct pair *p, int i, int n)
{
	struct end *e = &p->end[i];
	int err = e->error;

	if (e->queued) {
		if (n > e->queued)
			n = e->queued;
		e->queued -= n;
		return n;
	}
	/* After the end of the stream TCP keeps the error for the writer. */
	if (err && !(e->fin_come && !p->is_unix)) {
		e->error = 0;
		return -err;
	}
	return e->shut & RCV ? 0 : -EAGAIN;
}

static void model_close(struct pair *p, int i, bool now)
{
	struct end *e = &p->end[i], *other = &p->end[!i];

	e->closed = true;
	if (p->is_unix) {
		if (other->closed)
			return;
		if (e->queued)
			other->error = ECONNRESET;
		other->shut = RCV | SND;
		other->dead = true;
		model_wake(other, 0);
	} else if (!e->dead) {
		if (e->queued || now)
			model_reset(other);
		else
			model_send_fin(e, other);
	}
}

static void model_mod(struct end *e, int i, unsigned int events)
{
	struct watch *w = &e->watch[i];

	w->events = events | UNMASKABLE;
	w->fired = false;
	if (model_mask(e) & w->events)
		w->ready = true;
}

/* What epoll_wait() says of watch @i; *@also gets what would be right, too. */
static unsigned int model_wait(struct end *e, int i, unsigned int *also)
{
	struct watch *w = &e->watch[i];
	unsigned int mask = w->fired ? 0 : model_mask(e) & w->events;

	*also = w->ready || !w->maybe ? ~0U : mask;
	w->maybe = false;
	if (!w->ready)
		return 0;
	w->ready = mask && !(w->events & (EPOLLET | EPOLLONESHOT));
	if (mask && (w->events & EPOLLONESHOT))
		w->fired = true;
	return mask;
}

/* ------------------------------------------------------------ the kernel */

static int pair_open(struct pair *p, enum family_id family, int listener)
{
	int fd[2];

	memset(p, 0, sizeof(*p));
	p->is_unix = family_is_unix(family);
	fd[1] = connect_to(family, listener);
	if (fd[1] < 0)
		return fd[1];
	fd[0] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (fd[0] < 0)
		return -errno;
	for (int i = 0; i < 2; i++) {
		struct end *e = &p->end[i];

		e->fd = fd[i];
		for (int j = 0; j < WATCHES; j++) {
			unsigned int events = j ? EPOLLIN | EPOLLRDHUP |
						  EPOLLET : EPOLLRDHUP;

			e->ep[j] = epoll_with(e->fd, events);
			if (e->ep[j] < 0)
				return e->ep[j];
			model_mod(e, j, events);
		}
	}
	return 0;
}

static void pair_close(struct pair *p)
{
	for (int i = 0; i < 2; i++) {
		for (int j = 0; j < WATCHES; j++)
			close(p->end[i].ep[j]);
		if (!p->end[i].closed)
			close(p->end[i].fd);
	}
}

static unsigned int in_poll_terms(unsigned int mask)
{
	return to_epoll((unsigned short)to_poll(mask)) | (mask & EPOLLHUP) |
	       (mask & EPOLLERR);
}

/*
 * Is @e's FIN on its way still?  The other end may take its time to confirm
 * it, and the confirmation wakes @e's waiters: so hurry it, and wait.
 */
static bool fin_under_way(const struct end *e, const struct end *other)
{
	struct tcp_info info = {};
	socklen_t len = sizeof(info);
	int on = 1;

	if (!e->fin_sent)
		return false;
	if (!other->closed)
		setsockopt(other->fd, IPPROTO_TCP, TCP_QUICKACK, &on,
			   sizeof(on));
	getsockopt(e->fd, IPPROTO_TCP, TCP_INFO, &info, &len);
	return info.tcpi_state == TCP_FIN_WAIT1 ||
	       info.tcpi_state == TCP_CLOSING ||
	       info.tcpi_state == TCP_LAST_ACK;
}

/*
 * Loopback delivers at once, or nearly so.  Wait until both ends are where
 * the model has them, so that what follows can be compared without mercy.
 */
static bool pair_settle(const struct pair *p)
{
	const unsigned int all = EPOLLIN | EPOLLOUT | EPOLLPRI | EPOLLRDHUP;
	long long end = now_ms() + patience;

	for (int i = 0; i < 2; i++) {
		const struct end *e = &p->end[i];
		int queued;

		while (!e->closed) {
			if (ioctl(e->fd, FIONREAD, &queued))
				queued = -1;
			if (queued == e->queued &&
			    !fin_under_way(e, &p->end[!i]) &&
			    poll_mask(e->fd, all, 0) ==
			    (model_mask(e) & (all | UNMASKABLE)))
				break;
			if (now_ms() >= end)
				return false;
			sched_yield();
		}
	}
	return true;
}

static const char *end_name(int i)
{
	return i ? "b" : "a";
}

static void print_events(char *out, size_t size, unsigned int events)
{
	unsigned int flags = EPOLLET | EPOLLONESHOT;

	snprintf(out, size, "%s%s%s",
		 events & ~flags ? mask_str(events & ~flags) : "0",
		 events & EPOLLET ? "|ET" : "",
		 events & EPOLLONESHOT ? "|ONESHOT" : "");
}

static void print_op(const struct op *op)
{
	static const char *const how[] = { "SHUT_RD", "SHUT_WR", "SHUT_RDWR" };
	const char *e = end_name(op->end);
	char events[128];

	print_events(events, sizeof(events), op->arg);
	switch (op->call) {
	case SHUTDOWN:
		printf("#   shutdown(%s, %s)\n", e, how[op->arg]);
		break;
	case WRITE:
		printf("#   write(%s, %u bytes)\n", e, op->arg);
		break;
	case READ:
		printf("#   read(%s, %u bytes)\n", e, op->arg);
		break;
	case CLOSE:
		printf("#   close(%s)\n", e);
		break;
	case RESET:
		printf("#   close(%s) with SO_LINGER 0\n", e);
		break;
	case POLL:
		printf("#   poll(%s, %s)\n", e, events);
		break;
	case WAIT:
		printf("#   epoll_wait(watch %d of %s)\n", op->watch, e);
		break;
	case MOD:
		printf("#   epoll_ctl(MOD, watch %d of %s, %s)\n", op->watch, e,
		       events);
		break;
	case NR_CALLS:
		break;
	}
}

/* The last disagreement, in words. */
static char difference[256];

/* Say how they differ, if asked to; always true. */
static bool differ(bool tell, const char *what, const char *kernel,
		   const char *model)
{
	snprintf(difference, sizeof(difference),
		 "%s: the kernel says %s, the model %s", what, kernel, model);
	if (tell)
		printf("#   -> %s\n", difference);
	return true;
}

static bool differ_mask(bool tell, const char *what, unsigned int kernel,
			unsigned int model)
{
	if (kernel == model)
		return false;
	return differ(tell, what, kernel ? mask_str(kernel) : "0",
		      model ? mask_str(model) : "0");
}

static bool differ_ret(bool tell, const char *what, int kernel, int model)
{
	char k[16], m[16];

	if (kernel == model)
		return false;
	snprintf(k, sizeof(k), "%d", kernel);
	snprintf(m, sizeof(m), "%d", model);
	return differ(tell, what, k, m);
}

/* Make one call on both; true if they disagree. */
static bool step(struct pair *p, const struct op *op, bool tell)
{
	const struct linger now = { .l_onoff = 1 };
	struct end *e = &p->end[op->end];
	unsigned int mask, also, got;
	char buf[16] = "";
	ssize_t n;
	int ret;

	if (e->closed)
		return false;
	switch (op->call) {
	case SHUTDOWN:
		ret = shutdown(e->fd, (int)op->arg) ? -errno : 0;
		if (differ_ret(tell, "shutdown", ret,
			       model_shutdown(p, op->end, (int)op->arg)))
			return true;
		break;
	case WRITE:
		n = send(e->fd, buf, op->arg, MSG_NOSIGNAL | MSG_DONTWAIT);
		ret = n < 0 ? -errno : (int)n;
		if (differ_ret(tell, "write", ret,
			       model_write(p, op->end, (int)op->arg)))
			return true;
		break;
	case READ:
		n = recv(e->fd, buf, op->arg, MSG_DONTWAIT);
		ret = n < 0 ? -errno : (int)n;
		if (differ_ret(tell, "read", ret,
			       model_read(p, op->end, (int)op->arg)))
			return true;
		break;
	case RESET:
	case CLOSE:
		if (op->call == RESET)
			setsockopt(e->fd, SOL_SOCKET, SO_LINGER, &now,
				   sizeof(now));
		close(e->fd);
		model_close(p, op->end, op->call == RESET);
		break;
	case POLL:
		mask = model_mask(e) & (op->arg | UNMASKABLE);
		if (differ_mask(tell, "poll", poll_mask(e->fd, op->arg, 0),
				in_poll_terms(mask)))
			return true;
		break;
	case WAIT:
		mask = model_wait(e, op->watch, &also);
		got = epoll_next(e->ep[op->watch], mask ? patience : 0);
		if (got == also && got != mask) {
			/* Both are right: the model follows. */
			if (e->watch[op->watch].events & EPOLLONESHOT)
				e->watch[op->watch].fired = true;
			break;
		}
		if (differ_mask(tell, "epoll_wait", got, mask))
			return true;
		break;
	case MOD:
		if (epoll_mod(e->ep[op->watch], e->fd, op->arg))
			return differ(tell, "epoll_ctl", strerror(errno), "0");
		model_mod(e, op->watch, op->arg);
		break;
	case NR_CALLS:
		break;
	}
	if (pair_settle(p))
		return false;
	for (int i = 0; i < 2; i++)
		if (!p->end[i].closed &&
		    differ_mask(tell, i ? "then poll(b, all)" :
					  "then poll(a, all)",
				poll_mask(p->end[i].fd, EPOLLIN | EPOLLOUT |
					  EPOLLPRI | EPOLLRDHUP, 0),
				model_mask(&p->end[i]) & ~EPOLLRDNORM &
				~EPOLLWRNORM))
			return true;
	return differ(tell, "then FIONREAD", "another count", "its own");
}

/* Play @n calls on a new connection; the one that disagrees, or -1. */
static int play(enum family_id family, int listener, const struct op *op,
		int n, bool tell)
{
	struct pair p;
	int at = -1;

	if (pair_open(&p, family, listener)) {
		snprintf(difference, sizeof(difference), "no connection: %s",
			 strerror(errno));
		return 0;
	}
	for (int i = 0; i < n && at < 0; i++) {
		if (tell)
			print_op(&op[i]);
		if (step(&p, &op[i], tell))
			at = i;
	}
	pair_close(&p);
	return at;
}

/* Leave out calls as long as it still disagrees; how many are left. */
static int shrink(enum family_id family, int listener, struct op *op, int n)
{
	struct op less[LEN];
	const int before = patience;
	bool again = true;
	int at;

	patience = SHORT_MS;
	while (again) {
		again = false;
		for (int i = n - 1; i >= 0; i--) {
			memcpy(less, op, i * sizeof(*op));
			memcpy(less + i, op + i + 1, (n - i - 1) * sizeof(*op));
			at = play(family, listener, less, n - 1, false);
			if (at < 0)
				continue;
			n = at + 1;
			memcpy(op, less, n * sizeof(*op));
			again = true;
			break;
		}
	}
	patience = before;
	return n;
}

/* ------------------------------------------------------------- the tests */

/* splitmix64: the same numbers from the same seed, wherever it runs. */
static unsigned long long next_random(unsigned long long *state)
{
	unsigned long long z = (*state += 0x9e3779b97f4a7c15ULL);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

static unsigned int random_events(unsigned long long *rnd, bool edge)
{
	unsigned int events = 0;

	if (!(next_random(rnd) % 4))
		return EPOLLRDHUP;
	for (size_t i = 0; i < ARRAY_SIZE(askable); i++)
		if (next_random(rnd) & 1)
			events |= askable[i];
	/* Room to write comes in edges that are nobody's business here. */
	if (edge)
		events &= ~(EPOLLOUT | EPOLLWRNORM);
	return events;
}

static struct op random_op(unsigned long long *rnd)
{
	unsigned int sum = 0, pick;
	struct op op = {};

	for (int i = 0; i < NR_CALLS; i++)
		sum += weight[i];
	pick = next_random(rnd) % sum;
	while (pick >= weight[op.call])
		pick -= weight[op.call++];
	op.end = next_random(rnd) & 1;
	op.watch = next_random(rnd) % WATCHES;
	switch (op.call) {
	case SHUTDOWN:
		op.arg = next_random(rnd) % 3;
		break;
	case WRITE:
	case READ:
		op.arg = 1 + next_random(rnd) % 3;
		break;
	case POLL:
		op.arg = random_events(rnd, false);
		break;
	case MOD:
		op.arg = random_events(rnd, op.watch) |
			 (op.watch ? EPOLLET : 0) |
			 (next_random(rnd) % 4 ? 0 : EPOLLONESHOT);
		break;
	default:
		break;
	}
	return op;
}

static unsigned long long env_number(const char *name,
				     unsigned long long otherwise)
{
	const char *value = getenv(name);

	return value && *value ? strtoull(value, NULL, 0) : otherwise;
}

/*
 * Play random sequences until @ops calls are made or one disagrees.  That one
 * is left in @op, shrunk; returns its length, 0 if there was none.
 */
static int search(enum family_id family, unsigned long long seed,
		  unsigned long long ops, struct op *op)
{
	int listener = listen_on(family);
	int at, len = 0;

	for (unsigned long long done = 0; done < ops && !len; done += LEN) {
		for (int i = 0; i < LEN; i++)
			op[i] = random_op(&seed);
		at = play(family, listener, op, LEN, false);
		if (at < 0) {
			if (!((done + LEN) % TELL)) {
				printf("# %llu calls without a disagreement\n",
				       done + LEN);
				fflush(stdout);
			}
			continue;
		}
		/* Should it be a matter of timing, this is all there is. */
		printf("# call %llu: %s\n", done + at, difference);
		len = shrink(family, listener, op, at + 1);
	}
	if (len) {
		printf("# disagreement, on a new connection:\n");
		play(family, listener, op, len, true);
	}
	close(listener);
	return len;
}

FIXTURE(model) {
	unsigned long long seed;
	unsigned long long ops;
};

FIXTURE_VARIANT(model) {
	enum family_id family;
};

FIXTURE_VARIANT_ADD(model, tcp4) { .family = TCP4 };
FIXTURE_VARIANT_ADD(model, tcp6) { .family = TCP6 };
FIXTURE_VARIANT_ADD(model, unix_stream) { .family = UNIX_STREAM };

FIXTURE_SETUP(model)
{
	int fd = listen_on(variant->family);

	if (is_missing(fd))
		SKIP(return, "no %s: %s", families[variant->family].name,
		     strerror(-fd));
	ASSERT_LE(0, fd);
	close(fd);
	self->seed = env_number("RDHUP_MODEL_SEED", 1);
	self->ops = env_number("RDHUP_MODEL_OPS", 4000);
	printf("# RDHUP_MODEL_SEED=%llu RDHUP_MODEL_OPS=%llu\n",
	       self->seed, self->ops);
}

FIXTURE_TEARDOWN(model)
{
}

TEST_F_TIMEOUT(model, agrees_with_the_kernel, 3600)
{
	struct op op[LEN];

	fault = env_number("RDHUP_MODEL_FAULT", 0);
	EXPECT_EQ(0, search(variant->family, self->seed, self->ops, op));
}

/*
 * A model with a fault must be found out, and the shortest way to it be told:
 * the write and the shutdown, in whichever order; then they differ.
 */
TEST_F(model, finds_a_planted_fault)
{
	struct op op[LEN];

	fault = true;
	patience = SHORT_MS;
	ASSERT_EQ(2, search(variant->family, self->seed, 100000, op));
	EXPECT_EQ(1, (op[0].call == WRITE) + (op[1].call == WRITE));
	EXPECT_EQ(1, (op[0].call != WRITE) + (op[1].call != WRITE));
}

int main(int argc, char **argv)
{
	enter_own_net();
	return test_harness_run(argc, argv);
}
