// SPDX-License-Identifier: GPL-2.0
/*
 * What io_uring makes of a half-close.
 *
 * 1. IORING_OP_POLL_ADD answers like poll(2), with one exception that is
 *    older than these tests: who asks for POLLIN is told POLLRDHUP as well.
 *    Who asks for neither, a writer say, is not told and not completed.
 * 2. A receive ends with 0, whether it was armed before or after.
 * 3. A send to a peer that has finished sending, but not reading, waits for
 *    room.  It must wait armed on the socket's wait queue and not occupy one
 *    worker thread each.
 * 4. When nothing more can be sent, a send and a poll for OUT end.
 *
 * 1 to 3 go for a shutdown(SHUT_RD) of our own as well, which poll
 * reports alike.
 *
 * Raw system calls: there is no liburing here.
 */
#include "ask.h"
#include "family.h"
#include "netns.h"
#include "kselftest_harness.h"

#include <dirent.h>
#include <errno.h>
#include <linux/io_uring.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SENDS	8	/* pending at the same time */
#define CHUNK	100	/* bytes in each */
#define BUFS	4	/* provided to a multishot receive */
#define BGID	1

struct ring {
	int fd;
	void *mem;
	size_t mem_len;
	struct io_uring_sqe *sqes;
	size_t sqes_len;
	unsigned int *sq_tail, *sq_mask, *sq_array;
	unsigned int *cq_head, *cq_tail, *cq_mask;
	struct io_uring_cqe *cqes;
};

static void *map(struct ring *r, size_t len, off_t what)
{
	return mmap(NULL, len, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_POPULATE, r->fd, what);
}

/* A ring with IORING_SETUP_* @flags; 0 or a negative errno. */
static int ring_open_flags(struct ring *r, unsigned int flags)
{
	struct io_uring_params p = { .flags = flags };
	size_t cq_len;

	memset(r, 0, sizeof(*r));
	r->fd = syscall(SYS_io_uring_setup, 2 * SENDS, &p);
	if (r->fd < 0)
		return -errno;
	if (!(p.features & IORING_FEAT_SINGLE_MMAP) ||
	    !(p.features & IORING_FEAT_EXT_ARG)) {
		close(r->fd);
		return -EOPNOTSUPP;
	}
	r->mem_len = p.sq_off.array + p.sq_entries * sizeof(unsigned int);
	cq_len = p.cq_off.cqes + p.cq_entries * sizeof(struct io_uring_cqe);
	if (cq_len > r->mem_len)
		r->mem_len = cq_len;
	r->sqes_len = p.sq_entries * sizeof(struct io_uring_sqe);
	r->mem = map(r, r->mem_len, IORING_OFF_SQ_RING);
	r->sqes = map(r, r->sqes_len, IORING_OFF_SQES);
	if (r->mem == MAP_FAILED || r->sqes == MAP_FAILED) {
		close(r->fd);
		return -ENOMEM;
	}
	r->sq_tail = r->mem + p.sq_off.tail;
	r->sq_mask = r->mem + p.sq_off.ring_mask;
	r->sq_array = r->mem + p.sq_off.array;
	r->cq_head = r->mem + p.cq_off.head;
	r->cq_tail = r->mem + p.cq_off.tail;
	r->cq_mask = r->mem + p.cq_off.ring_mask;
	r->cqes = r->mem + p.cq_off.cqes;
	return 0;
}

static int ring_open(struct ring *r)
{
	return ring_open_flags(r, 0);
}

static void ring_close(struct ring *r)
{
	munmap(r->sqes, r->sqes_len);
	munmap(r->mem, r->mem_len);
	close(r->fd);
}

/* Submit one request; 0 or a negative errno. */
static int ring_submit(struct ring *r, const struct io_uring_sqe *sqe)
{
	unsigned int tail = *r->sq_tail;
	unsigned int i = tail & *r->sq_mask;
	int ret;

	r->sqes[i] = *sqe;
	r->sq_array[i] = i;
	__atomic_store_n(r->sq_tail, tail + 1, __ATOMIC_RELEASE);
	ret = syscall(SYS_io_uring_enter, r->fd, 1, 0, 0, NULL, 0);
	if (ret < 0)
		return -errno;
	return ret == 1 ? 0 : -EIO;
}

