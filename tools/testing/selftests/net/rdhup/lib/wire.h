/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What one TCP connection over IPv4 put on the loopback: a packet socket that
 * counts segments by their sender.  A packet is seen when it is sent, so a
 * system call that sends has been counted when it returns.  And a forged reset
 * of that connection.
 */
#ifndef RDHUP_WIRE_H
#define RDHUP_WIRE_H

#include <stdbool.h>

struct wire_end {
	unsigned int fin;	/* segments with FIN, with RST, with PSH */
	unsigned int rst;
	unsigned int psh;
	unsigned int data;	/* segments with payload */
	unsigned int bytes;	/* of payload */
	unsigned int data_fin;	/* segments with payload and FIN */
	unsigned int isn;	/* the sequence number of its SYN */
	unsigned int next;	/* that it will send next */
	unsigned int ack;	/* that it acknowledged last */
};

/* The first segments of both ends that are kept in their order. */
#define WIRE_ORDER	32

struct wire {
	int fd;
	unsigned short port[2];		/* network byte order */
	struct wire_end from[2];	/* what the end with port[i] sent */
	unsigned int nr;		/* of both, which sent[] may not hold */
	struct {
		unsigned char end;
		unsigned char flags;	/* of TCP, as TH_SYN */
		unsigned short bytes;	/* of payload */
	} sent[WIRE_ORDER];
};

/*
 * Start to watch, in a network of one's own, if possible without loss probes:
 * to be called before sockets are made.  Connections are chosen by wire_ends().
 */
int wire_open(struct wire *w);

/* Watch the connection whose ends are @a (from[0]) and @b (from[1]). */
void wire_ends(struct wire *w, int a, int b);

/*
 * A TCP connection over IPv4 that is watched from its start: from[0] is
 * @own's, from[1] @peer's.  -EPERM or -EAFNOSUPPORT if packets cannot be seen.
 */
int wire_pair(struct wire *w, int *own, int *peer);

/* Count what was sent since the last call. */
void wire_read(struct wire *w);

/*
 * What went over the wire since wire_open(), in the order in which it was sent
 * and by tcpdump's letters: "0S 1S. 0. 0P.3 0F." is a handshake, three bytes
 * and a FIN of end 0.  Without @acks what only acknowledges is left out: when
 * one is sent, and how often, is the receiver's affair.
 */
const char *wire_order(struct wire *w, bool acks);

/* The payload of what wire_forge() sends: as many zeros at most. */
#define WIRE_FORGED	8

struct wire_segment {
	unsigned int seq;	/* the sequence number it begins with */
	unsigned int len;	/* of the payload, an even number */
	bool fin;
	bool rst;
};

/*
 * Send @segment to the other end of the connection, which wire_ends() chose, as
 * if end @i had sent it: end @i is not told, and no option is in it.  Negative
 * errno; it takes root, if only that of a network of its own.
 */
int wire_forge(struct wire *w, int i, const struct wire_segment *segment);

/*
 * Reset the other end of the connection, which wire_ends() chose, as if end @i
 * had sent it: end @i is not told, and nothing but the flag is in it.  That
 * end must have sent all that it will.  Negative errno; it takes root, if only
 * that of a network of its own.
 */
int wire_reset(struct wire *w, int i);

/*
 * Did end @i of @w send exactly this many segments with FIN and with RST?
 * Prints what it sent if not.
 */
#define EXPECT_WIRE(w, i, fins, rsts) do {				\
	struct wire *__w = (w);						\
	unsigned int __fin = (fins), __rst = (rsts);			\
									\
	wire_read(__w);							\
	EXPECT_EQ(__fin, __w->from[i].fin) TH_LOG("FINs of end %d", i);	\
	EXPECT_EQ(__rst, __w->from[i].rst) TH_LOG("RSTs of end %d", i);	\
} while (0)

#endif /* RDHUP_WIRE_H */
