/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of the half-close share: names for poll masks, connected
 * pairs of every family, and waiting without sleeping.
 *
 * A connection is int sv[2]: sv[0] is the end that is polled ("own"), sv[1]
 * the one that finishes first ("peer").  Functions return 0 or a negative
 * errno and assert nothing, so that a caller can SKIP a missing family.
 */
#ifndef RDHUP_COMMON_H
#define RDHUP_COMMON_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/tls.h>
#include <linux/vm_sockets.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/*
 * How long to wait for what must happen, and how long to make sure that
 * something does not, in milliseconds.  The first is only ever used up by a
 * failing test.
 */
#define MUST_MS		10000
#define MUST_NOT_MS	200

/* For wakeups that a kernel with a known defect does not give. */
#define WAKE_MS		1500

/* The bits that these tests compare, for equality, in EPOLLxxx. */
#define ALL_EVENTS (EPOLLIN | EPOLLPRI | EPOLLOUT | EPOLLRDNORM | \
		    EPOLLWRNORM | EPOLLRDHUP | EPOLLHUP | EPOLLERR)

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif
#ifndef IPPROTO_SCTP
#define IPPROTO_SCTP 132
#endif
#ifndef AF_SMC
#define AF_SMC 43
#endif
#ifndef SOL_TLS
#define SOL_TLS 282
#endif
#ifndef TCP_ULP
#define TCP_ULP 31
#endif

/* The kernel exports no header for these. */
#define BTPROTO_L2CAP	0
#define BTPROTO_HCI	1
#define BTPROTO_SCO	2
#define BTPROTO_RFCOMM	3
#define BTPROTO_ISO	8

/* The names of the bits in @mask, in one of a few rotating buffers. */
static inline const char *mask_str(unsigned int mask)
{
	static const struct {
		unsigned int bit;
		const char *name;
	} names[] = {
		{ EPOLLIN, "IN" }, { EPOLLPRI, "PRI" }, { EPOLLOUT, "OUT" },
		{ EPOLLRDNORM, "RDNORM" }, { EPOLLWRNORM, "WRNORM" },
		{ EPOLLRDHUP, "RDHUP" }, { EPOLLHUP, "HUP" },
		{ EPOLLERR, "ERR" },
		{ 0, NULL },
	}, *n;
	static __thread char ring[4][96];
	static __thread unsigned int next;
	char *out = ring[next++ % 4];
	size_t len = 0;

	out[0] = '\0';
	for (n = names; n->name; n++) {
		if (!(mask & n->bit))
			continue;
		len += snprintf(out + len, sizeof(ring[0]) - len, "%s%s",
				len ? "|" : "", n->name);
		mask &= ~n->bit;
	}
	if (mask || !len)
		snprintf(out + len, sizeof(ring[0]) - len, "%s0x%x",
			 len ? "|" : "", mask);
	return out;
}

/*
 * poll(2) speaks POLLxxx, epoll EPOLLxxx, and on sparc, mips, m68k and xtensa
 * some values differ.  Expectations are written in EPOLLxxx; this turns
 * poll's answer, whose WRNORM may be another name for OUT, into them.
 */
static inline unsigned int to_epoll(unsigned int revents)
{
	unsigned int mask = revents & (POLLIN | POLLPRI | POLLOUT | POLLERR |
				       POLLHUP | POLLNVAL | POLLRDNORM |
				       POLLRDBAND);

#if POLLWRNORM != POLLOUT
	if (revents & POLLWRNORM)
		mask |= EPOLLWRNORM;
#endif
	if (revents & POLLRDHUP)
		mask |= EPOLLRDHUP;
	return mask;
}

static inline short to_poll(unsigned int events)
{
	short mask = events & (EPOLLIN | EPOLLPRI | EPOLLOUT | EPOLLERR |
			       EPOLLHUP | EPOLLRDNORM | EPOLLRDBAND);

	if (events & EPOLLWRNORM)
		mask |= POLLWRNORM;
	if (events & EPOLLRDHUP)
		mask |= POLLRDHUP;
	return mask;
}

