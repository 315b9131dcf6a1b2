// SPDX-License-Identifier: GPL-2.0
/*
 * What it costs to learn that a TCP peer has finished sending, and what a FIN
 * costs those who have to deliver it.
 *
 * Not a test: it counts, and passes no judgement.  Takes
 *
 *	bench [REQUESTS [CONNECTIONS]]
 *
 * how many samples to take of each figure (default 32), and the most
 * connections that end at once (default 10000).  Gives KTAP in which each
 * figure is on a line of a tab-separated table, "# TABLE VALUE...", below a
 * line "# columns TABLE NAME..."; "-" is for what cannot be had on this
 * kernel or machine.  Exit status 1 and "Bail out!" if something fails.
 *
 * request	A client sends four bytes and the end of its stream, in one
 *		segment ("together") or, the data being read first, in two
 *		("apart").  A server that watches the connection in one of the
 *		ways of ways[] learns of both.  Counted from the moment when
 *		it has the connection: its system calls, how many of them
 *		return from waiting, the events that these bring, how often it
 *		sleeps, all context switches of client and server, and the
 *		instructions from the client's first call to the server's
 *		certainty, everything that the kernel does included.
 * woken	Threads woken, and signals sent, by the end of the stream, alone
 *		("fin") or with data: of WORKERS that sleep in epoll_wait() on
 *		the same edge-triggered instance, where one is enough; of one
 *		in poll() for OUT alone with its send buffer full, whom it does
 *		not concern; and to a reader that asked for SIGIO.
 * growth	That many connections have ended, data and FIN in one segment,
 *		when a server comes to look: instructions, until it knows of
 *		all.
 * path		Instructions of single calls, with the connection watched by
 *		nobody, by an edge-triggered epoll for IN and RDHUP, or by one
 *		for OUT alone.  A send and a shutdown include all that the
 *		segment does at the other end, and its acknowledgment.
 * poll		Instructions of the socket's poll routine in one state.
 *
 * Client and server share one CPU, so that what one does for the other is
 * counted exactly once.  Counts other than of instructions are the same on
 * any machine.  Instructions are counted where the time stamp counter does
 * so, in QEMU with -icount shift=0; whether it does is found out by executing
 * a known number of them.  In such a guest two runs give the same digits.
 *
 * The figure given is the median of the samples, for paths the smallest of
 * twice as many: an interrupt may fall into any of them.  TCP takes another
 * branch or two depending on how many microseconds a round trip has taken, and
 * a round trip that takes less than ten is rounded this way or that depending
 * on when it began.  Samples of a path therefore begin at all times within a
 * microsecond, lest all of one kernel be rounded one way and all of another
 * kernel the other.
 */
#include "family.h"
#include "netns.h"
#include "wait.h"
#include "kselftest.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#define MAX_SAMPLES	1024
#define TEXT		"data"
#define LEN		4
#define ROOM		64	/* in a buffer: more than there is to read */
#define BATCH		64	/* events per epoll_wait() of growth */
#define WARM_UP		4	/* samples that are not counted */
#define COPIES		20	/* of a descriptor in one poll() */
#define WORKERS		4	/* more than there can be wakeups */

#define BAIL(what)	ksft_exit_fail_msg("%s: %s\n", what, strerror(errno))

static int samples = 32;
static bool counting;		/* the counter counts instructions */
static uint64_t empty;		/* what counting nothing gives */

static inline uint64_t counter(void)
{
#ifdef __x86_64__
	uint32_t lo, hi;

	asm volatile("rdtsc" : "=a"(lo), "=d"(hi) : : "memory");
	return (uint64_t)hi << 32 | lo;
#else
	return 0;
#endif
}

#define ACROSS_NOPS(n) ({						\
	uint64_t __start = counter();					\
	asm volatile(".rept " #n "\n\tnop\n\t.endr" : : : "memory");	\
	counter() - __start;						\
})

/* A thousand instructions more have to count exactly a thousand more. */
static void calibrate(void)
{
	int right = 0;

	empty = UINT64_MAX;
	for (int i = 0; i < 16; i++) {
		uint64_t none = ACROSS_NOPS(0), many = ACROSS_NOPS(1000);

		if (none < empty)
			empty = none;
		right += many - none == 1000;
	}
	counting = right >= 12;
}

