// SPDX-License-Identifier: GPL-2.0
/*
 * A socket that is in a BPF sockmap receives through a recvmsg() of its own:
 * what poll says of its end, and what recv makes of it, have to stay together.
 *
 * 1. When the peer has finished, poll says so and recv returns 0, after the
 *    data that were sent before.
 * 2. A recv that waits is ended by the peer's half-close, with 0.
 * 3. A recv that waits is ended by shutdown(SHUT_RD) here, with 0.
 * 4. A recv that waits is ended by a reset, with the error.
 * 5. A recv that waits gets the data that come, whichever queue they come by,
 *    and is ended by nothing but data, an end, a signal or its timeout.
 * 6. A recv that waits is in nobody's way: not in that of poll or send on the
 *    same socket, not in that of another connection.
 * 7. A recv of no bytes returns 0 at once.
 *
 * Each with a program that passes everything to the socket, so that data are
 * queued in the map's part of the socket, and with no program at all; and with
 * a program that redirects what one socket gets to another one.
 */
#include "family.h"
#include "netns.h"
#include "wait.h"
#include "kselftest_harness.h"

#include <errno.h>
#include <linux/bpf.h>
#include <linux/tcp.h>
#include <linux/vm_sockets.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

/* So long may a recv wait before the test takes it for lost. */
#define RECV_MS		1000
#define ROUND_TRIPS	50

enum member {
	M_TCP4,
	M_TCP6,
	M_UNIX,
	M_VSOCK,
	M_VSOCK_SEQ,
};

static int sys_bpf(int cmd, union bpf_attr *attr)
{
	int ret = syscall(SYS_bpf, cmd, attr, sizeof(*attr));

	return ret < 0 ? -errno : ret;
}

static int sockmap_new(void)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_SOCKMAP,
		.key_size = sizeof(int),
		.value_size = sizeof(int),
		.max_entries = 2,
	};

	return sys_bpf(BPF_MAP_CREATE, &attr);
}

/* Is it for this reason that there is no map: no bpf(2), or not for us? */
static bool no_bpf(int map)
{
	return map == -EPERM || map == -ENOSYS;
}

static int sockmap_add(int map, int key, int fd)
{
	union bpf_attr attr = {
		.map_fd = map,
		.key = (unsigned long)&key,
		.value = (unsigned long)&fd,
	};

	return sys_bpf(BPF_MAP_UPDATE_ELEM, &attr);
}

static int sockmap_del(int map, int key)
{
	union bpf_attr attr = {
		.map_fd = map,
		.key = (unsigned long)&key,
	};

	return sys_bpf(BPF_MAP_DELETE_ELEM, &attr);
}

/* What @map has its members run when something comes in. */
enum prog {
	PROG_NONE,
	PROG_PASS,	/* goes to the socket that it is for */
	PROG_PARSER,	/* the same, behind a stream parser */
};

static int sockmap_attach(int map, enum bpf_attach_type type,
			  const struct bpf_insn *insns, unsigned int cnt)
{
	union bpf_attr load = {
		.prog_type = BPF_PROG_TYPE_SK_SKB,
		.insns = (unsigned long)insns,
		.insn_cnt = cnt,
		.license = (unsigned long)"GPL",
	};
	union bpf_attr attach = {
		.target_fd = map,
		.attach_type = type,
	};
	int prog, err;

	prog = sys_bpf(BPF_PROG_LOAD, &load);
	if (prog < 0)
		return prog;
	attach.attach_bpf_fd = prog;
	err = sys_bpf(BPF_PROG_ATTACH, &attach);
	close(prog);
	return err;
}

/* "return SK_PASS" */
static int sockmap_verdict(int map, enum bpf_attach_type type)
{
	const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0,
		  .imm = SK_PASS },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	return sockmap_attach(map, type, insns, ARRAY_SIZE(insns));
}

/* "return skb->len": a message is whatever there is. */
static int sockmap_parser(int map)
{
	const struct bpf_insn insns[] = {
		{ .code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = BPF_REG_0,
		  .src_reg = BPF_REG_1,
		  .off = offsetof(struct __sk_buff, len) },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	return sockmap_attach(map, BPF_SK_SKB_STREAM_PARSER, insns,
			      ARRAY_SIZE(insns));
}

static int sockmap_prog(int map, enum prog prog)
{
	switch (prog) {
	case PROG_PASS:
		return sockmap_verdict(map, BPF_SK_SKB_VERDICT);
	case PROG_PARSER:
		return sockmap_parser(map) ?:
		       sockmap_verdict(map, BPF_SK_SKB_STREAM_VERDICT);
	default:
		return 0;
	}
}

/*
 * What members of @map get goes to the socket at key 0 of @to: to its reader,
 * or out of it to its peer.
 */
static int sockmap_redirect(int map, int to, bool ingress)
{
	const struct bpf_insn insns[] = {
		{ .code = BPF_LD | BPF_IMM | BPF_DW, .dst_reg = BPF_REG_2,
		  .src_reg = BPF_PSEUDO_MAP_FD, .imm = to },
		{ 0 },	/* the upper half of the map */
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_3 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_4,
		  .imm = ingress ? BPF_F_INGRESS : 0 },
		{ .code = BPF_JMP | BPF_CALL,
		  .imm = BPF_FUNC_sk_redirect_map },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	return sockmap_attach(map, BPF_SK_SKB_VERDICT, insns,
			      ARRAY_SIZE(insns));
}

static int vsock_pair(int type, int sv[2])
{
	struct sockaddr_vm sa = {
		.svm_family = AF_VSOCK,
		.svm_port = VMADDR_PORT_ANY,
		.svm_cid = VMADDR_CID_LOCAL,
	};
	socklen_t len = sizeof(sa);
	int listener, err = 0;

	sv[0] = -1;
	sv[1] = -1;
	listener = socket(AF_VSOCK, type | SOCK_CLOEXEC, 0);
	if (listener < 0)
		return -errno;
	sv[1] = socket(AF_VSOCK, type | SOCK_CLOEXEC, 0);
	if (sv[1] < 0 ||
	    bind(listener, (struct sockaddr *)&sa, sizeof(sa)) ||
	    listen(listener, 1) ||
	    getsockname(listener, (struct sockaddr *)&sa, &len) ||
	    connect(sv[1], (struct sockaddr *)&sa, sizeof(sa)))
		err = -errno;
	if (!err) {
		sv[0] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (sv[0] < 0)
			err = -errno;
	}
	close(listener);
	if (err && sv[1] >= 0)
		close(sv[1]);
	return err;
}

static int member_pair(enum member m, int sv[2])
{
	switch (m) {
	case M_TCP4:
		return make_pair(TCP4, sv);
	case M_TCP6:
		return make_pair(TCP6, sv);
	case M_UNIX:
		return make_pair(UNIX_STREAM, sv);
	case M_VSOCK:
		return vsock_pair(SOCK_STREAM, sv);
	default:
		return vsock_pair(SOCK_SEQPACKET, sv);
	}
}

static int set_rcvtimeo(int fd, int ms)
{
	struct timeval tv = { ms / 1000, ms % 1000 * 1000 };

	return setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
}

/* A thread in one recv(), for at most RECV_MS unless @forever. */
struct reader {
	pthread_t thread;
	int fd;
	bool forever;
	volatile pid_t tid;
	volatile bool done;
	void *buf;		/* NULL: a small one of its own */
	size_t len;
	int flags;
	int ret;		/* of recv(), or a negative errno */
};

static void *reader_main(void *arg)
{
	struct reader *r = arg;
	char buf[8];

	r->tid = syscall(SYS_gettid);
	r->ret = r->buf ? recv(r->fd, r->buf, r->len, r->flags) :
			  recv(r->fd, buf, sizeof(buf), r->flags);
	if (r->ret < 0)
		r->ret = -errno;
	__atomic_store_n(&r->done, true, __ATOMIC_RELEASE);
	return NULL;
}

static bool reader_done(struct reader *r)
{
	return __atomic_load_n(&r->done, __ATOMIC_ACQUIRE);
}

static bool reader_done_within(struct reader *r, int ms)
{
	long long end = now_ms() + ms;

	while (!reader_done(r) && now_ms() < end)
		usleep(1000);
	return reader_done(r);
}

/* 0 when the thread is asleep in recv(). */
static int reader_start(struct reader *r)
{
	long long end = now_ms() + MUST_MS;
	int err;

	r->tid = 0;
	r->done = false;
	if (set_rcvtimeo(r->fd, r->forever ? 0 : RECV_MS))
		return -errno;
	err = pthread_create(&r->thread, NULL, reader_main, r);
	if (err)
		return -err;
	while (now_ms() < end) {
		if (reader_done(r))
			return -EALREADY;
		if (r->tid && state_of(r->tid) == 'S')
			return 0;
		sched_yield();
	}
	return -ETIMEDOUT;
}

/* What recv() returned; -ETIME if it is still waiting after @ms. */
static int reader_end(struct reader *r, int ms)
{
	long long end = now_ms() + ms;

	while (!reader_done(r) && now_ms() < end)
		sched_yield();
	if (!reader_done(r)) {
		pthread_cancel(r->thread);
		pthread_join(r->thread, NULL);
		return -ETIME;
	}
	pthread_join(r->thread, NULL);
	return r->ret;
}

static int try_recv(int fd)
{
	char buf[8];
	int ret = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);

	return ret < 0 ? -errno : ret;
}