/* True if there is a completion, taken off the ring, within @ms. */
static bool ring_next(struct ring *r, struct io_uring_cqe *cqe, int ms)
{
	struct __kernel_timespec ts = {
		.tv_sec = ms / 1000,
		.tv_nsec = ms % 1000 * 1000000LL,
	};
	struct io_uring_getevents_arg arg = { .ts = (uintptr_t)&ts };
	unsigned int head = *r->cq_head;
	int ret;

	do {
		ret = syscall(SYS_io_uring_enter, r->fd, 0, 1,
			      IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG,
			      &arg, sizeof(arg));
	} while (ret < 0 && errno == EINTR);
	if (head == __atomic_load_n(r->cq_tail, __ATOMIC_ACQUIRE))
		return false;
	*cqe = r->cqes[head & *r->cq_mask];
	__atomic_store_n(r->cq_head, head + 1, __ATOMIC_RELEASE);
	return true;
}

/* Events as they have to be laid out in a request. */
static uint32_t poll32(unsigned int events)
{
	uint32_t v = (unsigned short)to_poll(events);

#if __BYTE_ORDER == __BIG_ENDIAN
	v = v << 16 | v >> 16;
#endif
	return v;
}

static int poll_add(struct ring *r, int fd, unsigned int events,
		    unsigned int flags)
{
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_POLL_ADD,
		.fd = fd,
		.poll32_events = poll32(events),
		.len = flags,
		.user_data = 1,
	};

	return ring_submit(r, &sqe);
}

/* Change what request 1 waits for. */
static int poll_update(struct ring *r, unsigned int events)
{
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_POLL_REMOVE,
		.fd = -1,
		.addr = 1,
		.poll32_events = poll32(events),
		.len = IORING_POLL_UPDATE_EVENTS,
		.user_data = 2,
	};

	return ring_submit(r, &sqe);
}

static int recv_add(struct ring *r, int fd, void *buf, size_t len)
{
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_RECV,
		.fd = fd,
		.addr = (uintptr_t)buf,
		.len = len,
		.user_data = 1,
	};

	return ring_submit(r, &sqe);
}

/* Worker threads of this process' rings. */
static int workers(void)
{
	char path[300], comm[32];
	struct dirent *d;
	int count = 0;
	DIR *dir;
	FILE *f;

	dir = opendir("/proc/self/task");
	if (!dir)
		return -errno;
	while ((d = readdir(dir))) {
		snprintf(path, sizeof(path), "/proc/self/task/%s/comm",
			 d->d_name);
		f = fopen(path, "re");
		if (!f)
			continue;
		if (fgets(comm, sizeof(comm), f) &&
		    !strncmp(comm, "iou-wrk", 7))
			count++;
		fclose(f);
	}
	closedir(dir);
	return count;
}

#define EXPECT_CQE_MASK(r, want, more) do {				\
	struct io_uring_cqe __cqe;					\
	ASSERT_TRUE(ring_next(r, &__cqe, MUST_MS))			\
		TH_LOG("nothing came, want %s", mask_str(want));	\
	EXPECT_EQ(1, __cqe.user_data);					\
	ASSERT_LE(0, __cqe.res);					\
	EXPECT_MASK(want, to_epoll(__cqe.res));				\
	EXPECT_EQ(more, !!(__cqe.flags & IORING_CQE_F_MORE));		\
} while (0)

#define EXPECT_CQE_RES(r, want) do {					\
	struct io_uring_cqe __cqe;					\
	ASSERT_TRUE(ring_next(r, &__cqe, MUST_MS));			\
	EXPECT_EQ(want, __cqe.res);					\
} while (0)

#define EXPECT_NO_CQE(r) do {						\
	struct io_uring_cqe __cqe;					\
	ASSERT_FALSE(ring_next(r, &__cqe, MUST_NOT_MS))			\
		TH_LOG("completed with %d (%s)", __cqe.res,		\
		       mask_str(__cqe.res < 0 ? 0 : __cqe.res));	\
} while (0)

/* The half-close has arrived when poll(2) says so. */
#define PEER_FINISHES(sv) do {						\
	ASSERT_EQ(0, shutdown((sv)[1], SHUT_WR));			\
	ASSERT_MASK(EPOLLRDHUP, poll_mask((sv)[0], EPOLLRDHUP, MUST_MS)); \
} while (0)