static int by_value(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static uint64_t median(uint64_t *values, int n)
{
	qsort(values, n, sizeof(*values), by_value);
	return values[n / 2];
}

/* Begins a table with the names, separated by blanks, of its columns. */
static void print_columns(const char *table, const char *names)
{
	printf("# columns\t%s\t", table);
	for (; *names; names++)
		putchar(*names == ' ' ? '\t' : *names);
	putchar('\n');
}

/* Ends a table's line with a count of instructions. */
static void print_instructions(uint64_t n)
{
	if (counting)
		printf("\t%llu\n", (unsigned long long)n);
	else
		printf("\t-\n");
}

/* Just enough of io_uring for one request at a time. */
struct ring {
	int fd;
	struct io_uring_sqe *sqes;
	unsigned int *sq_tail, *sq_array, sq_mask;
	unsigned int *cq_head, *cq_tail, cq_mask;
	struct io_uring_cqe *cqes;
	struct io_uring_buf_ring *bufs;
	unsigned int queued;
};

#define RING_SIZE	8
#define GROUP		7	/* of provided buffers */

/* False if the kernel has no such ring. */
static bool ring_open(struct ring *r)
{
	struct io_uring_buf_reg reg = {
		.ring_entries = RING_SIZE, .bgid = GROUP,
	};
	struct io_uring_params p = {};
	size_t len, page = sysconf(_SC_PAGESIZE);
	char *mem;

	r->fd = syscall(SYS_io_uring_setup, RING_SIZE, &p);
	if (r->fd < 0)
		return false;
	if (!(p.features & IORING_FEAT_SINGLE_MMAP))
		return false;
	len = p.sq_off.array + p.sq_entries * sizeof(int);
	if (len < p.cq_off.cqes + p.cq_entries * sizeof(*r->cqes))
		len = p.cq_off.cqes + p.cq_entries * sizeof(*r->cqes);
	mem = mmap(NULL, len, PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_POPULATE, r->fd, IORING_OFF_SQ_RING);
	r->sqes = mmap(NULL, p.sq_entries * sizeof(*r->sqes),
		       PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
		       r->fd, IORING_OFF_SQES);
	r->bufs = mmap(NULL, page, PROT_READ | PROT_WRITE,
		       MAP_ANONYMOUS | MAP_PRIVATE | MAP_POPULATE, -1, 0);
	if (mem == MAP_FAILED || r->sqes == MAP_FAILED ||
	    r->bufs == MAP_FAILED)
		return false;
	r->sq_tail = (void *)(mem + p.sq_off.tail);
	r->sq_array = (void *)(mem + p.sq_off.array);
	r->sq_mask = p.sq_entries - 1;
	r->cq_head = (void *)(mem + p.cq_off.head);
	r->cq_tail = (void *)(mem + p.cq_off.tail);
	r->cq_mask = p.cq_entries - 1;
	r->cqes = (void *)(mem + p.cq_off.cqes);
	reg.ring_addr = (uintptr_t)r->bufs;
	return !syscall(SYS_io_uring_register, r->fd, IORING_REGISTER_PBUF_RING,
			&reg, 1);
}

static struct io_uring_sqe *ring_sqe(struct ring *r, uint8_t opcode, int fd)
{
	unsigned int i = (*r->sq_tail + r->queued++) & r->sq_mask;
	struct io_uring_sqe *sqe = &r->sqes[i];

	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = opcode;
	sqe->fd = fd;
	r->sq_array[i] = i;
	return sqe;
}

/* Hands the kernel @n buffers for multishot receives. */
static void ring_provide(struct ring *r, char *mem, int n)
{
	uint16_t tail = r->bufs->tail;

	for (int i = 0; i < n; i++) {
		struct io_uring_buf *buf = &r->bufs->bufs[tail++ &
							  (RING_SIZE - 1)];

		buf->addr = (uintptr_t)(mem + i * ROOM);
		buf->len = ROOM;
		buf->bid = i;
	}
	__atomic_store_n(&r->bufs->tail, tail, __ATOMIC_RELEASE);
}

/* One thread that serves one connection at a time, in one of the ways. */
struct server {
	pthread_t thread;
	pid_t tid;
	sem_t job;
	sem_t done;
	const struct way *way;
	int fd;
	int ep;
	struct ring ring;
	bool has_ring;
	bool learning;		/* atomic: it is at it */
	unsigned int got;	/* atomic: bytes read */
	/* the bill */
	unsigned int calls;
	unsigned int returns;
	unsigned int events;
	long sleeps;
	long switches;
	uint64_t at;
};

struct way {
	const char *name;
	bool needs_bit;
	bool needs_ring;
	void (*learn)(struct server *s);
};

/* Every system call of a way goes through this. */
#define CALL(s, call)	((s)->calls++, (call))

static void watch(struct server *s, int op, unsigned int events)
{
	struct epoll_event ev = { .events = events };

	if (CALL(s, epoll_ctl(s->ep, op, s->fd, &ev)))
		BAIL("epoll_ctl");
}

static unsigned int wait_event(struct server *s)
{
	struct epoll_event ev;

	if (CALL(s, epoll_wait(s->ep, &ev, 1, -1)) != 1)
		BAIL("epoll_wait");
	s->returns++;
	s->events++;
	return ev.events;
}

static ssize_t receive(struct server *s, int flags)
{
	char buf[ROOM];
	ssize_t n;

	n = CALL(s, recv(s->fd, buf, sizeof(buf), flags | MSG_DONTWAIT));
	if (n < 0 && errno != EAGAIN)
		BAIL("recv");
	if (n > 0 && !(flags & MSG_PEEK))
		__atomic_fetch_add(&s->got, n, __ATOMIC_RELEASE);
	return n;
}

/*
 * With the bit: all that will ever come is in the queue when it is seen, so
 * that a read which does not fill its buffer was the last.
 */
static void learn_rdhup(struct server *s)
{
	unsigned int mask;

	watch(s, EPOLL_CTL_ADD, EPOLLIN | EPOLLRDHUP | EPOLLET);
	do {
		mask = wait_event(s);
		while (receive(s, 0) == ROOM)
			;
	} while (!(mask & EPOLLRDHUP));
}

/*
 * The same where the protocol says how long a request is: there is nothing to
 * read once it is whole.  Only with the bit does that spare a call, for an
 * event without it may mean that more has come.
 */
static void learn_rdhup_framed(struct server *s)
{
	unsigned int mask;

	watch(s, EPOLL_CTL_ADD, EPOLLIN | EPOLLRDHUP | EPOLLET);
	do {
		mask = wait_event(s);
		while (s->got < LEN && receive(s, 0) == ROOM)
			;
	} while (!(mask & EPOLLRDHUP));
}

/* Edge-triggered without it: read until there is nothing, or the end. */
static void learn_extra_read(struct server *s)
{
	ssize_t n;

	watch(s, EPOLL_CTL_ADD, EPOLLIN | EPOLLET);
	do {
		wait_event(s);
		do {
			n = receive(s, 0);
		} while (n > 0);
	} while (n);
}

/* Read once, and have epoll look again. */
static void learn_ctl_mod(struct server *s)
{
	watch(s, EPOLL_CTL_ADD, EPOLLIN | EPOLLONESHOT);
	while (1) {
		wait_event(s);
		if (!receive(s, 0))
			return;
		watch(s, EPOLL_CTL_MOD, EPOLLIN | EPOLLONESHOT);
	}
}

/* Read once, and look whether what is next is the end. */
static void learn_peek(struct server *s)
{
	ssize_t n;

	watch(s, EPOLL_CTL_ADD, EPOLLIN | EPOLLET);
	do {
		wait_event(s);
		do {
			n = receive(s, 0);
			if (n > 0)
				n = receive(s, MSG_PEEK);
		} while (n > 0);
	} while (n);
}

/* Read once for each event, of which there is one as long as it is worth it. */
static void learn_level(struct server *s)
{
	watch(s, EPOLL_CTL_ADD, EPOLLIN);
	do {
		wait_event(s);
	} while (receive(s, 0));
}

/* Ask for the state first: what is read afterwards is then all there is. */
static void learn_tcp_info(struct server *s)
{
	struct tcp_info info;
	socklen_t len;

	watch(s, EPOLL_CTL_ADD, EPOLLIN | EPOLLET);
	do {
		wait_event(s);
		len = sizeof(info);
		if (CALL(s, getsockopt(s->fd, IPPROTO_TCP, TCP_INFO, &info,
				       &len)))
			BAIL("TCP_INFO");
		while (receive(s, 0) == ROOM)
			;
	} while (info.tcpi_state != TCP_CLOSE_WAIT);
}

/* Submits what is queued and waits for @n completions. */
static void ring_wait(struct server *s, unsigned int n)
{
	struct ring *r = &s->ring;
	unsigned int submit = r->queued;

	__atomic_store_n(r->sq_tail, *r->sq_tail + submit, __ATOMIC_RELEASE);
	r->queued = 0;
	if (CALL(s, syscall(SYS_io_uring_enter, r->fd, submit, n,
			    IORING_ENTER_GETEVENTS, NULL, 0)) != submit)
		BAIL("io_uring_enter");
	s->returns++;
}

static bool ring_next(struct server *s, struct io_uring_cqe *cqe)
{
	struct ring *r = &s->ring;
	unsigned int head = *r->cq_head;

	if (head == __atomic_load_n(r->cq_tail, __ATOMIC_ACQUIRE))
		return false;
	*cqe = r->cqes[head & r->cq_mask];
	__atomic_store_n(r->cq_head, head + 1, __ATOMIC_RELEASE);
	s->events++;
	return true;
}

static int ring_result(struct server *s)
{
	struct io_uring_cqe cqe;

	if (!ring_next(s, &cqe) || cqe.res < 0)
		BAIL("io_uring");
	return cqe.res;
}

static void ring_receive(struct server *s, char *buf)
{
	struct io_uring_sqe *sqe = ring_sqe(&s->ring, IORING_OP_RECV, s->fd);

	sqe->addr = (uintptr_t)buf;
	sqe->len = ROOM;
}

/* With the bit: a poll and a receive in one go. */
static void learn_uring_rdhup(struct server *s)
{
	struct io_uring_sqe *sqe;
	char buf[ROOM];
	int mask, n;

	do {
		uint32_t bits = POLLIN | POLLRDHUP;

#if __BYTE_ORDER == __BIG_ENDIAN
		bits = bits << 16 | bits >> 16;
#endif
		sqe = ring_sqe(&s->ring, IORING_OP_POLL_ADD, s->fd);
		sqe->poll32_events = bits;
		sqe->flags = IOSQE_IO_LINK;
		ring_receive(s, buf);
		ring_wait(s, 2);
		mask = ring_result(s);
		n = ring_result(s);
		__atomic_fetch_add(&s->got, n, __ATOMIC_RELEASE);
	} while (!(mask & POLLRDHUP) || n == ROOM);
}

static void learn_uring_recv(struct server *s)
{
	char buf[ROOM];
	int n;

	do {
		ring_receive(s, buf);
		ring_wait(s, 1);
		n = ring_result(s);
		__atomic_fetch_add(&s->got, n, __ATOMIC_RELEASE);
	} while (n);
}

/* One request that receives until the end, into provided buffers. */
static void learn_uring_multi(struct server *s)
{
	static char mem[RING_SIZE * ROOM];
	struct io_uring_cqe cqe;
	struct io_uring_sqe *sqe;

	sqe = ring_sqe(&s->ring, IORING_OP_RECV, s->fd);
	sqe->ioprio = IORING_RECV_MULTISHOT;
	sqe->flags = IOSQE_BUFFER_SELECT;
	sqe->buf_group = GROUP;
	ring_wait(s, 1);
	while (1) {
		while (!ring_next(s, &cqe))
			ring_wait(s, 1);
		if (cqe.res < 0)
			BAIL("multishot receive");
		if (cqe.flags & IORING_CQE_F_BUFFER)
			ring_provide(&s->ring, mem, 1);
		if (!cqe.res)
			return;
		__atomic_fetch_add(&s->got, cqe.res, __ATOMIC_RELEASE);
	}
}

static const struct way ways[] = {
	{ "rdhup", true, false, learn_rdhup },
	{ "rdhup_framed", true, false, learn_rdhup_framed },
	{ "extra_read", false, false, learn_extra_read },
	{ "ctl_mod", false, false, learn_ctl_mod },
	{ "msg_peek", false, false, learn_peek },
	{ "level", false, false, learn_level },
	{ "tcp_info", false, false, learn_tcp_info },
	{ "uring_rdhup", true, true, learn_uring_rdhup },
	{ "uring_recv", false, true, learn_uring_recv },
	{ "uring_multishot", false, true, learn_uring_multi },
};

#define NR_WAYS ((int)ARRAY_SIZE(ways))

static void *server_main(void *arg)
{
	struct server *s = arg;
	struct rusage before, after;

	s->tid = syscall(SYS_gettid);
	while (1) {
		while (sem_wait(&s->job))
			;
		s->calls = 0;
		s->returns = 0;
		s->events = 0;
		s->ep = epoll_create1(EPOLL_CLOEXEC);
		if (s->ep < 0)
			BAIL("epoll_create1");
		getrusage(RUSAGE_THREAD, &before);
		__atomic_store_n(&s->learning, true, __ATOMIC_RELEASE);
		s->way->learn(s);
		s->at = counter();
		getrusage(RUSAGE_THREAD, &after);
		s->sleeps = after.ru_nvcsw - before.ru_nvcsw;
		s->switches = s->sleeps + after.ru_nivcsw - before.ru_nivcsw;
		__atomic_store_n(&s->learning, false, __ATOMIC_RELEASE);
		sem_post(&s->done);
		close(s->ep);
	}
	return NULL;
}

static void until_asleep(struct server *s, unsigned int got)
{
	while (!__atomic_load_n(&s->learning, __ATOMIC_ACQUIRE) ||
	       __atomic_load_n(&s->got, __ATOMIC_ACQUIRE) != got ||
	       state_of(s->tid) != 'S')
		sched_yield();
}

/* Closes both ends so that nothing stays behind in the kernel. */
static void drop_pair(int sv[2])
{
	struct linger linger = { .l_onoff = 1 };

	for (int i = 0; i < 2; i++) {
		setsockopt(sv[i], SOL_SOCKET, SO_LINGER, &linger,
			   sizeof(linger));
		close(sv[i]);
	}
}

static void tcp_pair(int sv[2])
{
	int err = make_pair(TCP4, sv);

	if (err) {
		errno = -err;
		BAIL("a TCP connection");
	}
}

/* One request: s has the bill, its "at" is the instructions. */
static void request(struct server *s, bool apart)
{
	struct rusage before, after;
	uint64_t start;
	int sv[2];

	tcp_pair(sv);
	s->fd = sv[0];
	s->got = 0;
	sem_post(&s->job);
	until_asleep(s, 0);
	getrusage(RUSAGE_THREAD, &before);
	start = counter();
	if (send(sv[1], TEXT, LEN, apart ? 0 : MSG_MORE) != LEN)
		BAIL("send");
	if (apart)
		until_asleep(s, LEN);
	if (shutdown(sv[1], SHUT_WR))
		BAIL("shutdown");
	while (sem_wait(&s->done))
		;
	getrusage(RUSAGE_THREAD, &after);
	s->switches += after.ru_nvcsw - before.ru_nvcsw +
		       after.ru_nivcsw - before.ru_nivcsw;
	s->at -= start + empty;
	if (s->got != LEN)
		ksft_exit_fail_msg("%s: %u bytes came\n", s->way->name,
				   s->got);
	drop_pair(sv);
}

/*
 * Does this kernel have the bit?  epoll_ctl() accepts bits that it does not
 * know, so ask a socketpair one end of which has finished.
 */
static bool has_bit(void)
{
	unsigned int mask;
	int sv[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, sv))
		BAIL("socketpair");
	shutdown(sv[1], SHUT_WR);
	mask = poll_mask(sv[0], EPOLLRDHUP, 0);
	close(sv[0]);
	close(sv[1]);
	return mask == EPOLLRDHUP;
}

