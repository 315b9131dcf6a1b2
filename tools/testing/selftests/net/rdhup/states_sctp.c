// SPDX-License-Identifier: GPL-2.0
/*
 * What poll says of one-to-one SCTP sockets.
 *
 * - SCTP has no half-close: its SHUTDOWN ends both directions, but the peer's
 *   leaves RDHUP without HUP.
 */
#include "expect.h"

enum {
	SCTP = F(FAM_SCTP4),
};

static const struct row rows[] = {
	{ "fresh", SCTP, E_OUT, "sctp_poll()" },
	{ "own_shut_rd", SCTP, E_EOF, "sctp_poll()" },
	{ "own_shut_rdwr", SCTP, E_GONE,
	  "RFC 9260 9.2: SHUTDOWN ends both directions" },
	{ "peer_shut_rd", SCTP, E_OUT, "sctp_shutdown(): nothing is sent" },
	{ "peer_shut_wr", SCTP, E_EOF, "RFC 9260 9.2: SHUTDOWN was received" },
	{ "peer_shut_rdwr", SCTP, E_EOF,
	  "RFC 9260 9.2: SHUTDOWN was received" },
	{ "peer_shut_rd_data_shut_wr", SCTP, E_EOF, "RFC 9260 9.2" },
	{ "peer_data", SCTP, E_IN | E_OUT, "sctp_poll()" },
	{ "peer_data_shut_wr", SCTP, E_EOF, "RFC 9260 9.2" },
	{ "peer_shut_wr_drained", SCTP, E_EOF,
	  "sctp_poll(): it is a state, not an event" },
	{ "full", SCTP, 0, "sctp_poll()" },
	{ "peer_close", SCTP, E_EOF, "sctp_close(): SHUTDOWN" },
	{ "peer_data_close", SCTP, E_EOF, "sctp_close(): SHUTDOWN" },
	{ "peer_close_own_write", SCTP, E_EOF,
	  "sctp_sendmsg(): EPIPE, no error is left", NO_EVENT },
	{ "peer_shut_rdwr_own_write", SCTP, E_EOF,
	  "sctp_sendmsg(): EPIPE, no error is left", NO_EVENT },
	{ "unconnected", SCTP, 0, "sctp_poll(): CLOSED is not writable" },
	{ "unconnected_shut_rd", SCTP, E_IN | E_RDHUP,
	  "sctp_poll(): CLOSED is not writable", NO_EVENT },
	{ "unconnected_shut_rdwr", SCTP, E_IN | E_RDHUP | E_HUP,
	  "sctp_poll(): CLOSED is not writable", NO_EVENT },
	{ "listener", SCTP, 0, "sctp_poll()" },
	{ "listener_pending", SCTP, E_IN, "sctp_poll()" },
	{ "listener_shut_wr", SCTP, 0, "sctp_poll()" },
	{ "not_accepted", SCTP, E_OUT, "sctp_poll()" },
	{ "listener_closed", SCTP, E_EOF,
	  "sctp_close(): SHUTDOWN to those not accepted" },
	{ "shut_wr_before_accept", SCTP, E_IN | E_RDHUP,
	  "sctp_poll(): CLOSED is not writable" },
	{ "closed_before_accept", SCTP, E_IN | E_RDHUP,
	  "sctp_poll(): CLOSED is not writable" },
	{}
};

int main(int argc, char **argv)
{
	return run_states(argc, argv, rows);
}