/*
 * @mask as poll(2) can say it: what a test expects of poll(), and the rest of
 * what it can ask for, go through this.  Where WRNORM is another name for OUT,
 * who asks for the one is told of the other.
 */
static inline unsigned int as_poll(unsigned int mask)
{
	return to_epoll((unsigned short)to_poll(mask));
}

/*
 * poll(2) @fd for @events (EPOLLxxx), waiting at most @ms milliseconds.
 * Returns the mask in EPOLLxxx, 0 if nothing came; aborts if poll fails.
 */
static inline unsigned int poll_mask(int fd, unsigned int events, int ms)
{
	struct pollfd pfd = { .fd = fd, .events = to_poll(events) };
	int ret;

	do {
		ret = poll(&pfd, 1, ms);
	} while (ret < 0 && errno == EINTR);
	if (ret < 0) {
		perror("poll");
		abort();
	}
	return to_epoll((unsigned short)pfd.revents);
}

/* An epoll instance that watches @fd for @events; a negative errno if not. */
static inline int epoll_with(int fd, unsigned int events)
{
	struct epoll_event ev = { .events = events, .data.fd = fd };
	int ep = epoll_create1(EPOLL_CLOEXEC);
	int err;

	if (ep < 0)
		return -errno;
	if (epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev)) {
		err = -errno;
		close(ep);
		return err;
	}
	return ep;
}

static inline int epoll_mod(int ep, int fd, unsigned int events)
{
	struct epoll_event ev = { .events = events, .data.fd = fd };

	return epoll_ctl(ep, EPOLL_CTL_MOD, fd, &ev) ? -errno : 0;
}

/*
 * The next event of an epoll instance that watches one descriptor, waiting at
 * most @ms milliseconds; 0 if there was none.
 */
static inline unsigned int epoll_next(int ep, int ms)
{
	struct epoll_event ev;
	int ret;

	do {
		ret = epoll_wait(ep, &ev, 1, ms);
	} while (ret < 0 && errno == EINTR);
	if (ret < 0) {
		perror("epoll_wait");
		abort();
	}
	return ret ? ev.events : 0;
}

/*
 * What epoll says of @fd now, or within @ms if there is nothing at first, for
 * every bit and by its EPOLLxxx name; a bit that no mask has on failure.
 */
static inline unsigned int mask_of(int fd, int ms)
{
	int ep = epoll_with(fd, ALL_EVENTS);
	unsigned int mask;

	if (ep < 0)
		return EPOLLMSG;
	mask = epoll_next(ep, ms);
	close(ep);
	return mask;
}

/* Assertions that print masks by name. */
#define EXPECT_MASK(want, got) do {					\
	unsigned int __want = (want), __got = (got);			\
	EXPECT_EQ(__want, __got)					\
		TH_LOG("want %s, got %s", mask_str(__want),		\
		       mask_str(__got));				\
} while (0)
#define ASSERT_MASK(want, got) do {					\
	unsigned int __want = (want), __got = (got);			\
	ASSERT_EQ(__want, __got)					\
		TH_LOG("want %s, got %s", mask_str(__want),		\
		       mask_str(__got));				\
} while (0)

/*
 * Does this kernel report the half-close at all?  Asked the way a program
 * has to ask (epoll_ctl() accepts bits that it does not know): by a
 * socketpair one end of which has finished.  False on a kernel from before
 * the bit, such as the control kernel of these tests.
 */
static inline bool kernel_has_rdhup(void)
{
	unsigned int mask;
	int sv[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, sv))
		return false;
	shutdown(sv[1], SHUT_WR);
	mask = poll_mask(sv[0], EPOLLRDHUP, 0);
	close(sv[0]);
	close(sv[1]);
	return mask == EPOLLRDHUP;
}

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
	FAM_SMC,	/* this and the following: see rare.h */
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