static void measure_requests(struct server *s, const struct way *way,
			     bool apart)
{
	static uint64_t bill[6][MAX_SAMPLES];

	printf("# request\t%s\t%s", way->name, apart ? "apart" : "together");
	if ((way->needs_bit && !has_bit()) ||
	    (way->needs_ring && !s->has_ring)) {
		printf("\t-\t-\t-\t-\t-\t-\n");
		return;
	}
	s->way = way;
	for (int i = -WARM_UP; i < samples; i++) {
		request(s, apart);
		if (i < 0)
			continue;
		bill[0][i] = s->calls;
		bill[1][i] = s->returns;
		bill[2][i] = s->events;
		bill[3][i] = s->sleeps;
		bill[4][i] = s->switches;
		bill[5][i] = s->at;
	}
	/* between two segments the client looks whether the server sleeps */
	for (int i = 0; i < 5; i++)
		if (i == 4 && apart)
			printf("\t-");
		else
			printf("\t%llu", (unsigned long long)
			       median(bill[i], samples));
	if (apart)
		printf("\t-\n");
	else
		print_instructions(median(bill[5], samples));
}

static void end_stream(int fd, bool data)
{
	if ((data && send(fd, TEXT, LEN, MSG_MORE) != LEN) ||
	    shutdown(fd, SHUT_WR))
		BAIL("shutdown");
}

