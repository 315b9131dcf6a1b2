/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What poll must say about a connection: the one table.
 *
 * A row is
 *
 *	(scenario, family, all, only, none, source)
 *
 * scenario	see scenario.h
 * family	see families[] in common.h; the rows are written for groups
 * all		the answer when IN, PRI, OUT, RDNORM, WRNORM and RDHUP are
 *		requested; exact, like the other two
 * only		the answer when RDHUP is requested and nothing else
 * none		the answer when nothing is requested
 * source	who says so: the kernel's function that decides, and other
 *		suites that expect the same ("gVisor" is its syscall tests,
 *		"sockapi-ts" is Xilinx's iomux/rdhup.c, "LTP" the Linux Test
 *		Project).  The rows of TCP, AF_UNIX, vsock, UDP and pipes were
 *		measured on 6.18 and on 7.3.4, and agree.  An MPTCP client
 *		that is refused or reset before it is accepted (refused_later,
 *		listener_closed, listener_shut) is told OUT HUP ERR there, and
 *		its recv() says ENOTCONN for ever; rows of SCTP, TIPC, SMC and
 *		Bluetooth that 7.3.4 does not fulfil are those of fixed defects.
 *
 * IN stands for IN and RDNORM, OUT for OUT and WRNORM: no family but TIPC,
 * which knows no WRNORM, gives one of two without the other.
 *
 * Where families disagree on purpose or by age:
 * - An AF_UNIX peer that closes or shuts down both ways, or both of whose
 *   ends have finished, is HUP at once: there is no wire that could still
 *   carry something.  TCP knows only that the peer has finished (peer_close)
 *   until its own end has, too.
 * - SHUT_RD of the peer ends our sending on AF_UNIX, which shows once the
 *   peer also does SHUT_WR.  TCP sends nothing for it.
 * - vsock and AF_UNIX tell the writer of a SHUT_RD (EPIPE); with TCP what he
 *   still sends is kept and can be read (own_shut_rd_peer_data).
 * - Datagram sockets have no end of stream: only their own SHUT_RD shows.
 * - vsock withholds OUT after its own SHUT_WR, where everybody else gives it
 *   so that a writer comes and fetches its EPIPE.  It has neither ERR nor HUP
 *   for a peer that went away with unread data or by a reset, and a listening
 *   socket cannot be shut down.
 * - A listening TCP socket after SHUT_RD is unconnected again (OUT HUP), an
 *   AF_UNIX one stays what it is, at its end (IN RDHUP).
 * - SCTP has no half-close: its SHUTDOWN ends both directions, and so RDHUP
 *   follows our own SHUT_WR, with HUP.  The peer's end leaves it without HUP.
 *   TIPC has not even a shutdown() of one direction.
 * - Bluetooth has none either, but for L2CAP's SHUT_RD, which closes nothing
 *   and after which nothing can be sent.  Every end by the peer is ECONNRESET,
 *   as our own is on SCO, and what has ended before accept() is never accepted.
 * - SMC's peer that aborts gives ERR without HUP, and OUT only if there was
 *   room.
 * - An urgent byte is outside of the stream with TCP and SMC (PRI without IN);
 *   AF_UNIX has it in its queue (IN as well), MPTCP takes it for data.
 * - MPTCP has no row reset_before_accept: see mptcp.c.
 * - epoll-shim's tests, which run on FreeBSD too, allow IN for a UDP socket
 *   with a pending error; datagram_poll() says ERR and leaves IN alone.
 */
#ifndef RDHUP_EXPECT_H
#define RDHUP_EXPECT_H

#include "rare.h"
#include "scenario.h"

enum {
	E_IN	= EPOLLIN | EPOLLRDNORM,
	E_PRI	= EPOLLPRI,
	E_OUT	= EPOLLOUT | EPOLLWRNORM,
	E_RDHUP	= EPOLLRDHUP,
	E_HUP	= EPOLLHUP,
	E_ERR	= EPOLLERR,

	E_ALL	= E_IN | E_PRI | E_OUT | E_RDHUP,	/* what is requested */

	/* The three ends of a connection that come up most. */
	E_EOF	= E_IN | E_OUT | E_RDHUP,
	E_GONE	= E_EOF | E_HUP,
	E_RESET	= E_GONE | E_ERR,

	/* TIPC: no WRNORM, and no OUT once there is nowhere to write to. */
	T_OUT	= EPOLLOUT,
	T_END	= E_IN | E_RDHUP | E_HUP,
};

/* The families by the names that rows and tests use. */
enum {
	FID_tcp4		= TCP4,
	FID_tcp6		= TCP6,
	FID_tcp_mapped		= TCP_MAPPED,
	FID_tls			= FAM_TLS,
	FID_mptcp4		= FAM_MPTCP4,
	FID_unix_stream		= UNIX_STREAM,
	FID_unix_seqpacket	= UNIX_SEQPACKET,
	FID_unix_dgram		= UNIX_DGRAM,
	FID_stream_pair		= FAM_STREAM_PAIR,
	FID_seqpacket_pair	= FAM_SEQPACKET_PAIR,
	FID_vsock_stream	= FAM_VSOCK_STREAM,
	FID_vsock_seqpacket	= FAM_VSOCK_SEQPACKET,
	FID_udp4		= FAM_UDP4,
	FID_sctp4		= FAM_SCTP4,
	FID_smc			= FAM_SMC,
	FID_tipc_stream		= FAM_TIPC_STREAM,
	FID_tipc_seqpacket	= FAM_TIPC_SEQPACKET,
	FID_l2cap		= FAM_L2CAP,
	FID_l2cap_seqpacket	= FAM_L2CAP_SEQPACKET,
	FID_rfcomm		= FAM_RFCOMM,
	FID_sco			= FAM_SCO,
	FID_iso			= FAM_ISO,
	FID_pipe		= FAM_PIPE,
	FID_fifo		= FAM_FIFO,
};

/* The groups: a row for each family of one. */
#define ROW_ONE(X, family, scenario, ...)				\
	X(scenario, family, __VA_ARGS__)
#define ROW_TCP(X, scenario, ...)					\
	X(scenario, tcp4, __VA_ARGS__)					\
	X(scenario, tcp6, __VA_ARGS__)					\
	X(scenario, tcp_mapped, __VA_ARGS__)
#define ROW_STREAMS_NOTLS(X, scenario, ...)				\
	ROW_TCP(X, scenario, __VA_ARGS__)				\
	X(scenario, mptcp4, __VA_ARGS__)
#define ROW_TCP_TLS(X, scenario, ...)					\
	ROW_TCP(X, scenario, __VA_ARGS__)				\
	X(scenario, tls, __VA_ARGS__)
#define ROW_STREAMS(X, scenario, ...)					\
	ROW_TCP_TLS(X, scenario, __VA_ARGS__)				\
	X(scenario, mptcp4, __VA_ARGS__)