/* There is no io_uring, or it has been switched off: not a failure. */
static bool no_ring(int err)
{
	return err == -ENOSYS || err == -EPERM;
}

FIXTURE(poll)
{
	struct ring ring;
	int sv[2];
};

FIXTURE_VARIANT(poll)
{
	enum family_id family;
};

FIXTURE_VARIANT_ADD(poll, tcp4)
{
	.family = TCP4,
};

FIXTURE_VARIANT_ADD(poll, unix_stream)
{
	.family = UNIX_STREAM,
};

FIXTURE_SETUP(poll)
{
	int err = ring_open(&self->ring);

	if (no_ring(err))
		SKIP(return, "no io_uring: %s", strerror(-err));
	ASSERT_EQ(0, err);
	ASSERT_EQ(0, make_pair(variant->family, self->sv));
}

FIXTURE_TEARDOWN(poll)
{
	close(self->sv[0]);
	close(self->sv[1]);
	ring_close(&self->ring);
}

/* 1. Readers are told of the half-close, asked for or not. */

TEST_F(poll, in_armed)
{
	ASSERT_EQ(0, poll_add(&self->ring, self->sv[0], EPOLLIN, 0));
	PEER_FINISHES(self->sv);
	EXPECT_CQE_MASK(&self->ring, EPOLLIN | EPOLLRDHUP, 0);
}

TEST_F(poll, in_already)
{
	PEER_FINISHES(self->sv);
	ASSERT_EQ(0, poll_add(&self->ring, self->sv[0], EPOLLIN, 0));
	EXPECT_CQE_MASK(&self->ring, EPOLLIN | EPOLLRDHUP, 0);
}

TEST_F(poll, rdnorm_already)
{
	PEER_FINISHES(self->sv);
	ASSERT_EQ(0, poll_add(&self->ring, self->sv[0], EPOLLRDNORM, 0));
	EXPECT_CQE_MASK(&self->ring, EPOLLRDNORM | EPOLLRDHUP, 0);
}

TEST_F(poll, in_own_shut_rd)
{
	ASSERT_EQ(0, poll_add(&self->ring, self->sv[0], EPOLLIN, 0));
	ASSERT_EQ(0, shutdown(self->sv[0], SHUT_RD));
	EXPECT_CQE_MASK(&self->ring, EPOLLIN | EPOLLRDHUP, 0);
}

TEST_F(poll, rdhup_armed)
{
	ASSERT_EQ(0, poll_add(&self->ring, self->sv[0], EPOLLRDHUP, 0));
	PEER_FINISHES(self->sv);
	EXPECT_CQE_MASK(&self->ring, EPOLLRDHUP, 0);
}

TEST_F(poll, rdhup_already)
{
	PEER_FINISHES(self->sv);
	ASSERT_EQ(0, poll_add(&self->ring, self->sv[0], EPOLLRDHUP, 0));
	EXPECT_CQE_MASK(&self->ring, EPOLLRDHUP, 0);
}

TEST_F(poll, rdhup_not_completed_by_data)
{
	ASSERT_EQ(0, poll_add(&self->ring, self->sv[0], EPOLLRDHUP, 0));
	ASSERT_EQ(1, send(self->sv[1], "x", 1, 0));
	ASSERT_MASK(EPOLLIN, poll_mask(self->sv[0], EPOLLIN, MUST_MS));
	EXPECT_NO_CQE(&self->ring);
	PEER_FINISHES(self->sv);
	EXPECT_CQE_MASK(&self->ring, EPOLLRDHUP, 0);
}

TEST_F(poll, in_rdhup_armed)
{
	ASSERT_EQ(0, poll_add(&self->ring, self->sv[0],
			      EPOLLIN | EPOLLRDHUP, 0));
	PEER_FINISHES(self->sv);
	EXPECT_CQE_MASK(&self->ring, EPOLLIN | EPOLLRDHUP, 0);
}

TEST_F(poll, out_rdhup_already)
{
	PEER_FINISHES(self->sv);
	ASSERT_EQ(0, poll_add(&self->ring, self->sv[0],
			      EPOLLOUT | EPOLLRDHUP, 0));
	EXPECT_CQE_MASK(&self->ring, EPOLLOUT | EPOLLRDHUP, 0);
}

