// SPDX-License-Identifier: GPL-2.0
/*
 * Closing a TCP connection and knowing that the peer has got everything.
 *
 * close() alone cannot tell, and with unread data it resets the connection,
 * which throws away what has not been sent yet.  What can be known without
 * help from the protocol is that a peer that finishes, too, when it has seen
 * our end, has read what came before the end.
 *
 * The rest of the file are peers of several sorts, which makes this a test of
 * its own.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "kselftest.h"
#include "netns.h"

static long long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

/* ------------------------------------------------------ closing for sure */

/*
 * Finish sending, wait up to @ms milliseconds for the peer to do the same,
 * and close @fd.  Returns 0 if the peer has finished, -ECONNRESET if it threw
 * something away, -ETIMEDOUT if it did neither.
 */
static int finish(int fd, int ms)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	long long end = now_ms() + ms;
	char junk[4096];
	ssize_t n;
	int err = -EAGAIN;

	/* If there is nothing left to shut, recv() knows why. */
	shutdown(fd, SHUT_WR);
	while (err == -EAGAIN) {
		/*
		 * What the peer still sends has to be read although nobody
		 * wants it, or close() would send a reset.  POLLRDHUP alone
		 * would not do: it comes before all is read.
		 */
		n = recv(fd, junk, sizeof(junk), MSG_DONTWAIT);
		if (n > 0 && now_ms() < end)
			continue;
		if (n == 0)
			err = 0;
		else if (n < 0 && errno != EAGAIN && errno != EINTR)
			err = -errno;
		else if (now_ms() >= end)
			err = -ETIMEDOUT;
		else
			poll(&pfd, 1, (int)(end - now_ms()));
	}
	close(fd);
	return err;
}

/* ------------------------------------------------------------- the peers */

#define AMOUNT	1000000

static void tcp_pair(int sv[2])
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	socklen_t len = sizeof(in);
	int fd;

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	sv[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || sv[0] < 0 || bind(fd, (struct sockaddr *)&in, len) ||
	    listen(fd, 1) || getsockname(fd, (struct sockaddr *)&in, &len) ||
	    connect(sv[0], (struct sockaddr *)&in, len))
		ksft_exit_fail_perror("connect");
	sv[1] = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
	if (sv[1] < 0)
		ksft_exit_fail_perror("accept");
	close(fd);
}

struct reader {
	int fd;
	long total;
};

/* Reads to the end, says something that nobody asked for, and closes. */
static void *read_all(void *arg)
{
	struct reader *r = arg;
	char block[4096];
	ssize_t n;

	while ((n = read(r->fd, block, sizeof(block))) > 0)
		r->total += n;
	send(r->fd, "bye", 3, MSG_NOSIGNAL);
	close(r->fd);
	return NULL;
}

static void test_delivery(void)
{
	static const char data[AMOUNT];
	struct reader r = {};
	pthread_t thread;
	int sv[2], err;
	bool sent;

	tcp_pair(sv);
	r.fd = sv[1];
	if (pthread_create(&thread, NULL, read_all, &r))
		ksft_exit_fail_msg("no thread\n");
	sent = write(sv[0], data, sizeof(data)) == sizeof(data);
	err = finish(sv[0], 10000);
	pthread_join(thread, NULL);
	ksft_test_result(sent && !err && r.total == AMOUNT,
			 "a peer that finishes has read everything\n");
}

int main(void)
{
	char c;
	int sv[2];

	enter_own_net();
	ksft_print_header();
	ksft_set_plan(4);

	test_delivery();

	/* Closing with unread data is what sends the reset. */
	tcp_pair(sv);
	if (write(sv[0], "x", 1) != 1)
		ksft_exit_fail_perror("write");
	close(sv[1]);
	ksft_test_result(finish(sv[0], 10000) == -ECONNRESET,
			 "a peer that threw something away is told apart\n");

	/* 200 ms in which nothing happens, and then it reads the end. */
	tcp_pair(sv);
	ksft_test_result(finish(sv[0], 200) == -ETIMEDOUT,
			 "a peer that does not finish is not waited for\n");
	ksft_test_result(read(sv[1], &c, 1) == 0,
			 "and sees an end, no reset\n");
	close(sv[1]);
	ksft_finished();
}
