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
	{ "peer_data", TIPC, E_IN | T_OUT, "tipc_poll()" },
	{ "full", TIPC, 0, "tipc_poll()" },
	{ "unconnected", TIPC, T_OUT, "tipc_poll(): TIPC_OPEN" },
	{ "unconnected_shut_rdwr", TIPC, T_END | T_OUT,
	  "tipc_poll(): still TIPC_OPEN", NO_EVENT },
	{ "listener", TIPC, 0, "tipc_poll()" },
	{ "listener_shut_rdwr", TIPC, T_END,
	  "tipc_poll(): TIPC_DISCONNECTING" },
	{}
};

int main(int argc, char **argv)
{
	return run_states(argc, argv, rows);
}
