// SPDX-License-Identifier: GPL-2.0
#include "ask.h"
#include "family.h"
#include "netns.h"
#include "peer.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define LOCAL_ADDR	0x0a4d0001	/* 10.77.0.1, the kernel's */
#define PEER_ADDR	0x0a4d0002	/* 10.77.0.2, ours by hand */

const struct shape shapes[NR_SHAPES] = {
	[BARE_FIN] = {
		PLAIN, "", "", FIN | ACK, false, EPOLLIN | EPOLLRDHUP
	},
	[DATA_FIN] = {
		PLAIN, "", "data", PSH | FIN | ACK, false,
		EPOLLIN | EPOLLRDHUP
	},
	[FILLED_HOLE] = {
		HOLE, "", "data", PSH | ACK, false, EPOLLIN | EPOLLRDHUP
	},
	[FILLED_HOLE_DATA] = {
		HOLE, "behind", "data", PSH | ACK, false,
		EPOLLIN | EPOLLRDHUP
	},
	[CLOSING] = {
		FIN_WAIT1, "", "data", PSH | FIN | ACK, false,
		EPOLLIN | EPOLLRDHUP | EPOLLHUP
	},
	[ACK_OF_OURS] = {
		FIN_WAIT1, "", "data", PSH | FIN | ACK, true,
		EPOLLIN | EPOLLRDHUP | EPOLLHUP
	},
	[ACKED_OURS] = {
		FIN_WAIT2, "", "", FIN | ACK, true,
		EPOLLIN | EPOLLRDHUP | EPOLLHUP
	},
	[ACKED_OURS_DATA] = {
		FIN_WAIT2, "", "data", PSH | FIN | ACK, true,
		EPOLLIN | EPOLLRDHUP | EPOLLHUP
	},
};

static uint32_t sum16(const void *data, size_t len, uint32_t sum)
{
	const uint8_t *p = data;

	for (; len > 1; p += 2, len -= 2)
		sum += p[0] << 8 | p[1];
	if (len)
		sum += p[0] << 8;
	return sum;
}

static uint16_t fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons(~sum);
}

struct segment {
	struct iphdr ip;
	struct tcphdr tcp;
	char data[64];
};

int peer_send_at(const struct peer *p, uint32_t seq, uint8_t flags,
		 const char *text)
{
	size_t len = strlen(text), tcp_len = sizeof(struct tcphdr) + len;
	size_t all = sizeof(struct iphdr) + tcp_len;
	struct segment s = {
		.ip = {
			.version = 4, .ihl = 5, .ttl = 64,
			.protocol = IPPROTO_TCP,
			.saddr = htonl(PEER_ADDR), .daddr = htonl(LOCAL_ADDR),
			.tot_len = htons(all),
		},
		.tcp = {
			.source = htons(p->port), .dest = htons(p->dport),
			.seq = htonl(seq), .doff = 5, .window = htons(65535),
			.ack_seq = htonl(flags & ACK ? p->ack : 0),
		},
	};
	uint32_t sum;

	((uint8_t *)&s.tcp)[13] = flags;
	memcpy(s.data, text, len);
	s.ip.check = fold(sum16(&s.ip, sizeof(s.ip), 0));
	sum = sum16(&s.ip.saddr, 8, IPPROTO_TCP + tcp_len);
	s.tcp.check = fold(sum16(&s.tcp, tcp_len, sum));
	if (write(p->tun, &s, all) != (ssize_t)all)
		return -errno;
	return 0;
}

int peer_expect(struct peer *p, uint8_t flags, uint32_t *seq)
{
	const size_t headers = sizeof(struct iphdr) + sizeof(struct tcphdr);
	long long end = now_ms() + MUST_MS;
	struct segment s;

	while (now_ms() < end) {
		struct pollfd pfd = { .fd = p->tun, .events = POLLIN };

		if (poll(&pfd, 1, 100) <= 0)
			continue;
		if (read(p->tun, &s, sizeof(s)) < (ssize_t)headers)
			continue;
		if (s.ip.version != 4 || s.ip.protocol != IPPROTO_TCP ||
		    s.tcp.dest != htons(p->port))
			continue;
		if ((((uint8_t *)&s.tcp)[13] & flags) != flags)
			continue;
		*seq = ntohl(s.tcp.seq);
		return 0;
	}
	return -ETIMEDOUT;
}

