// SPDX-License-Identifier: GPL-2.0
/*
 * What poll says of one-to-one SCTP sockets that have ended.
 *
 * - RDHUP follows our own SHUT_WR, with HUP: SCTP has no half-close.
 * - An abort is ERR, and the end with it. It was ERR alone.
 * - A listener is at its end after SHUT_RD. It was told of nothing.
 */
#include "expect.h"

enum {
	SCTP = F(FAM_SCTP4),
};

static const struct row rows[] = {
	{ "own_shut_wr", SCTP, E_GONE,
	  "RFC 9260 9.2: SHUTDOWN ends both directions" },
	{ "both_shut_wr", SCTP, E_GONE,
	  "sctp_poll(): SHUTDOWN_MASK", NO_EVENT },
	{ "full_peer_shut_wr", SCTP, E_EOF, "sctp_poll(): a send fails" },
	{ "full_peer_close", SCTP, E_EOF | E_ERR,
	  "sctp_close(): ABORT for unread data" },
	{ "peer_close_unread", SCTP, E_EOF | E_ERR,
	  "sctp_close(): ABORT for unread data" },
	{ "peer_reset", SCTP, E_EOF | E_ERR, "sctp_close(): ABORT" },
	{ "own_shut_wr_peer_close", SCTP, E_GONE,
	  "sctp_poll(): SHUTDOWN_MASK", NO_EVENT },
	{ "listener_shut_rd", SCTP, E_IN | E_RDHUP,
	  "sctp_poll(): accept() fails" },
	{ "listener_shut_rdwr", SCTP, E_IN | E_RDHUP,
	  "sctp_poll(): accept() fails" },
	{}
};

int main(int argc, char **argv)
{
	return run_states(argc, argv, rows);
}
