// SPDX-License-Identifier: GPL-2.0
#include "ask.h"
#include "bluetooth.h"
#include "scenario.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

const struct scenario scenarios[NR_SCENARIOS] = {
#define X(name, from, ...) \
	[SC_##name] = { #name, from, { __VA_ARGS__ } },
	RDHUP_SCENARIOS(X)
#undef X
};

int nr_steps(enum scenario_id id)
{
	int n = 0;

	while (scenarios[id].step[n] != END)
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
	return errno == EINPROGRESS ? 0 : -errno;
}

int play_start(struct play *p, enum scenario_id id, enum family_id family)
{
	int sv[2] = { -1, -1 };
	int err = 0;

	*p = (struct play) { family, -1, -1, -1, -1 };
	if (families[family].ready)
		err = any_ready(family);
	if (err)
		return err;
	switch (scenarios[id].start) {
	case PAIR:
	case WRITER:
		err = make_pair(family, sv);
		p->own = sv[scenarios[id].start == WRITER];
		p->peer = sv[scenarios[id].start == PAIR];
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

static int play_step(struct play *p, enum step step)
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

int play_steps(struct play *p, enum scenario_id id, int from, int to)
{
	int err = 0;

	for (int i = from; !err && i < to; i++) {
		err = play_step(p, scenarios[id].step[i]);
		if (!err && i + 1 < nr_steps(id))
			settle(p, scenarios[id].step[i]);
	}
	return err;
}
