// SPDX-License-Identifier: GPL-2.0
/*
 * An edge-triggered server to which the end of a request is part of it.
 *
 * A client sends a number, in as many pieces as it likes, and then finishes
 * with shutdown(SHUT_WR).  The server answers with as many bytes and closes.
 * It must therefore not miss the end, for which there may be no event of its
 * own, and must not take the end for a reason to hang up.
 *
 * The second half of the file are clients of all sorts, which makes this a
 * test of its own.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

#include "kselftest.h"
#include "netns.h"

#define MAX_EVENTS 16

/* ------------------------------------------------------------ the server */

struct conn {
	int fd;
	bool ending;		/* we have been told that the end is queued */
	bool eof;		/* we have read up to it */
	char request[32];
	size_t len;
	size_t left;		/* bytes of the answer that are yet to go */
};

static bool have_rdhup;

/* A kernel that does not know the bit takes it and never reports it. */
static bool probe_rdhup(void)
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

static bool complete(struct conn *c)
{
	c->request[c->len] = '\0';
	c->left = strtoul(c->request, NULL, 10);
	c->eof = true;
	return true;
}

/* Write until all is gone or there is no room.  False if that failed. */
static bool conn_write(struct conn *c)
{
	static const char block[4096];
	ssize_t n;

	while (c->left) {
		n = send(c->fd, block,
			 c->left < sizeof(block) ? c->left : sizeof(block),
			 MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN;	/* OUT will be an edge */
		c->left -= n;
	}
	return true;
}

/* -------------------------------------------------- reading to the end */

/*
 * Read what there is.  False if the connection has failed.
 *
 * A short read has emptied the socket, so that whatever comes later is a new
 * edge.  But what came before, with the data, is not: RDHUP in the event that
 * brought us here says that the end is waiting behind the data, and that we
 * have to go on until we see it.  Without the bit this costs one read() more
 * for each event, to be sure.
 */
static bool conn_read(struct conn *c)
{
	for (;;) {
		size_t room = sizeof(c->request) - 1 - c->len;
		ssize_t n;

		if (!room)
			return false;		/* not one of our clients */
		n = read(c->fd, c->request + c->len, room);
		if (n == 0)
			return complete(c);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN;
		c->len += n;
		if ((size_t)n < room && have_rdhup && !c->ending)
			return true;
	}
}

static void conn_event(struct conn *c, unsigned int events)
{
	bool ok = true;

	/*
	 * Remember it, as an edge does not come twice.  It is not a reason to
	 * close: there can be data before the end, and the client waits for
	 * its answer.  HUP and ERR are found out by read() as well, which
	 * knows the errno.
	 */
	if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		c->ending = true;
	if (!c->eof && (c->ending || events & EPOLLIN))
		ok = conn_read(c);
	if (ok && c->eof)
		ok = conn_write(c);
	if (ok && !(c->eof && !c->left))
		return;
	/*
	 * All of the request has been read, so this is a FIN behind the
	 * answer and not a reset.  It also takes the socket out of the epoll
	 * instance, as no other descriptor refers to it.
	 */
	close(c->fd);
	free(c);
}

/* ------------------------------------------------------------ accepting */

/* The listener is edge-triggered, too: accept all that there are. */
static void accept_all(int ep, int listener)
{
	struct epoll_event ev = {
		.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
	};
	struct conn *c;
	int fd;

	for (;;) {
		fd = accept4(listener, NULL, NULL,
			     SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0 && (errno == EINTR || errno == ECONNABORTED))
			continue;
		if (fd < 0)
			return;
		c = calloc(1, sizeof(*c));
		if (!c) {
			close(fd);
			continue;
		}
		c->fd = fd;
		ev.data.ptr = c;
		/*
		 * Once and for all three.  What was there before is reported
		 * as the first edge, so nothing has to be tried here.
		 */
		if (epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev)) {
			close(fd);
			free(c);
		}
	}
}

static void serve(int listener)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLET };
	struct epoll_event events[MAX_EVENTS];
	int ep = epoll_create1(EPOLL_CLOEXEC);
	int n;

	have_rdhup = probe_rdhup();
	if (ep < 0 || epoll_ctl(ep, EPOLL_CTL_ADD, listener, &ev))
		exit(1);
	for (;;) {
		n = epoll_wait(ep, events, MAX_EVENTS, -1);
		if (n < 0 && errno != EINTR)
			exit(1);
		for (int i = 0; i < n; i++) {
			if (events[i].data.ptr)
				conn_event(events[i].data.ptr,
					   events[i].events);
			else
				accept_all(ep, listener);
		}
	}
}

/* ----------------------------------------------------------- the clients */

#define BIG	(8 << 20)	/* more than the socket buffers take */

static struct sockaddr_in address = { .sin_family = AF_INET };

static int listen_anywhere(void)
{
	socklen_t len = sizeof(address);
	int fd;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) ||
	    listen(fd, 16) ||
	    getsockname(fd, (struct sockaddr *)&address, &len))
		ksft_exit_fail_perror("listen");
	return fd;
}

/* A client that gives up if there is no answer for ten seconds. */
static int dial(void)
{
	struct timeval patience = { .tv_sec = 10 };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
		       sizeof(patience)) ||
	    connect(fd, (struct sockaddr *)&address, sizeof(address)))
		ksft_exit_fail_perror("connect");
	return fd;
}

static void say(int fd, const char *text)
{
	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		ksft_exit_fail_perror("write");
}

/* How long the answer is, up to its end; -1 if that does not come. */
static long answer(int fd)
{
	static char block[65536];
	long total = 0;
	ssize_t n;

	while ((n = read(fd, block, sizeof(block))) > 0)
		total += n;
	close(fd);
	return n < 0 ? -1 : total;
}

static long ask(const char *text)
{
	int fd = dial();

	say(fd, text);
	shutdown(fd, SHUT_WR);
	return answer(fd);
}

int main(void)
{
	struct linger reset = { .l_onoff = 1 };
	int listener, early, idle, fd;
	char number[16];
	pid_t server;

	enter_own_net();
	ksft_print_header();
	ksft_set_plan(5);
	listener = listen_anywhere();

	/* Its request is complete before there is anyone to accept it. */
	early = dial();
	say(early, "5");
	shutdown(early, SHUT_WR);

	server = fork();
	if (server < 0)
		ksft_exit_fail_perror("fork");
	if (!server) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		serve(listener);
	}
	ksft_test_result(answer(early) == 5,
			 "a request that ended before it was accepted\n");

	idle = dial();
	say(idle, "1");
	ksft_test_result(ask("7") == 7, "a request beside one that is open\n");
	say(idle, "0");
	shutdown(idle, SHUT_WR);
	ksft_test_result(answer(idle) == 10, "a request in pieces\n");

	snprintf(number, sizeof(number), "%d", BIG);
	ksft_test_result(ask(number) == BIG,
			 "all of a long answer after the half-close\n");

	fd = dial();
	say(fd, number);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(fd);
	ksft_test_result(ask("3") == 3, "a request after one that was reset\n");

	kill(server, SIGKILL);
	ksft_finished();
}
