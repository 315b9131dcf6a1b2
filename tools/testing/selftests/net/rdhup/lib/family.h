/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The families, and making sockets and connected pairs of them.
 *
 * A connection is int sv[2]: sv[0] is the end that is polled ("own"), sv[1]
 * the one that finishes first ("peer").  Functions return 0 or a negative
 * errno and assert nothing, so that a caller can SKIP a missing family.
 */
#ifndef RDHUP_FAMILY_H
#define RDHUP_FAMILY_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif
#ifndef IPPROTO_SCTP
#define IPPROTO_SCTP 132
#endif
#ifndef AF_SMC
#define AF_SMC 43
#endif

enum family_id {
	TCP4,
	TCP6,
	TCP_MAPPED,	/* an IPv4 client of an IPv6 listener */
	UNIX_STREAM,
	UNIX_SEQPACKET,
	UNIX_DGRAM,
	FAM_MPTCP4,
	FAM_TLS,	/* kernel TLS over TCP over IPv4 */
	FAM_VSOCK_STREAM,
	FAM_VSOCK_SEQPACKET,
	FAM_STREAM_PAIR,	/* socketpair(2): no names, no accept() */
	FAM_SEQPACKET_PAIR,
	FAM_UDP4,	/* two sockets connected to each other */
	FAM_SCTP4,	/* one-to-one */
	FAM_SMC,
	FAM_TIPC_STREAM,
	FAM_TIPC_SEQPACKET,
	FAM_L2CAP,	/* in enhanced retransmission mode */
	FAM_L2CAP_SEQPACKET,	/* in basic mode */
	FAM_RFCOMM,
	FAM_SCO,
	FAM_ISO,	/* never connected here */
	FAM_PIPE,	/* sv[0] reads, sv[1] writes */
	FAM_FIFO,	/* a pipe with a name */
	NR_FAMILIES,
};

/* How to get sockets of a family; NULL where there is nothing special to it. */
struct family {
	const char *name;
	int domain;
	int type;
	int protocol;
	/* Have the kernel offer what it has only on request. */
	int (*ready)(void);
	int (*listen)(enum family_id id);
	int (*connect)(enum family_id id, int listener);
	/* Where listening, connecting and accepting in turn will not do. */
	int (*pair)(enum family_id id, int sv[2]);
};

extern const struct family families[NR_FAMILIES];

/*
 * Does @err say that there is no such family here?  Only socket() can, which
 * is the first thing that is done about any; and any_ready(), own_net(),
 * bt_controllers() and nfcsim_open(), of what a family is tested by: -EPERM for
 * want of privileges, -ENODEV of a device, -EBUSY if another program has it.
 */
bool is_missing(int err);

/* The negative errno of another call that failed: never is_missing(). */
int failed(const char *call);

/* Is it an AF_UNIX socket? */
bool family_is_unix(enum family_id id);

/* TCP, or something whose wire and poll routine are TCP's. */
bool family_is_tcp(enum family_id id);

/* A socket to which nothing was done, or a negative errno. */
int any_socket(enum family_id id);

/* Make it possible to have @id at all; a negative errno if it is missing. */
int any_ready(enum family_id id);

/*
 * A listening socket of @id on the loopback, at an address that the kernel
 * chooses.  Returns the descriptor or a negative errno.
 */
int listen_on(enum family_id id);

/* A client connected to @listener (blocking); negative errno on failure. */
int connect_to(enum family_id id, int listener);

/*
 * A connected pair: sv[0] was accepted, sv[1] connected, unless the family has
 * no accept().
 */
int make_pair(enum family_id id, int sv[2]);

/* The same, always by listen(), connect() and accept(). */
int pair_by_accept(enum family_id id, int sv[2]);

/* Two UDP sockets of the loopback that are connected to each other. */
int udp_pair(int sv[2]);

/*
 * Write to @fd until nothing is taken, not even FULL_MS later: what is queued
 * may move on to the peer and make room, and too little of it to be EPOLLOUT.
 * That is longer than TCP waits before it probes a closed window for the first
 * time.  Gives 0, or what write(2) failed with, negative.
 */
#define FULL_MS		300
int fill(int fd);

/* close() with SO_LINGER 0: a reset, where the family has one. */
int reset(int fd);

/*
 * For a FIXTURE_SETUP: a pair in @sv.  Without the family the test is skipped
 * and @statement executed, as SKIP() of the harness does.
 */
#define SETUP_PAIR(statement, id, sv) do {				\
	enum family_id __id = (id);					\
	int __err = make_pair(__id, sv);				\
									\
	if (is_missing(__err))						\
		SKIP(statement, "no %s: %s", families[__id].name,	\
		     strerror(-__err));					\
	ASSERT_EQ(0, __err);						\
} while (0)

#endif /* RDHUP_FAMILY_H */
