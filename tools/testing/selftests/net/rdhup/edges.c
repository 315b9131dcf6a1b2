// SPDX-License-Identifier: GPL-2.0
/*
 * One half-close is one event: a reader that asked for edges is told once.
 *
 * The peer of the TCP connections is written by hand on a tun device, so that
 * the segments are the ones that the test means: data and FIN in one, a FIN
 * that waits behind a hole, a FIN that also acknowledges ours.  A segment
 * written to the device has been processed, and has woken everyone that it
 * is going to wake, when write() returns.
 *
 * 1. An edge-triggered epoll that watches for IN and RDHUP reports exactly
 *    one event for the segment that brings the end of the stream, with every
 *    bit that is then true: whether the reader spins in epoll_wait(0) on
 *    another CPU, and so can collect an event between two wakeups, or sleeps.
 *    How often it gets between them depends on timing; it nearly always does
 *    if it is the first to be woken, and many others, who watch the same
 *    socket, are woken before its turn comes again ("crowded").
 * 2. Of threads that share the epoll instance it wakes one.
 * 3. F_SETSIG: two signals for it, the last of them POLL_IN, the first POLL_HUP
 *    when our side was closed already.
 * 4. The same over the loopback, where data and FIN leave in one segment,
 *    and for AF_UNIX.
 * 5. If the FIN cannot be taken yet, what came with it is told all the same.
 *
 * RDHUP_EDGES in the environment is the number of connections per test; how
 * many events each of them gave is printed in every case.
 */
#include "family.h"
#include "netns.h"
#include "wait.h"
#include "kselftest_harness.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/param.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#define LOCAL_ADDR	0x0a4d0001	/* 10.77.0.1, the kernel's */
#define PEER_ADDR	0x0a4d0002	/* 10.77.0.2, ours by hand */
#define FIRST_PORT	20000
#define DEFAULT_RUNS	40
#define WAITERS		5		/* more than there can be wakeups */
#define CROWD		500		/* who else watches the socket */
#define CROWDED_RUNS	10
#define VOLLEY		400		/* connections that end in a row */
#define SETTLE_US	300		/* on the loopback: softirq may lag */
#define MAX_EVENTS	4		/* the last bin counts "or more" */

#define WATCH		(EPOLLIN | EPOLLRDHUP | EPOLLET)

/* The bits of the TCP header's flags byte. */
enum { FIN = 0x01, SYN = 0x02, RST = 0x04, PSH = 0x08, ACK = 0x10 };

static int runs(void)
{
	const char *s = getenv("RDHUP_EDGES");
	int n = s ? atoi(s) : 0;

	return n > 0 ? n : DEFAULT_RUNS;
}

/* Seconds: the harness' own limit, and more for more connections. */
static int time_limit(void)
{
	return TEST_TIMEOUT_DEFAULT + runs() / 20;
}

