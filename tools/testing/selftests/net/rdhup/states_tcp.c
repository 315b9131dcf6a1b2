// SPDX-License-Identifier: GPL-2.0
/*
 * What poll says of TCP, over IPv4, IPv6 and between the two, and under kernel
 * TLS.
 *
 * - TCP knows that the peer has finished, and no more, until its own end has,
 *   too: only then is a peer that closed HUP (peer_close against
 *   own_shut_wr_peer_close).
 * - It sends nothing for SHUT_RD. What the peer still sends is kept and can be
 *   read (own_shut_rd_peer_data).
 * - An urgent byte is outside of the stream: PRI without IN.
 * - A listener after SHUT_RD is unconnected again: OUT HUP.
 */
#include "expect.h"

enum {
	TCP = F(TCP4) | F(TCP6) | F(TCP_MAPPED),
	TLS = F(FAM_TLS),
};

static const struct row rows[] = {
	{ "fresh", TCP | TLS, E_OUT, "tcp_poll()" },
	{ "own_shut_rd", TCP | TLS, E_EOF,
	  "tcp_poll(); gVisor; LTP epoll_wait05; sockapi-ts" },
	{ "own_shut_wr", TCP | TLS, E_OUT, "tcp_poll(); sockapi-ts" },
	{ "own_shut_rdwr", TCP | TLS, E_GONE, "tcp_poll(); sockapi-ts" },
	{ "peer_shut_rd", TCP | TLS, E_OUT,
	  "RFC 9293: nothing is sent; sockapi-ts" },
	{ "peer_shut_wr", TCP | TLS, E_EOF, "tcp_fin(); gVisor; sockapi-ts" },
	{ "peer_shut_rdwr", TCP | TLS, E_EOF, "tcp_fin(); sockapi-ts" },
	{ "peer_shut_rd_data_shut_wr", TCP | TLS, E_EOF, "tcp_fin()" },
	{ "peer_data", TCP | TLS, E_IN | E_OUT, "tcp_stream_is_readable()" },
	{ "peer_data_shut_wr", TCP | TLS, E_EOF,
	  "tcp_fin(): the flag does not wait for the reader" },
	{ "peer_shut_wr_drained", TCP | TLS, E_EOF,
	  "tcp_poll(): it is a state, not an event" },
	{ "both_shut_wr", TCP | TLS, E_GONE,
	  "tcp_poll(): sk_shutdown is SHUTDOWN_MASK" },
	{ "own_shut_rd_peer_data", TCP | TLS, E_EOF,
	  "tcp_poll(); gVisor (data after SHUT_RD is kept)" },
	{ "own_shut_wr_peer_shut_rd", TCP | TLS, E_OUT,
	  "RFC 9293: nothing is sent" },
	{ "peer_oob", TCP, E_PRI | E_OUT,
	  "tcp_poll(): the urgent byte is not in the stream" },
	{ "peer_oob_shut_wr", TCP, E_PRI | E_EOF, "tcp_poll()" },
	{ "full", TCP | TLS, 0, "tcp_poll()" },
	{ "full_peer_shut_wr", TCP | TLS, E_IN | E_RDHUP,
	  "tcp_poll(): RDHUP says nothing of writing" },
	{ "full_peer_close", TCP | TLS, E_RESET,
	  "tcp_close(): unread data, RFC 2525 2.17" },
	{ "peer_close", TCP | TLS, E_EOF, "tcp_fin(); sockapi-ts" },
	{ "peer_data_close", TCP | TLS, E_EOF, "tcp_fin()" },
	{ "peer_close_unread", TCP | TLS, E_RESET, "tcp_close(), tcp_reset()" },
	{ "peer_reset", TCP | TLS, E_RESET, "tcp_reset(); sockapi-ts" },
	{ "own_shut_wr_peer_close", TCP | TLS, E_GONE,
	  "tcp_fin(), tcp_poll()" },
	{ "peer_close_own_write", TCP | TLS, E_RESET, "tcp_reset(): EPIPE" },
	{ "peer_shut_rdwr_own_write", TCP | TLS, E_RESET,
	  "tcp_rcv_state_process(): RST; Asterinas" },
	{ "unconnected", TCP, E_OUT | E_HUP,
	  "tcp_poll(): TCP_CLOSE is HUP; Asterinas" },
	{ "unconnected_shut_rd", TCP, E_GONE, "tcp_poll()", NO_EVENT },
	{ "unconnected_shut_rdwr", TCP, E_GONE, "tcp_poll()", NO_EVENT },
	{ "refused", TCP, E_OUT | E_HUP,
	  "tcp_poll(): connect() has fetched the error" },
	{ "refused_later", TCP, E_RESET,
	  "tcp_reset(); packetdrill poll.pkt; epoll-shim" },
	{ "connecting", TCP, 0, "tcp_poll(): SYN_SENT" },
	{ "connecting_shut_rd", TCP, E_OUT | E_HUP | E_ERR,
	  "inet_shutdown(), tcp_disconnect(); gVisor" },
	{ "connecting_shut_wr", TCP, E_OUT | E_HUP | E_ERR,
	  "inet_shutdown(), tcp_disconnect(); gVisor" },
	{ "connecting_shut_rdwr", TCP, E_OUT | E_HUP | E_ERR,
	  "inet_shutdown(), tcp_disconnect(); gVisor" },
	{ "listener", TCP, 0, "inet_csk_listen_poll(); Asterinas" },
	{ "listener_pending", TCP, E_IN, "inet_csk_listen_poll()" },
	{ "listener_shut_rd", TCP, E_OUT | E_HUP,
	  "inet_shutdown(), tcp_disconnect(); gVisor" },
	{ "listener_shut_wr", TCP, 0, "inet_shutdown(): no effect" },
	{ "listener_shut_rdwr", TCP, E_OUT | E_HUP,
	  "inet_shutdown(), tcp_disconnect(); gVisor" },
	{ "not_accepted", TCP, E_OUT, "tcp_poll()" },
	{ "listener_closed", TCP, E_RESET,
	  "inet_csk_listen_stop(): RST; gVisor" },
	{ "listener_shut", TCP, E_RESET,
	  "inet_csk_listen_stop(): RST; gVisor" },
	{ "shut_wr_before_accept", TCP, E_EOF,
	  "tcp_fin(); the race that the bit is for" },
	{ "closed_before_accept", TCP, E_EOF, "tcp_fin(); gVisor" },
	{ "reset_before_accept", TCP, E_RESET,
	  "tcp_reset(); gVisor (IN HUP ERR of IN)" },
	{}
};

int main(int argc, char **argv)
{
	return run_states(argc, argv, rows);
}
