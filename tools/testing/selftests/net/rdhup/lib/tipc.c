// SPDX-License-Identifier: GPL-2.0
#include "ask.h"
#include "tipc.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int tipc_self(int fd, struct sockaddr_tipc *sa)
{
	socklen_t len = sizeof(*sa);

	memset(sa, 0, sizeof(*sa));
	return getsockname(fd, (struct sockaddr *)sa, &len) ? -errno : 0;
}

int tipc_listen(enum family_id id)
{
	int err, fd = any_socket(id);

	if (fd < 0 || !listen(fd, 8))
		return fd;
	err = failed("listen");
	close(fd);
	return err;
}

int tipc_pair(enum family_id id, int sv[2])
{
	const int type = families[id].type;
	struct sockaddr_tipc sa;
	int listener, err = 0;

	sv[0] = -1;
	sv[1] = -1;
	listener = socket(AF_TIPC, type | SOCK_CLOEXEC, 0);
	if (listener < 0)
		return -errno;
	/* A first connect() in blocking mode would wait for accept(). */
	sv[1] = socket(AF_TIPC, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (sv[1] < 0 || listen(listener, 8))
		err = failed("listen");
	if (!err)
		err = tipc_self(listener, &sa);
	if (!err && (!connect(sv[1], (struct sockaddr *)&sa, sizeof(sa)) ||
		     errno != EINPROGRESS))
		err = -EPROTO;
	if (!err) {
		sv[0] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (sv[0] < 0)
			err = failed("accept");
	}
	if (!err && (!poll_mask(sv[1], EPOLLOUT, MUST_MS) ||
		     fcntl(sv[1], F_SETFL, 0)))
		err = -ETIMEDOUT;
	close(listener);
	return err;
}
