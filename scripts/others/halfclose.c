// SPDX-License-Identifier: GPL-2.0
/*
 * A client that goes away while a proxy waits for its upstream, and that
 * upstream: does the proxy notice?
 *
 * Takes: the proxy's port and the upstream's, on 127.0.0.1.  The client sends
 * a request; once the upstream has it, it sends the first byte of another and
 * shuts down for writing.  With that byte unread, no recv(MSG_PEEK) sees the
 * end: only POLLRDHUP tells of it.  Gives: exit status 0 if the proxy ended
 * the upstream's connection within three seconds, 1 if not, 2 if something
 * else failed; a comment that says how long it took, and whether the client
 * was answered.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE 3000	/* milliseconds */

static const char request[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

static void check(int good, const char *what)
{
	if (good)
		return;
	perror(what);
	exit(2);
}

static struct sockaddr_in local(const char *port)
{
	return (struct sockaddr_in) {
		.sin_family = AF_INET,
		.sin_port = htons(atoi(port)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
}

static int readable(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	return poll(&pfd, 1, PATIENCE) == 1;
}

static long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000L + ts.tv_nsec / 1000000;
}

int main(int argc, char **argv)
{
	struct sockaddr_in to, from;
	int listener, client, upstream, noticed;
	const int one = 1;
	char buf[4096];
	ssize_t len;
	long start;

	check(argc == 3, "usage: halfclose PORT UPSTREAM_PORT");
	to = local(argv[1]);
	from = local(argv[2]);
	listener = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	check(!bind(listener, (void *)&from, sizeof(from)), "bind");
	check(!listen(listener, 8), "listen");

	client = socket(AF_INET, SOCK_STREAM, 0);
	check(!connect(client, (void *)&to, sizeof(to)), "connect");
	check(send(client, request, sizeof(request) - 1, 0) > 0, "send");
	check(readable(listener), "no connection to the upstream");
	upstream = accept(listener, NULL, NULL);
	check(readable(upstream), "no request to the upstream");
	check(recv(upstream, buf, sizeof(buf), 0) > 0, "recv");

	check(send(client, "G", 1, 0) == 1, "send");
	check(!shutdown(client, SHUT_WR), "shutdown");
	start = now_ms();
	noticed = readable(upstream) && recv(upstream, buf, sizeof(buf), 0) <= 0;
	if (noticed)
		printf("# noticed after %ld ms\n", now_ms() - start);
	else
		printf("# not noticed in %d ms\n", PATIENCE);
	send(upstream, answer, sizeof(answer) - 1, MSG_NOSIGNAL);
	close(upstream);
	len = readable(client) ? recv(client, buf, sizeof(buf), 0) : 0;
	printf("# the client got %s\n", len > 0 ? strtok(buf, "\r") : "no answer");
	return !noticed;
}