struct family {
	const char *name;
	int domain;
	int type;
	int protocol;
};

static const struct family families[] = {
	[TCP4]		 = { "tcp4", AF_INET, SOCK_STREAM, 0 },
	[TCP6]		 = { "tcp6", AF_INET6, SOCK_STREAM, 0 },
	[TCP_MAPPED]	 = { "tcp_mapped", AF_INET6, SOCK_STREAM, 0 },
	[UNIX_STREAM]	 = { "unix_stream", AF_UNIX, SOCK_STREAM, 0 },
	[UNIX_SEQPACKET] = { "unix_seqpacket", AF_UNIX, SOCK_SEQPACKET, 0 },
	[UNIX_DGRAM]	 = { "unix_dgram", AF_UNIX, SOCK_DGRAM, 0 },
	[FAM_MPTCP4]	 = { "mptcp4", AF_INET, SOCK_STREAM, IPPROTO_MPTCP },
	[FAM_TLS]	 = { "tls", AF_INET, SOCK_STREAM, 0 },
	[FAM_VSOCK_STREAM] = { "vsock_stream", AF_VSOCK, SOCK_STREAM, 0 },
	[FAM_VSOCK_SEQPACKET] = { "vsock_seqpacket", AF_VSOCK,
				  SOCK_SEQPACKET, 0 },
	[FAM_STREAM_PAIR] = { "stream_pair", AF_UNIX, SOCK_STREAM, 0 },
	[FAM_SEQPACKET_PAIR] = { "seqpacket_pair", AF_UNIX,
				 SOCK_SEQPACKET, 0 },
	[FAM_UDP4]	 = { "udp4", AF_INET, SOCK_DGRAM, 0 },
	[FAM_SCTP4]	 = { "sctp4", AF_INET, SOCK_STREAM, IPPROTO_SCTP },
	[FAM_SMC]	 = { "smc", AF_SMC, SOCK_STREAM, 0 },
	[FAM_TIPC_STREAM] = { "tipc_stream", AF_TIPC, SOCK_STREAM, 0 },
	[FAM_TIPC_SEQPACKET] = { "tipc_seqpacket", AF_TIPC,
				 SOCK_SEQPACKET, 0 },
	[FAM_L2CAP]	 = { "l2cap", AF_BLUETOOTH, SOCK_STREAM,
			     BTPROTO_L2CAP },
	[FAM_L2CAP_SEQPACKET] = { "l2cap_seqpacket", AF_BLUETOOTH,
				  SOCK_SEQPACKET, BTPROTO_L2CAP },
	[FAM_RFCOMM]	 = { "rfcomm", AF_BLUETOOTH, SOCK_STREAM,
			     BTPROTO_RFCOMM },
	[FAM_SCO]	 = { "sco", AF_BLUETOOTH, SOCK_SEQPACKET,
			     BTPROTO_SCO },
	[FAM_ISO]	 = { "iso", AF_BLUETOOTH, SOCK_SEQPACKET,
			     BTPROTO_ISO },
	[FAM_PIPE]	 = { "pipe", AF_UNSPEC, 0, 0 },
	[FAM_FIFO]	 = { "fifo", AF_UNSPEC, 0, 0 },
};

/* Is @err what socket(), bpf() and the like say where there is none? */
static inline bool is_missing(int err)
{
	return err == -EAFNOSUPPORT || err == -EPROTONOSUPPORT ||
	       err == -ESOCKTNOSUPPORT || err == -ENOPROTOOPT ||
	       err == -ENOENT || err == -EADDRNOTAVAIL || err == -EPERM ||
	       err == -ENODEV || err == -ENOSYS;
}

static inline bool family_is_unix(enum family_id id)
{
	return families[id].domain == AF_UNIX;
}

/* TCP, or something whose wire and poll routine are TCP's. */
static inline bool family_is_tcp(enum family_id id)
{
	return id == TCP4 || id == TCP6 || id == TCP_MAPPED || id == FAM_TLS;
}

