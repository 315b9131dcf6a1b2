// SPDX-License-Identifier: GPL-2.0
/*
 * What poll says of MPTCP.
 *
 * - It is to be as TCP, but that urgent data is ordinary data.
 * - There is no row reset_before_accept: see mptcp.c.
 */
#include "expect.h"

enum {
	MPTCP = F(FAM_MPTCP4),
};

static const struct row rows[] = {
	{ "fresh", MPTCP, E_OUT, "tcp_poll()" },
	{ "own_shut_rd", MPTCP, E_EOF,
	  "tcp_poll(); gVisor; LTP epoll_wait05; sockapi-ts" },
	{ "own_shut_wr", MPTCP, E_OUT, "tcp_poll(); sockapi-ts" },
	{ "own_shut_rdwr", MPTCP, E_GONE, "tcp_poll(); sockapi-ts" },
	{ "peer_shut_rd", MPTCP, E_OUT,
	  "RFC 9293: nothing is sent; sockapi-ts" },
	{ "peer_shut_wr", MPTCP, E_EOF, "tcp_fin(); gVisor; sockapi-ts" },
	{ "peer_shut_rdwr", MPTCP, E_EOF, "tcp_fin(); sockapi-ts" },
	{ "peer_shut_rd_data_shut_wr", MPTCP, E_EOF, "tcp_fin()" },
	{ "peer_data", MPTCP, E_IN | E_OUT, "tcp_stream_is_readable()" },
	{ "peer_data_shut_wr", MPTCP, E_EOF,
	  "tcp_fin(): the flag does not wait for the reader" },
	{ "peer_shut_wr_drained", MPTCP, E_EOF,
	  "tcp_poll(): it is a state, not an event" },
	{ "both_shut_wr", MPTCP, E_GONE,
	  "tcp_poll(): sk_shutdown is SHUTDOWN_MASK" },
	{ "own_shut_rd_peer_data", MPTCP, E_EOF,
	  "tcp_poll(); gVisor (data after SHUT_RD is kept)" },
	{ "own_shut_wr_peer_shut_rd", MPTCP, E_OUT,
	  "RFC 9293: nothing is sent" },
	{ "peer_oob", MPTCP, E_IN | E_OUT,
	  "mptcp_poll(): urgent data is ordinary data" },
	{ "full", MPTCP, 0, "tcp_poll()" },
	{ "full_peer_shut_wr", MPTCP, E_IN | E_RDHUP,
	  "tcp_poll(): RDHUP says nothing of writing" },
	{ "full_peer_close", MPTCP, E_RESET,
	  "tcp_close(): unread data, RFC 2525 2.17", NO_EVENT },
	{ "peer_close", MPTCP, E_EOF, "tcp_fin(); sockapi-ts" },
	{ "peer_data_close", MPTCP, E_EOF, "tcp_fin()" },
	{ "peer_close_unread", MPTCP, E_RESET, "tcp_close(), tcp_reset()" },
	{ "peer_reset", MPTCP, E_RESET, "tcp_reset(); sockapi-ts" },
	{ "own_shut_wr_peer_close", MPTCP, E_GONE, "tcp_fin(), tcp_poll()" },
	{ "unconnected", MPTCP, E_OUT | E_HUP,
	  "tcp_poll(): TCP_CLOSE is HUP; Asterinas" },
	{ "unconnected_shut_rd", MPTCP, E_GONE, "tcp_poll()", NO_EVENT },
	{ "unconnected_shut_rdwr", MPTCP, E_GONE, "tcp_poll()", NO_EVENT },
	{ "refused", MPTCP, E_OUT | E_HUP,
	  "tcp_poll(): connect() has fetched the error" },
	{ "connecting", MPTCP, 0, "tcp_poll(): SYN_SENT" },
	{ "listener", MPTCP, 0, "inet_csk_listen_poll(); Asterinas" },
	{ "listener_pending", MPTCP, E_IN, "inet_csk_listen_poll()" },
	{ "listener_shut_rd", MPTCP, E_OUT | E_HUP,
	  "inet_shutdown(), tcp_disconnect(); gVisor" },
	{ "listener_shut_wr", MPTCP, 0, "inet_shutdown(): no effect" },
	{ "listener_shut_rdwr", MPTCP, E_OUT | E_HUP,
	  "inet_shutdown(), tcp_disconnect(); gVisor" },
	{ "not_accepted", MPTCP, E_OUT, "tcp_poll()" },
	{ "shut_wr_before_accept", MPTCP, E_EOF,
	  "tcp_fin(); the race that the bit is for" },
	{ "closed_before_accept", MPTCP, E_EOF, "tcp_fin(); gVisor" },
	{}
};

int main(int argc, char **argv)
{
	return run_states(argc, argv, rows);
}