TEST_F(poll, out_rdhup_full_armed)
{
	ASSERT_EQ(0, fill(self->sv[0]));
	ASSERT_EQ(0, poll_add(&self->ring, self->sv[0],
			      EPOLLOUT | EPOLLRDHUP, 0));
	PEER_FINISHES(self->sv);
	EXPECT_CQE_MASK(&self->ring, EPOLLRDHUP, 0);
}

/* 1. The others are not: they get what poll(2) would tell them. */

TEST_F(poll, out_already)
{
	PEER_FINISHES(self->sv);
	ASSERT_EQ(0, poll_add(&self->ring, self->sv[0], EPOLLOUT, 0));
	EXPECT_CQE_MASK(&self->ring, EPOLLOUT, 0);
}

static unsigned int drain_until_writable(int sv[2])
{
	long long end = now_ms() + MUST_MS;
	char buf[4096];

	while (now_ms() < end) {
		if (recv(sv[1], buf, sizeof(buf), MSG_DONTWAIT) > 0)
			continue;
		if (poll_mask(sv[0], EPOLLOUT, 10))
			return EPOLLOUT;
	}
	return 0;
}

TEST_F(poll, out_full_armed)
{
	ASSERT_EQ(0, fill(self->sv[0]));
	ASSERT_EQ(0, poll_add(&self->ring, self->sv[0], EPOLLOUT, 0));
	PEER_FINISHES(self->sv);
	EXPECT_NO_CQE(&self->ring);
	ASSERT_MASK(EPOLLOUT, drain_until_writable(self->sv));
	EXPECT_CQE_MASK(&self->ring, EPOLLOUT, 0);
}

TEST_F(poll, out_full_already)
{
	ASSERT_EQ(0, fill(self->sv[0]));
	PEER_FINISHES(self->sv);
	ASSERT_EQ(0, poll_add(&self->ring, self->sv[0], EPOLLOUT, 0));
	EXPECT_NO_CQE(&self->ring);
	ASSERT_MASK(EPOLLOUT, drain_until_writable(self->sv));
	EXPECT_CQE_MASK(&self->ring, EPOLLOUT, 0);
}

TEST_F(poll, out_full_own_shut_rd)
{
	ASSERT_EQ(0, fill(self->sv[0]));
	ASSERT_EQ(0, poll_add(&self->ring, self->sv[0], EPOLLOUT, 0));
	ASSERT_EQ(0, shutdown(self->sv[0], SHUT_RD));
	EXPECT_NO_CQE(&self->ring);
	ASSERT_MASK(EPOLLOUT, drain_until_writable(self->sv));
	EXPECT_CQE_MASK(&self->ring, EPOLLOUT, 0);
}

TEST_F(poll, pri_armed)
{
	ASSERT_EQ(0, poll_add(&self->ring, self->sv[0], EPOLLPRI, 0));
	PEER_FINISHES(self->sv);
	EXPECT_NO_CQE(&self->ring);
}

TEST_F(poll, pri_already)
{
	PEER_FINISHES(self->sv);
	ASSERT_EQ(0, poll_add(&self->ring, self->sv[0], EPOLLPRI, 0));
	EXPECT_NO_CQE(&self->ring);
}

/* Who asks for nothing still hears of the end of both directions. */
TEST_F(poll, nothing_armed)
{
	ASSERT_EQ(0, poll_add(&self->ring, self->sv[0], 0, 0));
	PEER_FINISHES(self->sv);
	EXPECT_NO_CQE(&self->ring);
	ASSERT_EQ(0, shutdown(self->sv[0], SHUT_WR));
	EXPECT_CQE_MASK(&self->ring, EPOLLHUP, 0);
}