/*
 * A listening socket of @id on the loopback, at an address that the kernel
 * chooses.  Returns the descriptor or a negative errno.
 */
static inline int listen_on(enum family_id id)
{
	const struct family *f = &families[id];
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_vm vm = {
		.svm_family = AF_VSOCK,
		.svm_port = VMADDR_PORT_ANY,
		.svm_cid = VMADDR_CID_LOCAL,
	};
	struct sockaddr *sa = (struct sockaddr *)&in;
	sa_family_t un = AF_UNIX;	/* bind to it alone: autobind */
	socklen_t len = sizeof(in);
	int fd, err;

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (f->domain == AF_INET6) {
		sa = (struct sockaddr *)&in6;
		len = sizeof(in6);
		in6.sin6_addr = id == TCP6 ? in6addr_loopback : in6addr_any;
	} else if (f->domain == AF_UNIX) {
		sa = (struct sockaddr *)&un;
		len = sizeof(un);
	} else if (f->domain == AF_VSOCK) {
		sa = (struct sockaddr *)&vm;
		len = sizeof(vm);
	}
	fd = socket(f->domain, f->type | SOCK_CLOEXEC, f->protocol);
	if (fd < 0)
		return -errno;
	if (bind(fd, sa, len) || listen(fd, 128)) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

/* A client connected to @listener (blocking); negative errno on failure. */
static inline int connect_to(enum family_id id, int listener)
{
	const struct family *f = &families[id];
	int fd, err, domain = f->domain;
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	if (getsockname(listener, (struct sockaddr *)&ss, &len))
		return -errno;
	if (id == TCP_MAPPED) {
		struct sockaddr_in in = {
			.sin_family = AF_INET,
			.sin_port = ((struct sockaddr_in6 *)&ss)->sin6_port,
			.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		};

		memcpy(&ss, &in, sizeof(in));
		len = sizeof(in);
		domain = AF_INET;
	}
	fd = socket(domain, f->type | SOCK_CLOEXEC, f->protocol);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&ss, len)) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

/* Hand both ends of a TCP connection to kernel TLS, under a fixed key. */
static inline int start_tls(int sv[2])
{
	struct tls12_crypto_info_aes_gcm_128 key = {
		.info.version = TLS_1_3_VERSION,
		.info.cipher_type = TLS_CIPHER_AES_GCM_128,
	};

	for (int i = 0; i < 2; i++)
		if (setsockopt(sv[i], IPPROTO_TCP, TCP_ULP, "tls", 4) ||
		    setsockopt(sv[i], SOL_TLS, TLS_TX, &key, sizeof(key)) ||
		    setsockopt(sv[i], SOL_TLS, TLS_RX, &key, sizeof(key)))
			return -errno;
	return 0;
}

/* Two UDP sockets of the loopback that are connected to each other. */
static inline int udp_pair(int sv[2])
{
	struct sockaddr_in in[2];
	socklen_t len;

	for (int i = 0; i < 2; i++) {
		in[i] = (struct sockaddr_in) {
			.sin_family = AF_INET,
			.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		};
		len = sizeof(in[i]);
		sv[i] = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		if (sv[i] < 0 ||
		    bind(sv[i], (struct sockaddr *)&in[i], len) ||
		    getsockname(sv[i], (struct sockaddr *)&in[i], &len))
			return -errno;
	}
	for (int i = 0; i < 2; i++)
		if (connect(sv[i], (struct sockaddr *)&in[!i], sizeof(in[0])))
			return -errno;
	return 0;
}

/* The two ends of a FIFO whose name is gone again. */
static inline int fifo_pair(int sv[2])
{
	char dir[] = "/tmp/rdhup-XXXXXX", path[sizeof(dir) + 2];
	int err = 0;

	if (!mkdtemp(dir))
		return -errno;
	snprintf(path, sizeof(path), "%s/f", dir);
	if (mkfifo(path, 0600)) {
		err = -errno;
	} else {
		sv[0] = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		sv[1] = open(path, O_WRONLY | O_CLOEXEC);
		if (sv[0] < 0 || sv[1] < 0)
			err = -errno;
		unlink(path);
	}
	rmdir(dir);
	return err;
}

