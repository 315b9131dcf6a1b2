// SPDX-License-Identifier: GPL-2.0
#include "family.h"
#include "netns.h"
#include "wire.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Bytes of a packet that are kept: the longest headers of IPv4 and TCP. */
#define WIRE_HEADERS	120

/* As the kernel's headers want it; the C library's htons() does not know. */
static __be16 to_be16(unsigned short host)
{
	const union {
		unsigned short raw;
		__be16 be;
	} v = { .raw = htons(host) };

	return v.be;
}

/* Have @fd keep the headers only, so that more segments fit. */
static void wire_truncate(int fd)
{
	struct sock_filter headers = BPF_STMT(BPF_RET | BPF_K, WIRE_HEADERS);
	struct sock_fprog prog = { .len = 1, .filter = &headers };

	/* Some systems give filters to root alone, who needs none. */
	setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog));
}

int wire_open(struct wire *w)
{
	struct sockaddr_ll ll = {
		.sll_family = AF_PACKET,
		.sll_protocol = to_be16(ETH_P_ALL),
	};
	int size = 64 << 20, err;

	memset(w, 0, sizeof(*w));
	err = own_net();
	if (err)
		return err;
	/* It would be counted, as it rarely is where this fails. */
	no_loss_probe();
	ll.sll_ifindex = (int)if_nametoindex("lo");
	w->fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (w->fd < 0)
		return -errno;
	/* A full buffer of the connection must fit, or the FIN gets lost. */
	if (setsockopt(w->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size,
		       sizeof(size)) &&
	    setsockopt(w->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)))
		return -errno;
	wire_truncate(w->fd);
	return bind(w->fd, (struct sockaddr *)&ll, sizeof(ll)) ? -errno : 0;
}

static unsigned short port_of(int fd)
{
	struct sockaddr_in in = {};
	socklen_t len = sizeof(in);

	getsockname(fd, (struct sockaddr *)&in, &len);
	return in.sin_port;
}

void wire_ends(struct wire *w, int a, int b)
{
	w->port[0] = port_of(a);
	w->port[1] = port_of(b);
}

int wire_pair(struct wire *w, int *own, int *peer)
{
	int sv[2], err = wire_open(w);

	if (!err)
		err = make_pair(TCP4, sv);
	if (err)
		return err;
	*own = sv[0];
	*peer = sv[1];
	wire_ends(w, *own, *peer);
	return 0;
}

void wire_read(struct wire *w)
{
	unsigned char pkt[WIRE_HEADERS];
	struct sockaddr_ll ll;
	struct wire_end *from;
	struct tcphdr tcp;
	struct iphdr ip;
	unsigned int payload;
	socklen_t len;

	for (;;) {
		len = sizeof(ll);
		if (recvfrom(w->fd, pkt, sizeof(pkt), MSG_DONTWAIT,
			     (struct sockaddr *)&ll, &len) < 0)
			return;
		memcpy(&ip, pkt, sizeof(ip));
		/* Loopback shows each packet twice: leaving and coming. */
		if (ll.sll_pkttype != PACKET_OUTGOING ||
		    ll.sll_protocol != to_be16(ETH_P_IP) ||
		    ip.protocol != IPPROTO_TCP)
			continue;
		memcpy(&tcp, pkt + ip.ihl * 4, sizeof(tcp));
		if (tcp.source == w->port[0] && tcp.dest == w->port[1])
			from = &w->from[0];
		else if (tcp.source == w->port[1] && tcp.dest == w->port[0])
			from = &w->from[1];
		else
			continue;
		payload = ntohs(ip.tot_len) - ip.ihl * 4 - tcp.doff * 4;
		if (tcp.syn)
			from->isn = ntohl(tcp.seq);
		if (tcp.ack)
			from->ack = ntohl(tcp.ack_seq);
		from->fin += tcp.fin;
		from->rst += tcp.rst;
		from->psh += tcp.psh;
		from->data += !!payload;
		from->bytes += payload;
		from->data_fin += payload && tcp.fin;
		from->next = ntohl(tcp.seq) + payload + tcp.syn + tcp.fin;
		if (w->nr < WIRE_ORDER) {
			w->sent[w->nr].end = from - w->from;
			w->sent[w->nr].flags = tcp.th_flags;
			w->sent[w->nr].bytes = payload;
		}
		w->nr++;
	}
}

const char *wire_order(struct wire *w, bool acks)
{
	static const struct {
		unsigned char flag;
		char letter;
	} letters[] = {
		{ TH_FIN, 'F' }, { TH_SYN, 'S' }, { TH_RST, 'R' },
		{ TH_PUSH, 'P' }, { TH_ACK, '.' },
	};
	static char text[WIRE_ORDER * 16];
	char *p = text;

	wire_read(w);
	*p = '\0';
	for (unsigned int i = 0; i < w->nr && i < WIRE_ORDER; i++) {
		if (!acks && w->sent[i].flags == TH_ACK && !w->sent[i].bytes)
			continue;
		p += sprintf(p, "%s%d", p == text ? "" : " ", w->sent[i].end);
		for (int l = 0; l < 5; l++)
			if (w->sent[i].flags & letters[l].flag)
				*p++ = letters[l].letter;
		*p = '\0';
		if (w->sent[i].bytes)
			p += sprintf(p, "%u", w->sent[i].bytes);
	}
	if (w->nr > WIRE_ORDER)
		strcpy(p, " ...");
	return text;
}

/* The Internet checksum of @len bytes, an even number, in memory order. */
static unsigned short checksum(const void *data, size_t len)
{
	const unsigned char *p = data;
	unsigned int sum = 0;
	unsigned short word;

	for (; len; p += 2, len -= 2) {
		memcpy(&word, p, 2);
		sum += word;
	}
	sum = (sum >> 16) + (sum & 0xffff);
	return ~(sum + (sum >> 16));
}

int wire_forge(struct wire *w, int i, const struct wire_segment *segment)
{
	const unsigned int len = sizeof(struct tcphdr) + segment->len;
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct {
		struct in_addr from, to;
		unsigned short protocol;
		unsigned short len;
		struct tcphdr tcp;
		unsigned char data[WIRE_FORGED];
	} pkt = {};
	int fd, err = 0;

	wire_read(w);
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	pkt.from = in.sin_addr;
	pkt.to = in.sin_addr;
	pkt.protocol = htons(IPPROTO_TCP);
	pkt.len = htons(len);
	pkt.tcp.source = w->port[i];
	pkt.tcp.dest = w->port[!i];
	pkt.tcp.seq = htonl(segment->seq);
	pkt.tcp.doff = sizeof(pkt.tcp) / 4;
	pkt.tcp.rst = segment->rst;
	if (!segment->rst) {
		pkt.tcp.ack = 1;
		pkt.tcp.ack_seq = htonl(w->from[!i].next);
		pkt.tcp.window = htons(0xffff);
		pkt.tcp.fin = segment->fin;
	}
	pkt.tcp.check = checksum(&pkt, sizeof(pkt) - WIRE_FORGED +
				 segment->len);
	fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_TCP);
	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&in, sizeof(in)) ||
	    sendto(fd, &pkt.tcp, len, 0, (struct sockaddr *)&in,
		   sizeof(in)) != (ssize_t)len)
		err = -errno;
	close(fd);
	return err;
}

int wire_reset(struct wire *w, int i)
{
	struct wire_segment segment = { .rst = true };

	wire_read(w);
	segment.seq = w->from[i].next;
	return wire_forge(w, i, &segment);
}