/* How many of @n threads have come back, or have gone to sleep once more. */
static int count_woken(struct waiter *w, int n)
{
	int woken = 0, settled = 0;

	/* a state says "asleep" a little before the thread is counted so */
	while (settled < 20) {
		settled++;
		for (int i = 0; i < n; i++)
			if (!__atomic_load_n(&w[i].done, __ATOMIC_ACQUIRE) &&
			    state_of(w[i].tid) != 'S')
				settled = 0;
		sched_yield();
	}
	for (int i = 0; i < n; i++) {
		bool done = __atomic_load_n(&w[i].done, __ATOMIC_ACQUIRE);

		woken += done || sleeps_of(w[i].tid) != w[i].sleeps;
		waiter_end(&w[i], 0);
	}
	return woken;
}

static int woken_workers(const int sv[2], bool data)
{
	struct waiter w[WORKERS] = {};
	int woken, ep;

	ep = epoll_with(sv[0], EPOLLIN | EPOLLRDHUP | EPOLLET);
	for (int i = 0; i < WORKERS; i++) {
		w[i].fd = ep;
		w[i].epoll = true;
		if (waiter_start(&w[i]))
			BAIL("a worker");
	}
	end_stream(sv[1], data);
	woken = count_woken(w, WORKERS);
	close(ep);
	return woken;
}

