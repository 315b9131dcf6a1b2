// SPDX-License-Identifier: GPL-2.0
/*
 * What poll says of vsock.
 *
 * - It withholds OUT after its own SHUT_WR, where everybody else gives it so
 *   that a writer comes and fetches its EPIPE.
 * - It has neither ERR nor HUP for a peer that went away with unread data or
 *   by a reset.
 * - A writer is told of the peer's SHUT_RD (EPIPE).
 * - A listening socket cannot be shut down.
 */
#include "expect.h"

enum {
	VSOCK = F(FAM_VSOCK_STREAM) | F(FAM_VSOCK_SEQPACKET),
};

static const struct row rows[] = {
	{ "fresh", VSOCK, E_OUT, "vsock_poll()" },
	{ "own_shut_rd", VSOCK, E_EOF, "vsock_poll()" },
	{ "own_shut_wr", VSOCK, 0,
	  "vsock_poll(): SEND_SHUTDOWN is not writable" },
	{ "own_shut_rdwr", VSOCK, E_IN | E_RDHUP | E_HUP, "vsock_poll()" },
	{ "peer_shut_rd", VSOCK, E_OUT,
	  "vsock_poll(): a send fails" },
	{ "peer_shut_wr", VSOCK, E_EOF, "vsock_poll_shutdown()" },
	{ "peer_shut_rdwr", VSOCK, E_EOF, "vsock_poll_shutdown()" },
	{ "peer_shut_rd_data_shut_wr", VSOCK, E_EOF, "vsock_poll_shutdown()" },
	{ "peer_data", VSOCK, E_IN | E_OUT, "vsock_poll()" },
	{ "peer_data_shut_wr", VSOCK, E_EOF, "vsock_poll_shutdown()" },
	{ "peer_shut_wr_drained", VSOCK, E_EOF, "vsock_poll()" },
	{ "both_shut_wr", VSOCK, E_IN | E_RDHUP | E_HUP,
	  "vsock_poll_shutdown()" },
	{ "full", VSOCK, 0, "vsock_poll()" },
	{ "full_peer_shut_wr", VSOCK, E_IN | E_RDHUP, "vsock_poll()" },
	{ "full_peer_close", VSOCK, E_EOF,
	  "vsock_poll(): no error for unread data", NO_EVENT },
	{ "peer_close", VSOCK, E_EOF, "vsock_poll_shutdown()" },
	{ "peer_data_close", VSOCK, E_EOF, "vsock_poll_shutdown()" },
	{ "peer_close_unread", VSOCK, E_EOF,
	  "vsock_poll(): no error for unread data" },
	{ "peer_reset", VSOCK, E_EOF, "no SO_LINGER on vsock: as peer_close" },
	{ "own_shut_wr_peer_close", VSOCK, E_IN | E_RDHUP | E_HUP,
	  "vsock_poll_shutdown()" },
	{ "unconnected", VSOCK, E_OUT, "vsock_poll()" },
	{ "listener", VSOCK, 0, "vsock_poll()" },
	{ "listener_pending", VSOCK, E_IN, "vsock_poll()" },
	{ "listener_shut_rd", VSOCK, 0, "vsock_shutdown(): ENOTCONN" },
	{ "not_accepted", VSOCK, E_OUT, "vsock_poll()" },
	{ "listener_closed", VSOCK, E_EOF, "__vsock_release()" },
	{ "shut_wr_before_accept", VSOCK, E_EOF, "vsock_accept()" },
	{ "closed_before_accept", VSOCK, E_EOF, "vsock_poll_shutdown()" },
	{}
};

int main(int argc, char **argv)
{
	return run_states(argc, argv, rows);
}
