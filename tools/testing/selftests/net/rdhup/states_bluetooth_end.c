// SPDX-License-Identifier: GPL-2.0
/*
 * What poll says of Bluetooth's sockets that have ended: RDHUP and HUP whoever
 * ended it and however. Some of it was not said, or nobody was woken.
 */
#include "expect.h"

enum {
	L2CAP = F(FAM_L2CAP) | F(FAM_L2CAP_SEQPACKET),
	RFCOMM = F(FAM_RFCOMM),
	SCO = F(FAM_SCO),
	ISO = F(FAM_ISO),
};

static const struct row rows[] = {
	{ "own_shut_rd", L2CAP, E_EOF,
	  "l2cap_sock_shutdown(): nothing is sent" },
	{ "own_shut_wr", L2CAP, E_GONE,
	  "l2cap_sock_shutdown(): closes both ways" },
	{ "peer_shut_rd", SCO, E_RESET,
	  "sco_sock_shutdown(): both ways, always" },
	{ "peer_shut_rd", RFCOMM, E_RESET,
	  "rfcomm_sock_shutdown(): both ways, always" },
	{ "peer_shut_wr", RFCOMM | SCO, E_RESET,
	  "l2cap_disconnect_req() and the like: ECONNRESET" },
	{ "peer_shut_rdwr", RFCOMM | SCO, E_RESET,
	  "l2cap_disconnect_req() and the like: ECONNRESET" },
	{ "peer_data_shut_wr", RFCOMM | SCO, E_RESET,
	  "l2cap_disconnect_req() and the like: ECONNRESET" },
	{ "full_peer_close", RFCOMM, E_RESET,
	  "rfcomm_recv_disc(): ECONNRESET, what waits is dropped", NO_EVENT },
	{ "peer_close", RFCOMM | SCO, E_RESET,
	  "l2cap_disconnect_req() and the like: ECONNRESET" },
	{ "peer_data_close", RFCOMM | SCO, E_RESET,
	  "l2cap_disconnect_req() and the like: ECONNRESET" },
	{ "peer_close_unread", RFCOMM | SCO, E_RESET,
	  "l2cap_disconnect_req() and the like: ECONNRESET" },
	{ "unconnected_shut_rd", L2CAP | ISO, E_EOF, "bt_sock_poll()" },
	{ "unconnected_shut_rd", RFCOMM, E_GONE,
	  "rfcomm_sock_shutdown(): both ways, always" },
	{ "unconnected_shut_rd", SCO, E_GONE,
	  "sco_sock_shutdown(): both ways, always" },
	{ "unconnected_shut_rdwr", L2CAP | RFCOMM | SCO | ISO, E_GONE,
	  "bt_sock_poll()" },
	{ "listener_shut_rdwr", L2CAP | RFCOMM | SCO | ISO, E_GONE,
	  "bt_sock_poll(): BT_CLOSED" },
	{ "listener_closed", RFCOMM | SCO, E_RESET,
	  "bt_accept_dequeue(): those not accepted are closed" },
	{ "link_lost", L2CAP | RFCOMM | SCO, E_RESET,
	  "l2cap_disconn_cfm(), sco_disconn_cfm(): ETIMEDOUT" },
	{ "data_link_lost", L2CAP | RFCOMM | SCO, E_RESET,
	  "l2cap_disconn_cfm(), sco_disconn_cfm(): ETIMEDOUT" },
	{}
};

int main(int argc, char **argv)
{
	return run_states(argc, argv, rows);
}
