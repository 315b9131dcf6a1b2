// SPDX-License-Identifier: GPL-2.0
#include "ask.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

long long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

const char *mask_str(unsigned int mask)
{
	static const struct {
		unsigned int bit;
		const char *name;
	} names[] = {
		{ EPOLLIN, "IN" }, { EPOLLPRI, "PRI" }, { EPOLLOUT, "OUT" },
		{ EPOLLRDNORM, "RDNORM" }, { EPOLLWRNORM, "WRNORM" },
		{ EPOLLRDHUP, "RDHUP" }, { EPOLLHUP, "HUP" },
		{ EPOLLERR, "ERR" },
		{ 0, NULL },
	}, *n;
	static __thread char ring[4][96];
	static __thread unsigned int next;
	char *out = ring[next++ % 4];
	size_t len = 0;

	out[0] = '\0';
	for (n = names; n->name; n++) {
		if (!(mask & n->bit))
			continue;
		len += snprintf(out + len, sizeof(ring[0]) - len, "%s%s",
				len ? "|" : "", n->name);
		mask &= ~n->bit;
	}
	if (mask || !len)
		snprintf(out + len, sizeof(ring[0]) - len, "%s0x%x",
			 len ? "|" : "", mask);
	return out;
}

unsigned int to_epoll(unsigned int revents)
{
	unsigned int mask = revents & (POLLIN | POLLPRI | POLLOUT | POLLERR |
				       POLLHUP | POLLNVAL | POLLRDNORM |
				       POLLRDBAND);

#if POLLWRNORM != POLLOUT
	if (revents & POLLWRNORM)
		mask |= EPOLLWRNORM;
#endif
	if (revents & POLLRDHUP)
		mask |= EPOLLRDHUP;
	return mask;
}

short to_poll(unsigned int events)
{
	short mask = events & (EPOLLIN | EPOLLPRI | EPOLLOUT | EPOLLERR |
			       EPOLLHUP | EPOLLRDNORM | EPOLLRDBAND);

	if (events & EPOLLWRNORM)
		mask |= POLLWRNORM;
	if (events & EPOLLRDHUP)
		mask |= POLLRDHUP;
	return mask;
}

unsigned int as_poll(unsigned int mask)
{
	return to_epoll((unsigned short)to_poll(mask));
}

unsigned int poll_mask(int fd, unsigned int events, int ms)
{
	struct pollfd pfd = { .fd = fd, .events = to_poll(events) };
	int ret;

	do {
		ret = poll(&pfd, 1, ms);
	} while (ret < 0 && errno == EINTR);
	if (ret < 0) {
		perror("poll");
		abort();
	}
	return to_epoll((unsigned short)pfd.revents);
}

unsigned int poll_until_ms(int fd, unsigned int events, unsigned int want,
			   int ms)
{
	long long end = now_ms() + ms;
	unsigned int mask;

	want = as_poll(want);
	for (;;) {
		mask = poll_mask(fd, events, 0);
		if (mask == want || now_ms() >= end)
			return mask;
		usleep(200);
	}
}

unsigned int poll_until(int fd, unsigned int events, unsigned int want)
{
	return poll_until_ms(fd, events, want, MUST_MS);
}

int epoll_with(int fd, unsigned int events)
{
	struct epoll_event ev = { .events = events, .data.fd = fd };
	int ep = epoll_create1(EPOLL_CLOEXEC);
	int err;

	if (ep < 0)
		return -errno;
	if (epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev)) {
		err = -errno;
		close(ep);
		return err;
	}
	return ep;
}

int epoll_mod(int ep, int fd, unsigned int events)
{
	struct epoll_event ev = { .events = events, .data.fd = fd };

	return epoll_ctl(ep, EPOLL_CTL_MOD, fd, &ev) ? -errno : 0;
}

unsigned int epoll_next(int ep, int ms)
{
	struct epoll_event ev;
	int ret;

	do {
		ret = epoll_wait(ep, &ev, 1, ms);
	} while (ret < 0 && errno == EINTR);
	if (ret < 0) {
		perror("epoll_wait");
		abort();
	}
	return ret ? ev.events : 0;
}

unsigned int mask_of(int fd, int ms)
{
	int ep = epoll_with(fd, ALL_EVENTS);
	unsigned int mask;

	if (ep < 0)
		return EPOLLMSG;
	mask = epoll_next(ep, ms);
	close(ep);
	return mask;
}