FIXTURE(sockmap)
{
	struct reader reader;
	int sv[2];
	int map;
};

FIXTURE_VARIANT(sockmap)
{
	enum member member;
	enum prog prog;
};

#define SOCKMAP_VARIANTS(name, id)					\
	FIXTURE_VARIANT_ADD(sockmap, name)				\
	{								\
		.member = id,						\
	};								\
	FIXTURE_VARIANT_ADD(sockmap, name ## _prog)			\
	{								\
		.member = id,						\
		.prog = PROG_PASS,					\
	}

SOCKMAP_VARIANTS(tcp4, M_TCP4);
SOCKMAP_VARIANTS(tcp6, M_TCP6);
SOCKMAP_VARIANTS(unix_stream, M_UNIX);
SOCKMAP_VARIANTS(vsock, M_VSOCK);
SOCKMAP_VARIANTS(vsock_seqpacket, M_VSOCK_SEQ);

FIXTURE_VARIANT_ADD(sockmap, tcp4_parser)
{
	.member = M_TCP4,
	.prog = PROG_PARSER,
};

FIXTURE_SETUP(sockmap)
{
	int err;

	self->reader = (struct reader){};
	self->sv[0] = -1;
	self->sv[1] = -1;
	self->map = sockmap_new();
	if (no_bpf(self->map))
		SKIP(return, "bpf(2): %s", strerror(-self->map));
	ASSERT_GE(self->map, 0);
	ASSERT_EQ(0, sockmap_prog(self->map, variant->prog));
	err = member_pair(variant->member, self->sv);
	if (err == -EAFNOSUPPORT || err == -ENODEV || err == -ESOCKTNOSUPPORT)
		SKIP(return, "no such family: %s", strerror(-err));
	ASSERT_EQ(0, err);
	err = sockmap_add(self->map, 0, self->sv[0]);
	if (err == -EOPNOTSUPP)
		SKIP(return, "cannot be in a sockmap");
	ASSERT_EQ(0, err);
	self->reader.fd = self->sv[0];
}

FIXTURE_TEARDOWN(sockmap)
{
	close(self->sv[0]);
	close(self->sv[1]);
	close(self->map);
}

/* Everything that poll says of fd once it has said RDHUP. */
static unsigned int mask_at_end(int fd)
{
	poll_mask(fd, EPOLLRDHUP, WAKE_MS);
	return poll_mask(fd, ALL_EVENTS, 0) & ALL_EVENTS;
}

#define HALF_CLOSED as_poll(EPOLLIN | EPOLLRDNORM | EPOLLRDHUP | \
			    EPOLLOUT | EPOLLWRNORM)

/* When the peer has finished, poll says IN RDHUP and recv 0. */
TEST_F(sockmap, end_polled)
{
	ASSERT_EQ(0, shutdown(self->sv[1], SHUT_WR));
	EXPECT_MASK(HALF_CLOSED, mask_at_end(self->sv[0]));
	EXPECT_EQ(0, try_recv(self->sv[0]));
	/* and keeps saying so */
	EXPECT_EQ(0, try_recv(self->sv[0]));
}

/* When the peer has closed, poll says RDHUP and recv 0. */
TEST_F(sockmap, close_polled)
{
	ASSERT_EQ(0, close(self->sv[1]));
	self->sv[1] = -1;
	EXPECT_MASK(EPOLLRDHUP, EPOLLRDHUP & poll_mask(self->sv[0], EPOLLRDHUP,
						       WAKE_MS));
	EXPECT_EQ(0, try_recv(self->sv[0]));
	EXPECT_EQ(0, try_recv(self->sv[0]));
}

/* A recv that waits returns 0 when the peer finishes. */
TEST_F(sockmap, end_ends_recv)
{
	ASSERT_EQ(0, reader_start(&self->reader));
	ASSERT_EQ(0, shutdown(self->sv[1], SHUT_WR));
	EXPECT_EQ(0, reader_end(&self->reader, MUST_MS));
	EXPECT_MASK(HALF_CLOSED, mask_at_end(self->sv[0]));
}

/* A recv that waits returns 0 when the peer closes. */
TEST_F(sockmap, close_ends_recv)
{
	ASSERT_EQ(0, reader_start(&self->reader));
	ASSERT_EQ(0, close(self->sv[1]));
	self->sv[1] = -1;
	EXPECT_EQ(0, reader_end(&self->reader, MUST_MS));
}

/* A recv that waits returns 0 when another thread shuts down reading. */
TEST_F(sockmap, own_shut_rd_ends_recv)
{
	ASSERT_EQ(0, reader_start(&self->reader));
	ASSERT_EQ(0, shutdown(self->sv[0], SHUT_RD));
	EXPECT_EQ(0, reader_end(&self->reader, MUST_MS));
}