#define ROW_NAMED(X, scenario, ...)					\
	X(scenario, unix_stream, __VA_ARGS__)				\
	X(scenario, unix_seqpacket, __VA_ARGS__)
#define ROW_UNIX(X, scenario, ...)					\
	ROW_NAMED(X, scenario, __VA_ARGS__)				\
	X(scenario, stream_pair, __VA_ARGS__)				\
	X(scenario, seqpacket_pair, __VA_ARGS__)
#define ROW_URGENT(X, scenario, ...)					\
	X(scenario, unix_stream, __VA_ARGS__)				\
	X(scenario, stream_pair, __VA_ARGS__)
#define ROW_VSOCK(X, scenario, ...)					\
	X(scenario, vsock_stream, __VA_ARGS__)				\
	X(scenario, vsock_seqpacket, __VA_ARGS__)
#define ROW_DGRAM(X, scenario, ...)					\
	X(scenario, unix_dgram, __VA_ARGS__)				\
	X(scenario, udp4, __VA_ARGS__)
#define ROW_TIPC(X, scenario, ...)					\
	X(scenario, tipc_stream, __VA_ARGS__)				\
	X(scenario, tipc_seqpacket, __VA_ARGS__)
#define ROW_L2CAP(X, scenario, ...)					\
	X(scenario, l2cap, __VA_ARGS__)					\
	X(scenario, l2cap_seqpacket, __VA_ARGS__)
#define ROW_LINK(X, scenario, ...)					\
	ROW_L2CAP(X, scenario, __VA_ARGS__)				\
	X(scenario, rfcomm, __VA_ARGS__)				\
	X(scenario, sco, __VA_ARGS__)
#define ROW_BT(X, scenario, ...)					\
	ROW_LINK(X, scenario, __VA_ARGS__)				\
	X(scenario, iso, __VA_ARGS__)
#define ROW_PIPE(X, scenario, ...)					\
	X(scenario, pipe, __VA_ARGS__)					\
	X(scenario, fifo, __VA_ARGS__)

/*
 * Rows whose last step can be waited for: what a waiter who is asleep in the
 * state before it must be told.
 */
