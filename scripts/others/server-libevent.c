// SPDX-License-Identifier: GPL-2.0
/*
 * A server on libevent: takes a request, asks an upstream, and answers with what
 * that says.  Meanwhile it waits for EV_CLOSED, edge-triggered, and tells the
 * upstream if that comes.
 *
 * Takes: its port and the upstream's, on 127.0.0.1.
 */
#include <arpa/inet.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static struct event_base *base;
static struct event *closed;
static int client, upstream;
static const char *upstream_port;

static struct sockaddr_in local(const char *port)
{
	return (struct sockaddr_in) {
		.sin_family = AF_INET,
		.sin_port = htons(atoi(port)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
}

static void on_closed(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)arg;
	if (what & EV_CLOSED && write(upstream, "gone\n", 5) < 0)
		perror("write");
}

static void on_answer(evutil_socket_t fd, short what, void *arg)
{
	char buf[4096];
	ssize_t len = read(fd, buf, sizeof(buf));

	(void)what;
	(void)arg;
	if (len > 0 && write(client, buf, len) < 0)
		perror("write");
	event_free(closed);
	event_base_loopbreak(base);
}

static void on_request(evutil_socket_t fd, short what, void *arg)
{
	struct sockaddr_in to = local(upstream_port);
	char buf[4096];

	(void)what;
	(void)arg;
	if (read(fd, buf, sizeof(buf)) <= 0)
		exit(1);
	/* before the upstream can tell anybody that it has the request */
	closed = event_new(base, fd, EV_CLOSED | EV_ET | EV_PERSIST, on_closed, NULL);
	event_add(closed, NULL);
	upstream = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(upstream, (void *)&to, sizeof(to)) ||
	    write(upstream, "work\n", 5) < 0)
		exit(1);
	event_add(event_new(base, upstream, EV_READ, on_answer, NULL), NULL);
}

static void on_connection(struct evconnlistener *listener, evutil_socket_t fd,
			  struct sockaddr *from, int len, void *arg)
{
	(void)listener;
	(void)from;
	(void)len;
	(void)arg;
	client = fd;
	event_add(event_new(base, fd, EV_READ, on_request, NULL), NULL);
}

int main(int argc, char **argv)
{
	struct sockaddr_in at;

	if (argc != 3)
		return 2;
	at = local(argv[1]);
	upstream_port = argv[2];
	base = event_base_new();
	if (!(event_base_get_features(base) & EV_FEATURE_EARLY_CLOSE))
		puts("# libevent: no EV_CLOSED here");
	if (!evconnlistener_new_bind(base, on_connection, NULL,
				     LEV_OPT_CLOSE_ON_FREE | LEV_OPT_REUSEABLE,
				     -1, (void *)&at, sizeof(at)))
		return 1;
	return event_base_dispatch(base) < 0;
}
