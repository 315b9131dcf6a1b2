// SPDX-License-Identifier: GPL-2.0
/*
 * What poll says of AF_UNIX stream and seqpacket sockets, named and of
 * socketpair(2).
 *
 * - A peer that closes or shuts down both ways, or both of whose ends have
 *   finished, is HUP at once: there is no wire that could still carry
 *   something.
 * - SHUT_RD of the peer ends our sending (EPIPE), which shows once the peer
 *   also does SHUT_WR.
 * - An urgent byte is in the queue: IN as well as PRI.
 * - A listener after SHUT_RD stays what it is, at its end: IN RDHUP.
 */
#include "expect.h"

enum {
	NAMED = F(UNIX_STREAM) | F(UNIX_SEQPACKET),
	PAIRS = F(FAM_STREAM_PAIR) | F(FAM_SEQPACKET_PAIR),
	STREAM = F(UNIX_STREAM) | F(FAM_STREAM_PAIR),
};

static const struct row rows[] = {
	{ "fresh", NAMED | PAIRS, E_OUT, "unix_poll()" },
	{ "own_shut_rd", NAMED | PAIRS, E_EOF, "unix_poll(); gVisor" },
	{ "own_shut_wr", NAMED | PAIRS, E_OUT, "unix_poll()" },
	{ "own_shut_rdwr", NAMED | PAIRS, E_GONE,
	  "unix_poll(); gVisor (HUP with events 0)" },
	{ "peer_shut_rd", NAMED | PAIRS, E_OUT,
	  "unix_shutdown(): SEND_SHUTDOWN on our side" },
	{ "peer_shut_wr", NAMED | PAIRS, E_EOF, "unix_shutdown(); gVisor" },
	{ "peer_shut_rdwr", NAMED | PAIRS, E_GONE,
	  "unix_shutdown(): both flags on our side" },
	{ "peer_shut_rd_data_shut_wr", NAMED | PAIRS, E_GONE,
	  "unix_shutdown(): both flags on our side" },
	{ "peer_data", NAMED | PAIRS, E_IN | E_OUT, "unix_poll()" },
	{ "peer_data_shut_wr", NAMED | PAIRS, E_EOF, "unix_shutdown()" },
	{ "peer_shut_wr_drained", NAMED | PAIRS, E_EOF, "unix_poll()" },
	{ "both_shut_wr", NAMED | PAIRS, E_GONE,
	  "unix_poll(): sk_shutdown is SHUTDOWN_MASK" },
	{ "own_shut_wr_peer_shut_rd", NAMED | PAIRS, E_OUT, "unix_shutdown()" },
	{ "peer_oob", STREAM, E_IN | E_PRI | E_OUT,
	  "unix_poll(): the urgent byte is in the queue" },
	{ "peer_oob_shut_wr", STREAM, E_PRI | E_EOF, "unix_poll()" },
	{ "full", NAMED | PAIRS, 0, "unix_poll()" },
	{ "full_peer_shut_wr", NAMED | PAIRS, E_IN | E_RDHUP, "unix_poll()" },
	{ "full_peer_close", NAMED | PAIRS, E_RESET,
	  "unix_release_sock(): unread data", NO_EVENT },
	{ "peer_close", NAMED | PAIRS, E_GONE, "unix_release_sock()" },
	{ "peer_data_close", NAMED | PAIRS, E_GONE, "unix_release_sock()" },
	{ "peer_close_unread", NAMED | PAIRS, E_RESET, "unix_release_sock()" },
	{ "peer_reset", NAMED | PAIRS, E_GONE,
	  "no SO_LINGER on AF_UNIX: as peer_close" },
	{ "own_shut_wr_peer_close", NAMED | PAIRS, E_GONE,
	  "unix_release_sock()" },
	{ "peer_close_own_write", NAMED | PAIRS, E_GONE,
	  "unix_stream_sendmsg(): EPIPE, no error is left", NO_EVENT },
	{ "peer_shut_rdwr_own_write", NAMED | PAIRS, E_GONE,
	  "unix_stream_sendmsg(): EPIPE, no error is left", NO_EVENT },
	{ "unconnected", NAMED, E_OUT | E_HUP,
	  "unix_poll(): TCP_CLOSE is HUP" },
	{ "unconnected_shut_rd", NAMED, E_GONE, "unix_poll()", NO_EVENT },
	{ "unconnected_shut_rdwr", NAMED, E_GONE, "unix_poll()", NO_EVENT },
	{ "refused", NAMED, E_OUT | E_HUP, "unix_poll(): still unconnected" },
	{ "listener", NAMED, 0, "unix_poll()" },
	{ "listener_pending", NAMED, E_IN, "unix_poll()" },
	{ "listener_shut_rd", NAMED, E_IN | E_RDHUP, "unix_poll()" },
	{ "listener_shut_wr", NAMED, 0, "unix_poll()" },
	{ "listener_shut_rdwr", NAMED, E_IN | E_RDHUP | E_HUP, "unix_poll()" },
	{ "not_accepted", NAMED, E_OUT, "unix_poll()" },
	{ "listener_closed", NAMED, E_RESET, "unix_release_sock(); gVisor" },
	{ "listener_shut", NAMED, E_OUT,
	  "unix_shutdown(): the queue of clients stays" },
	{ "shut_wr_before_accept", NAMED, E_EOF, "unix_accept()" },
	{ "closed_before_accept", NAMED, E_GONE, "unix_release_sock()" },
	{}
};

int main(int argc, char **argv)
{
	return run_states(argc, argv, rows);
}