/* A recv that waits returns the data that come. */
TEST_F(sockmap, data_end_recv)
{
	ASSERT_EQ(0, reader_start(&self->reader));
	ASSERT_EQ(3, send(self->sv[1], "abc", 3, 0));
	EXPECT_EQ(3, reader_end(&self->reader, MUST_MS));
}

/* The end comes after the data that were sent before it. */
TEST_F(sockmap, data_before_end)
{
	ASSERT_EQ(3, send(self->sv[1], "abc", 3, 0));
	ASSERT_EQ(0, shutdown(self->sv[1], SHUT_WR));
	EXPECT_MASK(HALF_CLOSED, mask_at_end(self->sv[0]));
	EXPECT_EQ(3, try_recv(self->sv[0]));
	EXPECT_EQ(0, try_recv(self->sv[0]));
	EXPECT_EQ(0, try_recv(self->sv[0]));
}

static void on_signal(int sig)
{
	(void)sig;
}

/* A signal ends a recv that waits, with EINTR. */
TEST_F(sockmap, signal)
{
	struct sigaction sa = { .sa_handler = on_signal };

	ASSERT_EQ(0, sigaction(SIGUSR1, &sa, NULL));
	self->reader.forever = true;
	ASSERT_EQ(0, reader_start(&self->reader));
	ASSERT_EQ(0, pthread_kill(self->reader.thread, SIGUSR1));
	EXPECT_EQ(-EINTR, reader_end(&self->reader, RECV_MS));
}

/* A recv that waits for its SO_RCVTIMEO only ends then, with EAGAIN. */
TEST_F(sockmap, timeout)
{
	long long start = now_ms();

	ASSERT_EQ(0, reader_start(&self->reader));
	EXPECT_EQ(-EAGAIN, reader_end(&self->reader, MUST_MS));
	EXPECT_GE(now_ms() - start, RECV_MS - 20);
}

/* A wakeup that is for writers does not end a recv that waits. */
TEST_F(sockmap, peer_reading_does_not_end_recv)
{
	char c;

	self->reader.forever = true;
	ASSERT_EQ(1, send(self->sv[0], "x", 1, 0));
	ASSERT_EQ(0, reader_start(&self->reader));
	ASSERT_EQ(1, recv(self->sv[1], &c, 1, 0));
	EXPECT_FALSE(reader_done_within(&self->reader, MUST_NOT_MS));
	ASSERT_EQ(1, send(self->sv[1], "x", 1, 0));
	EXPECT_EQ(1, reader_end(&self->reader, MUST_MS));
}

/* A recv of no bytes says so at once, and leaves what is there. */
TEST_F(sockmap, recv_of_no_bytes)
{
	char c;

	EXPECT_EQ(0, recv(self->sv[0], &c, 0, MSG_DONTWAIT));
	ASSERT_EQ(3, send(self->sv[1], "abc", 3, 0));
	ASSERT_MASK(EPOLLIN, poll_mask(self->sv[0], EPOLLIN, MUST_MS));
	EXPECT_EQ(0, recv(self->sv[0], &c, 0, MSG_DONTWAIT));
	EXPECT_EQ(3, try_recv(self->sv[0]));
}

/*
 * MSG_WAITALL is heeded as far as it can be: where no program takes the stream
 * from under it.
 */
TEST_F(sockmap, waitall)
{
	bool whole = !variant->prog && variant->member != M_VSOCK_SEQ;
	char buf[6];

	self->reader.buf = buf;
	self->reader.len = sizeof(buf);
	self->reader.flags = MSG_WAITALL;
	ASSERT_EQ(0, reader_start(&self->reader));
	ASSERT_EQ(3, send(self->sv[1], "abc", 3, 0));
	EXPECT_EQ(!whole, reader_done_within(&self->reader, MUST_NOT_MS));
	ASSERT_EQ(3, send(self->sv[1], "def", 3, 0));
	EXPECT_EQ(whole ? 6 : 3, reader_end(&self->reader, MUST_MS));
}

/* A peek past the end of the queue sleeps until there is more. */
static void peek_past_queue(struct __test_metadata *_metadata, enum member m)
{
	int map, one = 1, sv[2];
	struct reader r = {};

	map = sockmap_new();
	if (no_bpf(map))
		SKIP(return, "bpf(2): %s", strerror(-map));
	ASSERT_GE(map, 0);
	ASSERT_EQ(0, member_pair(m, sv));
	ASSERT_EQ(0, sockmap_add(map, 0, sv[0]));
	ASSERT_EQ(0, setsockopt(sv[0], SOL_SOCKET, SO_PEEK_OFF, &one,
				sizeof(one)));
	ASSERT_EQ(1, send(sv[1], "x", 1, 0));
	ASSERT_MASK(EPOLLIN, poll_mask(sv[0], EPOLLIN, MUST_MS));
	r.fd = sv[0];
	r.flags = MSG_PEEK;
	ASSERT_EQ(0, reader_start(&r));
	EXPECT_EQ(1, send(sv[1], "x", 1, 0));
	EXPECT_EQ(1, reader_end(&r, MUST_MS));
	close(sv[0]);
	close(sv[1]);
	close(map);
}

TEST(unix_peek_past_queue)
{
	peek_past_queue(_metadata, M_UNIX);
}

TEST(tcp_peek_past_queue)
{
	peek_past_queue(_metadata, M_TCP4);
}

/* A peer that only stops sending leaves the socket in its map. */
TEST(unix_stays_in_map_at_half_close)
{
	int map, sv[2];

	map = sockmap_new();
	if (no_bpf(map))
		SKIP(return, "bpf(2): %s", strerror(-map));
	ASSERT_GE(map, 0);
	ASSERT_EQ(0, member_pair(M_UNIX, sv));
	ASSERT_EQ(0, sockmap_add(map, 0, sv[0]));
	ASSERT_EQ(0, shutdown(sv[1], SHUT_WR));
	EXPECT_EQ(0, sockmap_del(map, 0));
	ASSERT_EQ(0, sockmap_add(map, 0, sv[0]));
	ASSERT_EQ(0, shutdown(sv[1], SHUT_RD));
	EXPECT_GT(0, sockmap_del(map, 0));
	close(sv[0]);
	close(sv[1]);
	close(map);
}

/* A socket that listens says so in a map as well. */
TEST(tcp_listener_is_not_connected)
{
	int map, fd;

	map = sockmap_new();
	if (no_bpf(map))
		SKIP(return, "bpf(2): %s", strerror(-map));
	ASSERT_GE(map, 0);
	fd = listen_on(TCP4);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, sockmap_add(map, 0, fd));
	EXPECT_EQ(-ENOTCONN, try_recv(fd));
	close(fd);
	close(map);
}

/* A pair of @m whose first end is in a map; the map. */
static int pair_in_map(struct __test_metadata *_metadata, enum member m,
		       int sv[2])
{
	int err, map;

	map = sockmap_new();
	if (no_bpf(map))
		SKIP(return map, "bpf(2): %s", strerror(-map));
	ASSERT_GE(map, 0);
	err = member_pair(m, sv);
	if (err == -EAFNOSUPPORT || err == -ENODEV || err == -ESOCKTNOSUPPORT) {
		close(map);
		SKIP(return err, "no such family: %s", strerror(-err));
	}
	ASSERT_EQ(0, err);
	ASSERT_EQ(0, sockmap_add(map, 0, sv[0]));
	return map;
}

