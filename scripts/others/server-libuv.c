// SPDX-License-Identifier: GPL-2.0
/*
 * A server on libuv: takes a request, asks an upstream, and answers with what
 * that says.  Meanwhile it waits for UV_DISCONNECT, and tells the upstream if
 * that comes.
 *
 * Takes: its port and the upstream's, on 127.0.0.1.
 */
#include <uv.h>

#include "server.h"

static uv_poll_t listening, request, answer;
static int client, upstream;
static const char *upstream_port;

static void watch(uv_poll_t *handle, int fd, int events, uv_poll_cb cb)
{
	if (uv_poll_init(uv_default_loop(), handle, fd) ||
	    uv_poll_start(handle, events, cb))
		exit(1);
}

static void on_disconnect(uv_poll_t *handle, int status, int events)
{
	if (status || !(events & UV_DISCONNECT))
		return;
	tell_upstream(upstream);
	uv_poll_stop(handle);
}

static void on_answer(uv_poll_t *handle, int status, int events)
{
	(void)handle;
	(void)status;
	(void)events;
	pass_on_answer(upstream, client);
	exit(0);
}

static void on_request(uv_poll_t *handle, int status, int events)
{
	(void)status;
	(void)events;
	/*
	 * Before the upstream can tell anybody that it has the request; the
	 * same handle, as libuv has one for a descriptor.
	 */
	if (uv_poll_start(handle, UV_DISCONNECT, on_disconnect))
		exit(1);
	upstream = ask_upstream(client, upstream_port);
	watch(&answer, upstream, UV_READABLE, on_answer);
}

static void on_connection(uv_poll_t *handle, int status, int events)
{
	int fd;

	(void)status;
	(void)events;
	uv_fileno((uv_handle_t *)handle, &fd);
	client = accept(fd, NULL, NULL);
	watch(&request, client, UV_READABLE, on_request);
}

int main(int argc, char **argv)
{
	int fd;

	if (argc != 3)
		return 2;
	upstream_port = argv[2];
	fd = listening_at(argv[1]);
	if (fd < 0)
		return 1;
	watch(&listening, fd, UV_READABLE, on_connection);
	return uv_run(uv_default_loop(), UV_RUN_DEFAULT);
}