/* The hand-written end of one connection. */
struct peer {
	int tun;
	uint16_t port;		/* ours */
	uint16_t dport;		/* the kernel's */
	uint32_t seq;		/* of the next byte that we send */
	uint32_t ack;		/* of the next byte that we expect */
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

/* Sends @text at sequence number @seq with @flags; 0 or a negative errno. */
static int peer_send_at(const struct peer *p, uint32_t seq, uint8_t flags,
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

/* The next segment for @p that has all of @flags; 0 or -ETIMEDOUT. */
static int peer_expect(struct peer *p, uint8_t flags, uint32_t *seq)
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

/*
 * A tun device with LOCAL_ADDR, in a network namespace of this process unless
 * the kernel knows only one.
 */
static int tun_open(void)
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
		return errno == EACCES ? -EPERM : -errno;
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

/* A connection up to the point where one segment will end the stream. */
struct connection {
	struct peer peer;
	int fd;
};

static int connection_open(struct connection *c, int tun, int listener,
			   uint16_t dport, uint16_t port,
			   const struct shape *shape)
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

/* The last segment, from whichever thread. */
static int connection_end(const struct connection *c,
			  const struct shape *shape)
{
	return peer_send_at(&c->peer, c->peer.seq, shape->flags, shape->text);
}

/* A listener at LOCAL_ADDR. */
static int tun_listen(uint16_t *port)
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

/*
 * The thread that ends streams: on request, and with the reader asleep if it
 * is one that sleeps.
 */
struct sender {
	pthread_t thread;
	pid_t reader;		/* to be asleep first, or 0 */
	int (*end)(void *arg);
	void *arg;
	int go;			/* 1: now, -1: no more */
	int sent;
	int err;
};

static void *sender_main(void *arg)
{
	struct sender *s = arg;
	int go;

	pin_to(0);
	while (1) {
		while (!(go = __atomic_load_n(&s->go, __ATOMIC_ACQUIRE)))
			sched_yield();
		if (go < 0)
			return NULL;
		__atomic_store_n(&s->go, 0, __ATOMIC_RELAXED);
		while (s->reader && state_of(s->reader) != 'S')
			sched_yield();
		s->err = s->end(s->arg);
		__atomic_store_n(&s->sent, 1, __ATOMIC_RELEASE);
	}
}

static int sender_start(struct sender *s, bool asleep)
{
	s->reader = asleep ? syscall(SYS_gettid) : 0;
	pin_to(1);
	return -pthread_create(&s->thread, NULL, sender_main, s);
}

static void sender_stop(struct sender *s)
{
	__atomic_store_n(&s->go, -1, __ATOMIC_RELEASE);
	pthread_join(s->thread, NULL);
}

/*
 * Has @s end the stream and counts what @ep reports of it.  The masks are
 * returned in @masks, at most MAX_EVENTS of them.
 */
static int count_edges(struct sender *s, int ep, int settle_us,
		       unsigned int masks[MAX_EVENTS])
{
	struct epoll_event ev[MAX_EVENTS];
	struct timespec ts, since = {};
	bool sent = false;
	int n = 0;

	s->sent = 0;
	__atomic_store_n(&s->go, 1, __ATOMIC_RELEASE);
	if (s->reader) {
		masks[n] = epoll_next(ep, MUST_MS);
		if (!masks[n++])
			return 0;
	}
	while (n < MAX_EVENTS) {
		bool last = sent;

		/* what is asked for after it was sent cannot be missing */
		sent = __atomic_load_n(&s->sent, __ATOMIC_ACQUIRE);
		if (epoll_wait(ep, ev, 1, 0) == 1) {
			masks[n++] = ev[0].events;
			continue;
		}
		if (!sent)
			continue;
		clock_gettime(CLOCK_MONOTONIC, &ts);
		if (!last)
			since = ts;
		if ((ts.tv_sec - since.tv_sec) * 1000000LL +
		    (ts.tv_nsec - since.tv_nsec) / 1000 >=
		    (n ? settle_us : MUST_MS * 1000))
			break;
	}
	while (!__atomic_load_n(&s->sent, __ATOMIC_ACQUIRE))
		sched_yield();
	return n;
}

struct histogram {
	int bin[MAX_EVENTS + 1];
	int wrong;		/* events with another mask */
	unsigned int last_wrong;
};

static void tally(struct histogram *h, int n, const unsigned int *masks,
		  unsigned int want)
{
	h->bin[n]++;
	for (int i = 0; i < n; i++) {
		if (masks[i] == want)
			continue;
		h->wrong++;
		h->last_wrong = masks[i];
	}
}

#define LOG_HISTOGRAM(h)						\
	TH_LOG("no event %d, one %d, two %d, three %d, more %d",	\
	       (h)->bin[0], (h)->bin[1], (h)->bin[2],		\
	       (h)->bin[3], (h)->bin[4])

/* 1 to 3: over the tun device. */

FIXTURE(segment) {
	int tun;
	int listener;
	uint16_t dport;
	struct shape shape;
	struct connection c;
};

FIXTURE_VARIANT(segment) {
	struct shape shape;
};

FIXTURE_VARIANT_ADD(segment, bare_fin) {
	.shape = { PLAIN, "", "", FIN | ACK, false, EPOLLIN | EPOLLRDHUP },
};

FIXTURE_VARIANT_ADD(segment, data_fin) {
	.shape = { PLAIN, "", "data", PSH | FIN | ACK, false,
		   EPOLLIN | EPOLLRDHUP },
};

/* The data fills a hole, the FIN has been waiting behind it. */
FIXTURE_VARIANT_ADD(segment, hole) {
	.shape = { HOLE, "", "data", PSH | ACK, false, EPOLLIN | EPOLLRDHUP },
};

FIXTURE_VARIANT_ADD(segment, hole_data) {
	.shape = { HOLE, "behind", "data", PSH | ACK, false,
		   EPOLLIN | EPOLLRDHUP },
};

/* The FIN crosses ours: both sides are closed, ours not yet for sure. */
FIXTURE_VARIANT_ADD(segment, closing) {
	.shape = { FIN_WAIT1, "", "data", PSH | FIN | ACK, false,
		   EPOLLIN | EPOLLRDHUP | EPOLLHUP },
};

/* One segment acknowledges our FIN and ends the stream. */
FIXTURE_VARIANT_ADD(segment, fin_wait1) {
	.shape = { FIN_WAIT1, "", "data", PSH | FIN | ACK, true,
		   EPOLLIN | EPOLLRDHUP | EPOLLHUP },
};

FIXTURE_VARIANT_ADD(segment, fin_wait2) {
	.shape = { FIN_WAIT2, "", "", FIN | ACK, true,
		   EPOLLIN | EPOLLRDHUP | EPOLLHUP },
};

FIXTURE_VARIANT_ADD(segment, fin_wait2_data) {
	.shape = { FIN_WAIT2, "", "data", PSH | FIN | ACK, true,
		   EPOLLIN | EPOLLRDHUP | EPOLLHUP },
};

FIXTURE_SETUP(segment)
{
	self->shape = variant->shape;
	self->listener = -1;
	self->c.fd = -1;
	self->tun = tun_open();
	if (self->tun == -EPERM || self->tun == -ENOENT ||
	    self->tun == -EINVAL)
		SKIP(return, "no tun device: %s", strerror(-self->tun));
	ASSERT_LE(0, self->tun);
	self->listener = tun_listen(&self->dport);
	ASSERT_LE(0, self->listener);
}

FIXTURE_TEARDOWN(segment)
{
	if (self->c.fd >= 0)
		close(self->c.fd);
	if (self->listener >= 0)
		close(self->listener);
	if (self->tun >= 0)
		close(self->tun);
}

struct ending {
	struct connection *c;
	struct shape *shape;
};

static int end_by_segment(void *arg)
{
	struct ending *e = arg;

	return connection_end(e->c, e->shape);
}

static void segment_edges(struct __test_metadata *_metadata,
			  FIXTURE_DATA(segment) *self, bool asleep,
			  int crowd_size, int runs)
{
	struct ending ending = { &self->c, &self->shape };
	struct sender s = { .end = end_by_segment, .arg = &ending };
	unsigned int masks[MAX_EVENTS];
	struct histogram h = {};
	int crowd[CROWD];

	for (int i = 0; i < crowd_size; i++) {
		crowd[i] = epoll_create1(EPOLL_CLOEXEC);
		ASSERT_LE(0, crowd[i]);
	}
	ASSERT_EQ(0, sender_start(&s, asleep));
	for (int i = 0; i < runs; i++) {
		struct epoll_event ev = { .events = WATCH };
		int ep, n;

		ASSERT_EQ(0, connection_open(&self->c, self->tun,
					     self->listener, self->dport,
					     FIRST_PORT + i % 40000,
					     &self->shape));
		for (int j = 0; j < crowd_size; j++)
			ASSERT_EQ(0, epoll_ctl(crowd[j], EPOLL_CTL_ADD,
					       self->c.fd, &ev));
		ep = epoll_with(self->c.fd, WATCH);
		ASSERT_LE(0, ep);
		ASSERT_MASK(0, epoll_next(ep, 0));
		n = count_edges(&s, ep, 0, masks);
		ASSERT_EQ(0, s.err);
		tally(&h, n, masks, self->shape.mask);
		close(ep);
		close(self->c.fd);
		self->c.fd = -1;
	}
	sender_stop(&s);
	for (int i = 0; i < crowd_size; i++)
		close(crowd[i]);
	LOG_HISTOGRAM(&h);
	EXPECT_EQ(runs, h.bin[1]);
	EXPECT_EQ(0, h.wrong)
		TH_LOG("want %s, got %s", mask_str(self->shape.mask),
		       mask_str(h.last_wrong));
}

/* A reader that spins on another CPU is told once. */
TEST_F_TIMEOUT(segment, spinning, time_limit())
{
	segment_edges(_metadata, self, false, 0, runs());
}

/* It is so even if it is the first of many to be woken. */
TEST_F(segment, crowded)
{
	segment_edges(_metadata, self, false, CROWD, CROWDED_RUNS);
}

/* A reader that sleeps is told once. */
TEST_F_TIMEOUT(segment, asleep, time_limit())
{
	segment_edges(_metadata, self, true, 0, runs());
}

/*
 * Many connections in one epoll instance, ended one right after the other:
 * no two threads wait for each other between two of them, so that this can be
 * done very often.
 */
struct volley {
	struct connection c[VOLLEY];
	const struct shape *shape;
	pid_t reader;		/* to be asleep before each, or 0 */
	int count;
	int over;		/* an eventfd */
	int err;
	int events[VOLLEY];	/* that each connection gave */
};

/* As state_of(), for who asks many times: @stat is the file, open. */
static bool is_asleep(int stat)
{
	char line[512], *paren;
	ssize_t len;

	len = pread(stat, line, sizeof(line) - 1, 0);
	if (len <= 0)
		return false;
	line[len] = '\0';
	paren = strrchr(line, ')');
	return paren && paren[1] && paren[2] == 'S';
}

static void *volley_main(void *arg)
{
	struct volley *v = arg;
	char path[64];
	int stat = -1;

	pin_to(0);
	if (v->reader) {
		snprintf(path, sizeof(path), "/proc/self/task/%d/stat",
			 v->reader);
		stat = open(path, O_RDONLY | O_CLOEXEC);
		if (stat < 0)
			v->err = -errno;
	}
	for (int i = 0; i < v->count && !v->err; i++) {
		while (stat >= 0 && !is_asleep(stat))
			sched_yield();
		v->err = connection_end(&v->c[i], v->shape);
	}
	if (stat >= 0)
		close(stat);
	eventfd_write(v->over, 1);
	return NULL;
}

/* Counts what @ep reports until the volley is over and nothing is left. */
static void volley_read(struct volley *v, int ep, struct histogram *h)
{
	struct epoll_event ev[16];
	bool over = false;
	int n;

	do {
		n = epoll_wait(ep, ev, 16, v->reader && !over ? -1 : 0);
		for (int i = 0; i < n; i++) {
			if (ev[i].data.u32 == VOLLEY) {
				over = true;
				continue;
			}
			v->events[ev[i].data.u32]++;
			if (ev[i].events == v->shape->mask)
				continue;
			h->wrong++;
			h->last_wrong = ev[i].events;
		}
	} while (n || !over);
}

static void segment_volleys(struct __test_metadata *_metadata,
			    FIXTURE_DATA(segment) *self, bool asleep)
{
	struct histogram h = {};
	int port = 0, left;
	struct volley *v;

	v = calloc(1, sizeof(*v));
	ASSERT_TRUE(!!v);
	v->shape = &self->shape;
	v->reader = asleep ? syscall(SYS_gettid) : 0;
	pin_to(1);
	for (left = runs(); left; left -= v->count) {
		struct epoll_event ev = { .events = WATCH };
		pthread_t thread;
		int ep;

		v->count = MIN(left, VOLLEY);
		memset(v->events, 0, sizeof(v->events));
		v->over = eventfd(0, EFD_CLOEXEC);
		ASSERT_LE(0, v->over);
		ev.data.u32 = VOLLEY;
		ep = epoll_create1(EPOLL_CLOEXEC);
		ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, v->over, &ev));
		for (int i = 0; i < v->count; i++) {
			ASSERT_EQ(0, connection_open(&v->c[i], self->tun,
						     self->listener,
						     self->dport,
						     FIRST_PORT + port,
						     &self->shape));
			port = (port + 1) % 40000;
			ev.data.u32 = i;
			ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, v->c[i].fd,
					       &ev));
		}
		ASSERT_EQ(0, epoll_wait(ep, &ev, 1, 0));
		ASSERT_EQ(0, pthread_create(&thread, NULL, volley_main, v));
		volley_read(v, ep, &h);
		pthread_join(thread, NULL);
		ASSERT_EQ(0, v->err);
		for (int i = 0; i < v->count; i++) {
			h.bin[MIN(v->events[i], MAX_EVENTS)]++;
			close(v->c[i].fd);
		}
		close(ep);
		close(v->over);
	}
	free(v);
	LOG_HISTOGRAM(&h);
	EXPECT_EQ(runs(), h.bin[1]);
	EXPECT_EQ(0, h.wrong)
		TH_LOG("want %s, got %s", mask_str(self->shape.mask),
		       mask_str(h.last_wrong));
}