/* What was added for POLLIN must not stay when the request is changed. */
TEST_F(poll, in_updated_to_out)
{
	struct io_uring_cqe cqe;

	ASSERT_EQ(0, fill(self->sv[0]));
	ASSERT_EQ(0, poll_add(&self->ring, self->sv[0], EPOLLIN, 0));
	ASSERT_EQ(0, poll_update(&self->ring, EPOLLOUT));
	ASSERT_TRUE(ring_next(&self->ring, &cqe, MUST_MS));
	ASSERT_EQ(2, cqe.user_data);
	ASSERT_EQ(0, cqe.res);
	PEER_FINISHES(self->sv);
	EXPECT_NO_CQE(&self->ring);
	ASSERT_MASK(EPOLLOUT, drain_until_writable(self->sv));
	EXPECT_CQE_MASK(&self->ring, EPOLLOUT, 0);
}

TEST_F(poll, out_updated_to_in)
{
	struct io_uring_cqe cqe;

	ASSERT_EQ(0, fill(self->sv[0]));
	ASSERT_EQ(0, poll_add(&self->ring, self->sv[0], EPOLLOUT, 0));
	ASSERT_EQ(0, poll_update(&self->ring, EPOLLIN));
	ASSERT_TRUE(ring_next(&self->ring, &cqe, MUST_MS));
	ASSERT_EQ(2, cqe.user_data);
	ASSERT_EQ(0, cqe.res);
	PEER_FINISHES(self->sv);
	EXPECT_CQE_MASK(&self->ring, EPOLLIN | EPOLLRDHUP, 0);
}

/* A multishot poll goes on after RDHUP, and even after HUP. */
TEST_F(poll, multishot_in)
{
	unsigned int mask = EPOLLIN | EPOLLRDHUP;

	ASSERT_EQ(0, poll_add(&self->ring, self->sv[0], EPOLLIN,
			      IORING_POLL_ADD_MULTI));
	ASSERT_EQ(0, shutdown(self->sv[0], SHUT_RD));
	EXPECT_CQE_MASK(&self->ring, mask, 1);
	ASSERT_EQ(0, shutdown(self->sv[0], SHUT_WR));
	EXPECT_CQE_MASK(&self->ring, mask | EPOLLHUP, 1);
}

/*
 * TCP wakes its readers twice when a FIN comes, so there may be a second
 * completion.  The first must say it all.
 */
TEST_F(poll, multishot_in_armed)
{
	ASSERT_EQ(0, poll_add(&self->ring, self->sv[0], EPOLLIN,
			      IORING_POLL_ADD_MULTI));
	PEER_FINISHES(self->sv);
	EXPECT_CQE_MASK(&self->ring, EPOLLIN | EPOLLRDHUP, 1);
}

TEST_F(poll, multishot_rdhup_armed)
{
	ASSERT_EQ(0, poll_add(&self->ring, self->sv[0], EPOLLRDHUP,
			      IORING_POLL_ADD_MULTI));
	ASSERT_EQ(1, send(self->sv[1], "x", 1, 0));
	EXPECT_NO_CQE(&self->ring);
	PEER_FINISHES(self->sv);
	EXPECT_CQE_MASK(&self->ring, EPOLLRDHUP, 1);
}

TEST_F(poll, multishot_in_already)
{
	PEER_FINISHES(self->sv);
	ASSERT_EQ(0, poll_add(&self->ring, self->sv[0], EPOLLIN,
			      IORING_POLL_ADD_MULTI));
	EXPECT_CQE_MASK(&self->ring, EPOLLIN | EPOLLRDHUP, 1);
}

TEST_F(poll, multishot_out_full)
{
	ASSERT_EQ(0, fill(self->sv[0]));
	ASSERT_EQ(0, poll_add(&self->ring, self->sv[0], EPOLLOUT,
			      IORING_POLL_ADD_MULTI));
	PEER_FINISHES(self->sv);
	EXPECT_NO_CQE(&self->ring);
	ASSERT_EQ(0, shutdown(self->sv[0], SHUT_WR));
	EXPECT_CQE_MASK(&self->ring, EPOLLOUT | EPOLLHUP, 1);
}

/* 2. A receive ends with 0. */

TEST_F(poll, recv_armed)
{
	char buf[CHUNK];

	ASSERT_EQ(0, recv_add(&self->ring, self->sv[0], buf, sizeof(buf)));
	PEER_FINISHES(self->sv);
	EXPECT_CQE_RES(&self->ring, 0);
}

