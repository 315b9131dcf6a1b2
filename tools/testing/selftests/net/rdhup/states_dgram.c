// SPDX-License-Identifier: GPL-2.0
/*
 * What poll says of datagram sockets that are connected to each other, of UDP
 * and AF_UNIX.
 *
 * - They have no end of stream: only their own SHUT_RD shows.
 * - epoll-shim's tests, which run on FreeBSD too, allow IN for a UDP socket
 *   with a pending error; datagram_poll() says ERR and leaves IN alone.
 */
#include "expect.h"

enum {
	UDP = F(FAM_UDP4),
	UNIX = F(UNIX_DGRAM),
};

static const struct row rows[] = {
	{ "fresh", UDP | UNIX, E_OUT, "datagram_poll(), unix_dgram_poll()" },
	{ "own_shut_rd", UDP | UNIX, E_EOF,
	  "datagram_poll(), unix_dgram_poll()" },
	{ "own_shut_wr", UDP | UNIX, E_OUT,
	  "datagram_poll(), unix_dgram_poll()" },
	{ "own_shut_rdwr", UDP | UNIX, E_GONE,
	  "datagram_poll(), unix_dgram_poll()" },
	{ "peer_shut_rd", UDP | UNIX, E_OUT,
	  "unix_shutdown(): connected types only" },
	{ "peer_shut_wr", UDP | UNIX, E_OUT,
	  "unix_shutdown(); gVisor (times out)" },
	{ "peer_shut_rdwr", UDP | UNIX, E_OUT,
	  "unix_shutdown(): connected types only" },
	{ "peer_data", UDP | UNIX, E_IN | E_OUT,
	  "datagram_poll(), unix_dgram_poll()" },
	{ "peer_data_shut_wr", UDP | UNIX, E_IN | E_OUT,
	  "unix_shutdown(): connected types only" },
	{ "full", UNIX, 0, "unix_dgram_poll()" },
	{ "peer_close", UDP | UNIX, E_OUT,
	  "unix_release_sock(); epoll-shim: UDP never has RDHUP" },
	{ "peer_close_own_write", UDP, E_OUT | E_ERR,
	  "__udp4_lib_err(): ICMP port unreachable" },
	{ "unconnected", UDP | UNIX, E_OUT,
	  "datagram_poll(), unix_dgram_poll()" },
	{ "unconnected_shut_rd", UDP | UNIX, E_EOF,
	  "datagram_poll(), unix_dgram_poll()", NO_EVENT },
	{}
};

int main(int argc, char **argv)
{
	return run_states(argc, argv, rows);
}