static int woken_writer(const int sv[2], bool data)
{
	struct waiter w = { .fd = sv[0], .events = EPOLLOUT };
	static char block[65536];

	while (send(sv[0], block, sizeof(block), MSG_DONTWAIT) > 0)
		;
	if (waiter_start(&w))
		BAIL("a writer");
	end_stream(sv[1], data);
	return count_woken(&w, 1);
}

static int signals_sent(const int sv[2], bool data)
{
	struct f_owner_ex owner = { F_OWNER_TID, syscall(SYS_gettid) };
	struct timespec none = {};
	sigset_t set;
	int n = 0;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	if (sigprocmask(SIG_BLOCK, &set, NULL) ||
	    fcntl(sv[0], F_SETSIG, SIGRTMIN) ||
	    fcntl(sv[0], F_SETOWN_EX, &owner) ||
	    fcntl(sv[0], F_SETFL, O_ASYNC))
		BAIL("F_SETSIG");
	end_stream(sv[1], data);
	while (sigtimedwait(&set, NULL, &none) == SIGRTMIN)
		n++;
	return n;
}

static void measure_woken(const char *who,
			  int (*count)(const int sv[2], bool data))
{
	uint64_t n[MAX_SAMPLES];

	for (int data = 0; data < 2; data++) {
		for (int i = 0; i < samples; i++) {
			int sv[2];

			tcp_pair(sv);
			n[i] = count(sv, data);
			drop_pair(sv);
		}
		printf("# woken\t%s\t%s\t%llu\n", who,
		       data ? "data_fin" : "fin",
		       (unsigned long long)median(n, samples));
	}
}

