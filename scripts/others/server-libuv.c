// SPDX-License-Identifier: GPL-2.0
/*
 * A server on libuv: takes a request, asks an upstream, and answers with what
 * that says.  Meanwhile it waits for UV_DISCONNECT, and tells the upstream if
 * that comes.
 *
 * Takes: its port and the upstream's, on 127.0.0.1.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

static uv_poll_t listening, request, answer;
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
	if (write(upstream, "gone\n", 5) < 0)
		perror("write");
	uv_poll_stop(handle);
}

static void on_answer(uv_poll_t *handle, int status, int events)
{
	char buf[4096];
	ssize_t len = read(upstream, buf, sizeof(buf));

	(void)handle;
	(void)status;
	(void)events;
	if (len > 0 && write(client, buf, len) < 0)
		perror("write");
	exit(0);
}

static void on_request(uv_poll_t *handle, int status, int events)
{
	struct sockaddr_in to = local(upstream_port);
	char buf[4096];

	(void)status;
	(void)events;
	if (read(client, buf, sizeof(buf)) <= 0)
		exit(1);
	/* the same handle: libuv has one for a descriptor */
	if (uv_poll_start(handle, UV_DISCONNECT, on_disconnect))
		exit(1);
	upstream = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(upstream, (void *)&to, sizeof(to)) ||
	    write(upstream, "work\n", 5) < 0)
		exit(1);
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
	struct sockaddr_in at;
	const int one = 1;
	int fd;

	if (argc != 3)
		return 2;
	at = local(argv[1]);
	upstream_port = argv[2];
	fd = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (void *)&at, sizeof(at)) || listen(fd, 8))
		return 1;
	watch(&listening, fd, UV_READABLE, on_connection);
	return uv_run(uv_default_loop(), UV_RUN_DEFAULT);
}