static void leave_map(int map, int sv[2])
{
	close(sv[0]);
	close(sv[1]);
	close(map);
}

/* A recvmsg that has waited gives the sender's credentials, and them only. */
struct creds_reader {
	int fd;
	volatile pid_t tid;
	struct msghdr msg;
	struct ucred cred;
	int ret;
};

static void *creds_reader_main(void *arg)
{
	struct creds_reader *r = arg;
	char c, control[CMSG_SPACE(sizeof(struct ucred))] = {};
	struct iovec iov = { &c, 1 };
	struct cmsghdr *cmsg;

	r->msg.msg_iov = &iov;
	r->msg.msg_iovlen = 1;
	r->msg.msg_control = control;
	r->msg.msg_controllen = sizeof(control);
	r->tid = syscall(SYS_gettid);
	r->ret = recvmsg(r->fd, &r->msg, 0);
	cmsg = CMSG_FIRSTHDR(&r->msg);
	if (cmsg && cmsg->cmsg_type == SCM_CREDENTIALS)
		memcpy(&r->cred, CMSG_DATA(cmsg), sizeof(r->cred));
	return NULL;
}

TEST(unix_credentials_after_wait)
{
	struct creds_reader r = {};
	long long end = now_ms() + MUST_MS;
	int map, one = 1, sv[2];
	pthread_t thread;

	map = pair_in_map(_metadata, M_UNIX, sv);
	if (map < 0)
		return;
	ASSERT_EQ(0, setsockopt(sv[0], SOL_SOCKET, SO_PASSCRED, &one,
				sizeof(one)));
	r.fd = sv[0];
	ASSERT_EQ(0, pthread_create(&thread, NULL, creds_reader_main, &r));
	while ((!r.tid || state_of(r.tid) != 'S') && now_ms() < end)
		sched_yield();
	ASSERT_EQ(1, send(sv[1], "x", 1, 0));
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_EQ(1, r.ret);
	EXPECT_EQ(getpid(), r.cred.pid);
	EXPECT_EQ(0, r.msg.msg_flags & MSG_CTRUNC);
	leave_map(map, sv);
}

/* A recv for an urgent byte says that there is none, and does not wait. */
TEST(tcp_urgent_data_are_not_waited_for)
{
	struct reader r = { .flags = MSG_OOB, .forever = true };
	int map, sv[2];

	map = pair_in_map(_metadata, M_TCP4, sv);
	if (map < 0)
		return;
	r.fd = sv[0];
	EXPECT_NE(-ETIMEDOUT, reader_start(&r));
	EXPECT_EQ(-EINVAL, reader_end(&r, MUST_MS));
	leave_map(map, sv);
}

/* A recv that waits when the socket is disconnected is told so. */
TEST(tcp_disconnect_ends_recv)
{
	struct sockaddr sa = { .sa_family = AF_UNSPEC };
	struct reader r = {};
	int map, sv[2];

	map = pair_in_map(_metadata, M_TCP4, sv);
	if (map < 0)
		return;
	r.fd = sv[0];
	ASSERT_EQ(0, reader_start(&r));
	ASSERT_EQ(0, connect(sv[0], &sa, sizeof(sa)));
	EXPECT_EQ(-EPIPE, reader_end(&r, MUST_MS));
	leave_map(map, sv);
}

/* One that comes later is told why, and then that there is no connection. */
TEST(tcp_disconnected_is_not_connected)
{
	struct sockaddr sa = { .sa_family = AF_UNSPEC };
	int map, sv[2];

	map = pair_in_map(_metadata, M_TCP4, sv);
	if (map < 0)
		return;
	ASSERT_EQ(0, connect(sv[0], &sa, sizeof(sa)));
	EXPECT_EQ(-ECONNRESET, try_recv(sv[0]));
	EXPECT_EQ(-ENOTCONN, try_recv(sv[0]));
	/* It has not left the map by this. */
	EXPECT_EQ(0, sockmap_del(map, 0));
	leave_map(map, sv);
}

/* The error queue is not waited for, and does not give what is not in it. */
TEST(vsock_error_queue_holds_no_data)
{
	struct reader r = { .flags = MSG_ERRQUEUE, .forever = true };
	int map, sv[2];

	map = pair_in_map(_metadata, M_VSOCK, sv);
	if (map < 0)
		return;
	r.fd = sv[0];
	EXPECT_NE(-ETIMEDOUT, reader_start(&r));
	EXPECT_EQ(-EAGAIN, reader_end(&r, MUST_MS));
	ASSERT_EQ(1, send(sv[1], "x", 1, 0));
	ASSERT_MASK(EPOLLIN, poll_mask(sv[0], EPOLLIN, MUST_MS));
	EXPECT_NE(-ETIMEDOUT, reader_start(&r));
	EXPECT_EQ(-EAGAIN, reader_end(&r, MUST_MS));
	EXPECT_EQ(1, try_recv(sv[0]));
	leave_map(map, sv);
}

/* A reset: TCP's by SO_LINGER, AF_UNIX's by what the peer has not read. */
FIXTURE(sockmap_reset)
{
	struct reader reader;
	int sv[2];
	int map;
};

FIXTURE_VARIANT(sockmap_reset)
{
	enum member member;
	enum prog prog;
};

FIXTURE_VARIANT_ADD(sockmap_reset, tcp4) { .member = M_TCP4 };

FIXTURE_VARIANT_ADD(sockmap_reset, tcp4_prog) {
	.member = M_TCP4, .prog = PROG_PASS
};

FIXTURE_VARIANT_ADD(sockmap_reset, tcp4_parser) {
	.member = M_TCP4, .prog = PROG_PARSER
};

FIXTURE_VARIANT_ADD(sockmap_reset, tcp6) { .member = M_TCP6 };

FIXTURE_VARIANT_ADD(sockmap_reset, tcp6_prog) {
	.member = M_TCP6, .prog = PROG_PASS
};

FIXTURE_VARIANT_ADD(sockmap_reset, unix_stream) { .member = M_UNIX };

FIXTURE_VARIANT_ADD(sockmap_reset, unix_stream_prog) {
	.member = M_UNIX, .prog = PROG_PASS
};

FIXTURE_SETUP(sockmap_reset)
{
	self->reader = (struct reader){};
	self->map = sockmap_new();
	if (no_bpf(self->map))
		SKIP(return, "bpf(2): %s", strerror(-self->map));
	ASSERT_GE(self->map, 0);
	ASSERT_EQ(0, sockmap_prog(self->map, variant->prog));
	ASSERT_EQ(0, member_pair(variant->member, self->sv));
	ASSERT_EQ(0, sockmap_add(self->map, 0, self->sv[0]));
	self->reader.fd = self->sv[0];
}

FIXTURE_TEARDOWN(sockmap_reset)
{
	close(self->sv[0]);
	close(self->sv[1]);
	close(self->map);
}

static int reset_peer(enum member m, int sv[2])
{
	int fd = sv[1];

	sv[1] = -1;
	if (m != M_UNIX)
		return reset(fd);
	if (send(sv[0], "x", 1, 0) != 1)
		return -errno;
	return close(fd);
}