TEST_F(poll, recv_armed_own_shut_rd)
{
	char buf[CHUNK];

	ASSERT_EQ(0, recv_add(&self->ring, self->sv[0], buf, sizeof(buf)));
	ASSERT_EQ(0, shutdown(self->sv[0], SHUT_RD));
	EXPECT_CQE_RES(&self->ring, 0);
}

TEST_F(poll, recv_data_then_0)
{
	char buf[CHUNK];

	ASSERT_EQ(0, recv_add(&self->ring, self->sv[0], buf, sizeof(buf)));
	ASSERT_EQ(1, send(self->sv[1], "x", 1, 0));
	PEER_FINISHES(self->sv);
	EXPECT_CQE_RES(&self->ring, 1);
	ASSERT_EQ(0, recv_add(&self->ring, self->sv[0], buf, sizeof(buf)));
	EXPECT_CQE_RES(&self->ring, 0);
}

static int recv_multishot(struct ring *r, int fd, char bufs[BUFS][CHUNK])
{
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_PROVIDE_BUFFERS,
		.fd = BUFS,
		.addr = (uintptr_t)bufs,
		.len = CHUNK,
		.buf_group = BGID,
	};
	struct io_uring_cqe cqe;
	int err;

	err = ring_submit(r, &sqe);
	if (err)
		return err;
	if (!ring_next(r, &cqe, MUST_MS))
		return -ETIME;
	if (cqe.res)
		return cqe.res;

	memset(&sqe, 0, sizeof(sqe));
	sqe.opcode = IORING_OP_RECV;
	sqe.fd = fd;
	sqe.ioprio = IORING_RECV_MULTISHOT;
	sqe.flags = IOSQE_BUFFER_SELECT;
	sqe.buf_group = BGID;
	return ring_submit(r, &sqe);
}

#define EXPECT_DATA_THEN_0(r) do {					\
	struct io_uring_cqe __cqe;					\
	ASSERT_TRUE(ring_next(r, &__cqe, MUST_MS));			\
	EXPECT_EQ(1, __cqe.res);					\
	EXPECT_TRUE(__cqe.flags & IORING_CQE_F_MORE);			\
	ASSERT_TRUE(ring_next(r, &__cqe, MUST_MS))			\
		TH_LOG("the end never came");				\
	EXPECT_EQ(0, __cqe.res);					\
	EXPECT_FALSE(__cqe.flags & IORING_CQE_F_MORE);			\
} while (0)

TEST_F(poll, recv_multishot_data_then_0)
{
	char bufs[BUFS][CHUNK];

	ASSERT_EQ(0, recv_multishot(&self->ring, self->sv[0], bufs));
	ASSERT_EQ(1, send(self->sv[1], "x", 1, 0));
	ASSERT_EQ(0, shutdown(self->sv[1], SHUT_WR));
	EXPECT_DATA_THEN_0(&self->ring);
}

/*
 * Data and half-close wake the request before it gets to run, which a ring
 * that defers its work makes certain: it must deliver the one with F_MORE and
 * then, without a further wakeup, the other.
 */
TEST_F(poll, recv_multishot_both_at_once)
{
	char bufs[BUFS][CHUNK];
	struct ring ring;
	int err;

	err = ring_open_flags(&ring, IORING_SETUP_SINGLE_ISSUER |
				     IORING_SETUP_DEFER_TASKRUN);
	if (err == -EINVAL)
		SKIP(return, "no IORING_SETUP_DEFER_TASKRUN");
	ASSERT_EQ(0, err);
	ASSERT_EQ(0, recv_multishot(&ring, self->sv[0], bufs));
	ASSERT_EQ(1, send(self->sv[1], "x", 1, 0));
	PEER_FINISHES(self->sv);
	EXPECT_DATA_THEN_0(&ring);
	ring_close(&ring);
}

/* 3. Senders wait for room, not in threads. */

FIXTURE(send)
{
	struct ring ring;
	int sv[2];
	char data[CHUNK];
};

FIXTURE_VARIANT(send)
{
	enum family_id family;
	uint8_t opcode;
};

FIXTURE_VARIANT_ADD(send, tcp4_send)
{
	.family = TCP4,
	.opcode = IORING_OP_SEND,
};

FIXTURE_VARIANT_ADD(send, tcp4_write)
{
	.family = TCP4,
	.opcode = IORING_OP_WRITE,
};