/*
 * A connected pair: sv[0] was accepted, sv[1] connected.  AF_UNIX datagram
 * sockets, which have no accept(), come from socketpair().
 */
static inline int make_pair(enum family_id id, int sv[2])
{
	const struct family *f = &families[id];
	int listener;

	if (id == UNIX_DGRAM || id == FAM_STREAM_PAIR ||
	    id == FAM_SEQPACKET_PAIR)
		return socketpair(f->domain, f->type | SOCK_CLOEXEC, 0, sv) ?
			-errno : 0;
	if (id == FAM_UDP4)
		return udp_pair(sv);
	if (id == FAM_PIPE)
		return pipe2(sv, O_CLOEXEC) ? -errno : 0;
	if (id == FAM_FIFO)
		return fifo_pair(sv);
	listener = listen_on(id);
	if (listener < 0)
		return listener;
	sv[1] = connect_to(id, listener);
	if (sv[1] < 0) {
		close(listener);
		return sv[1];
	}
	sv[0] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	close(listener);
	if (sv[0] < 0) {
		close(sv[1]);
		return -errno;
	}
	return id == FAM_TLS ? start_tls(sv) : 0;
}

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

/*
 * Move to a network namespace of our own, where lo is up: for what needs
 * privileges that anybody has over a namespace of his own.  Only with a single
 * thread, and before there are sockets that are to be used on.  0, or -EPERM
 * if not even user namespaces are permitted, or another negative errno.
 */
static inline int own_net(void)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd, err = 0;

	/* A kernel without namespaces has to do with what there is. */
	if (unshare(CLONE_NEWNET) && errno != EINVAL &&
	    unshare(CLONE_NEWUSER | CLONE_NEWNET))
		return errno == EINVAL || errno == ENOSPC ? -EPERM : -errno;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (ioctl(fd, SIOCSIFFLAGS, &ifr))
		err = -errno;
	close(fd);
	return err;
}

/*
 * How often thread @tid of this process has gone to sleep of its own will:
 * a blocked waiter that is woken in vain and goes back to sleep adds one.
 * Negative errno if it cannot be read.
 */
static inline long sleeps_of(pid_t tid)
{
	char path[64], line[128];
	long count = -ENOENT;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/task/%d/status", tid);
	f = fopen(path, "re");
	if (!f)
		return -errno;
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "voluntary_ctxt_switches: %ld", &count) == 1)
			break;
	fclose(f);
	return count;
}

/* The state letter of thread @tid in /proc ('S' is asleep), 0 if it is gone. */
static inline char state_of(pid_t tid)
{
	char path[64], line[512], *paren;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
	f = fopen(path, "re");
	if (!f)
		return 0;
	if (!fgets(line, sizeof(line), f))
		line[0] = '\0';
	fclose(f);
	paren = strrchr(line, ')');
	return paren && paren[1] ? paren[2] : 0;
}

/*
 * Bind this thread to one CPU.  Where there is no such CPU it stays as it is:
 * there is less to see then, and it still has to be right.
 */