/* The ways in which many ends are collected by one thread. */
enum collect { BY_RDHUP, BY_EXTRA_READ, BY_LEVEL };

static const struct {
	const char *name;
	unsigned int events;
} collects[] = {
	[BY_RDHUP] = { "rdhup", EPOLLIN | EPOLLRDHUP | EPOLLET },
	[BY_EXTRA_READ] = { "extra_read", EPOLLIN | EPOLLET },
	[BY_LEVEL] = { "level", EPOLLIN },
};

/* Instructions until the end of @n connections is known, of which @ep tells. */
static uint64_t collect(int ep, int n, enum collect how)
{
	struct epoll_event ev[BATCH];
	uint64_t start = counter();
	char buf[ROOM];

	while (n) {
		int k = epoll_wait(ep, ev, BATCH, 0);

		if (k <= 0)
			ksft_exit_fail_msg("the ends of %d are missing\n", n);
		for (int i = 0; i < k; i++) {
			int fd = ev[i].data.fd;
			ssize_t len = recv(fd, buf, ROOM, MSG_DONTWAIT);

			if (how == BY_RDHUP)
				n -= !!(ev[i].events & EPOLLRDHUP);
			else if (how == BY_EXTRA_READ)
				n -= !recv(fd, buf, ROOM, MSG_DONTWAIT);
			else if (!len)	/* or it will be reported for ever */
				n -= !epoll_ctl(ep, EPOLL_CTL_DEL, fd, NULL);
		}
	}
	return counter() - start - empty;
}