FIXTURE_VARIANT_ADD(send, unix_stream_send)
{
	.family = UNIX_STREAM,
	.opcode = IORING_OP_SEND,
};

FIXTURE_VARIANT_ADD(send, unix_stream_write)
{
	.family = UNIX_STREAM,
	.opcode = IORING_OP_WRITE,
};

FIXTURE_SETUP(send)
{
	int err = ring_open(&self->ring);

	if (no_ring(err))
		SKIP(return, "no io_uring: %s", strerror(-err));
	ASSERT_EQ(0, err);
	signal(SIGPIPE, SIG_IGN);
	memset(self->data, 'x', CHUNK);
	ASSERT_EQ(0, make_pair(variant->family, self->sv));
	ASSERT_EQ(0, fill(self->sv[0]));
}

FIXTURE_TEARDOWN(send)
{
	close(self->sv[0]);
	close(self->sv[1]);
	ring_close(&self->ring);
}

static int send_add(FIXTURE_DATA(send) *self,
		    const FIXTURE_VARIANT(send) *variant)
{
	struct io_uring_sqe sqe = {
		.opcode = variant->opcode,
		.fd = self->sv[0],
		.addr = (uintptr_t)self->data,
		.len = CHUNK,
	};
	int err = 0;

	for (int i = 0; i < SENDS && !err; i++)
		err = ring_submit(&self->ring, &sqe);
	return err;
}

/* How many of the requests complete, each with all its bytes. */
static int sent_while_draining(FIXTURE_DATA(send) *self)
{
	long long end = now_ms() + MUST_MS;
	struct io_uring_cqe cqe;
	char buf[4096];
	int sent = 0;

	while (sent < SENDS && now_ms() < end) {
		if (recv(self->sv[1], buf, sizeof(buf), MSG_DONTWAIT) > 0)
			continue;
		if (!ring_next(&self->ring, &cqe, 10))
			continue;
		if (cqe.res != CHUNK)
			return -EIO;
		sent++;
	}
	return sent;
}

TEST_F(send, armed_then_peer_finishes)
{
	ASSERT_EQ(0, send_add(self, variant));
	EXPECT_NO_CQE(&self->ring);
	ASSERT_EQ(0, workers());
	PEER_FINISHES(self->sv);
	EXPECT_NO_CQE(&self->ring);
	EXPECT_EQ(0, workers());
	EXPECT_EQ(SENDS, sent_while_draining(self));
}

TEST_F(send, peer_has_finished)
{
	PEER_FINISHES(self->sv);
	ASSERT_EQ(0, send_add(self, variant));
	EXPECT_NO_CQE(&self->ring);
	EXPECT_EQ(0, workers());
	EXPECT_EQ(SENDS, sent_while_draining(self));
}

TEST_F(send, own_shut_rd)
{
	ASSERT_EQ(0, send_add(self, variant));
	ASSERT_EQ(0, shutdown(self->sv[0], SHUT_RD));
	EXPECT_NO_CQE(&self->ring);
	EXPECT_EQ(0, workers());
	EXPECT_EQ(SENDS, sent_while_draining(self));
}

/* The end of the connection, as opposed to that of input, ends them. */
TEST_F(send, ends_with_the_connection)
{
	struct io_uring_cqe cqe;

	ASSERT_EQ(0, send_add(self, variant));
	PEER_FINISHES(self->sv);
	EXPECT_NO_CQE(&self->ring);
	ASSERT_EQ(0, close(self->sv[1]));
	self->sv[1] = -1;
	for (int i = 0; i < SENDS; i++) {
		ASSERT_TRUE(ring_next(&self->ring, &cqe, MUST_MS));
		EXPECT_TRUE(cqe.res == -EPIPE || cqe.res == -ECONNRESET)
			TH_LOG("result %d", cqe.res);
	}
}

/* 4. What does end the sending ends them, room or not. */

FIXTURE(ended)
{
	struct ring ring;
	int sv[2];
};

FIXTURE_VARIANT(ended)
{
	enum family_id family;
	bool unread;		/* there is data that we do not read */
	int end;		/* of sv: who calls shutdown() */
	int how;
	unsigned int mask;	/* what a poll for OUT is told */
};