static inline void pin_to(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static inline long long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

/*
 * A thread that waits, once, for events on a descriptor with poll(2), or on
 * an epoll instance if @epoll, or in whatever @wait does.  waiter_start()
 * returns when the thread is asleep in the kernel; waiter_end() when it has
 * come back or after @ms, and then cancels it.
 */
struct waiter {
	pthread_t thread;
	int fd;
	unsigned int events;	/* for poll(2), or what @wait makes of them */
	bool epoll;
	void (*wait)(struct waiter *w);
	pid_t tid;		/* atomic */
	bool done;		/* atomic */
	unsigned int mask;	/* what it was told, in EPOLLxxx */
	ssize_t ret;		/* what the call of wait_recv() and the like */
	int err;		/* returned, and its errno if that is < 0 */
	long sleeps;		/* settled_sleeps() when it was first asleep */
};

/* For @wait: recv() of some bytes, with the flags in @events. */
static inline void wait_recv(struct waiter *w)
{
	char buf[64];

	w->ret = recv(w->fd, buf, sizeof(buf), (int)w->events);
}

/* For @wait: accept(). */
static inline void wait_accept(struct waiter *w)
{
	w->ret = accept(w->fd, NULL, NULL);
}

/* For @wait: send() of some bytes. */
static inline void wait_send(struct waiter *w)
{
	static const char buf[1024];

	w->ret = send(w->fd, buf, sizeof(buf), MSG_NOSIGNAL);
}

static inline bool waiter_done(const struct waiter *w)
{
	return __atomic_load_n(&w->done, __ATOMIC_ACQUIRE);
}

static inline void *waiter_main(void *arg)
{
	struct waiter *w = arg;

	__atomic_store_n(&w->tid, syscall(SYS_gettid), __ATOMIC_RELEASE);
	if (w->wait)
		w->wait(w);
	else
		w->mask = w->epoll ? epoll_next(w->fd, -1) :
				     poll_mask(w->fd, w->events, -1);
	w->err = w->ret < 0 ? errno : 0;
	__atomic_store_n(&w->done, true, __ATOMIC_RELEASE);
	return NULL;
}

/*
 * How often @w has slept, once it is certain that it sleeps again: its state
 * says so a little before the count does.
 */
static inline long settled_sleeps(const struct waiter *w)
{
	long sleeps = -1, last;
	int same = 0;

	while (same < 20 && !waiter_done(w)) {
		last = sleeps;
		if (state_of(w->tid) != 'S') {
			same = 0;
			continue;
		}
		sleeps = sleeps_of(w->tid);
		same = sleeps == last ? same + 1 : 0;
	}
	return sleeps;
}

/*
 * 0, -ETIMEDOUT if the thread does not fall asleep, or -EALREADY if it came
 * back at once because there was something to report.
 */
static inline int waiter_start(struct waiter *w)
{
	long long end = now_ms() + MUST_MS;
	pid_t tid;
	int err;

	w->tid = 0;
	w->done = false;
	w->mask = 0;
	w->ret = 0;
	err = pthread_create(&w->thread, NULL, waiter_main, w);
	if (err)
		return -err;
	while (now_ms() < end) {
		if (waiter_done(w))
			return -EALREADY;
		tid = __atomic_load_n(&w->tid, __ATOMIC_ACQUIRE);
		if (tid && state_of(tid) == 'S') {
			w->sleeps = settled_sleeps(w);
			return waiter_done(w) ? -EALREADY : 0;
		}
		sched_yield();
	}
	return -ETIMEDOUT;
}

/* True if the waiter comes back within @ms, and then joined. */
static inline bool waiter_join(struct waiter *w, int ms)
{
	long long end = now_ms() + ms;

	while (!waiter_done(w)) {
		if (now_ms() >= end)
			return false;
		sched_yield();
	}
	pthread_join(w->thread, NULL);
	return true;
}

/* True if the waiter came back within @ms; its answer is in @w. */
static inline bool waiter_end(struct waiter *w, int ms)
{
	if (waiter_join(w, ms))
		return true;
	pthread_cancel(w->thread);
	pthread_join(w->thread, NULL);
	return false;
}

/*
 * Wait, at most @ms, until poll(2) on @fd says exactly @want when asked for
 * @events; the last answer otherwise.  For what another thread of the kernel
 * is still delivering.
 */
static inline unsigned int poll_until_ms(int fd, unsigned int events,
					 unsigned int want, int ms)
{
	long long end = now_ms() + ms;
	unsigned int mask;

	want = as_poll(want);
	for (;;) {
		mask = poll_mask(fd, events, 0);
		if (mask == want || now_ms() >= end)
			return mask;
		usleep(200);
	}
}

static inline unsigned int poll_until(int fd, unsigned int events,
				      unsigned int want)
{
	return poll_until_ms(fd, events, want, MUST_MS);
}

/* The state of @fd's connection, as TCP_INFO tells it. */
static inline int tcp_state(int fd)
{
	struct tcp_info info = {};
	socklen_t len = sizeof(info);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len))
		return -errno;
	return info.tcpi_state;
}

