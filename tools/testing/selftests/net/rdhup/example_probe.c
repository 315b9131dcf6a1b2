// SPDX-License-Identifier: GPL-2.0
/*
 * Does this kernel report a half-close, and under which value?
 *
 * Neither poll(2) nor epoll_ctl(2) refuses bits that it does not know, and a
 * header only says what was known where the program was compiled.  The way to
 * find out is to make a half-close and look.
 */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kselftest.h"

/* ------------------------------------------------------------ the probe */

/* A socketpair needs no network, no name and no second program. */
static bool have_rdhup(void)
{
	struct pollfd pfd = { .events = POLLRDHUP };
	int sv[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv))
		return false;
	shutdown(sv[1], SHUT_WR);
	pfd.fd = sv[0];
	poll(&pfd, 1, 0);
	close(sv[0]);
	close(sv[1]);
	return pfd.revents & POLLRDHUP;
}

/* ------------------------------------------------------------- the test */

/* What poll(2) says of @fd when asked for @events. */
static short poll_says(int fd, short events)
{
	struct pollfd pfd = { .fd = fd, .events = events };

	return poll(&pfd, 1, 0) < 0 ? POLLNVAL : pfd.revents;
}

/* What epoll says of @fd when asked for @events; -errno if it is not asked. */
static int epoll_says(int fd, unsigned int events)
{
	struct epoll_event ev = { .events = events };
	int ep, ret;

	ep = epoll_create1(EPOLL_CLOEXEC);
	if (ep < 0)
		return -errno;
	ret = epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev);
	if (!ret)
		ret = epoll_wait(ep, &ev, 1, 0);
	if (ret > 0)
		ret = (int)ev.events;
	else if (ret < 0)
		ret = -errno;
	close(ep);
	return ret;
}

int main(void)
{
	int sv[2], exclusive;

	ksft_print_header();
	ksft_set_plan(4);

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv) ||
	    shutdown(sv[1], SHUT_WR))
		ksft_exit_fail_perror("socketpair");

	ksft_print_msg("POLLRDHUP is 0x%04x, EPOLLRDHUP is 0x%04x\n",
		       POLLRDHUP, EPOLLRDHUP);
	ksft_test_result(have_rdhup(), "the probe finds POLLRDHUP\n");
	ksft_test_result(poll_says(sv[0], POLLRDHUP) == POLLRDHUP,
			 "poll reports POLLRDHUP\n");
	ksft_test_result(epoll_says(sv[0], EPOLLRDHUP) == EPOLLRDHUP,
			 "epoll reports EPOLLRDHUP\n");
	ksft_test_result(poll_says(sv[0], POLLIN) == POLLIN &&
			 epoll_says(sv[0], EPOLLIN) == EPOLLIN,
			 "neither does unasked\n");

	/* Kernels before the combination was allowed say EINVAL. */
	exclusive = epoll_says(sv[0], EPOLLRDHUP | EPOLLEXCLUSIVE);
	ksft_print_msg("EPOLLRDHUP with EPOLLEXCLUSIVE: %s\n",
		       exclusive < 0 ? strerror(-exclusive) : "accepted");
	ksft_finished();
}
