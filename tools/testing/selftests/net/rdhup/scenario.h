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

#include "rare.h"

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

static const struct scenario scenarios[] = {
#define X(name, from, ...) \
	[SC_##name] = { #name, from, { __VA_ARGS__ } },
	RDHUP_SCENARIOS(X)
#undef X
};

/* A scenario that is being played. */
struct play {
	enum family_id family;
	int own;
	int peer;
	int listener;
	int extra;	/* what keeps a full listener full */
};

/* How many steps @id has. */
static inline int nr_steps(enum scenario_id id)
{
	int n = 0;

	while (scenarios[id].step[n] != END)
		n++;
	return n;
}

static inline int start_connecting(struct play *p)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	p->listener = listen_on(p->family);
	if (p->listener < 0)
		return p->listener;
	/* One connection more than the backlog fits, the next SYN is lost. */
	if (listen(p->listener, 0))
		return -errno;
	p->extra = connect_to(p->family, p->listener);
	if (p->extra < 0)
		return p->extra;
	if (getsockname(p->listener, (struct sockaddr *)&ss, &len))
		return -errno;
	p->own = socket(ss.ss_family, families[p->family].type | SOCK_CLOEXEC |
			SOCK_NONBLOCK, families[p->family].protocol);
	if (p->own < 0)
		return -errno;
	if (!connect(p->own, (struct sockaddr *)&ss, len))
		return -EISCONN;
	return errno == EINPROGRESS ? 0 : -errno;
}

/* Get to where scenario @id starts, with family @family. */
static inline int play_start(struct play *p, enum scenario_id id,
			     enum family_id family)
{
	int sv[2] = { -1, -1 };
	int err = 0;

	*p = (struct play) { family, -1, -1, -1, -1 };
	if (family >= FAM_SMC && family < FAM_PIPE)
		err = any_ready(family);
	if (err)
		return err;
	switch (scenarios[id].start) {
	case PAIR:
	case WRITER:
		err = any_pair(family, sv);
		p->own = sv[scenarios[id].start == WRITER];
		p->peer = sv[scenarios[id].start == PAIR];
		return err;
	case ALONE:
		p->own = any_socket(family);
		return p->own < 0 ? p->own : 0;
	case LISTENER:
		p->own = any_listen(family);
		return p->own < 0 ? p->own : 0;
	case CLIENT:
		p->listener = any_listen(family);
		if (p->listener < 0)
			return p->listener;
		p->own = any_connect(family, p->listener);
		if (p->own < 0)
			return p->own;
		/* With SCO only one end may know of the connection yet. */
		poll_mask(p->listener, EPOLLIN, MUST_MS);
		return 0;
	case ACCEPTING:
		p->listener = any_listen(family);
		if (p->listener < 0)
			return p->listener;
		p->peer = any_connect(family, p->listener);
		return p->peer < 0 ? p->peer : 0;
	case CONNECTING:
		return start_connecting(p);
	}
	return -EINVAL;
}

static inline int reset(int fd)
{
	struct linger now = { .l_onoff = 1 };

	if (setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now)))
		return -errno;
	return close(fd) ? -errno : 0;
}

static inline int refused(struct play *p, int flags)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	int fd = any_listen(p->family);

	if (fd < 0)
		return fd;
	if (getsockname(fd, (struct sockaddr *)&ss, &len))
		return -errno;
	close(fd);
	if (fcntl(p->own, F_SETFL, flags))
		return -errno;
	if (!connect(p->own, (struct sockaddr *)&ss, len))
		return -EISCONN;
	return errno == (flags ? EINPROGRESS : ECONNREFUSED) ? 0 : -errno;
}

static inline int fifo_writer(struct play *p)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", p->own);
	p->peer = open(path, O_WRONLY | O_CLOEXEC);
	return p->peer < 0 ? -errno : 0;
}

static inline int play_close(int *fd)
{
	int ret = close(*fd);

	*fd = -1;
	return ret;
}

static inline int play_step(struct play *p, enum step step)
{
	char buf[64];
	int ret = 0;

	switch (step) {
	case END:
		break;
	case OWN_SHUT_RD:
	case OWN_SHUT_WR:
	case OWN_SHUT_RDWR:
		ret = shutdown(p->own, step - OWN_SHUT_RD + SHUT_RD);
		/* TCP does it, and then says that it had no connection. */
		if (ret && errno == ENOTCONN)
			ret = 0;
		break;
	case PEER_SHUT_RD:
	case PEER_SHUT_WR:
	case PEER_SHUT_RDWR:
		ret = shutdown(p->peer, step - PEER_SHUT_RD + SHUT_RD);
		break;
	case PEER_CLOSE:
		ret = play_close(&p->peer);
		break;
	case PEER_RESET:
		ret = reset(p->peer);
		p->peer = -1;
		return ret;
	case PEER_WRITE:
		ret = write(p->peer, "a", 1);
		break;
	case PEER_READ:
		ret = read(p->peer, buf, sizeof(buf)) > 0 ? 0 : -1;
		break;
	case PEER_OOB:
		ret = send(p->peer, "!", 1, MSG_OOB);
		break;
	case OWN_WRITE:
		ret = send(p->own, "b", 1, MSG_NOSIGNAL);
		if (ret < 0 && (errno == EPIPE || errno == ECONNRESET))
			ret = 0;
		break;
	case OWN_READ:
		ret = read(p->own, buf, sizeof(buf)) > 0 ? 0 : -1;
		break;
	case OWN_READ_EOF:
		ret = read(p->own, buf, sizeof(buf)) == 0 ? 0 : -1;
		break;
	case OWN_FILL:
		return fill(p->own, MUST_NOT_MS);
	case ACCEPT:
		/* The end that was closed or reset must have got here. */
		poll_mask(p->listener, EPOLLIN, MUST_MS);
		p->own = accept4(p->listener, NULL, NULL, SOCK_CLOEXEC);
		ret = p->own;
		break;
	case CONNECT:
		p->peer = any_connect(p->family, p->own);
		return p->peer < 0 ? p->peer : 0;
	case REFUSED:
		return refused(p, 0);
	case REFUSED_LATER:
		return refused(p, O_NONBLOCK);
	case CLOSE_LISTENER:
		ret = play_close(&p->listener);
		break;
	case SHUT_LISTENER_RD:
		ret = shutdown(p->listener, SHUT_RD);
		break;
	case FIFO_WRITER:
		return fifo_writer(p);
	case LINK_LOST:
		return vhci_lose_link(bt_controllers(&ret));
	}
	return ret < 0 ? -errno : 0;
}

/*
 * Wait until own has noticed what the peer did, where another thread of the
 * kernel delivers it, so that the next step finds it there.
 */
static inline void settle(struct play *p, enum step step)
{
	const struct family *f = &families[p->family];

	if (p->own < 0)
		return;
	if (step == PEER_WRITE ||
	    (f->type != SOCK_DGRAM && (step == PEER_SHUT_WR ||
				       step == PEER_SHUT_RDWR ||
				       step == PEER_CLOSE)))
		poll_mask(p->own, EPOLLIN, MUST_MS);
}

/* Play steps @from up to but not including @to. */
static inline int play_steps(struct play *p, enum scenario_id id, int from,
			     int to)
{
	int err = 0;

	for (int i = from; !err && i < to; i++) {
		err = play_step(p, scenarios[id].step[i]);
		if (!err && i + 1 < nr_steps(id))
			settle(p, scenarios[id].step[i]);
	}
	return err;
}

#endif /* RDHUP_SCENARIO_H */