/* Wait until tcp_state() is @want; the last answer otherwise. */
static inline int tcp_state_until(int fd, int want)
{
	long long end = now_ms() + MUST_MS;
	int state;

	do {
		state = tcp_state(fd);
	} while (state != want && now_ms() < end && !usleep(200));
	return state;
}

/*
 * The acknowledgment of our own FIN, which the peer may delay, is an edge that
 * says nothing new: let it be over.  Nothing to wait for if @fd is no TCP.
 */
static inline void wait_for_ack_of_fin(int fd)
{
	long long end = now_ms() + MUST_MS;
	int state;

	do {
		state = tcp_state(fd);
	} while ((state == TCP_FIN_WAIT1 || state == TCP_CLOSING ||
		  state == TCP_LAST_ACK) &&
		 now_ms() < end && !usleep(200));
}

/*
 * Write to @fd until nothing is taken, not even @quiet_ms later: what is queued
 * may move on to the peer and make room, and too little of it to be EPOLLOUT.
 * Gives 0, or what write(2) failed with, negative.
 */
static inline int fill(int fd, int quiet_ms)
{
	static const char block[4096];
	int flags = fcntl(fd, F_GETFL);
	size_t size = sizeof(block);
	int err;
	bool took;

	if (fcntl(fd, F_SETFL, flags | O_NONBLOCK))
		return -errno;
	do {
		took = false;
		while (write(fd, block, size) > 0)
			took = true;
		err = errno == EAGAIN ? 0 : -errno;
		if (took && !err)
			poll_mask(fd, EPOLLOUT, quiet_ms);
	} while (took && !err);
	fcntl(fd, F_SETFL, flags);
	return err;
}

/*
 * A waiter in poll(2) that can also be told to stop.  That "it was not told"
 * needs no waiting this way: poll(2) looks at every descriptor before it
 * returns, so what the thread brings back when stopped is everything it could
 * know.
 */
struct sleeper {
	struct waiter w;	/* fd, events and mask are meant for users */
	int stop;
	bool stopped;		/* it came back because of sleeper_stop() */
};

static inline void wait_sleeper(struct waiter *w)
{
	struct sleeper *s = (struct sleeper *)w;	/* its first member */
	struct pollfd pfd[2] = {
		{ .fd = w->fd, .events = to_poll(w->events) },
		{ .fd = s->stop, .events = POLLIN },
	};
	int ret;

	do {
		ret = poll(pfd, 2, -1);
	} while (ret < 0 && errno == EINTR);
	w->mask = to_epoll((unsigned short)pfd[0].revents);
	s->stopped = pfd[1].revents;
}

/* Start it and see it fall asleep; as waiter_start(). */
static inline int sleeper_start(struct sleeper *s)
{
	s->stop = eventfd(0, EFD_CLOEXEC);
	if (s->stop < 0)
		return -errno;
	s->w.wait = wait_sleeper;
	return waiter_start(&s->w);
}

/*
 * Stop it, after having given it @ms to come back by itself, and return what
 * it was told; s->stopped says whether it had to be stopped.
 */
static inline unsigned int sleeper_stop(struct sleeper *s, int ms)
{
	if (!waiter_join(&s->w, ms)) {
		eventfd_write(s->stop, 1);
		pthread_join(s->w.thread, NULL);
	}
	close(s->stop);
	return s->w.mask;
}

#endif /* RDHUP_COMMON_H */