static void measure_growth(enum collect how, int n)
{
	struct linger linger = { .l_onoff = 1 };
	int listener, ep, (*sv)[2];

	printf("# growth\t%s\t%d", collects[how].name, n);
	if (how == BY_RDHUP && !has_bit()) {
		printf("\t-\n");
		return;
	}
	sv = calloc(n, sizeof(*sv));
	listener = listen_on(TCP4);
	ep = epoll_create1(EPOLL_CLOEXEC);
	if (!sv || listener < 0 || ep < 0)
		BAIL("growth");
	for (int i = 0; i < n; i++) {
		struct epoll_event ev = { .events = collects[how].events };

		sv[i][1] = connect_to(TCP4, listener);
		sv[i][0] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		ev.data.fd = sv[i][0];
		if (sv[i][1] < 0 || sv[i][0] < 0 ||
		    epoll_ctl(ep, EPOLL_CTL_ADD, sv[i][0], &ev))
			BAIL("a connection of many");
		setsockopt(sv[i][0], SOL_SOCKET, SO_LINGER, &linger,
			   sizeof(linger));
	}
	for (int i = 0; i < n; i++)
		if (send(sv[i][1], TEXT, LEN, MSG_MORE) != LEN ||
		    shutdown(sv[i][1], SHUT_WR))
			BAIL("shutdown");
	print_instructions(collect(ep, n, how));
	for (int i = 0; i < n; i++) {
		close(sv[i][0]);
		close(sv[i][1]);
	}
	close(ep);
	close(listener);
	free(sv);
}

enum watched { BY_NOBODY, BY_READER, BY_WRITER };

static const struct {
	const char *name;
	unsigned int events;
} watchers[] = {
	[BY_NOBODY] = { "nobody", 0 },
	[BY_READER] = { "reader", EPOLLIN | EPOLLRDHUP | EPOLLET },
	[BY_WRITER] = { "writer", EPOLLOUT | EPOLLET },
};

enum action { DATA, READ, FIN, DATA_FIN, READ_END };

static const char * const actions[] = {
	[DATA] = "data", [READ] = "read", [FIN] = "fin",
	[DATA_FIN] = "data_fin", [READ_END] = "read_end",
};

static uint64_t act(enum action action, const int sv[2])
{
	char buf[ROOM];
	uint64_t start;
	ssize_t ret;

	if (action == READ)
		send(sv[1], TEXT, LEN, 0);
	else if (action == READ_END)
		shutdown(sv[1], SHUT_WR);
	start = counter();
	switch (action) {
	case DATA:
		ret = send(sv[1], TEXT, LEN, 0) - LEN;
		break;
	case READ:
		ret = recv(sv[0], buf, ROOM, MSG_DONTWAIT) - LEN;
		break;
	case FIN:
		ret = shutdown(sv[1], SHUT_WR);
		break;
	case DATA_FIN:
		ret = send(sv[1], TEXT, LEN, MSG_MORE) - LEN;
		if (!ret)
			ret = shutdown(sv[1], SHUT_WR);
		break;
	default:
		ret = recv(sv[0], buf, ROOM, MSG_DONTWAIT);
	}
	start = counter() - start - empty;
	if (ret)
		BAIL(actions[action]);
	return start;
}

/* Waits for about @ns instructions, of which there is one per nanosecond. */
static void pass(int ns)
{
	for (int i = 0; i < ns / 2; i++)
		asm volatile("" : : : "memory");
}

static void measure_path(enum action action, enum watched by)
{
	uint64_t least = UINT64_MAX;

	for (int i = -WARM_UP; i < 2 * samples; i++) {
		int sv[2], ep = -1;
		uint64_t n;

		pass((i & 7) * 125);
		tcp_pair(sv);
		pass((i & 63) * 16);
		if (by != BY_NOBODY) {
			ep = epoll_with(sv[0], watchers[by].events);
			if (ep < 0)
				BAIL("epoll");
			epoll_next(ep, 0);	/* there is room to write */
		}
		n = act(action, sv);
		if (i >= 0 && n < least)
			least = n;
		if (ep >= 0)
			close(ep);
		drop_pair(sv);
	}
	printf("# path\t%s\t%s", actions[action], watchers[by].name);
	print_instructions(least);
}