/* Nor is one of many that end in a row reported twice, or forgotten. */
TEST_F_TIMEOUT(segment, volley, time_limit())
{
	segment_volleys(_metadata, self, false);
}

TEST_F_TIMEOUT(segment, volley_asleep, time_limit())
{
	segment_volleys(_metadata, self, true);
}

/*
 * A reader that asked for signals gets two, which programs have come to live
 * with: the last is always POLL_IN, so that who reads on POLL_IN does read.
 */
TEST_F(segment, signals)
{
	bool both = self->shape.mask & EPOLLHUP;
	const int want[] = { both ? POLL_HUP : POLL_IN, POLL_IN };
	struct f_owner_ex owner = { F_OWNER_TID, syscall(SYS_gettid) };
	struct timespec none = {}, must = { .tv_sec = MUST_MS / 1000 };
	siginfo_t si;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	ASSERT_EQ(0, sigprocmask(SIG_BLOCK, &set, NULL));
	ASSERT_EQ(0, connection_open(&self->c, self->tun, self->listener,
				     self->dport, FIRST_PORT, &self->shape));
	ASSERT_EQ(0, fcntl(self->c.fd, F_SETSIG, SIGRTMIN));
	ASSERT_EQ(0, fcntl(self->c.fd, F_SETOWN_EX, &owner));
	ASSERT_EQ(0, fcntl(self->c.fd, F_SETFL, O_ASYNC));
	ASSERT_EQ(0, connection_end(&self->c, &self->shape));

	for (unsigned int i = 0; i < ARRAY_SIZE(want); i++) {
		ASSERT_EQ(SIGRTMIN, sigtimedwait(&set, &si, &must));
		EXPECT_EQ(self->c.fd, si.si_fd);
		EXPECT_EQ(want[i], si.si_code);
	}
	EXPECT_EQ(-1, sigtimedwait(&set, &si, &none));
}

