// SPDX-License-Identifier: GPL-2.0
/*
 * A client that says it has finished while a server works on its request, and
 * the upstream that the server waits for: does the server notice?
 *
 * Takes: the server's port and the upstream's, on 127.0.0.1; "early" for an
 * upstream that gives the head of its answer at once.  The client sends
 * a request; once the upstream has it, it sends the first byte of another and its
 * FIN in one segment.  With that byte unread, no recv(MSG_PEEK) sees the end:
 * only POLLRDHUP tells of it.  Gives: exit status 0 if within five seconds
 * the server ended the upstream's connection or wrote to it, 1 if not, 2 if
 * something else failed; comments that say what the server did, and what the
 * client got.
 */
#include <poll.h>
#include <string.h>
#include <time.h>

#include "server.h"

#define PATIENCE 5000		/* milliseconds, for what may not come */
#define QUIET 1000
#define STARTUP 60000		/* for what must, in an emulated guest */

static const char request[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
static const char head[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n";
static const char body[] = "hi";

static void check(int good, const char *what)
{
	if (good)
		return;
	perror(what);
	exit(2);
}

static int readable(int fd, int patience)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	return poll(&pfd, 1, patience) == 1;
}

static long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000L + ts.tv_nsec / 1000000;
}

/* A server that starts has no event to give: try until it listens. */
static int connected(const struct sockaddr_in *to)
{
	long end = now_ms() + STARTUP;
	int fd;

	for (;;) {
		fd = socket(AF_INET, SOCK_STREAM, 0);
		if (!connect(fd, (const void *)to, sizeof(*to)))
			return fd;
		check(now_ms() < end, "connect");
		close(fd);
		poll(NULL, 0, 20);
	}
}

int main(int argc, char **argv)
{
	int listener, client, upstream, early, noticed = 0;
	struct sockaddr_in to;
	char buf[4096];
	ssize_t len;
	long start;

	early = argc == 4 && !strcmp(argv[3], "early");
	check(argc == 3 + early, "usage: halfclose PORT UPSTREAM_PORT [early]");
	setvbuf(stdout, NULL, _IOLBF, 0);
	to = local(argv[1]);
	listener = listening_at(argv[2]);
	check(listener >= 0, "listen");

	client = connected(&to);
	check(send(client, request, sizeof(request) - 1, 0) > 0, "send");
	check(readable(listener, STARTUP), "no connection to the upstream");
	upstream = accept(listener, NULL, NULL);
	check(readable(upstream, STARTUP), "no request to the upstream");
	check(recv(upstream, buf, sizeof(buf), 0) > 0, "recv");

	if (early) {
		check(send(upstream, head, sizeof(head) - 1, 0) > 0, "send");
		check(readable(client, STARTUP), "no head for the client");
	}
	/* what the server still does for the request is not to be counted */
	check(!readable(upstream, QUIET), "the upstream wants one request");
	check(send(client, "G", 1, MSG_MORE) == 1, "send");
	start = now_ms();
	check(!shutdown(client, SHUT_WR), "shutdown");
	len = -1;
	if (readable(upstream, PATIENCE)) {
		noticed = 1;
		len = recv(upstream, buf, sizeof(buf), 0);
		printf("# noticed after %ld ms: the upstream %s\n",
		       now_ms() - start,
		       len > 0 ? "is told" : "is let go");
	} else {
		printf("# not noticed in %d ms\n", PATIENCE);
	}
	if (!early)
		send(upstream, head, sizeof(head) - 1, MSG_NOSIGNAL | MSG_MORE);
	send(upstream, body, sizeof(body) - 1, MSG_NOSIGNAL);
	close(upstream);
	for (size_t got = 0; got < sizeof(buf) - 1; got += len) {
		buf[got] = '\0';
		len = !strstr(buf, "\r\n\r\nhi") && readable(client, PATIENCE) ?
		      recv(client, buf + got, sizeof(buf) - 1 - got, 0) : 0;
		if (len <= 0)
			break;
	}
	printf("# the client got %s%.*s\n", strstr(buf, "\r\n\r\nhi") ? "" :
	       *buf ? "no body and " : "no answer", (int)strcspn(buf, "\r"), buf);
	return !noticed;
}