/* A recv that waits is told of a reset, once. */
TEST_F(sockmap_reset, ends_recv)
{
	ASSERT_EQ(0, reader_start(&self->reader));
	ASSERT_EQ(0, reset_peer(variant->member, self->sv));
	EXPECT_EQ(-ECONNRESET, reader_end(&self->reader, MUST_MS));
	EXPECT_EQ(0, try_recv(self->sv[0]));
}

/* So is one that comes later. */
TEST_F(sockmap_reset, is_told_later)
{
	ASSERT_EQ(0, reset_peer(variant->member, self->sv));
	EXPECT_MASK(EPOLLRDHUP | EPOLLERR | EPOLLHUP,
		    poll_until(self->sv[0], EPOLLRDHUP,
			       EPOLLRDHUP | EPOLLERR | EPOLLHUP));
	EXPECT_EQ(-ECONNRESET, try_recv(self->sv[0]));
	EXPECT_EQ(0, try_recv(self->sv[0]));
}

/*
 * vsock: while a recv waits, packets for its socket still have to be taken
 * in, by the one worker that carries the packets of all connections.
 */
FIXTURE(sockmap_vsock)
{
	struct reader reader;
	int other[2];
	int sv[2];
	int map;
};

FIXTURE_SETUP(sockmap_vsock)
{
	int err;

	self->reader = (struct reader){};
	self->map = sockmap_new();
	if (no_bpf(self->map))
		SKIP(return, "bpf(2): %s", strerror(-self->map));
	ASSERT_GE(self->map, 0);
	err = vsock_pair(SOCK_STREAM, self->sv);
	if (err == -EAFNOSUPPORT || err == -ENODEV || err == -ESOCKTNOSUPPORT)
		SKIP(return, "no vsock: %s", strerror(-err));
	ASSERT_EQ(0, err);
	ASSERT_EQ(0, vsock_pair(SOCK_STREAM, self->other));
	ASSERT_EQ(0, sockmap_add(self->map, 0, self->sv[0]));
	self->reader.fd = self->sv[0];
}

FIXTURE_TEARDOWN(sockmap_vsock)
{
	close(self->sv[0]);
	close(self->sv[1]);
	close(self->other[0]);
	close(self->other[1]);
	close(self->map);
}

/*
 * Makes the peer's transport send a packet that carries no data: news of its
 * buffer's size.
 */
static int credit_update(int fd)
{
	static const unsigned long long size = 128 * 1024;

	return setsockopt(fd, AF_VSOCK, SO_VM_SOCKETS_BUFFER_SIZE, &size,
			  sizeof(size));
}

/* One byte there and one back; how many such trips of ROUND_TRIPS succeed. */
static int round_trips(int sv[2])
{
	char c = 'x';

	for (int i = 0; i < ROUND_TRIPS; i++) {
		for (int from = 0; from < 2; from++) {
			if (send(sv[from], &c, 1, MSG_DONTWAIT) != 1 ||
			    poll_mask(sv[!from], EPOLLIN,
				      RECV_MS / 2) != EPOLLIN ||
			    recv(sv[!from], &c, 1, MSG_DONTWAIT) != 1)
				return i;
		}
	}
	return ROUND_TRIPS;
}

/* Another connection makes progress while a recv waits. */
TEST_F(sockmap_vsock, others_not_stalled)
{
	ASSERT_EQ(ROUND_TRIPS, round_trips(self->other));
	ASSERT_EQ(0, reader_start(&self->reader));
	ASSERT_EQ(0, credit_update(self->sv[1]));
	EXPECT_EQ(ROUND_TRIPS, round_trips(self->other));
	EXPECT_FALSE(reader_done(&self->reader));
	ASSERT_EQ(1, send(self->sv[1], "x", 1, 0));
	EXPECT_EQ(1, reader_end(&self->reader, MUST_MS));
}

/* A packet that brings no data does not end a recv that waits. */
TEST_F(sockmap_vsock, no_data_no_end)
{
	self->reader.forever = true;
	ASSERT_EQ(0, reader_start(&self->reader));
	for (int i = 0; i < 10; i++)
		ASSERT_EQ(0, credit_update(self->sv[1]));
	ASSERT_EQ(ROUND_TRIPS, round_trips(self->other));
	EXPECT_FALSE(reader_done(&self->reader));
	ASSERT_EQ(1, send(self->sv[1], "x", 1, 0));
	EXPECT_EQ(1, reader_end(&self->reader, RECV_MS));
}

/* poll and send do not wait for a recv that waits. */
TEST_F(sockmap_vsock, poll_and_send_beside_recv)
{
	struct waiter w = { .fd = self->sv[0], .events = EPOLLOUT };

	ASSERT_EQ(0, reader_start(&self->reader));
	EXPECT_EQ(-EALREADY, waiter_start(&w));
	EXPECT_TRUE(waiter_end(&w, RECV_MS / 2));
	EXPECT_MASK(EPOLLOUT, w.mask);
	EXPECT_FALSE(reader_done(&self->reader));
	EXPECT_EQ(1, send(self->sv[0], "x", 1, 0));
	EXPECT_FALSE(reader_done(&self->reader));
	ASSERT_EQ(1, send(self->sv[1], "x", 1, 0));
	EXPECT_EQ(1, reader_end(&self->reader, MUST_MS));
}

/* A packet that brings no data does not prolong its SO_RCVTIMEO either. */
TEST_F(sockmap_vsock, timeout)
{
	long long start = now_ms();

	ASSERT_EQ(0, reader_start(&self->reader));
	ASSERT_EQ(0, credit_update(self->sv[1]));
	EXPECT_EQ(-EAGAIN, reader_end(&self->reader, MUST_MS));
	EXPECT_GE(now_ms() - start, RECV_MS - 20);
}

/*
 * What is to go out of a socket and cannot, as its peer has no room, does not
 * keep it from seeing the end of what comes in.
 */
TEST_F(sockmap_vsock, end_despite_what_cannot_be_sent)
{
	const unsigned long long size = 4096;
	static char buf[1024];
	int from, sv[2];

	from = sockmap_new();
	ASSERT_GE(from, 0);
	ASSERT_EQ(0, sockmap_redirect(from, self->map, false));
	ASSERT_EQ(0, make_pair(UNIX_STREAM, sv));
	ASSERT_EQ(0, sockmap_add(from, 0, sv[0]));
	ASSERT_EQ(0, setsockopt(self->sv[1], AF_VSOCK,
				SO_VM_SOCKETS_BUFFER_SIZE, &size,
				sizeof(size)));
	for (int i = 0; i < 32; i++)
		ASSERT_EQ(sizeof(buf), send(sv[1], buf, sizeof(buf), 0));
	ASSERT_MASK(EPOLLIN, poll_mask(self->sv[1], EPOLLIN, MUST_MS));
	ASSERT_EQ(0, shutdown(self->sv[1], SHUT_WR));
	ASSERT_MASK(EPOLLRDHUP, poll_mask(self->sv[0], EPOLLRDHUP, MUST_MS));
	EXPECT_EQ(0, try_recv(self->sv[0]));
	close(sv[0]);
	close(sv[1]);
	close(from);
}