/*
 * Threads that wait on the same epoll instance are woken one at a time, each
 * wakeup the next of them: one FIN wakes one thread, no second one in vain.
 */
struct crew {
	struct waiter w[WAITERS];
	int told;
	int woken;
};

static int crew_start(struct crew *crew, int ep)
{
	int err;

	memset(crew, 0, sizeof(*crew));
	for (int i = 0; i < WAITERS; i++) {
		struct waiter *w = &crew->w[i];

		w->fd = ep;
		w->epoll = true;
		err = waiter_start(w);
		if (err)
			return err;
	}
	return 0;
}

/* Counts those who have been woken up to now. */
static void crew_count(struct crew *crew)
{
	for (int i = 0; i < WAITERS; i++) {
		struct waiter *w = &crew->w[i];
		long sleeps = settled_sleeps(w);

		if (waiter_done(w))
			crew->told++;
		else if (sleeps == w->sleeps)
			continue;
		crew->woken++;
	}
	for (int i = 0; i < WAITERS; i++)
		waiter_end(&crew->w[i], 0);
}

TEST_F(segment, wakeups)
{
	struct crew crew;
	int ep;

	ASSERT_EQ(0, connection_open(&self->c, self->tun, self->listener,
				     self->dport, FIRST_PORT, &self->shape));
	ep = epoll_with(self->c.fd, WATCH);
	ASSERT_LE(0, ep);
	ASSERT_MASK(0, epoll_next(ep, 0));
	ASSERT_EQ(0, crew_start(&crew, ep));
	ASSERT_EQ(0, connection_end(&self->c, &self->shape));
	/* a thread that was woken is not asleep when write() has returned */
	crew_count(&crew);
	EXPECT_EQ(1, crew.told);
	EXPECT_EQ(1, crew.woken)
		TH_LOG("%d threads woken by one FIN", crew.woken);
	close(ep);
}

