// SPDX-License-Identifier: GPL-2.0
/*
 * What poll says of TIPC's connected sockets.
 *
 * - There is no shutdown() of one direction.
 * - TIPC knows no WRNORM, and says no OUT where there is nowhere to write to.
 */
#include "expect.h"

enum {
	TIPC = F(FAM_TIPC_STREAM) | F(FAM_TIPC_SEQPACKET),
};

static const struct row rows[] = {
	{ "fresh", TIPC, T_OUT, "tipc_poll()" },
	{ "own_shut_rdwr", TIPC, T_END, "tipc_poll(): TIPC_DISCONNECTING" },
	{ "peer_shut_rdwr", TIPC, T_END, "tipc_poll(): TIPC_DISCONNECTING" },
	{ "peer_data", TIPC, E_IN | T_OUT, "tipc_poll()" },
	{ "full", TIPC, 0, "tipc_poll()" },
	{ "full_peer_close", TIPC, T_END, "tipc_poll(): TIPC_DISCONNECTING" },
	{ "peer_close", TIPC, T_END, "tipc_poll(): TIPC_DISCONNECTING" },
	{ "peer_data_close", TIPC, T_END, "tipc_poll(): TIPC_DISCONNECTING" },
	{ "peer_close_unread", TIPC, T_END, "tipc_poll(): TIPC_DISCONNECTING" },
	{ "peer_reset", TIPC, T_END, "no SO_LINGER on TIPC: as peer_close" },
	{ "peer_close_own_write", TIPC, T_END,
	  "tipc_poll(): TIPC_DISCONNECTING", NO_EVENT },
	{ "peer_shut_rdwr_own_write", TIPC, T_END,
	  "tipc_poll(): TIPC_DISCONNECTING", NO_EVENT },
	{ "unconnected", TIPC, T_OUT, "tipc_poll(): TIPC_OPEN" },
	{ "unconnected_shut_rdwr", TIPC, T_END | T_OUT,
	  "tipc_poll(): still TIPC_OPEN", NO_EVENT },
	{ "refused_later", TIPC, T_END | E_ERR,
	  "tipc_sk_conn_proto_rcv() sets sk_err" },
	{ "listener", TIPC, 0, "tipc_poll()" },
	{ "listener_shut_rdwr", TIPC, T_END,
	  "tipc_poll(): TIPC_DISCONNECTING" },
	{}
};

int main(int argc, char **argv)
{
	return run_states(argc, argv, rows);
}
