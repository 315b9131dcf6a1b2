// SPDX-License-Identifier: GPL-2.0
/*
 * A server on libevent: takes a request, asks an upstream, and answers with what
 * that says.  Meanwhile it waits for EV_CLOSED, edge-triggered, and tells the
 * upstream if that comes.
 *
 * Takes: its port and the upstream's, on 127.0.0.1.
 */
#include <event2/event.h>

#include "server.h"

static struct event_base *base;
static struct event *closed;
static int client, upstream;
static const char *upstream_port;

static void watch(int fd, short what, event_callback_fn callback)
{
	event_add(event_new(base, fd, what, callback, NULL), NULL);
}

static void on_closed(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)arg;
	if (what & EV_CLOSED)
		tell_upstream(upstream);
}

static void on_answer(evutil_socket_t fd, short what, void *arg)
{
	(void)what;
	(void)arg;
	pass_on_answer(fd, client);
	event_free(closed);
	event_base_loopbreak(base);
}

static void on_request(evutil_socket_t fd, short what, void *arg)
{
	(void)what;
	(void)arg;
	/* before the upstream can tell anybody that it has the request */
	closed = event_new(base, fd, EV_CLOSED | EV_ET | EV_PERSIST, on_closed, NULL);
	event_add(closed, NULL);
	upstream = ask_upstream(fd, upstream_port);
	watch(upstream, EV_READ, on_answer);
}

static void on_connection(evutil_socket_t fd, short what, void *arg)
{
	(void)what;
	(void)arg;
	client = accept(fd, NULL, NULL);
	watch(client, EV_READ, on_request);
}

int main(int argc, char **argv)
{
	int fd;

	if (argc != 3)
		return 2;
	upstream_port = argv[2];
	base = event_base_new();
	if (!(event_base_get_features(base) & EV_FEATURE_EARLY_CLOSE))
		puts("# libevent: no EV_CLOSED here");
	fd = listening_at(argv[1]);
	if (fd < 0)
		return 1;
	watch(fd, EV_READ, on_connection);
	return event_base_dispatch(base) < 0;
}