/* The same segment once more, as if its acknowledgment was lost: no event. */
TEST_F(segment, repeated)
{
	int ep;

	ASSERT_EQ(0, connection_open(&self->c, self->tun, self->listener,
				     self->dport, FIRST_PORT, &self->shape));
	ep = epoll_with(self->c.fd, WATCH);
	ASSERT_LE(0, ep);
	ASSERT_EQ(0, connection_end(&self->c, &self->shape));
	EXPECT_MASK(self->shape.mask, epoll_next(ep, MUST_MS));
	/* Not edges' subject here: whether it was one event or two. */
	epoll_next(ep, 0);
	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(0, connection_end(&self->c, &self->shape));
		EXPECT_MASK(0, epoll_next(ep, 0));
	}
	ASSERT_EQ(0, epoll_mod(ep, self->c.fd, WATCH));
	EXPECT_MASK(self->shape.mask, epoll_next(ep, 0));
	close(ep);
}

/* All the data is there when the one event comes, and then the end. */
TEST_F(segment, nothing_lost)
{
	size_t want = strlen(self->shape.before) + strlen(self->shape.text);
	char buf[64];
	int ep;

	ASSERT_EQ(0, connection_open(&self->c, self->tun, self->listener,
				     self->dport, FIRST_PORT, &self->shape));
	ep = epoll_with(self->c.fd, WATCH);
	ASSERT_LE(0, ep);
	ASSERT_EQ(0, connection_end(&self->c, &self->shape));
	EXPECT_MASK(self->shape.mask, epoll_next(ep, MUST_MS));
	if (want)
		EXPECT_EQ(want, recv(self->c.fd, buf, sizeof(buf),
				     MSG_DONTWAIT));
	EXPECT_EQ(0, recv(self->c.fd, buf, sizeof(buf), MSG_DONTWAIT));
	EXPECT_MASK(0, epoll_next(ep, 0));
	close(ep);
}