/* Datagram sockets have no end but their own shutdown(). */
FIXTURE(sockmap_dgram)
{
	struct reader reader;
	int sv[2];
	int map;
};

FIXTURE_VARIANT(sockmap_dgram)
{
	bool udp;
	bool prog;
};

FIXTURE_VARIANT_ADD(sockmap_dgram, udp)
{
	.udp = true,
};

FIXTURE_VARIANT_ADD(sockmap_dgram, udp_prog)
{
	.udp = true,
	.prog = true,
};

FIXTURE_VARIANT_ADD(sockmap_dgram, unix_dgram)
{
	.udp = false,
};

FIXTURE_VARIANT_ADD(sockmap_dgram, unix_dgram_prog)
{
	.prog = true,
};

FIXTURE_SETUP(sockmap_dgram)
{
	self->reader = (struct reader){};
	self->map = sockmap_new();
	if (no_bpf(self->map))
		SKIP(return, "bpf(2): %s", strerror(-self->map));
	ASSERT_GE(self->map, 0);
	if (variant->prog)
		ASSERT_EQ(0, sockmap_prog(self->map, PROG_PASS));
	ASSERT_EQ(0, variant->udp ? udp_pair(self->sv) :
				    make_pair(UNIX_DGRAM, self->sv));
	ASSERT_EQ(0, sockmap_add(self->map, 0, self->sv[0]));
	self->reader.fd = self->sv[0];
}

FIXTURE_TEARDOWN(sockmap_dgram)
{
	close(self->sv[0]);
	close(self->sv[1]);
	close(self->map);
}

/* A recv that waits returns 0 when another thread shuts down reading. */
TEST_F(sockmap_dgram, own_shut_rd_ends_recv)
{
	ASSERT_EQ(0, reader_start(&self->reader));
	ASSERT_EQ(0, shutdown(self->sv[0], SHUT_RD));
	EXPECT_EQ(0, reader_end(&self->reader, MUST_MS));
}

/* A recv that waits returns the data that come. */
TEST_F(sockmap_dgram, data_end_recv)
{
	ASSERT_EQ(0, reader_start(&self->reader));
	ASSERT_EQ(3, send(self->sv[1], "abc", 3, 0));
	EXPECT_EQ(3, reader_end(&self->reader, MUST_MS));
}

/* A recv that does not wait says of its own shutdown() what it always did. */
TEST_F(sockmap_dgram, own_shut_rd_polled)
{
	ASSERT_EQ(0, shutdown(self->sv[0], SHUT_RD));
	EXPECT_EQ(-EAGAIN, try_recv(self->sv[0]));
}

/*
 * UDP waits in the map's part of the socket only if there was something when
 * it looked and nothing any more when it had the lock: so two readers, for
 * datagrams that the first takes long to copy, under the lock, as there are
 * many and no page of its buffer is there yet.
 */
#define DGRAM_LEN	60000
#define DGRAMS		64
#define RACES		5

static int racers_there;
static sem_t racer_back;

static void *racer_main(void *arg)
{
	__atomic_add_fetch(&racers_there, 1, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&racers_there, __ATOMIC_SEQ_CST) < 2)
		;
	reader_main(arg);
	sem_post(&racer_back);
	return NULL;
}

