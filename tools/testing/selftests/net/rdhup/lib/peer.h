/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A TCP peer that is written by hand, on a tun device, so that the segments are
 * the ones that a test means: data and FIN in one, a FIN that waits behind a
 * hole, a FIN that also acknowledges ours.  A segment that is written to the
 * device has been processed, and has woken everyone whom it is going to wake,
 * when write() returns.
 *
 * Nothing here asserts; functions return 0, a descriptor or a negative errno.
 */
#ifndef RDHUP_PEER_H
#define RDHUP_PEER_H

#include <stdbool.h>
#include <stdint.h>

/* The bits of the TCP header's flags byte. */
enum { FIN = 0x01, SYN = 0x02, RST = 0x04, PSH = 0x08, ACK = 0x10 };

/* The hand-written end of one connection. */
struct peer {
	int tun;
	uint16_t port;		/* ours */
	uint16_t dport;		/* the kernel's */
	uint32_t seq;		/* of the next byte that we send */
	uint32_t ack;		/* of the next byte that we expect */
};

/* What the watched end has done, and what is sent before the last segment. */
enum setup {
	PLAIN,
	HOLE,		/* the FIN is there, the data before it is not */
	FIN_WAIT1,	/* our own FIN is out and not acknowledged */
	FIN_WAIT2,	/* our own FIN is acknowledged */
};

struct shape {
	enum setup setup;
	const char *before;	/* the data behind the hole */
	const char *text;	/* the data of the last segment */
	uint8_t flags;		/* the flags of the last segment */
	bool acks_ours;		/* and it acknowledges our FIN */
	unsigned int mask;	/* what there is to be told then */
};

/* The ways for a stream to end, by name. */
enum shape_id {
	BARE_FIN,
	DATA_FIN,
	FILLED_HOLE,	/* the data fills a hole, the FIN waits behind it */
	FILLED_HOLE_DATA,
	CLOSING,	/* the FIN crosses ours: ours is not closed for sure */
	ACK_OF_OURS,	/* one segment acknowledges our FIN and ends */
	ACKED_OURS,
	ACKED_OURS_DATA,
	NR_SHAPES,
};

extern const struct shape shapes[NR_SHAPES];

/* A connection up to the point where one segment will end the stream. */
struct connection {
	struct peer peer;
	int fd;
};

/*
 * A tun device with an address, in a network of this process unless the kernel
 * knows only one.
 */
int tun_open(void);

/* A listener at that address. */
int tun_listen(uint16_t *port);

/* The first port that a peer may have. */
#define FIRST_PORT	20000

/* Sends @text at sequence number @seq with @flags. */
int peer_send_at(const struct peer *p, uint32_t seq, uint8_t flags,
		 const char *text);

/* The next segment for @p that has all of @flags; 0 or -ETIMEDOUT. */
int peer_expect(struct peer *p, uint8_t flags, uint32_t *seq);

/* Connect a peer with @port to @listener, which has port @dport, on @tun. */
int connection_open(struct connection *c, int tun, int listener, uint16_t dport,
		    uint16_t port, const struct shape *shape);

/* The last segment, from whichever thread. */
int connection_end(const struct connection *c, const struct shape *shape);

#endif /* RDHUP_PEER_H */