struct lingering {
	int fd;
	long long ms;	/* that close() took */
};

static void *close_main(void *arg)
{
	struct lingering *l = arg;
	long long start = now_ms();

	close(l->fd);
	l->ms = now_ms() - start;
	return NULL;
}

FIXTURE(linger) {
	int tun;
};

FIXTURE_SETUP(linger)
{
	self->tun = tun_open();
	if (self->tun == -EPERM || self->tun == -ENOENT ||
	    self->tun == -EINVAL)
		SKIP(return, "no tun device: %s", strerror(-self->tun));
	ASSERT_LE(0, self->tun);
}

FIXTURE_TEARDOWN(linger)
{
	if (self->tun >= 0)
		close(self->tun);
}

/* A lingering close() returns with the segment that has both FIN and ACK. */
TEST_F(linger, fin_and_ack)
{
	static const struct shape plain = { .setup = PLAIN };
	struct linger linger = { .l_onoff = 1, .l_linger = MUST_MS / 500 };
	struct lingering l;
	struct connection c;
	pthread_t thread;
	uint16_t dport;
	uint32_t seq;
	int listener;

	listener = tun_listen(&dport);
	ASSERT_LE(0, listener);
	ASSERT_EQ(0, connection_open(&c, self->tun, listener, dport,
				     FIRST_PORT, &plain));
	ASSERT_EQ(0, setsockopt(c.fd, SOL_SOCKET, SO_LINGER, &linger,
				sizeof(linger)));
	l.fd = c.fd;
	ASSERT_EQ(0, pthread_create(&thread, NULL, close_main, &l));
	ASSERT_EQ(0, peer_expect(&c.peer, FIN | ACK, &seq));
	c.peer.ack = seq + 1;
	ASSERT_EQ(0, peer_send_at(&c.peer, c.peer.seq, FIN | ACK, ""));
	pthread_join(thread, NULL);
	EXPECT_GT(MUST_MS, l.ms);
	close(listener);
}