static int race_own_shut_rd(struct __test_metadata *_metadata, int sv[2])
{
	static const char dgram[DGRAM_LEN];
	const size_t len = DGRAM_LEN * DGRAMS;
	const int rcvbuf = 4 * len;
	struct reader r[2];
	int ret[2];

	ASSERT_EQ(0, setsockopt(sv[0], SOL_SOCKET, SO_RCVBUFFORCE, &rcvbuf,
				sizeof(rcvbuf)));
	ASSERT_EQ(0, set_rcvtimeo(sv[0], MUST_MS));
	for (int i = 0; i < DGRAMS; i++)
		ASSERT_EQ(DGRAM_LEN, send(sv[1], dgram, DGRAM_LEN, 0));
	for (int i = 0; i < 2; i++) {
		r[i] = (struct reader){ .fd = sv[0], .len = len };
		r[i].buf = mmap(NULL, len, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		ASSERT_TRUE(r[i].buf != MAP_FAILED);
	}
	__atomic_store_n(&racers_there, 0, __ATOMIC_SEQ_CST);
	ASSERT_EQ(0, sem_init(&racer_back, 0, 0));
	for (int i = 0; i < 2; i++)
		ASSERT_EQ(0, pthread_create(&r[i].thread, NULL, racer_main,
					    &r[i]));
	/* The first comes back, */
	sem_wait(&racer_back);
	/* the other falls asleep. */
	for (int i = 0; i < 2; i++)
		while (!reader_done(&r[i]) && state_of(r[i].tid) != 'S')
			sched_yield();
	ASSERT_EQ(0, shutdown(sv[0], SHUT_RD));
	for (int i = 0; i < 2; i++) {
		ret[i] = reader_end(&r[i], MUST_MS);
		munmap(r[i].buf, len);
	}
	EXPECT_EQ((int)len, ret[0] > ret[1] ? ret[0] : ret[1]);
	return ret[0] > ret[1] ? ret[1] : ret[0];
}

/* Also if it came too late for the data, and in whichever way it waits. */
TEST(udp_own_shut_rd_ends_second_recv)
{
	int map, sv[2];

	map = sockmap_new();
	if (no_bpf(map))
		SKIP(return, "bpf(2): %s", strerror(-map));
	ASSERT_GE(map, 0);
	ASSERT_EQ(0, sockmap_prog(map, PROG_PASS));
	for (int i = 0; i < RACES; i++) {
		ASSERT_EQ(0, udp_pair(sv));
		ASSERT_EQ(0, sockmap_add(map, 0, sv[0]));
		ASSERT_EQ(0, race_own_shut_rd(_metadata, sv));
		close(sv[0]);
		close(sv[1]);
	}
	close(map);
}

/*
 * Readers that are asleep, or about to be, when data come: one in recv() on one
 * CPU, a sender on the other one.  The data must all come, and recv() has to
 * return nothing but data while there is no end.
 */
#define ROUNDS		300
#define ROUNDS_S	300	/* for as many as there may be */

/* RDHUP_SOCKMAP_ROUNDS= in the environment has it be more, or fewer. */
static int rounds(void)
{
	const char *env = getenv("RDHUP_SOCKMAP_ROUNDS");
	int n = env ? atoi(env) : 0;

	return n > 0 ? n : ROUNDS;
}

struct flow {
	pthread_t thread;
	int from;
	int to;
	int bytes;
	int window;		/* how far the sender may be ahead */
	volatile int sent;
	volatile int got;
	volatile int ret;	/* what recv() returned that was no data */
	volatile bool stop;
};

static void *flow_send(void *arg)
{
	struct flow *f = arg;

	pin_to(0);
	while (!f->stop && f->sent < f->bytes) {
		if (f->sent - f->got >= f->window)
			usleep(1);	/* the CPU is the backlog worker's */
		else if (send(f->from, "x", 1, MSG_NOSIGNAL) == 1)
			f->sent++;
	}
	return NULL;
}

static void flow_recv(struct flow *f)
{
	char c;

	pin_to(1);
	while (f->got < f->bytes) {
		f->ret = recv(f->to, &c, 1, 0);
		if (f->ret < 0)
			f->ret = -errno;
		if (f->ret != 1)
			break;
		f->got++;
	}
}

FIXTURE(sockmap_flow)
{
	struct flow flow;
	int maps[2];
	int sv[2];
	int other[2];
};

FIXTURE_VARIANT(sockmap_flow)
{
	enum family_id from;
	enum family_id to;
	bool redirect;
	bool egress;
	int window;
};

FIXTURE_VARIANT_ADD(sockmap_flow, unix_stream) {
	.from = UNIX_STREAM, .to = UNIX_STREAM, .window = 1
};

FIXTURE_VARIANT_ADD(sockmap_flow, unix_stream_ahead) {
	.from = UNIX_STREAM, .to = UNIX_STREAM, .window = 64
};

FIXTURE_VARIANT_ADD(sockmap_flow, unix_dgram) {
	.from = UNIX_DGRAM, .to = UNIX_DGRAM, .window = 1
};

FIXTURE_VARIANT_ADD(sockmap_flow, udp4) {
	.from = FAM_UDP4, .to = FAM_UDP4, .window = 1
};

FIXTURE_VARIANT_ADD(sockmap_flow, tcp4) {
	.from = TCP4, .to = TCP4, .window = 1
};

FIXTURE_VARIANT_ADD(sockmap_flow, vsock) {
	.from = FAM_VSOCK_STREAM, .to = FAM_VSOCK_STREAM, .window = 1
};

FIXTURE_VARIANT_ADD(sockmap_flow, unix_stream_ingress) {
	.from = UNIX_STREAM, .to = UNIX_STREAM, .window = 1, .redirect = true
};

FIXTURE_VARIANT_ADD(sockmap_flow, unix_stream_ingress_ahead) {
	.from = UNIX_STREAM, .to = UNIX_STREAM, .window = 64, .redirect = true
};

FIXTURE_VARIANT_ADD(sockmap_flow, unix_dgram_ingress) {
	.from = UNIX_DGRAM, .to = UNIX_DGRAM, .window = 1, .redirect = true
};

FIXTURE_VARIANT_ADD(sockmap_flow, udp4_ingress) {
	.from = FAM_UDP4, .to = FAM_UDP4, .window = 1, .redirect = true
};

FIXTURE_VARIANT_ADD(sockmap_flow, tcp4_ingress) {
	.from = TCP4, .to = TCP4, .window = 1, .redirect = true
};

FIXTURE_VARIANT_ADD(sockmap_flow, unix_stream_egress) {
	.from = UNIX_STREAM, .to = UNIX_STREAM,
	.window = 1, .redirect = true, .egress = true
};

FIXTURE_VARIANT_ADD(sockmap_flow, tcp4_egress) {
	.from = TCP4, .to = TCP4, .window = 1, .redirect = true, .egress = true
};

FIXTURE_VARIANT_ADD(sockmap_flow, vsock_egress) {
	.from = UNIX_STREAM, .to = FAM_VSOCK_STREAM,
	.window = 1, .redirect = true, .egress = true
};

FIXTURE_SETUP(sockmap_flow)
{
	const struct timeval timeo = { MUST_MS / 1000 };
	struct flow *f = &self->flow;

	*f = (struct flow){ .bytes = 4 * rounds(), .window = variant->window };
	for (int i = 0; i < 2; i++) {
		self->maps[i] = sockmap_new();
		self->other[i] = -1;
		if (no_bpf(self->maps[i]))
			SKIP(return, "bpf(2): %s", strerror(-self->maps[i]));
		ASSERT_GE(self->maps[i], 0);
	}
	SETUP_PAIR(return, variant->from, self->sv);
	f->from = self->sv[1];
	f->to = self->sv[0];
	if (variant->redirect) {
		SETUP_PAIR(return, variant->to, self->other);
		ASSERT_EQ(0, sockmap_add(self->maps[1], 0, self->other[0]));
		ASSERT_EQ(0, sockmap_redirect(self->maps[0], self->maps[1],
					      !variant->egress));
		f->to = self->other[variant->egress];
	} else {
		ASSERT_EQ(0, sockmap_prog(self->maps[0], PROG_PASS));
	}
	ASSERT_EQ(0, sockmap_add(self->maps[0], 0, self->sv[0]));
	/* A lost wakeup is EAGAIN, and nothing else is. */
	ASSERT_EQ(0, setsockopt(f->to, SOL_SOCKET, SO_RCVTIMEO, &timeo,
				sizeof(timeo)));
}

FIXTURE_TEARDOWN(sockmap_flow)
{
	for (int i = 0; i < 2; i++) {
		close(self->sv[i]);
		close(self->other[i]);
		close(self->maps[i]);
	}
}

TEST_F_TIMEOUT(sockmap_flow, all_comes, ROUNDS_S)
{
	struct flow *f = &self->flow;

	ASSERT_EQ(0, pthread_create(&f->thread, NULL, flow_send, f));
	flow_recv(f);
	f->stop = true;
	pthread_join(f->thread, NULL);
	EXPECT_EQ(f->bytes, f->got)
		TH_LOG("recv: %d (%s) after %d bytes, with %d sent", f->ret,
		       f->ret < 0 ? strerror(-f->ret) : "", f->got, f->sent);
}

/*
 * A recv with MSG_WAITALL gets all that it asks for, whether the first of it is
 * there, on its way or yet to be sent when it looks.
 */
#define WHOLE		2

static void *whole_send(void *arg)
{
	struct flow *f = arg;

	pin_to(0);
	while (!f->stop && f->sent < f->bytes) {
		if (f->sent - f->got >= f->window)
			sched_yield();
		else if (send(f->from, "x", 1, MSG_NOSIGNAL) == 1)
			f->sent++;
	}
	return NULL;
}

static void whole_come(struct __test_metadata *_metadata, enum member m)
{
	const struct timeval timeo = { MUST_MS / 1000 };
	struct flow f = { .bytes = 16 * rounds(), .window = WHOLE };
	char buf[WHOLE];
	int map, sv[2];

	map = pair_in_map(_metadata, m, sv);
	if (map < 0)
		return;
	ASSERT_EQ(0, setsockopt(sv[0], SOL_SOCKET, SO_RCVTIMEO, &timeo,
				sizeof(timeo)));
	f.from = sv[1];
	f.to = sv[0];
	ASSERT_EQ(0, pthread_create(&f.thread, NULL, whole_send, &f));
	pin_to(1);
	while (f.got < f.bytes) {
		f.ret = recv(f.to, buf, sizeof(buf), MSG_WAITALL);
		if (f.ret != sizeof(buf))
			break;
		f.got += f.ret;
	}
	f.stop = true;
	pthread_join(f.thread, NULL);
	EXPECT_EQ(f.bytes, f.got)
		TH_LOG("recv: %d after %d bytes, with %d sent", f.ret, f.got,
		       f.sent);
	leave_map(map, sv);
}

TEST(tcp_waitall_while_data_come)
{
	whole_come(_metadata, M_TCP4);
}

TEST(unix_waitall_while_data_come)
{
	whole_come(_metadata, M_UNIX);
}

/*
 * The end that comes while a recvmsg that may not wait is looking is told as
 * any other is: with one control message of TCP_INQ, for which there is room.
 */
struct inq_reader {
	pthread_t thread;
	int fd;
	volatile int looks;
	bool over;		/* atomic */
	struct msghdr msg;
	int ret;
};

static void *inq_recv(void *arg)
{
	struct inq_reader *r = arg;
	char c, control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { &c, 1 };
	long long end = now_ms() + MUST_MS;

	pin_to(1);
	do {
		r->looks++;
		r->msg = (struct msghdr){
			.msg_iov = &iov,
			.msg_iovlen = 1,
			.msg_control = control,
			.msg_controllen = sizeof(control),
		};
		r->ret = recvmsg(r->fd, &r->msg, MSG_DONTWAIT);
		if (r->ret < 0)
			r->ret = -errno;
	} while (r->ret == -EAGAIN && now_ms() < end);
	__atomic_store_n(&r->over, true, __ATOMIC_RELEASE);
	return NULL;
}

TEST(tcp_end_is_told_once)
{
	int map, one = 1, sv[2];

	map = sockmap_new();
	if (no_bpf(map))
		SKIP(return, "bpf(2): %s", strerror(-map));
	ASSERT_GE(map, 0);
	pin_to(0);
	for (int i = 0; i <= rounds() / 3; i++) {
		struct inq_reader r = {};

		ASSERT_EQ(0, member_pair(M_TCP4, sv));
		ASSERT_EQ(0, sockmap_add(map, 0, sv[0]));
		ASSERT_EQ(0, setsockopt(sv[0], IPPROTO_TCP, TCP_INQ, &one,
					sizeof(one)));
		r.fd = sv[0];
		ASSERT_EQ(0, pthread_create(&r.thread, NULL, inq_recv, &r));
		while (r.looks < 2 + i % 8 &&
		       !__atomic_load_n(&r.over, __ATOMIC_ACQUIRE))
			sched_yield();
		ASSERT_EQ(0, shutdown(sv[1], SHUT_WR));
		ASSERT_EQ(0, pthread_join(r.thread, NULL));
		close(sv[0]);
		close(sv[1]);
		ASSERT_EQ(0, r.ret);
		ASSERT_EQ(CMSG_SPACE(sizeof(int)), r.msg.msg_controllen);
		ASSERT_EQ(0, r.msg.msg_flags & MSG_CTRUNC)
			TH_LOG("round %d", i);
	}
	close(map);
}

/*
 * Data and the end right behind them, to a reader that is asleep in recv() or
 * on its way: it gets every byte, and then the end.
 */
#define RACE_MAX	7

struct race {
	pthread_t thread;
	sem_t go;
	sem_t over;
	int fd;
	volatile int tid;
	bool again;		/* EAGAIN is no answer of the reader's */
	int got;
	int ret;
};

static void *race_recv(void *arg)
{
	struct race *r = arg;
	char buf[2 * RACE_MAX];
	long long end;

	r->tid = syscall(SYS_gettid);
	for (;;) {
		sem_wait(&r->go);
		if (r->fd < 0)
			return NULL;
		r->got = 0;
		end = now_ms() + MUST_MS;
		do {
			r->ret = recv(r->fd, buf, sizeof(buf), 0);
			if (r->ret < 0)
				r->ret = -errno;
			else
				r->got += r->ret;
		} while (r->ret > 0 || (r->again && r->ret == -EAGAIN &&
					now_ms() < end));
		sem_post(&r->over);
	}
}

/* One round; 0 if all is well. */
static int race_round(struct race *r, int map, enum member m, int round)
{
	int err, sv[2], len = 1 + round % RACE_MAX;

	err = member_pair(m, sv);
	if (err)
		return err;
	err = sockmap_add(map, 0, sv[0]) ?: set_rcvtimeo(sv[0], MUST_MS);
	r->fd = sv[0];
	sem_post(&r->go);
	if (round % 2)
		while (state_of(r->tid) != 'S')
			sched_yield();
	if (send(sv[1], "abcdefg", len, 0) != len || shutdown(sv[1], SHUT_WR))
		err = -errno;
	sem_wait(&r->over);
	close(sv[0]);
	close(sv[1]);
	if (!err && r->ret)
		err = r->ret;
	if (!err && r->got != len)
		err = -ENODATA;
	return err;
}

FIXTURE(sockmap_race)
{
	struct race race;
	int map;
};

FIXTURE_VARIANT(sockmap_race)
{
	enum member member;
	enum prog prog;
};

FIXTURE_VARIANT_ADD(sockmap_race, tcp4) { .member = M_TCP4 };

FIXTURE_VARIANT_ADD(sockmap_race, tcp4_prog) {
	.member = M_TCP4, .prog = PROG_PASS
};

FIXTURE_VARIANT_ADD(sockmap_race, tcp4_parser) {
	.member = M_TCP4, .prog = PROG_PARSER
};

FIXTURE_VARIANT_ADD(sockmap_race, unix_stream) { .member = M_UNIX };

FIXTURE_VARIANT_ADD(sockmap_race, unix_stream_prog) {
	.member = M_UNIX, .prog = PROG_PASS
};

FIXTURE_VARIANT_ADD(sockmap_race, vsock) { .member = M_VSOCK };

FIXTURE_VARIANT_ADD(sockmap_race, vsock_prog) {
	.member = M_VSOCK, .prog = PROG_PASS
};

FIXTURE_VARIANT_ADD(sockmap_race, vsock_seqpacket_prog) {
	.member = M_VSOCK_SEQ, .prog = PROG_PASS
};

FIXTURE_SETUP(sockmap_race)
{
	self->map = sockmap_new();
	if (no_bpf(self->map))
		SKIP(return, "bpf(2): %s", strerror(-self->map));
	ASSERT_GE(self->map, 0);
	ASSERT_EQ(0, sockmap_prog(self->map, variant->prog));
	self->race = (struct race){ .again = variant->prog == PROG_PARSER };
	ASSERT_EQ(0, sem_init(&self->race.go, 0, 0));
	ASSERT_EQ(0, sem_init(&self->race.over, 0, 0));
	ASSERT_EQ(0, pthread_create(&self->race.thread, NULL, race_recv,
				    &self->race));
	while (!self->race.tid)
		sched_yield();
}

FIXTURE_TEARDOWN(sockmap_race)
{
	self->race.fd = -1;
	sem_post(&self->race.go);
	pthread_join(self->race.thread, NULL);
	close(self->map);
}

TEST_F_TIMEOUT(sockmap_race, every_byte_then_the_end, ROUNDS_S)
{
	int err = 0, round;

	for (round = 0; !err && round < rounds(); round++)
		err = race_round(&self->race, self->map, variant->member,
				 round);
	EXPECT_EQ(0, err)
		TH_LOG("round %d: %s, %d bytes", round, strerror(-err),
		       self->race.got);
}

int main(int argc, char **argv)
{
	enter_own_net();
	return test_harness_run(argc, argv);
}
