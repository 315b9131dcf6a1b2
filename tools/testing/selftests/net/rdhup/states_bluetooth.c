// SPDX-License-Identifier: GPL-2.0
/*
 * What poll says of Bluetooth's connected sockets.
 *
 * - There is no half-close but for L2CAP's SHUT_RD, which closes nothing and
 *   after which nothing can be sent.
 * - Every end by the peer is ECONNRESET, as our own is on SCO, and what has
 *   ended before accept() is never accepted.
 */
#include "expect.h"

enum {
	L2CAP = F(FAM_L2CAP) | F(FAM_L2CAP_SEQPACKET),
	RFCOMM = F(FAM_RFCOMM),
	SCO = F(FAM_SCO),
	ISO = F(FAM_ISO),
};

static const struct row rows[] = {
	{ "fresh", L2CAP | RFCOMM | SCO, E_OUT, "bt_sock_poll()" },
	{ "own_shut_rd", RFCOMM, E_GONE,
	  "rfcomm_sock_shutdown(): both ways, always" },
	{ "own_shut_rd", SCO, E_RESET,
	  "__sco_sock_close(): ECONNRESET, though it is our own" },
	{ "own_shut_wr", RFCOMM, E_GONE,
	  "rfcomm_sock_shutdown(): both ways, always" },
	{ "own_shut_wr", SCO, E_RESET,
	  "__sco_sock_close(): ECONNRESET, though it is our own" },
	{ "own_shut_rdwr", L2CAP, E_GONE, "bt_sock_poll()" },
	{ "own_shut_rdwr", RFCOMM, E_GONE,
	  "rfcomm_sock_shutdown(): both ways, always" },
	{ "own_shut_rdwr", SCO, E_RESET,
	  "__sco_sock_close(): ECONNRESET, though it is our own" },
	{ "peer_shut_rd", L2CAP, E_OUT,
	  "l2cap_sock_shutdown(): nothing is sent" },
	{ "peer_shut_wr", L2CAP, E_RESET,
	  "l2cap_disconnect_req() and the like: ECONNRESET" },
	{ "peer_shut_rdwr", L2CAP, E_RESET,
	  "l2cap_disconnect_req() and the like: ECONNRESET" },
	{ "peer_data", L2CAP | RFCOMM | SCO, E_IN | E_OUT, "bt_sock_poll()" },
	{ "peer_data_shut_wr", L2CAP, E_RESET,
	  "l2cap_disconnect_req() and the like: ECONNRESET" },
	{ "own_shut_rd_peer_data", L2CAP, E_EOF,
	  "bt_sock_poll(): data after SHUT_RD is kept" },
	{ "full", RFCOMM, 0, "bt_sock_poll(): no credits, the buffer is full" },
	{ "peer_close", L2CAP, E_RESET,
	  "l2cap_disconnect_req() and the like: ECONNRESET" },
	{ "peer_data_close", L2CAP, E_RESET,
	  "l2cap_disconnect_req() and the like: ECONNRESET" },
	{ "peer_close_unread", L2CAP, E_RESET,
	  "l2cap_disconnect_req() and the like: ECONNRESET" },
	{ "unconnected", L2CAP | RFCOMM | SCO | ISO, E_OUT, "bt_sock_poll()" },
	{ "listener", L2CAP | RFCOMM | SCO | ISO, 0, "bt_accept_poll()" },
	{ "listener_pending", L2CAP | RFCOMM | SCO, E_IN, "bt_accept_poll()" },
	{ "not_accepted", L2CAP | RFCOMM | SCO, E_OUT, "bt_sock_poll()" },
	{ "listener_closed", L2CAP, E_RESET,
	  "bt_accept_dequeue(): those not accepted are closed" },
	{}
};

int main(int argc, char **argv)
{
	return run_states(argc, argv, rows);
}