/*
 * 5: the acknowledgment of our FIN comes with a FIN that cannot be taken yet,
 * because data before it is missing.
 */
static int ack_and_fin_beyond_a_hole(struct connection *c, uint32_t fin_seq)
{
	c->peer.ack = fin_seq + 1;
	return peer_send_at(&c->peer, c->peer.seq + 4, FIN | ACK, "");
}

/* A lingering close() waits for no more than the acknowledgment. */
TEST_F(linger, ack_and_fin_beyond_a_hole)
{
	static const struct shape plain = { .setup = PLAIN };
	struct linger linger = { .l_onoff = 1, .l_linger = MUST_MS / 500 };
	struct lingering l;
	struct connection c;
	pthread_t thread;
	uint16_t dport;
	uint32_t seq;
	int listener;

	listener = tun_listen(&dport);
	ASSERT_LE(0, listener);
	ASSERT_EQ(0, connection_open(&c, self->tun, listener, dport,
				     FIRST_PORT, &plain));
	ASSERT_EQ(0, setsockopt(c.fd, SOL_SOCKET, SO_LINGER, &linger,
				sizeof(linger)));
	l.fd = c.fd;
	ASSERT_EQ(0, pthread_create(&thread, NULL, close_main, &l));
	ASSERT_EQ(0, peer_expect(&c.peer, FIN | ACK, &seq));
	ASSERT_EQ(0, ack_and_fin_beyond_a_hole(&c, seq));
	pthread_join(thread, NULL);
	EXPECT_GT(MUST_MS, l.ms);
	close(listener);
}

/* Who watches is told of the acknowledgment, and of the end in its turn. */
TEST_F(linger, watched_ack_and_fin_beyond_a_hole)
{
	const unsigned int end = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLHUP;
	static const struct shape shape = { .setup = FIN_WAIT1 };
	struct connection c;
	uint16_t dport;
	int listener;
	int ep;

	listener = tun_listen(&dport);
	ASSERT_LE(0, listener);
	ASSERT_EQ(0, connection_open(&c, self->tun, listener, dport,
				     FIRST_PORT, &shape));
	ep = epoll_with(c.fd, WATCH | EPOLLOUT);
	ASSERT_LE(0, ep);
	ASSERT_MASK(EPOLLOUT, epoll_next(ep, 0));
	ASSERT_MASK(0, epoll_next(ep, 0));
	ASSERT_EQ(0, ack_and_fin_beyond_a_hole(&c, c.peer.ack));
	EXPECT_MASK(EPOLLOUT, epoll_next(ep, 0));
	EXPECT_MASK(0, epoll_next(ep, 0));
	ASSERT_EQ(0, peer_send_at(&c.peer, c.peer.seq, PSH | ACK, "data"));
	EXPECT_MASK(end, epoll_next(ep, 0));
	close(ep);
	close(c.fd);
	close(listener);
}

/* 4: ordinary sockets at both ends. */

FIXTURE(pair) {
	int sv[2];
};

FIXTURE_VARIANT(pair) {
	enum family_id id;
	bool data;	/* in the same segment */
	int how;
};

FIXTURE_VARIANT_ADD(pair, tcp4) { TCP4, true, SHUT_WR };
FIXTURE_VARIANT_ADD(pair, tcp6) { TCP6, true, SHUT_WR };
FIXTURE_VARIANT_ADD(pair, tcp4_bare) { TCP4, false, SHUT_WR };
FIXTURE_VARIANT_ADD(pair, unix_stream) { UNIX_STREAM, false, SHUT_WR };
FIXTURE_VARIANT_ADD(pair, unix_seqpacket) {
	UNIX_SEQPACKET, false, SHUT_WR
};

FIXTURE_VARIANT_ADD(pair, vsock) { FAM_VSOCK_STREAM, false, SHUT_WR };
FIXTURE_VARIANT_ADD(pair, vsock_both) { FAM_VSOCK_STREAM, false, SHUT_RDWR };
/* No data with this one: what follows a DATA_FIN has a worker process it. */
FIXTURE_VARIANT_ADD(pair, mptcp) { FAM_MPTCP4, false, SHUT_WR };

