/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What halfclose.c and the servers that it speaks to share: sockets on
 * 127.0.0.1 and, of a server, what it does for its only client.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static inline struct sockaddr_in local(const char *port)
{
	return (struct sockaddr_in) {
		.sin_family = AF_INET,
		.sin_port = htons(atoi(port)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
}

/* A socket that listens, or -1. */
static inline int listening_at(const char *port)
{
	struct sockaddr_in at = local(port);
	const int one = 1;
	int fd;

	fd = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (void *)&at, sizeof(at)) || listen(fd, 8))
		return -1;
	return fd;
}

/* Takes the client's request; a connection to the upstream that has ours. */
static inline int ask_upstream(int client, const char *port)
{
	struct sockaddr_in to = local(port);
	char buf[4096];
	int upstream;

	if (read(client, buf, sizeof(buf)) <= 0)
		exit(1);
	upstream = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(upstream, (void *)&to, sizeof(to)) ||
	    write(upstream, "work\n", 5) < 0)
		exit(1);
	return upstream;
}

static inline void tell_upstream(int upstream)
{
	if (write(upstream, "gone\n", 5) < 0)
		perror("write");
}

static inline void pass_on_answer(int upstream, int client)
{
	char buf[4096];
	ssize_t len = read(upstream, buf, sizeof(buf));

	if (len > 0 && write(client, buf, len) < 0)
		perror("write");
}