/* Instructions of poll() with @n times the same descriptor. */
static uint64_t poll_copies(int fd, short events, int n)
{
	struct pollfd pfd[COPIES + 1];
	uint64_t least = UINT64_MAX;

	for (int i = -WARM_UP; i < samples; i++) {
		uint64_t start;

		for (int j = 0; j < n; j++)
			pfd[j] = (struct pollfd) { .fd = fd, .events = events };
		start = counter();
		if (poll(pfd, n, 0) < 0)
			BAIL("poll");
		start = counter() - start - empty;
		if (i >= 0 && start < least)
			least = start;
	}
	return least;
}

static uint64_t one_copy(int fd, short events)
{
	return (poll_copies(fd, events, COPIES + 1) -
		poll_copies(fd, events, 1)) / COPIES;
}

/*
 * The difference that one more descriptor makes to poll(), less what it makes
 * if the file has no poll routine and nothing is to be reported.
 */
static void measure_poll(const char *name, bool data, bool fin)
{
	int sv[2], file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	if (file < 0)
		BAIL("/proc/self/exe");
	tcp_pair(sv);
	if ((data && send(sv[1], TEXT, LEN, 0) != LEN) ||
	    (fin && shutdown(sv[1], SHUT_WR)))
		BAIL("send");
	printf("# poll\t%s", name);
	print_instructions(one_copy(sv[0], POLLIN | POLLRDHUP) -
			   one_copy(file, POLLPRI));
	close(file);
	drop_pair(sv);
}

static int parse_number(const char *text, int least, int most)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (*end || end == text || n < least || n > most)
		ksft_exit_fail_msg("%s: want a number from %d to %d\n", text,
				   least, most);
	return n;
}

int main(int argc, char **argv)
{
	static struct server s;
	static char mem[RING_SIZE * ROOM];
	int connections = 10000;
	struct rlimit limit;
	cpu_set_t one;

	enter_own_net();
	ksft_print_header();
	ksft_set_plan(1);
	if (argc > 3)
		ksft_exit_fail_msg("usage: bench [REQUESTS [CONNECTIONS]]\n");
	if (argc > 1)
		samples = parse_number(argv[1], 1, MAX_SAMPLES);
	if (argc > 2)
		connections = parse_number(argv[2], 1, 25000);

	/* the first of those it may use, and its limit of files, raised */
	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	sched_setaffinity(0, sizeof(one), &one);
	limit.rlim_cur = 2 * connections + 64;
	limit.rlim_max = limit.rlim_cur;
	if (setrlimit(RLIMIT_NOFILE, &limit) &&
	    !getrlimit(RLIMIT_NOFILE, &limit)) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
		if ((int)limit.rlim_max < 2 * connections + 64)
			connections = (limit.rlim_max - 64) / 2;
	}
	calibrate();
	s.has_ring = ring_open(&s.ring);
	if (s.has_ring)
		ring_provide(&s.ring, mem, RING_SIZE / 2);
	sem_init(&s.job, 0, 0);
	sem_init(&s.done, 0, 0);
	if (pthread_create(&s.thread, NULL, server_main, &s))
		BAIL("pthread_create");

	print_columns("request",
		      "way shape calls returns events sleeps switches instructions");
	for (int apart = 0; apart < 2; apart++)
		for (int i = 0; i < NR_WAYS; i++)
			measure_requests(&s, &ways[i], apart);

	print_columns("woken", "who end count");
	measure_woken("workers", woken_workers);
	measure_woken("writer", woken_writer);
	measure_woken("signals", signals_sent);

	print_columns("path", "action watched_by instructions");
	for (enum action a = DATA; a <= READ_END; a++)
		for (enum watched by = BY_NOBODY; by <= BY_WRITER; by++)
			measure_path(a, by);

	print_columns("poll", "state instructions");
	measure_poll("idle", false, false);
	measure_poll("data", true, false);
	measure_poll("fin", false, true);
	measure_poll("data_fin", true, true);

	print_columns("growth", "way connections instructions");
	for (int n = 10; n <= connections; n *= 10)
		for (enum collect how = BY_RDHUP; how <= BY_LEVEL; how++)
			measure_growth(how, n);

	ksft_test_result_pass("counted\n");
	ksft_finished();
}