FIXTURE_SETUP(pair)
{
	/* MSG_MORE is to hold back until the FIN, however long that takes. */
	if (variant->data) {
		if (own_net())
			SKIP(return, "no network of one's own");
		ASSERT_EQ(0, hold_back());
	}
	/* Is there such a thing?  The tests make their own. */
	SETUP_PAIR(return, variant->id, self->sv);
	close(self->sv[0]);
	close(self->sv[1]);
	self->sv[0] = -1;
	self->sv[1] = -1;
}

FIXTURE_TEARDOWN(pair)
{
	if (self->sv[0] >= 0)
		close(self->sv[0]);
	if (self->sv[1] >= 0)
		close(self->sv[1]);
}

struct pair_ending {
	const int *sv;
	bool data;
	int how;
};

static int end_by_shutdown(void *arg)
{
	struct pair_ending *e = arg;

	/* held back by MSG_MORE, sent with the FIN */
	if (e->data && send(e->sv[1], "data", 4, MSG_MORE) != 4)
		return -errno;
	return shutdown(e->sv[1], e->how) ? -errno : 0;
}

static void pair_edges(struct __test_metadata *_metadata,
		       FIXTURE_DATA(pair) *self,
		       const FIXTURE_VARIANT(pair) *variant, bool asleep)
{
	struct pair_ending ending = { self->sv, variant->data, variant->how };
	struct sender s = { .end = end_by_shutdown, .arg = &ending };
	struct linger linger = { .l_onoff = 1 };
	unsigned int masks[MAX_EVENTS];
	struct histogram h = {};

	ASSERT_EQ(0, sender_start(&s, asleep));
	for (int i = 0; i < runs(); i++) {
		int ep, n;

		ASSERT_EQ(0, make_pair(variant->id, self->sv));
		setsockopt(self->sv[0], SOL_SOCKET, SO_LINGER, &linger,
			   sizeof(linger));
		ep = epoll_with(self->sv[0], WATCH);
		ASSERT_LE(0, ep);
		n = count_edges(&s, ep, SETTLE_US, masks);
		ASSERT_EQ(0, s.err);
		tally(&h, n, masks, EPOLLIN | EPOLLRDHUP);
		close(ep);
		close(self->sv[0]);
		close(self->sv[1]);
		self->sv[0] = -1;
		self->sv[1] = -1;
	}
	sender_stop(&s);
	LOG_HISTOGRAM(&h);
	EXPECT_EQ(runs(), h.bin[1]);
	EXPECT_EQ(0, h.wrong)
		TH_LOG("want %s, got %s", mask_str(EPOLLIN | EPOLLRDHUP),
		       mask_str(h.last_wrong));
}

/* A reader that spins on another CPU is told once. */
TEST_F_TIMEOUT(pair, spinning, time_limit())
{
	pair_edges(_metadata, self, variant, false);
}

/* A reader that sleeps is told once. */
TEST_F_TIMEOUT(pair, asleep, time_limit())
{
	pair_edges(_metadata, self, variant, true);
}

/*
 * One thread is woken.  Here the end may come by way of a softirq or a worker
 * thread, so a second wakeup is given MUST_NOT_MS to show.
 */
TEST_F(pair, wakeups)
{
	struct pair_ending ending = { self->sv, variant->data, variant->how };
	long long end;
	struct crew crew;
	int ep;

	ASSERT_EQ(0, make_pair(variant->id, self->sv));
	ep = epoll_with(self->sv[0], WATCH);
	ASSERT_LE(0, ep);
	ASSERT_EQ(0, crew_start(&crew, ep));
	ASSERT_EQ(0, end_by_shutdown(&ending));
	end = now_ms() + MUST_NOT_MS;
	while (now_ms() < end)
		sched_yield();
	crew_count(&crew);
	EXPECT_EQ(1, crew.told);
	EXPECT_EQ(1, crew.woken)
		TH_LOG("%d threads woken", crew.woken);
	close(ep);
}

int main(int argc, char **argv)
{
	enter_own_net();
	return test_harness_run(argc, argv);
}