#define ENDED(name, ...)						\
	FIXTURE_VARIANT_ADD(ended, name) { __VA_ARGS__ };

ENDED(tcp4_own_shut_wr, TCP4, false, 0, SHUT_WR, EPOLLOUT)
ENDED(unix_stream_peer_shut_rd, UNIX_STREAM, false, 1, SHUT_RD, EPOLLOUT)
ENDED(unix_stream_own_shut_wr, UNIX_STREAM, false, 0, SHUT_WR, EPOLLOUT)
ENDED(unix_stream_peer_shut_rdwr, UNIX_STREAM, false, 1, SHUT_RDWR,
      EPOLLOUT | EPOLLHUP)
ENDED(unix_seqpacket_peer_shut_rd, UNIX_SEQPACKET, false, 1, SHUT_RD,
      EPOLLOUT)
ENDED(unix_seqpacket_own_shut_wr, UNIX_SEQPACKET, false, 0, SHUT_WR,
      EPOLLOUT)
ENDED(vsock_stream_peer_shut_rd, FAM_VSOCK_STREAM, false, 1, SHUT_RD,
      EPOLLOUT)
ENDED(vsock_stream_unread_peer_shut_rdwr, FAM_VSOCK_STREAM, true, 1,
      SHUT_RDWR, EPOLLOUT)
ENDED(vsock_seqpacket_peer_shut_rd, FAM_VSOCK_SEQPACKET, false, 1, SHUT_RD,
      EPOLLOUT)
ENDED(sctp4_peer_shut_wr, FAM_SCTP4, false, 1, SHUT_WR, EPOLLOUT)
ENDED(sctp4_own_shut_wr, FAM_SCTP4, false, 0, SHUT_WR, EPOLLOUT)
ENDED(vsock_seqpacket_unread_peer_shut_rdwr, FAM_VSOCK_SEQPACKET, true, 1,
      SHUT_RDWR, EPOLLOUT)

FIXTURE_SETUP(ended)
{
	int err = ring_open(&self->ring);

	if (no_ring(err))
		SKIP(return, "no io_uring: %s", strerror(-err));
	ASSERT_EQ(0, err);
	SETUP_PAIR(return, variant->family, self->sv);
	if (variant->unread) {
		ASSERT_EQ(1, send(self->sv[1], "x", 1, 0));
		ASSERT_MASK(EPOLLIN,
			    poll_mask(self->sv[0], EPOLLIN, MUST_MS));
	}
	ASSERT_EQ(0, fill(self->sv[0]));
	ASSERT_MASK(0, poll_mask(self->sv[0], EPOLLOUT, 0));
}

FIXTURE_TEARDOWN(ended)
{
	close(self->sv[0]);
	close(self->sv[1]);
	ring_close(&self->ring);
}

static int send_nosignal(struct ring *r, int fd)
{
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_SEND,
		.fd = fd,
		.addr = (uintptr_t)"x",
		.len = 1,
		.msg_flags = MSG_NOSIGNAL,
	};

	return ring_submit(r, &sqe);
}

TEST_F(ended, poll_add_armed)
{
	ASSERT_EQ(0, poll_add(&self->ring, self->sv[0], EPOLLOUT, 0));
	ASSERT_EQ(0, shutdown(self->sv[variant->end], variant->how));
	EXPECT_CQE_MASK(&self->ring, variant->mask, 0);
}

TEST_F(ended, poll_add_already)
{
	ASSERT_EQ(0, shutdown(self->sv[variant->end], variant->how));
	ASSERT_MASK(variant->mask,
		    poll_mask(self->sv[0], EPOLLOUT, MUST_MS));
	ASSERT_EQ(0, poll_add(&self->ring, self->sv[0], EPOLLOUT, 0));
	EXPECT_CQE_MASK(&self->ring, variant->mask, 0);
}

TEST_F(ended, send_armed)
{
	ASSERT_EQ(0, send_nosignal(&self->ring, self->sv[0]));
	ASSERT_EQ(0, shutdown(self->sv[variant->end], variant->how));
	EXPECT_CQE_RES(&self->ring, -EPIPE);
}

int main(int argc, char **argv)
{
	enter_own_net();
	return test_harness_run(argc, argv);
}