static void tun_drain(int tun)
{
	char buf[2048];

	while (read(tun, buf, sizeof(buf)) > 0)
		;
}

int tun_open(void)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct ifreq ifr = {
		.ifr_name = "rdhup0",
		.ifr_flags = IFF_TUN | IFF_NO_PI,
	};
	int tun, ctl, err;

	err = own_net();
	if (err)
		return err;
	tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (tun < 0)
		return errno == EACCES ? -EPERM :
		       errno == ENOENT || errno == ENXIO ? -ENODEV : -errno;
	ctl = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (ctl < 0 || ioctl(tun, TUNSETIFF, &ifr))
		goto fail;
	in.sin_addr.s_addr = htonl(LOCAL_ADDR);
	memcpy(&ifr.ifr_addr, &in, sizeof(in));
	if (ioctl(ctl, SIOCSIFADDR, &ifr))
		goto fail;
	in.sin_addr.s_addr = htonl(0xffffff00);
	memcpy(&ifr.ifr_netmask, &in, sizeof(in));
	if (ioctl(ctl, SIOCSIFNETMASK, &ifr))
		goto fail;
	ifr.ifr_flags = IFF_UP | IFF_RUNNING;
	if (ioctl(ctl, SIOCSIFFLAGS, &ifr))
		goto fail;
	close(ctl);
	return tun;
fail:
	err = -errno;
	close(tun);
	if (ctl >= 0)
		close(ctl);
	return err;
}

int connection_open(struct connection *c, int tun, int listener, uint16_t dport,
		    uint16_t port, const struct shape *shape)
{
	struct pollfd pfd = { .fd = listener, .events = POLLIN };
	struct linger linger = { .l_onoff = 1 };
	static uint32_t isn;
	uint32_t seq;
	int err;

	/* The port's last one may be in TIME_WAIT: begin behind its end. */
	isn += 1000;
	c->fd = -1;
	c->peer = (struct peer) {
		.tun = tun, .port = port, .dport = dport, .seq = isn,
	};
	tun_drain(tun);
	err = peer_send_at(&c->peer, c->peer.seq++, SYN, "");
	if (err)
		return err;
	err = peer_expect(&c->peer, SYN | ACK, &seq);
	if (err)
		return err;
	c->peer.ack = seq + 1;
	err = peer_send_at(&c->peer, c->peer.seq, ACK, "");
	if (err)
		return err;
	if (poll(&pfd, 1, MUST_MS) != 1)
		return -ETIMEDOUT;
	c->fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (c->fd < 0)
		return -errno;
	/* close() then leaves nothing behind, in whatever state it is */
	setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	if (shape->setup == HOLE)
		return peer_send_at(&c->peer,
				    c->peer.seq + strlen(shape->text),
				    FIN | ACK, shape->before);
	if (shape->setup == PLAIN)
		return 0;
	if (shutdown(c->fd, SHUT_WR))
		return -errno;
	err = peer_expect(&c->peer, FIN | ACK, &seq);
	if (err)
		return err;
	if (shape->acks_ours || shape->setup == FIN_WAIT2)
		c->peer.ack = seq + 1;
	if (shape->setup == FIN_WAIT2)
		return peer_send_at(&c->peer, c->peer.seq, ACK, "");
	return 0;
}

int connection_end(const struct connection *c, const struct shape *shape)
{
	return peer_send_at(&c->peer, c->peer.seq, shape->flags, shape->text);
}

int tun_listen(uint16_t *port)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	socklen_t len = sizeof(in);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	in.sin_addr.s_addr = htonl(LOCAL_ADDR);
	if (fd < 0 || bind(fd, (struct sockaddr *)&in, len) ||
	    listen(fd, 16) || getsockname(fd, (struct sockaddr *)&in, &len))
		return -errno;
	*port = ntohs(in.sin_port);
	return fd;
}