#define RDHUP_EXPECT_EVENTS(X)						\
	ROW_STREAMS(X, own_shut_rd, E_EOF, E_RDHUP, 0,			\
		"tcp_poll(); gVisor; LTP epoll_wait05; sockapi-ts")	\
	ROW_UNIX(X, own_shut_rd, E_EOF, E_RDHUP, 0,			\
		"unix_poll(); gVisor")					\
	ROW_VSOCK(X, own_shut_rd, E_EOF, E_RDHUP, 0,			\
		"vsock_poll()")						\
	ROW_DGRAM(X, own_shut_rd, E_EOF, E_RDHUP, 0,			\
		"datagram_poll(), unix_dgram_poll()")			\
	ROW_STREAMS(X, own_shut_wr, E_OUT, 0, 0,			\
		"tcp_poll(); sockapi-ts")				\
	ROW_UNIX(X, own_shut_wr, E_OUT, 0, 0,				\
		"unix_poll()")						\
	ROW_VSOCK(X, own_shut_wr, 0, 0, 0,				\
		"vsock_poll(): SEND_SHUTDOWN is not writable")		\
	ROW_DGRAM(X, own_shut_wr, E_OUT, 0, 0,				\
		"datagram_poll(), unix_dgram_poll()")			\
	ROW_STREAMS(X, own_shut_rdwr, E_GONE, E_RDHUP | E_HUP, E_HUP,	\
		"tcp_poll(); sockapi-ts")				\
	ROW_UNIX(X, own_shut_rdwr, E_GONE, E_RDHUP | E_HUP, E_HUP,	\
		"unix_poll(); gVisor (HUP with events 0)")		\
	ROW_VSOCK(X, own_shut_rdwr,					\
		E_IN | E_RDHUP | E_HUP, E_RDHUP | E_HUP, E_HUP,		\
		"vsock_poll()")						\
	ROW_DGRAM(X, own_shut_rdwr, E_GONE, E_RDHUP | E_HUP, E_HUP,	\
		"datagram_poll(), unix_dgram_poll()")			\
	ROW_STREAMS(X, peer_shut_rd, E_OUT, 0, 0,			\
		"RFC 9293: nothing is sent; sockapi-ts")		\
	ROW_UNIX(X, peer_shut_rd, E_OUT, 0, 0,				\
		"unix_shutdown(): SEND_SHUTDOWN on our side")		\
	ROW_VSOCK(X, peer_shut_rd, E_OUT, 0, 0,				\
		"vsock_poll(): credit, not the flag, decides")		\
	ROW_DGRAM(X, peer_shut_rd, E_OUT, 0, 0,				\
		"unix_shutdown(): connected types only")		\
	ROW_STREAMS(X, peer_shut_wr, E_EOF, E_RDHUP, 0,			\
		"tcp_fin(); gVisor; sockapi-ts")			\
	ROW_UNIX(X, peer_shut_wr, E_EOF, E_RDHUP, 0,			\
		"unix_shutdown(); gVisor")				\
	ROW_VSOCK(X, peer_shut_wr, E_EOF, E_RDHUP, 0,			\
		"vsock_poll_shutdown()")				\
	ROW_DGRAM(X, peer_shut_wr, E_OUT, 0, 0,				\
		"unix_shutdown(); gVisor (times out)")			\
	ROW_STREAMS(X, peer_shut_rdwr, E_EOF, E_RDHUP, 0,		\
		"tcp_fin(); sockapi-ts")				\
	ROW_UNIX(X, peer_shut_rdwr, E_GONE, E_RDHUP | E_HUP, E_HUP,	\
		"unix_shutdown(): both flags on our side")		\
	ROW_VSOCK(X, peer_shut_rdwr, E_EOF, E_RDHUP, 0,			\
		"vsock_poll_shutdown()")				\
	ROW_DGRAM(X, peer_shut_rdwr, E_OUT, 0, 0,			\
		"unix_shutdown(): connected types only")		\
	ROW_STREAMS(X, peer_shut_rd_data_shut_wr, E_EOF, E_RDHUP, 0,	\
		"tcp_fin()")						\
	ROW_UNIX(X, peer_shut_rd_data_shut_wr,				\
		E_GONE, E_RDHUP | E_HUP, E_HUP,				\
		"unix_shutdown(): both flags on our side")		\
	ROW_VSOCK(X, peer_shut_rd_data_shut_wr, E_EOF, E_RDHUP, 0,	\
		"vsock_poll_shutdown()")				\
	ROW_STREAMS(X, peer_data, E_IN | E_OUT, 0, 0,			\
		"tcp_stream_is_readable()")				\
	ROW_UNIX(X, peer_data, E_IN | E_OUT, 0, 0,			\
		"unix_poll()")						\
	ROW_VSOCK(X, peer_data, E_IN | E_OUT, 0, 0,			\
		"vsock_poll()")						\
	ROW_DGRAM(X, peer_data, E_IN | E_OUT, 0, 0,			\
		"datagram_poll(), unix_dgram_poll()")			\
	ROW_PIPE(X, peer_data, E_IN, 0, 0,				\
		"pipe_poll()")						\
	ROW_STREAMS(X, peer_data_shut_wr, E_EOF, E_RDHUP, 0,		\
		"tcp_fin(): the flag does not wait for the reader")	\
	ROW_UNIX(X, peer_data_shut_wr, E_EOF, E_RDHUP, 0,		\
		"unix_shutdown()")					\
	ROW_VSOCK(X, peer_data_shut_wr, E_EOF, E_RDHUP, 0,		\
		"vsock_poll_shutdown()")				\
	ROW_DGRAM(X, peer_data_shut_wr, E_IN | E_OUT, 0, 0,		\
		"unix_shutdown(): connected types only")		\
	ROW_STREAMS(X, both_shut_wr, E_GONE, E_RDHUP | E_HUP, E_HUP,	\
		"tcp_poll(): sk_shutdown is SHUTDOWN_MASK")		\
	ROW_UNIX(X, both_shut_wr, E_GONE, E_RDHUP | E_HUP, E_HUP,	\
		"unix_poll(): sk_shutdown is SHUTDOWN_MASK")		\
	ROW_VSOCK(X, both_shut_wr,					\
		E_IN | E_RDHUP | E_HUP, E_RDHUP | E_HUP, E_HUP,		\
		"vsock_poll_shutdown()")				\
	ROW_STREAMS(X, own_shut_rd_peer_data, E_EOF, E_RDHUP, 0,	\
		"tcp_poll(); gVisor (data after SHUT_RD is kept)")	\
	ROW_STREAMS(X, own_shut_wr_peer_shut_rd, E_OUT, 0, 0,		\
		"RFC 9293: nothing is sent")				\
	ROW_UNIX(X, own_shut_wr_peer_shut_rd, E_OUT, 0, 0,		\
		"unix_shutdown()")					\
	ROW_TCP(X, peer_oob, E_PRI | E_OUT, 0, 0,			\
		"tcp_poll(): the urgent byte is not in the stream")	\
	ROW_ONE(X, mptcp4, peer_oob, E_IN | E_OUT, 0, 0,		\
		"mptcp_poll(): urgent data is ordinary data")		\
	ROW_TCP(X, peer_oob_shut_wr, E_PRI | E_EOF, E_RDHUP, 0,		\
		"tcp_poll()")						\
	ROW_URGENT(X, peer_oob, E_IN | E_PRI | E_OUT, 0, 0,		\
		"unix_poll(): the urgent byte is in the queue")		\
	ROW_URGENT(X, peer_oob_shut_wr, E_PRI | E_EOF, E_RDHUP, 0,	\
		"unix_poll()")						\
	ROW_STREAMS(X, full_peer_shut_wr, E_IN | E_RDHUP, E_RDHUP, 0,	\
		"tcp_poll(): RDHUP says nothing of writing")		\
	ROW_UNIX(X, full_peer_shut_wr, E_IN | E_RDHUP, E_RDHUP, 0,	\
		"unix_poll()")						\
	ROW_VSOCK(X, full_peer_shut_wr, E_IN | E_RDHUP, E_RDHUP, 0,	\
		"vsock_poll()")						\
	ROW_TCP_TLS(X, full_peer_close,					\
		E_RESET, E_RDHUP | E_HUP | E_ERR, E_HUP | E_ERR,	\
		"tcp_close(): unread data, RFC 2525 2.17")		\
	ROW_STREAMS(X, peer_close, E_EOF, E_RDHUP, 0,			\
		"tcp_fin(); sockapi-ts")				\
	ROW_UNIX(X, peer_close, E_GONE, E_RDHUP | E_HUP, E_HUP,		\
		"unix_release_sock()")					\
	ROW_VSOCK(X, peer_close, E_EOF, E_RDHUP, 0,			\
		"vsock_poll_shutdown()")				\
	ROW_DGRAM(X, peer_close, E_OUT, 0, 0,				\
		"unix_release_sock(); epoll-shim: UDP never has RDHUP")	\
	ROW_PIPE(X, peer_close, E_HUP, E_HUP, E_HUP,			\
		"pipe_poll(); LTP poll03")				\
	ROW_STREAMS(X, peer_data_close, E_EOF, E_RDHUP, 0,		\
		"tcp_fin()")						\
	ROW_UNIX(X, peer_data_close, E_GONE, E_RDHUP | E_HUP, E_HUP,	\
		"unix_release_sock()")					\
	ROW_VSOCK(X, peer_data_close, E_EOF, E_RDHUP, 0,		\
		"vsock_poll_shutdown()")				\
	ROW_PIPE(X, peer_data_close, E_IN | E_HUP, E_HUP, E_HUP,	\
		"pipe_poll()")						\
	ROW_STREAMS(X, peer_close_unread,				\
		E_RESET, E_RDHUP | E_HUP | E_ERR, E_HUP | E_ERR,	\
		"tcp_close(), tcp_reset()")				\
	ROW_UNIX(X, peer_close_unread,					\
		E_RESET, E_RDHUP | E_HUP | E_ERR, E_HUP | E_ERR,	\
		"unix_release_sock()")					\
	ROW_VSOCK(X, peer_close_unread, E_EOF, E_RDHUP, 0,		\
		"vsock_poll(): no error for unread data")		\
	ROW_STREAMS(X, peer_reset,					\
		E_RESET, E_RDHUP | E_HUP | E_ERR, E_HUP | E_ERR,	\
		"tcp_reset(); sockapi-ts")				\
	ROW_UNIX(X, peer_reset, E_GONE, E_RDHUP | E_HUP, E_HUP,		\
		"no SO_LINGER on AF_UNIX: as peer_close")		\
	ROW_VSOCK(X, peer_reset, E_EOF, E_RDHUP, 0,			\
		"no SO_LINGER on vsock: as peer_close")			\
	ROW_STREAMS(X, own_shut_wr_peer_close,				\
		E_GONE, E_RDHUP | E_HUP, E_HUP,				\
		"tcp_fin(), tcp_poll()")				\
	ROW_UNIX(X, own_shut_wr_peer_close, E_GONE, E_RDHUP | E_HUP, E_HUP, \
		"unix_release_sock()")					\
	ROW_VSOCK(X, own_shut_wr_peer_close,				\
		E_IN | E_RDHUP | E_HUP, E_RDHUP | E_HUP, E_HUP,		\
		"vsock_poll_shutdown()")				\
	ROW_TCP_TLS(X, peer_close_own_write,				\
		E_RESET, E_RDHUP | E_HUP | E_ERR, E_HUP | E_ERR,	\
		"tcp_reset(): EPIPE")					\
	ROW_ONE(X, udp4, peer_close_own_write, E_OUT | E_ERR, E_ERR, E_ERR, \
		"__udp4_lib_err(): ICMP port unreachable")		\
	ROW_TCP_TLS(X, peer_shut_rdwr_own_write,			\
		E_RESET, E_RDHUP | E_HUP | E_ERR, E_HUP | E_ERR,	\
		"tcp_rcv_state_process(): RST; Asterinas")		\
	ROW_TCP(X, connecting_shut_rd,					\
		E_OUT | E_HUP | E_ERR, E_HUP | E_ERR, E_HUP | E_ERR,	\
		"inet_shutdown(), tcp_disconnect(); gVisor")		\
	ROW_TCP(X, connecting_shut_wr,					\
		E_OUT | E_HUP | E_ERR, E_HUP | E_ERR, E_HUP | E_ERR,	\
		"inet_shutdown(), tcp_disconnect(); gVisor")		\
	ROW_TCP(X, connecting_shut_rdwr,				\
		E_OUT | E_HUP | E_ERR, E_HUP | E_ERR, E_HUP | E_ERR,	\
		"inet_shutdown(), tcp_disconnect(); gVisor")		\
	ROW_STREAMS_NOTLS(X, listener_pending, E_IN, 0, 0,		\
		"inet_csk_listen_poll()")				\
	ROW_NAMED(X, listener_pending, E_IN, 0, 0,			\
		"unix_poll()")						\
	ROW_VSOCK(X, listener_pending, E_IN, 0, 0,			\
		"vsock_poll()")						\
	ROW_STREAMS_NOTLS(X, listener_shut_rd, E_OUT | E_HUP, E_HUP, E_HUP, \
		"inet_shutdown(), tcp_disconnect(); gVisor")		\
	ROW_NAMED(X, listener_shut_rd, E_IN | E_RDHUP, E_RDHUP, 0,	\
		"unix_poll()")						\
	ROW_STREAMS_NOTLS(X, listener_shut_wr, 0, 0, 0,			\
		"inet_shutdown(): no effect")				\
	ROW_NAMED(X, listener_shut_wr, 0, 0, 0,				\
		"unix_poll()")						\
	ROW_VSOCK(X, listener_shut_rd, 0, 0, 0,				\
		"vsock_shutdown(): ENOTCONN")				\
	ROW_STREAMS_NOTLS(X, listener_shut_rdwr,			\
		E_OUT | E_HUP, E_HUP, E_HUP,				\
		"inet_shutdown(), tcp_disconnect(); gVisor")		\
	ROW_NAMED(X, listener_shut_rdwr,				\
		E_IN | E_RDHUP | E_HUP, E_RDHUP | E_HUP, E_HUP,		\
		"unix_poll()")						\
	ROW_TCP(X, listener_closed,					\
		E_RESET, E_RDHUP | E_HUP | E_ERR, E_HUP | E_ERR,	\
		"inet_csk_listen_stop(): RST; gVisor")			\
	ROW_NAMED(X, listener_closed,					\
		E_RESET, E_RDHUP | E_HUP | E_ERR, E_HUP | E_ERR,	\
		"unix_release_sock(); gVisor")				\
	ROW_VSOCK(X, listener_closed, E_EOF, E_RDHUP, 0,		\
		"__vsock_release()")					\
	ROW_TCP(X, listener_shut,					\
		E_RESET, E_RDHUP | E_HUP | E_ERR, E_HUP | E_ERR,	\
		"inet_csk_listen_stop(): RST; gVisor")			\
	ROW_NAMED(X, listener_shut, E_OUT, 0, 0,			\
		"unix_shutdown(): the queue of clients stays")		\
	ROW_PIPE(X, readers_gone, E_OUT | E_ERR, E_ERR, E_ERR,		\
		"pipe_poll()")						\
	ROW_PIPE(X, full_readers_gone, E_ERR, E_ERR, E_ERR,		\
		"pipe_poll()")						\
	ROW_ONE(X, sctp4, own_shut_rd, E_EOF, E_RDHUP, 0,		\
		"sctp_poll()")						\
	ROW_ONE(X, sctp4, own_shut_wr, E_GONE, E_RDHUP | E_HUP, E_HUP,	\
		"RFC 9260 9.2: SHUTDOWN ends both directions")		\
	ROW_ONE(X, sctp4, own_shut_rdwr, E_GONE, E_RDHUP | E_HUP, E_HUP, \
		"RFC 9260 9.2: SHUTDOWN ends both directions")		\
	ROW_ONE(X, sctp4, peer_shut_rd, E_OUT, 0, 0,			\
		"sctp_shutdown(): nothing is sent")			\
	ROW_ONE(X, sctp4, peer_shut_wr, E_EOF, E_RDHUP, 0,		\
		"RFC 9260 9.2: SHUTDOWN was received")			\
	ROW_ONE(X, sctp4, peer_shut_rdwr, E_EOF, E_RDHUP, 0,		\
		"RFC 9260 9.2: SHUTDOWN was received")			\
	ROW_ONE(X, sctp4, peer_shut_rd_data_shut_wr, E_EOF, E_RDHUP, 0,	\
		"RFC 9260 9.2")						\
	ROW_ONE(X, sctp4, peer_data, E_IN | E_OUT, 0, 0,		\
		"sctp_poll()")						\
	ROW_ONE(X, sctp4, peer_data_shut_wr, E_EOF, E_RDHUP, 0,		\
		"RFC 9260 9.2")						\
	ROW_ONE(X, sctp4, full_peer_shut_wr, E_IN | E_RDHUP, E_RDHUP, 0, \
		"sctp_poll()")						\
	ROW_ONE(X, sctp4, full_peer_close,				\
		E_EOF | E_ERR, E_RDHUP | E_ERR, E_ERR,			\
		"sctp_close(): ABORT for unread data")			\
	ROW_ONE(X, sctp4, peer_close, E_EOF, E_RDHUP, 0,		\
		"sctp_close(): SHUTDOWN")				\
	ROW_ONE(X, sctp4, peer_data_close, E_EOF, E_RDHUP, 0,		\
		"sctp_close(): SHUTDOWN")				\
	ROW_ONE(X, sctp4, peer_close_unread,				\
		E_EOF | E_ERR, E_RDHUP | E_ERR, E_ERR,			\
		"sctp_close(): ABORT for unread data")			\
	ROW_ONE(X, sctp4, peer_reset,					\
		E_EOF | E_ERR, E_RDHUP | E_ERR, E_ERR,			\
		"sctp_close(): ABORT")					\
	ROW_ONE(X, sctp4, listener_pending, E_IN, 0, 0,			\
		"sctp_poll()")						\
	ROW_ONE(X, sctp4, listener_shut_rd, E_IN | E_RDHUP, E_RDHUP, 0,	\
		"sctp_poll(): accept() fails")				\
	ROW_ONE(X, sctp4, listener_shut_wr, 0, 0, 0,			\
		"sctp_poll()")						\
	ROW_ONE(X, sctp4, listener_shut_rdwr,				\
		E_IN | E_RDHUP, E_RDHUP, 0,				\
		"sctp_poll(): accept() fails")				\
	ROW_ONE(X, sctp4, listener_closed, E_EOF, E_RDHUP, 0,		\
		"sctp_close(): SHUTDOWN to those not accepted")		\
	ROW_ONE(X, smc, own_shut_rd, E_EOF, E_RDHUP, 0,			\
		"smc_poll()")						\
	ROW_ONE(X, smc, own_shut_wr, E_OUT, 0, 0,			\
		"smc_poll()")						\
	ROW_ONE(X, smc, own_shut_rdwr, E_GONE, E_RDHUP | E_HUP, E_HUP,	\
		"smc_poll()")						\
	ROW_ONE(X, smc, peer_shut_rd, E_OUT, 0, 0,			\
		"smc_shutdown(): nothing is sent")			\
	ROW_ONE(X, smc, peer_shut_wr, E_EOF, E_RDHUP, 0,		\
		"smc_cdc_msg_recv_action()")				\
	ROW_ONE(X, smc, peer_shut_rdwr, E_EOF, E_RDHUP, 0,		\
		"smc_cdc_msg_recv_action()")				\
	ROW_ONE(X, smc, peer_shut_rd_data_shut_wr, E_EOF, E_RDHUP, 0,	\
		"smc_cdc_msg_recv_action()")				\
	ROW_ONE(X, smc, peer_data, E_IN | E_OUT, 0, 0,			\
		"smc_poll()")						\
	ROW_ONE(X, smc, peer_data_shut_wr, E_EOF, E_RDHUP, 0,		\
		"smc_cdc_msg_recv_action()")				\
	ROW_ONE(X, smc, both_shut_wr, E_GONE, E_RDHUP | E_HUP, E_HUP,	\
		"smc_poll(): SHUTDOWN_MASK")				\
	ROW_ONE(X, smc, own_shut_rd_peer_data, E_EOF, E_RDHUP, 0,	\
		"smc_poll()")						\
	ROW_ONE(X, smc, own_shut_wr_peer_shut_rd, E_OUT, 0, 0,		\
		"smc_shutdown(): nothing is sent")			\
	ROW_ONE(X, smc, peer_oob, E_PRI | E_OUT, 0, 0,			\
		"smc_poll(): the urgent byte is not in the stream")	\
	ROW_ONE(X, smc, peer_oob_shut_wr, E_PRI | E_EOF, E_RDHUP, 0,	\
		"smc_poll()")						\
	ROW_ONE(X, smc, full_peer_shut_wr, E_IN | E_RDHUP, E_RDHUP, 0,	\
		"smc_poll()")						\
	ROW_ONE(X, smc, full_peer_close,				\
		E_IN | E_RDHUP | E_ERR, E_RDHUP | E_ERR, E_ERR,		\
		"smc_poll(): aborted, and still no room")		\
	ROW_ONE(X, smc, peer_close, E_EOF, E_RDHUP, 0,			\
		"smc_cdc_msg_recv_action()")				\
	ROW_ONE(X, smc, peer_data_close, E_EOF, E_RDHUP, 0,		\
		"smc_cdc_msg_recv_action()")				\
	ROW_ONE(X, smc, peer_close_unread,				\
		E_EOF | E_ERR, E_RDHUP | E_ERR, E_ERR,			\
		"smc_close_passive_work(): aborted")			\
	ROW_ONE(X, smc, peer_reset, E_EOF, E_RDHUP, 0,			\
		"smc_release(): SO_LINGER 0 is as close()")		\
	ROW_ONE(X, smc, own_shut_wr_peer_close,				\
		E_GONE, E_RDHUP | E_HUP, E_HUP,				\
		"smc_poll(): SHUTDOWN_MASK")				\
	ROW_ONE(X, smc, listener_pending, E_IN, 0, 0,			\
		"smc_accept_poll()")					\
	ROW_ONE(X, smc, listener_shut_rd, 0, 0, 0,			\
		"smc_shutdown(): ENOTCONN")				\
	ROW_ONE(X, smc, listener_shut_wr, 0, 0, 0,			\
		"smc_shutdown(): ENOTCONN")				\
	ROW_ONE(X, smc, listener_shut_rdwr, 0, 0, 0,			\
		"smc_shutdown(): ENOTCONN")				\
	ROW_TIPC(X, own_shut_rdwr, T_END, E_RDHUP | E_HUP, E_HUP,	\
		"tipc_poll(): TIPC_DISCONNECTING")			\
	ROW_TIPC(X, peer_shut_rdwr, T_END, E_RDHUP | E_HUP, E_HUP,	\
		"tipc_poll(): TIPC_DISCONNECTING")			\
	ROW_TIPC(X, peer_data, E_IN | T_OUT, 0, 0,			\
		"tipc_poll()")						\
	ROW_TIPC(X, full_peer_close, T_END, E_RDHUP | E_HUP, E_HUP,	\
		"tipc_poll(): TIPC_DISCONNECTING")			\
	ROW_TIPC(X, peer_close, T_END, E_RDHUP | E_HUP, E_HUP,		\
		"tipc_poll(): TIPC_DISCONNECTING")			\
	ROW_TIPC(X, peer_data_close, T_END, E_RDHUP | E_HUP, E_HUP,	\
		"tipc_poll(): TIPC_DISCONNECTING")			\
	ROW_TIPC(X, peer_close_unread, T_END, E_RDHUP | E_HUP, E_HUP,	\
		"tipc_poll(): TIPC_DISCONNECTING")			\
	ROW_TIPC(X, peer_reset, T_END, E_RDHUP | E_HUP, E_HUP,		\
		"no SO_LINGER on TIPC: as peer_close")			\
	ROW_TIPC(X, listener_shut_rdwr, T_END, E_RDHUP | E_HUP, E_HUP,	\
		"tipc_poll(): TIPC_DISCONNECTING")			\
	ROW_L2CAP(X, own_shut_rd, E_EOF, E_RDHUP, 0,			\
		"l2cap_sock_shutdown(): nothing is sent")		\
	ROW_L2CAP(X, own_shut_wr, E_GONE, E_RDHUP | E_HUP, E_HUP,	\
		"l2cap_sock_shutdown(): closes both ways")		\
	ROW_L2CAP(X, own_shut_rdwr, E_GONE, E_RDHUP | E_HUP, E_HUP,	\
		"bt_sock_poll()")					\
	ROW_L2CAP(X, peer_shut_rd, E_OUT, 0, 0,				\
		"l2cap_sock_shutdown(): nothing is sent")		\
	ROW_LINK(X, peer_shut_wr,					\
		E_RESET, E_RDHUP | E_HUP | E_ERR, E_HUP | E_ERR,	\
		"l2cap_disconnect_req() and the like: ECONNRESET")	\
	ROW_LINK(X, peer_shut_rdwr,					\
		E_RESET, E_RDHUP | E_HUP | E_ERR, E_HUP | E_ERR,	\
		"l2cap_disconnect_req() and the like: ECONNRESET")	\
	ROW_LINK(X, peer_data, E_IN | E_OUT, 0, 0,			\
		"bt_sock_poll()")					\
	ROW_LINK(X, peer_data_shut_wr,					\
		E_RESET, E_RDHUP | E_HUP | E_ERR, E_HUP | E_ERR,	\
		"l2cap_disconnect_req() and the like: ECONNRESET")	\
	ROW_L2CAP(X, own_shut_rd_peer_data, E_EOF, E_RDHUP, 0,		\
		"bt_sock_poll(): data after SHUT_RD is kept")		\
	ROW_LINK(X, peer_close,						\
		E_RESET, E_RDHUP | E_HUP | E_ERR, E_HUP | E_ERR,	\
		"l2cap_disconnect_req() and the like: ECONNRESET")	\
	ROW_LINK(X, peer_data_close,					\
		E_RESET, E_RDHUP | E_HUP | E_ERR, E_HUP | E_ERR,	\
		"l2cap_disconnect_req() and the like: ECONNRESET")	\
	ROW_LINK(X, peer_close_unread,					\
		E_RESET, E_RDHUP | E_HUP | E_ERR, E_HUP | E_ERR,	\
		"l2cap_disconnect_req() and the like: ECONNRESET")	\
	ROW_LINK(X, link_lost,						\
		E_RESET, E_RDHUP | E_HUP | E_ERR, E_HUP | E_ERR,	\
		"l2cap_disconn_cfm(), sco_disconn_cfm(): ETIMEDOUT")	\
	ROW_LINK(X, data_link_lost,					\
		E_RESET, E_RDHUP | E_HUP | E_ERR, E_HUP | E_ERR,	\
		"l2cap_disconn_cfm(), sco_disconn_cfm(): ETIMEDOUT")	\
	ROW_LINK(X, listener_pending, E_IN, 0, 0,			\
		"bt_accept_poll()")					\
	ROW_LINK(X, listener_closed,					\
		E_RESET, E_RDHUP | E_HUP | E_ERR, E_HUP | E_ERR,	\
		"bt_accept_dequeue(): those not accepted are closed")	\
	ROW_ONE(X, rfcomm, own_shut_rd, E_GONE, E_RDHUP | E_HUP, E_HUP,	\
		"rfcomm_sock_shutdown(): both ways, always")		\
	ROW_ONE(X, rfcomm, own_shut_wr, E_GONE, E_RDHUP | E_HUP, E_HUP,	\
		"rfcomm_sock_shutdown(): both ways, always")		\
	ROW_ONE(X, rfcomm, own_shut_rdwr, E_GONE, E_RDHUP | E_HUP, E_HUP, \
		"rfcomm_sock_shutdown(): both ways, always")		\
	ROW_ONE(X, sco, own_shut_rd,					\
		E_RESET, E_RDHUP | E_HUP | E_ERR, E_HUP | E_ERR,	\
		"__sco_sock_close(): ECONNRESET, though it is our own")	\
	ROW_ONE(X, sco, own_shut_wr,					\
		E_RESET, E_RDHUP | E_HUP | E_ERR, E_HUP | E_ERR,	\
		"__sco_sock_close(): ECONNRESET, though it is our own")	\
	ROW_ONE(X, sco, own_shut_rdwr,					\
		E_RESET, E_RDHUP | E_HUP | E_ERR, E_HUP | E_ERR,	\
		"__sco_sock_close(): ECONNRESET, though it is our own")	\
	ROW_ONE(X, sco, peer_shut_rd,					\
		E_RESET, E_RDHUP | E_HUP | E_ERR, E_HUP | E_ERR,	\
		"sco_sock_shutdown(): both ways, always")		\
	ROW_ONE(X, rfcomm, peer_shut_rd,				\
		E_RESET, E_RDHUP | E_HUP | E_ERR, E_HUP | E_ERR,	\
		"rfcomm_sock_shutdown(): both ways, always")		\
	ROW_L2CAP(X, unconnected_shut_rd, E_EOF, E_RDHUP, 0,		\
		"bt_sock_poll()")					\
	ROW_ONE(X, rfcomm, unconnected_shut_rd,				\
		E_GONE, E_RDHUP | E_HUP, E_HUP,				\
		"rfcomm_sock_shutdown(): both ways, always")		\
	ROW_ONE(X, sco, unconnected_shut_rd,				\
		E_GONE, E_RDHUP | E_HUP, E_HUP,				\
		"sco_sock_shutdown(): both ways, always")		\
	ROW_ONE(X, iso, unconnected_shut_rd, E_EOF, E_RDHUP, 0,		\
		"bt_sock_poll()")					\
	ROW_BT(X, unconnected_shut_rdwr, E_GONE, E_RDHUP | E_HUP, E_HUP, \
		"bt_sock_poll()")					\
	ROW_BT(X, listener_shut_rdwr, E_GONE, E_RDHUP | E_HUP, E_HUP,	\
		"bt_sock_poll(): BT_CLOSED")

