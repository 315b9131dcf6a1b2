// SPDX-License-Identifier: GPL-2.0
#include "ask.h"
#include "tcp.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

int tcp_state(int fd)
{
	struct tcp_info info = {};
	socklen_t len = sizeof(info);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len))
		return -errno;
	return info.tcpi_state;
}

int tcp_state_until(int fd, int want)
{
	long long end = now_ms() + MUST_MS;
	int state;

	do {
		state = tcp_state(fd);
	} while (state != want && now_ms() < end && !usleep(200));
	return state;
}

void wait_for_ack_of_fin(int fd)
{
	long long end = now_ms() + MUST_MS;
	int state;

	do {
		state = tcp_state(fd);
	} while ((state == TCP_FIN_WAIT1 || state == TCP_CLOSING ||
		  state == TCP_LAST_ACK) &&
		 now_ms() < end && !usleep(200));
}
