// SPDX-License-Identifier: GPL-2.0
/*
 * What poll says of SMC.
 *
 * - A peer that aborts gives ERR without HUP, and OUT only if there was room.
 * - An urgent byte is outside of the stream: PRI without IN.
 */
#include "expect.h"

enum {
	SMC = F(FAM_SMC),
};

static const struct row rows[] = {
	{ "fresh", SMC, E_OUT, "smc_poll()" },
	{ "own_shut_wr", SMC, E_OUT, "smc_poll()" },
	{ "own_shut_rdwr", SMC, E_GONE, "smc_poll()" },
	{ "peer_shut_rd", SMC, E_OUT, "smc_shutdown(): nothing is sent" },
	{ "peer_shut_wr", SMC, E_EOF, "smc_cdc_msg_recv_action()" },
	{ "peer_shut_rdwr", SMC, E_EOF, "smc_cdc_msg_recv_action()" },
	{ "peer_shut_rd_data_shut_wr", SMC, E_EOF,
	  "smc_cdc_msg_recv_action()" },
	{ "peer_data", SMC, E_IN | E_OUT, "smc_poll()" },
	{ "peer_data_shut_wr", SMC, E_EOF, "smc_cdc_msg_recv_action()" },
	{ "peer_shut_wr_drained", SMC, E_EOF, "smc_poll()" },
	{ "both_shut_wr", SMC, E_GONE, "smc_poll(): SHUTDOWN_MASK" },
	{ "own_shut_rd_peer_data", SMC, E_EOF, "smc_poll()" },
	{ "own_shut_wr_peer_shut_rd", SMC, E_OUT,
	  "smc_shutdown(): nothing is sent" },
	{ "peer_oob", SMC, E_PRI | E_OUT,
	  "smc_poll(): the urgent byte is not in the stream" },
	{ "peer_oob_shut_wr", SMC, E_PRI | E_EOF, "smc_poll()" },
	{ "full", SMC, 0, "smc_poll()" },
	{ "full_peer_shut_wr", SMC, E_IN | E_RDHUP, "smc_poll()" },
	{ "full_peer_close", SMC, E_IN | E_RDHUP | E_ERR,
	  "smc_poll(): aborted, and still no room" },
	{ "peer_close", SMC, E_EOF, "smc_cdc_msg_recv_action()" },
	{ "peer_data_close", SMC, E_EOF, "smc_cdc_msg_recv_action()" },
	{ "peer_close_unread", SMC, E_EOF | E_ERR,
	  "smc_close_passive_work(): aborted" },
	{ "peer_reset", SMC, E_EOF,
	  "smc_release(): SO_LINGER 0 is as close()" },
	{ "own_shut_wr_peer_close", SMC, E_GONE, "smc_poll(): SHUTDOWN_MASK" },
	{ "peer_close_own_write", SMC, E_EOF,
	  "smc_tx_sendmsg(): EPIPE, no error is left", NO_EVENT },
	{ "peer_shut_rdwr_own_write", SMC, E_EOF,
	  "smc_tx_sendmsg(): EPIPE, no error is left", NO_EVENT },
	{ "unconnected", SMC, 0, "smc_poll(): SMC_INIT" },
	{ "unconnected_shut_rd", SMC, 0, "smc_shutdown(): ENOTCONN", NO_EVENT },
	{ "unconnected_shut_rdwr", SMC, 0,
	  "smc_shutdown(): ENOTCONN", NO_EVENT },
	{ "listener", SMC, 0, "smc_accept_poll()" },
	{ "listener_pending", SMC, E_IN, "smc_accept_poll()" },
	{ "listener_shut_rd", SMC, 0, "smc_shutdown(): ENOTCONN" },
	{ "listener_shut_wr", SMC, 0, "smc_shutdown(): ENOTCONN" },
	{ "listener_shut_rdwr", SMC, 0, "smc_shutdown(): ENOTCONN" },
	{ "not_accepted", SMC, E_OUT, "smc_poll()" },
	{ "listener_closed", SMC, E_EOF,
	  "smc_close_cleanup_listen()", NO_EVENT },
	{ "shut_wr_before_accept", SMC, E_EOF, "smc_poll()" },
	{ "closed_before_accept", SMC, E_EOF, "smc_poll()" },
	{}
};

int main(int argc, char **argv)
{
	return run_states(argc, argv, rows);
}