/*
 * Rows that are states only: nobody can be asleep right before them, or the
 * peer's end goes away in several steps, each of which may be seen.
 */
#define RDHUP_EXPECT_STATES(X)						\
	ROW_ONE(X, mptcp4, full_peer_close,				\
		E_RESET, E_RDHUP | E_HUP | E_ERR, E_HUP | E_ERR,	\
		"tcp_close(): unread data, RFC 2525 2.17")		\
	ROW_UNIX(X, full_peer_close,					\
		E_RESET, E_RDHUP | E_HUP | E_ERR, E_HUP | E_ERR,	\
		"unix_release_sock(): unread data")			\
	ROW_VSOCK(X, full_peer_close, E_EOF, E_RDHUP, 0,		\
		"vsock_poll(): no error for unread data")		\
	ROW_UNIX(X, peer_close_own_write, E_GONE, E_RDHUP | E_HUP, E_HUP, \
		"unix_stream_sendmsg(): EPIPE, no error is left")	\
	ROW_UNIX(X, peer_shut_rdwr_own_write,				\
		E_GONE, E_RDHUP | E_HUP, E_HUP,				\
		"unix_stream_sendmsg(): EPIPE, no error is left")	\
	ROW_STREAMS(X, fresh, E_OUT, 0, 0,				\
		"tcp_poll()")						\
	ROW_UNIX(X, fresh, E_OUT, 0, 0,					\
		"unix_poll()")						\
	ROW_VSOCK(X, fresh, E_OUT, 0, 0,				\
		"vsock_poll()")						\
	ROW_DGRAM(X, fresh, E_OUT, 0, 0,				\
		"datagram_poll(), unix_dgram_poll()")			\
	ROW_PIPE(X, fresh, 0, 0, 0,					\
		"pipe_poll()")						\
	ROW_STREAMS(X, peer_shut_wr_drained, E_EOF, E_RDHUP, 0,		\
		"tcp_poll(): it is a state, not an event")		\
	ROW_UNIX(X, peer_shut_wr_drained, E_EOF, E_RDHUP, 0,		\
		"unix_poll()")						\
	ROW_VSOCK(X, peer_shut_wr_drained, E_EOF, E_RDHUP, 0,		\
		"vsock_poll()")						\
	ROW_STREAMS(X, full, 0, 0, 0,					\
		"tcp_poll()")						\
	ROW_UNIX(X, full, 0, 0, 0,					\
		"unix_poll()")						\
	ROW_VSOCK(X, full, 0, 0, 0,					\
		"vsock_poll()")						\
	ROW_ONE(X, unix_dgram, full, 0, 0, 0,				\
		"unix_dgram_poll()")					\
	ROW_STREAMS_NOTLS(X, unconnected, E_OUT | E_HUP, E_HUP, E_HUP,	\
		"tcp_poll(): TCP_CLOSE is HUP; Asterinas")		\
	ROW_NAMED(X, unconnected, E_OUT | E_HUP, E_HUP, E_HUP,		\
		"unix_poll(): TCP_CLOSE is HUP")			\
	ROW_VSOCK(X, unconnected, E_OUT, 0, 0,				\
		"vsock_poll()")						\
	ROW_DGRAM(X, unconnected, E_OUT, 0, 0,				\
		"datagram_poll(), unix_dgram_poll()")			\
	ROW_STREAMS_NOTLS(X, unconnected_shut_rd,			\
		E_GONE, E_RDHUP | E_HUP, E_HUP,				\
		"tcp_poll()")						\
	ROW_NAMED(X, unconnected_shut_rd, E_GONE, E_RDHUP | E_HUP, E_HUP, \
		"unix_poll()")						\
	ROW_DGRAM(X, unconnected_shut_rd, E_EOF, E_RDHUP, 0,		\
		"datagram_poll(), unix_dgram_poll()")			\
	ROW_STREAMS_NOTLS(X, refused, E_OUT | E_HUP, E_HUP, E_HUP,	\
		"tcp_poll(): connect() has fetched the error")		\
	ROW_NAMED(X, refused, E_OUT | E_HUP, E_HUP, E_HUP,		\
		"unix_poll(): still unconnected")			\
	ROW_TCP(X, refused_later,					\
		E_RESET, E_RDHUP | E_HUP | E_ERR, E_HUP | E_ERR,	\
		"tcp_reset(); packetdrill poll.pkt; epoll-shim")	\
	ROW_STREAMS_NOTLS(X, connecting, 0, 0, 0,			\
		"tcp_poll(): SYN_SENT")					\
	ROW_STREAMS_NOTLS(X, listener, 0, 0, 0,				\
		"inet_csk_listen_poll(); Asterinas")			\
	ROW_NAMED(X, listener, 0, 0, 0,					\
		"unix_poll()")						\
	ROW_VSOCK(X, listener, 0, 0, 0,					\
		"vsock_poll()")						\
	ROW_STREAMS_NOTLS(X, not_accepted, E_OUT, 0, 0,			\
		"tcp_poll()")						\
	ROW_NAMED(X, not_accepted, E_OUT, 0, 0,				\
		"unix_poll()")						\
	ROW_VSOCK(X, not_accepted, E_OUT, 0, 0,				\
		"vsock_poll()")						\
	ROW_STREAMS_NOTLS(X, shut_wr_before_accept, E_EOF, E_RDHUP, 0,	\
		"tcp_fin(); the race that the bit is for")		\
	ROW_NAMED(X, shut_wr_before_accept, E_EOF, E_RDHUP, 0,		\
		"unix_accept()")					\
	ROW_VSOCK(X, shut_wr_before_accept, E_EOF, E_RDHUP, 0,		\
		"vsock_accept()")					\
	ROW_STREAMS_NOTLS(X, closed_before_accept, E_EOF, E_RDHUP, 0,	\
		"tcp_fin(); gVisor")					\
	ROW_NAMED(X, closed_before_accept, E_GONE, E_RDHUP | E_HUP, E_HUP, \
		"unix_release_sock()")					\
	ROW_VSOCK(X, closed_before_accept, E_EOF, E_RDHUP, 0,		\
		"vsock_poll_shutdown()")				\
	ROW_TCP(X, reset_before_accept,					\
		E_RESET, E_RDHUP | E_HUP | E_ERR, E_HUP | E_ERR,	\
		"tcp_reset(); gVisor (IN HUP ERR of IN)")		\
	ROW_PIPE(X, writer_back, 0, 0, 0,				\
		"fifo_open(): a new writer takes HUP back; epoll-shim")	\
	ROW_ONE(X, mptcp4, refused_later,				\
		E_RESET, E_RDHUP | E_HUP | E_ERR, E_HUP | E_ERR,	\
		"as tcp_reset(); __mptcp_subflow_error_report()")	\
	ROW_ONE(X, mptcp4, listener_closed,				\
		E_RESET, E_RDHUP | E_HUP | E_ERR, E_HUP | E_ERR,	\
		"as tcp_reset(); __mptcp_subflow_error_report()")	\
	ROW_ONE(X, mptcp4, listener_shut,				\
		E_RESET, E_RDHUP | E_HUP | E_ERR, E_HUP | E_ERR,	\
		"as tcp_reset(); __mptcp_subflow_error_report()")	\
	ROW_ONE(X, sctp4, fresh, E_OUT, 0, 0,				\
		"sctp_poll()")						\
	ROW_ONE(X, sctp4, peer_shut_wr_drained, E_EOF, E_RDHUP, 0,	\
		"sctp_poll(): it is a state, not an event")		\
	ROW_ONE(X, sctp4, both_shut_wr, E_GONE, E_RDHUP | E_HUP, E_HUP,	\
		"sctp_poll(): SHUTDOWN_MASK")				\
	ROW_ONE(X, sctp4, own_shut_wr_peer_close,			\
		E_GONE, E_RDHUP | E_HUP, E_HUP,				\
		"sctp_poll(): SHUTDOWN_MASK")				\
	ROW_ONE(X, sctp4, full, 0, 0, 0,				\
		"sctp_poll()")						\
	ROW_ONE(X, sctp4, peer_close_own_write, E_EOF, E_RDHUP, 0,	\
		"sctp_sendmsg(): EPIPE, no error is left")		\
	ROW_ONE(X, sctp4, peer_shut_rdwr_own_write, E_EOF, E_RDHUP, 0,	\
		"sctp_sendmsg(): EPIPE, no error is left")		\
	ROW_ONE(X, sctp4, unconnected, 0, 0, 0,				\
		"sctp_poll(): CLOSED is not writable")			\
	ROW_ONE(X, sctp4, unconnected_shut_rd,				\
		E_IN | E_RDHUP, E_RDHUP, 0,				\
		"sctp_poll(): CLOSED is not writable")			\
	ROW_ONE(X, sctp4, unconnected_shut_rdwr,			\
		E_IN | E_RDHUP | E_HUP, E_RDHUP | E_HUP, E_HUP,		\
		"sctp_poll(): CLOSED is not writable")			\
	ROW_ONE(X, sctp4, listener, 0, 0, 0,				\
		"sctp_poll()")						\
	ROW_ONE(X, sctp4, not_accepted, E_OUT, 0, 0,			\
		"sctp_poll()")						\
	ROW_ONE(X, sctp4, shut_wr_before_accept,			\
		E_IN | E_RDHUP, E_RDHUP, 0,				\
		"sctp_poll(): CLOSED is not writable")			\
	ROW_ONE(X, sctp4, closed_before_accept,				\
		E_IN | E_RDHUP, E_RDHUP, 0,				\
		"sctp_poll(): CLOSED is not writable")			\
	ROW_ONE(X, smc, fresh, E_OUT, 0, 0,				\
		"smc_poll()")						\
	ROW_ONE(X, smc, peer_shut_wr_drained, E_EOF, E_RDHUP, 0,	\
		"smc_poll()")						\
	ROW_ONE(X, smc, full, 0, 0, 0,					\
		"smc_poll()")						\
	ROW_ONE(X, smc, peer_close_own_write, E_EOF, E_RDHUP, 0,	\
		"smc_tx_sendmsg(): EPIPE, no error is left")		\
	ROW_ONE(X, smc, peer_shut_rdwr_own_write, E_EOF, E_RDHUP, 0,	\
		"smc_tx_sendmsg(): EPIPE, no error is left")		\
	ROW_ONE(X, smc, unconnected, 0, 0, 0,				\
		"smc_poll(): SMC_INIT")					\
	ROW_ONE(X, smc, unconnected_shut_rd, 0, 0, 0,			\
		"smc_shutdown(): ENOTCONN")				\
	ROW_ONE(X, smc, unconnected_shut_rdwr, 0, 0, 0,			\
		"smc_shutdown(): ENOTCONN")				\
	ROW_ONE(X, smc, listener, 0, 0, 0,				\
		"smc_accept_poll()")					\
	ROW_ONE(X, smc, not_accepted, E_OUT, 0, 0,			\
		"smc_poll()")						\
	ROW_ONE(X, smc, listener_closed, E_EOF, E_RDHUP, 0,		\
		"smc_close_cleanup_listen()")				\
	ROW_ONE(X, smc, shut_wr_before_accept, E_EOF, E_RDHUP, 0,	\
		"smc_poll()")						\
	ROW_ONE(X, smc, closed_before_accept, E_EOF, E_RDHUP, 0,	\
		"smc_poll()")						\
	ROW_TIPC(X, fresh, T_OUT, 0, 0,					\
		"tipc_poll()")						\
	ROW_TIPC(X, full, 0, 0, 0,					\
		"tipc_poll()")						\
	ROW_TIPC(X, peer_close_own_write, T_END, E_RDHUP | E_HUP, E_HUP, \
		"tipc_poll(): TIPC_DISCONNECTING")			\
	ROW_TIPC(X, peer_shut_rdwr_own_write,				\
		T_END, E_RDHUP | E_HUP, E_HUP,				\
		"tipc_poll(): TIPC_DISCONNECTING")			\
	ROW_TIPC(X, unconnected, T_OUT, 0, 0,				\
		"tipc_poll(): TIPC_OPEN")				\
	ROW_TIPC(X, unconnected_shut_rdwr,				\
		T_END | T_OUT, E_RDHUP | E_HUP, E_HUP,			\
		"tipc_poll(): still TIPC_OPEN")				\
	ROW_TIPC(X, refused_later,					\
		T_END | E_ERR, E_RDHUP | E_HUP | E_ERR, E_HUP | E_ERR,	\
		"tipc_sk_conn_proto_rcv() sets sk_err")			\
	ROW_TIPC(X, listener, 0, 0, 0,					\
		"tipc_poll()")						\
	ROW_LINK(X, fresh, E_OUT, 0, 0,					\
		"bt_sock_poll()")					\
	ROW_LINK(X, not_accepted, E_OUT, 0, 0,				\
		"bt_sock_poll()")					\
	ROW_ONE(X, rfcomm, full, 0, 0, 0,				\
		"bt_sock_poll(): no credits, the buffer is full")	\
	ROW_ONE(X, rfcomm, full_peer_close,				\
		E_RESET, E_RDHUP | E_HUP | E_ERR, E_HUP | E_ERR,	\
		"rfcomm_recv_disc(): ECONNRESET, what waits is dropped") \
	ROW_BT(X, unconnected, E_OUT, 0, 0,				\
		"bt_sock_poll()")					\
	ROW_BT(X, listener, 0, 0, 0,					\
		"bt_accept_poll()")					\
	ROW_STREAMS_NOTLS(X, unconnected_shut_rdwr,			\
		E_GONE, E_RDHUP | E_HUP, E_HUP,				\
		"tcp_poll()")						\
	ROW_NAMED(X, unconnected_shut_rdwr,				\
		E_GONE, E_RDHUP | E_HUP, E_HUP,				\
		"unix_poll()")

#define RDHUP_EXPECT(X)							\
	RDHUP_EXPECT_EVENTS(X)						\
	RDHUP_EXPECT_STATES(X)

/*
 * The table for tests that get into a state by a way of their own:
 * ALL_SCENARIO__FAMILY and ONLY_SCENARIO__FAMILY are a row's answers.
 */
enum {
#define X(scenario, family, all, only, ...)				\
	ALL_##scenario##__##family = (all),				\
	ONLY_##scenario##__##family = (only),
	RDHUP_EXPECT(X)
#undef X
};

#endif /* RDHUP_EXPECT_H */
