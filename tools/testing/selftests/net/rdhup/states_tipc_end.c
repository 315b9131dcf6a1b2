// SPDX-License-Identifier: GPL-2.0
/*
 * What poll says of TIPC's connections that have ended.
 *
 * - It was IN and HUP, and OUT if there was room, without RDHUP.
 * - A connection that was refused was not ERR.
 */
#include "expect.h"

enum {
	TIPC = F(FAM_TIPC_STREAM) | F(FAM_TIPC_SEQPACKET),
};

static const struct row rows[] = {
	{ "own_shut_rdwr", TIPC, T_END, "tipc_poll(): TIPC_DISCONNECTING" },
	{ "peer_shut_rdwr", TIPC, T_END, "tipc_poll(): TIPC_DISCONNECTING" },
	{ "full_peer_close", TIPC, T_END, "tipc_poll(): TIPC_DISCONNECTING" },
	{ "peer_close", TIPC, T_END, "tipc_poll(): TIPC_DISCONNECTING" },
	{ "peer_data_close", TIPC, T_END, "tipc_poll(): TIPC_DISCONNECTING" },
	{ "peer_close_unread", TIPC, T_END, "tipc_poll(): TIPC_DISCONNECTING" },
	{ "peer_reset", TIPC, T_END, "no SO_LINGER on TIPC: as peer_close" },
	{ "peer_close_own_write", TIPC, T_END,
	  "tipc_poll(): TIPC_DISCONNECTING", NO_EVENT },
	{ "peer_shut_rdwr_own_write", TIPC, T_END,
	  "tipc_poll(): TIPC_DISCONNECTING", NO_EVENT },
	{ "refused_later", TIPC, T_END | E_ERR,
	  "tipc_sk_conn_proto_rcv() sets sk_err" },
	{}
};

int main(int argc, char **argv)
{
	return run_states(argc, argv, rows);
}
