// SPDX-License-Identifier: GPL-2.0
#include "ask.h"
#include "bluetooth.h"
#include "scenario.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

const struct scenario scenarios[] = {
	{ "fresh", PAIR },
	{ "own_shut_rd", PAIR, { OWN_SHUT_RD } },
	{ "own_shut_wr", PAIR, { OWN_SHUT_WR } },
	{ "own_shut_rdwr", PAIR, { OWN_SHUT_RDWR } },
	{ "peer_shut_rd", PAIR, { PEER_SHUT_RD } },
	{ "peer_shut_wr", PAIR, { PEER_SHUT_WR } },
	{ "peer_shut_rdwr", PAIR, { PEER_SHUT_RDWR } },
	{ "peer_shut_rd_data_shut_wr", PAIR,
	  { PEER_SHUT_RD, PEER_WRITE, PEER_SHUT_WR } },
	{ "peer_data", PAIR, { PEER_WRITE } },
	{ "peer_data_shut_wr", PAIR, { PEER_WRITE, PEER_SHUT_WR } },
	{ "peer_shut_wr_drained", PAIR,
	  { PEER_WRITE, PEER_SHUT_WR, OWN_READ, OWN_READ_EOF } },
	{ "both_shut_wr", PAIR, { OWN_SHUT_WR, PEER_SHUT_WR } },
	{ "own_shut_rd_peer_data", PAIR, { OWN_SHUT_RD, PEER_WRITE } },
	{ "own_shut_wr_peer_shut_rd", PAIR, { OWN_SHUT_WR, PEER_SHUT_RD } },
	{ "peer_oob", PAIR, { PEER_OOB } },
	{ "peer_oob_shut_wr", PAIR, { PEER_OOB, PEER_SHUT_WR } },
	{ "full", PAIR, { OWN_FILL } },
	{ "full_peer_shut_wr", PAIR, { OWN_FILL, PEER_SHUT_WR } },
	{ "full_peer_close", PAIR, { OWN_FILL, PEER_CLOSE } },
	{ "peer_close", PAIR, { PEER_CLOSE } },
	{ "peer_data_close", PAIR, { PEER_WRITE, PEER_CLOSE } },
	{ "peer_close_unread", PAIR, { OWN_WRITE, PEER_CLOSE } },
	{ "peer_reset", PAIR, { PEER_RESET } },
	{ "own_shut_wr_peer_close", PAIR, { OWN_SHUT_WR, PEER_CLOSE } },
	{ "peer_close_own_write", PAIR, { PEER_CLOSE, OWN_WRITE } },
	{ "peer_shut_rdwr_own_write", PAIR, { PEER_SHUT_RDWR, OWN_WRITE } },
	{ "unconnected", ALONE },
	{ "unconnected_shut_rd", ALONE, { OWN_SHUT_RD } },
	{ "unconnected_shut_rdwr", ALONE, { OWN_SHUT_RDWR } },
	{ "refused", ALONE, { REFUSED } },
	{ "refused_later", ALONE, { REFUSED_LATER } },
	{ "connecting", CONNECTING },
	{ "connecting_shut_rd", CONNECTING, { OWN_SHUT_RD } },
	{ "connecting_shut_wr", CONNECTING, { OWN_SHUT_WR } },
	{ "connecting_shut_rdwr", CONNECTING, { OWN_SHUT_RDWR } },
	{ "listener", LISTENER },
	{ "listener_pending", LISTENER, { CONNECT } },
	{ "listener_shut_rd", LISTENER, { OWN_SHUT_RD } },
	{ "listener_shut_wr", LISTENER, { OWN_SHUT_WR } },
	{ "listener_shut_rdwr", LISTENER, { OWN_SHUT_RDWR } },
	{ "not_accepted", CLIENT },
	{ "listener_closed", CLIENT, { CLOSE_LISTENER } },
	{ "listener_shut", CLIENT, { SHUT_LISTENER_RD } },
	{ "shut_wr_before_accept", ACCEPTING,
	  { PEER_WRITE, PEER_SHUT_WR, ACCEPT } },
	{ "closed_before_accept", ACCEPTING, { PEER_CLOSE, ACCEPT } },
	{ "reset_before_accept", ACCEPTING, { PEER_RESET, ACCEPT } },
	{ "readers_gone", WRITER, { PEER_CLOSE } },
	{ "full_readers_gone", WRITER, { OWN_FILL, PEER_CLOSE } },
	{ "writer_back", PAIR, { PEER_CLOSE, FIFO_WRITER } },
	{ "link_lost", PAIR, { LINK_LOST } },
	{ "data_link_lost", PAIR, { PEER_WRITE, LINK_LOST } },
	{}
};

const struct scenario *scenario_named(const char *name)
{
	for (const struct scenario *s = scenarios; s->name; s++)
		if (!strcmp(s->name, name))
			return s;
	return NULL;
}

int nr_steps(const struct scenario *s)
{
	int n = 0;

	while (s->step[n] != END)
		n++;
	return n;
}

static int start_connecting(struct play *p)
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
	return errno == EINPROGRESS ? 0 : failed("connect");
}

int play_start(struct play *p, const struct scenario *s, enum family_id family)
{
	int sv[2] = { -1, -1 };
	int err = 0;

	*p = (struct play) { s, family, -1, -1, -1, -1 };
	if (families[family].ready)
		err = any_ready(family);
	if (err)
		return err;
	switch (s->start) {
	case PAIR:
	case WRITER:
		err = make_pair(family, sv);
		p->own = sv[s->start == WRITER];
		p->peer = sv[s->start == PAIR];
		return err;
	case ALONE:
		p->own = any_socket(family);
		return p->own < 0 ? p->own : 0;
	case LISTENER:
		p->own = listen_on(family);
		return p->own < 0 ? p->own : 0;
	case CLIENT:
		p->listener = listen_on(family);
		if (p->listener < 0)
			return p->listener;
		p->own = connect_to(family, p->listener);
		if (p->own < 0)
			return p->own;
		/* With SCO only one end may know of the connection yet. */
		poll_mask(p->listener, EPOLLIN, MUST_MS);
		return 0;
	case ACCEPTING:
		p->listener = listen_on(family);
		if (p->listener < 0)
			return p->listener;
		p->peer = connect_to(family, p->listener);
		return p->peer < 0 ? p->peer : 0;
	case CONNECTING:
		return start_connecting(p);
	}
	return -EINVAL;
}

static int refused(struct play *p, int flags)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	int fd = listen_on(p->family);

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

static int fifo_writer(struct play *p)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", p->own);
	p->peer = open(path, O_WRONLY | O_CLOEXEC);
	return p->peer < 0 ? -errno : 0;
}

static int play_close(int *fd)
{
	int ret = close(*fd);

	*fd = -1;
	return ret;
}

int play_step(struct play *p, enum step step)
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
		if (ret < 0 && errno == EOPNOTSUPP)
			return PLAY_NO_OOB;
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
		return fill(p->own);
	case ACCEPT:
		/* The end that was closed or reset must have got here. */
		poll_mask(p->listener, EPOLLIN, MUST_MS);
		p->own = accept4(p->listener, NULL, NULL, SOCK_CLOEXEC);
		ret = p->own;
		break;
	case CONNECT:
		p->peer = connect_to(p->family, p->own);
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
static void settle(struct play *p, enum step step)
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

int play_steps(struct play *p, int from, int to)
{
	int err = 0;

	for (int i = from; !err && i < to; i++) {
		err = play_step(p, p->scenario->step[i]);
		if (!err && i + 1 < nr_steps(p->scenario))
			settle(p, p->scenario->step[i]);
	}
	return err;
}
