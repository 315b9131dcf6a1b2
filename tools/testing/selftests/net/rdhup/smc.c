// SPDX-License-Identifier: GPL-2.0
/*
 * SMC: poll on a connection that does not go through TCP.
 *
 * Both ends live on one machine and meet over the dibs loopback (SMC-D).  Two
 * hosts, or a host and itself, agree to use SMC-D version 2 only if they have
 * an enterprise ID in common, so the tests set one; without it, as without a
 * usable device, SMC falls back to TCP in silence and TCP's own poll would be
 * tested.  Every test therefore counts the SMC-D connections first.
 *
 * 1. Our own SHUT_RD and SHUT_RDWR are readable (RDHUP, and HUP for both) and
 *    wake a waiter, be it in poll, epoll or recv().
 * 2. The peer's SHUT_WR and close() do the same.
 * 3. The peer's SHUT_RD is no event.
 */
#include "blocked.h"
#include "kselftest_harness.h"

#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/smc.h>

#ifndef AF_SMC
#define AF_SMC 43
#endif

/* As many characters as an enterprise ID has, filled up with blanks. */
#define UEID	"RDHUP.SELFTEST                  "

#define R	(EPOLLIN | EPOLLRDNORM)
#define W	(EPOLLOUT | EPOLLWRNORM)

struct genl_msg {
	struct nlmsghdr nlh;
	struct genlmsghdr genl;
	char attrs[256];
};

static struct nlattr *attr_first(struct genl_msg *msg)
{
	return (struct nlattr *)msg->attrs;
}

/* Look for @type among the attributes in @len bytes at @nla. */
static struct nlattr *attr_find(struct nlattr *nla, int len, int type)
{
	while (len >= (int)sizeof(*nla) && nla->nla_len >= sizeof(*nla) &&
	       nla->nla_len <= len) {
		if ((nla->nla_type & NLA_TYPE_MASK) == type)
			return nla;
		len -= NLA_ALIGN(nla->nla_len);
		nla = (void *)nla + NLA_ALIGN(nla->nla_len);
	}
	return NULL;
}

/* Send one command with at most one string attribute; negative errno. */
static int genl_send(int nl, int family, int cmd, int flags, int attr,
		     const char *str)
{
	struct genl_msg msg = {
		.nlh.nlmsg_type = family,
		.nlh.nlmsg_flags = NLM_F_REQUEST | flags,
		.nlh.nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN),
		.genl.cmd = cmd,
		.genl.version = 1,
	};
	struct nlattr *nla = attr_first(&msg);

	if (str) {
		nla->nla_type = attr;
		nla->nla_len = NLA_HDRLEN + strlen(str) + 1;
		memcpy((char *)nla + NLA_HDRLEN, str, strlen(str) + 1);
		msg.nlh.nlmsg_len += NLA_ALIGN(nla->nla_len);
	}
	return send(nl, &msg, msg.nlh.nlmsg_len, 0) < 0 ? -errno : 0;
}

/* The answer to a command that has none but success: 0 or negative errno. */
static int genl_ack(int nl)
{
	char buf[4096];
	struct nlmsghdr *nlh = (struct nlmsghdr *)buf;

	if (recv(nl, buf, sizeof(buf), 0) < 0)
		return -errno;
	if (nlh->nlmsg_type != NLMSG_ERROR)
		return -EPROTO;
	return ((struct nlmsgerr *)NLMSG_DATA(nlh))->error;
}

static int genl_family(int nl, const char *name)
{
	char buf[4096];
	struct genl_msg *msg = (struct genl_msg *)buf;
	struct nlattr *nla;
	int err, len;

	err = genl_send(nl, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 0,
			CTRL_ATTR_FAMILY_NAME, name);
	if (err)
		return err;
	if (recv(nl, buf, sizeof(buf), 0) < 0)
		return -errno;
	if (msg->nlh.nlmsg_type == NLMSG_ERROR)
		return ((struct nlmsgerr *)NLMSG_DATA(&msg->nlh))->error;
	len = msg->nlh.nlmsg_len - NLMSG_LENGTH(GENL_HDRLEN);
	nla = attr_find(attr_first(msg), len, CTRL_ATTR_FAMILY_ID);
	return nla ? *(__u16 *)((char *)nla + NLA_HDRLEN) : -ENOENT;
}

/* How many connections the SMC-D link groups carry; negative errno. */
static int smcd_conns(int nl, int family)
{
	static char buf[32768];
	struct nlmsghdr *nlh;
	int err, len, conns = 0;

	err = genl_send(nl, family, SMC_NETLINK_GET_LGR_SMCD, NLM_F_DUMP, 0,
			NULL);
	if (err)
		return err;
	for (;;) {
		len = recv(nl, buf, sizeof(buf), 0);
		if (len < 0)
			return -errno;
		for (nlh = (struct nlmsghdr *)buf; NLMSG_OK(nlh, len);
		     nlh = NLMSG_NEXT(nlh, len)) {
			struct genl_msg *msg = (struct genl_msg *)nlh;
			struct nlattr *nla;

			if (nlh->nlmsg_type == NLMSG_DONE)
				return conns;
			if (nlh->nlmsg_type == NLMSG_ERROR)
				return -EPROTO;
			nla = attr_find(attr_first(msg), nlh->nlmsg_len -
					NLMSG_LENGTH(GENL_HDRLEN),
					SMC_GEN_LGR_SMCD);
			if (!nla)
				continue;
			nla = attr_find((void *)nla + NLA_HDRLEN,
					nla->nla_len - NLA_HDRLEN,
					SMC_NLA_LGR_D_CONNS_NUM);
			if (nla)
				conns += *(__u32 *)((char *)nla + NLA_HDRLEN);
		}
	}
}

FIXTURE(smc)
{
	int nl;
	int own;
	int peer;
};

FIXTURE_VARIANT(smc)
{
	bool accepted;
};

FIXTURE_VARIANT_ADD(smc, connected) { .accepted = false };
FIXTURE_VARIANT_ADD(smc, accepted) { .accepted = true };

FIXTURE_SETUP(smc)
{
	struct sockaddr_nl snl = { .nl_family = AF_NETLINK };
	struct sockaddr_in sin = { .sin_family = AF_INET };
	struct timeval tv = { .tv_sec = MUST_MS / 1000 };
	int family, conns, listener, client, server, err;
	long long end = now_ms() + WAKE_MS;
	socklen_t len = sizeof(sin);

	listener = socket(AF_SMC, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listener < 0 && errno == EAFNOSUPPORT)
		SKIP(return, "no SMC");
	ASSERT_LE(0, listener);

	self->nl = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC,
			  NETLINK_GENERIC);
	ASSERT_LE(0, self->nl);
	ASSERT_EQ(0, setsockopt(self->nl, SOL_SOCKET, SO_RCVTIMEO, &tv,
				sizeof(tv)));
	ASSERT_EQ(0, bind(self->nl, (struct sockaddr *)&snl, sizeof(snl)));
	family = genl_family(self->nl, SMC_GENL_FAMILY_NAME);
	ASSERT_LT(0, family);
	ASSERT_EQ(0, genl_send(self->nl, family, SMC_NETLINK_ADD_UEID,
			       NLM_F_ACK, SMC_NLA_EID_TABLE_ENTRY,
			       UEID));
	err = genl_ack(self->nl);
	if (err == -EPERM)
		SKIP(return, "not allowed to set an enterprise ID");
	/* Still there from an earlier test, if -EEXIST. */
	ASSERT_TRUE(err == 0 || err == -EEXIST)
		TH_LOG("ADD_UEID: %s", strerror(-err));
	/* Those of the test before may take a moment to go. */
	do {
		conns = smcd_conns(self->nl, family);
		ASSERT_LE(0, conns);
	} while (conns && now_ms() < end);
	if (conns)
		SKIP(return, "others use SMC-D, cannot tell ours");

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ASSERT_EQ(0, bind(listener, (struct sockaddr *)&sin, sizeof(sin)));
	ASSERT_EQ(0, listen(listener, 8));
	ASSERT_EQ(0, getsockname(listener, (struct sockaddr *)&sin, &len));
	client = socket(AF_SMC, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ASSERT_LE(0, client);
	ASSERT_EQ(0, connect(client, (struct sockaddr *)&sin, sizeof(sin)));
	server = accept(listener, NULL, NULL);
	ASSERT_LE(0, server);
	close(listener);
	self->own = variant->accepted ? server : client;
	self->peer = variant->accepted ? client : server;

	ASSERT_EQ(2, smcd_conns(self->nl, family))
		TH_LOG("SMC has fallen back to TCP");
}

FIXTURE_TEARDOWN(smc)
{
	close(self->own);
	close(self->peer);
	close(self->nl);
}

TEST_F(smc, fresh_pair_is_writable)
{
	EXPECT_MASK(W, mask_of(self->own, 0));
	EXPECT_MASK(W, mask_of(self->peer, 0));
}

TEST_F(smc, own_shut_rd_wakes_rdhup_waiter)
{
	struct waiter w = { .fd = self->own, .events = EPOLLRDHUP };

	ASSERT_EQ(0, waiter_start(&w));
	ASSERT_EQ(0, shutdown(self->own, SHUT_RD));
	ASSERT_TRUE(waiter_end(&w, WAKE_MS))
		TH_LOG("still asleep, though poll would now say %s",
		       mask_str(mask_of(self->own, 0)));
	EXPECT_MASK(EPOLLRDHUP, w.mask);
	EXPECT_MASK(R | W | EPOLLRDHUP, mask_of(self->own, 0));
}

TEST_F(smc, own_shut_rd_wakes_edge_triggered_waiter)
{
	struct waiter w = { .epoll = true };

	w.fd = epoll_with(self->own, EPOLLIN | EPOLLRDHUP | EPOLLET);
	ASSERT_LE(0, w.fd);
	ASSERT_EQ(0, waiter_start(&w));
	ASSERT_EQ(0, shutdown(self->own, SHUT_RD));
	ASSERT_TRUE(waiter_end(&w, WAKE_MS));
	EXPECT_MASK(EPOLLIN | EPOLLRDHUP, w.mask);
	close(w.fd);
}

TEST_F(smc, own_shut_rd_ends_blocked_recv)
{
	struct blocked b = { .fd = self->own };

	ASSERT_EQ(0, blocked_start(&b));
	ASSERT_EQ(0, shutdown(self->own, SHUT_RD));
	ASSERT_TRUE(blocked_end(&b, WAKE_MS));
	EXPECT_EQ(0, b.ret);
}

TEST_F(smc, own_shut_rdwr_wakes_rdhup_waiter)
{
	struct waiter w = { .fd = self->own, .events = EPOLLRDHUP };

	ASSERT_EQ(0, waiter_start(&w));
	ASSERT_EQ(0, shutdown(self->own, SHUT_RDWR));
	ASSERT_TRUE(waiter_end(&w, WAKE_MS))
		TH_LOG("still asleep, though poll would now say %s",
		       mask_str(mask_of(self->own, 0)));
	EXPECT_MASK(EPOLLRDHUP | EPOLLHUP, w.mask);
	EXPECT_MASK(R | W | EPOLLRDHUP | EPOLLHUP, mask_of(self->own, 0));
}

TEST_F(smc, own_shut_wr_is_no_end_of_input)
{
	ASSERT_EQ(0, shutdown(self->own, SHUT_WR));
	EXPECT_MASK(0, poll_mask(self->own, R | EPOLLRDHUP, MUST_NOT_MS));
	EXPECT_MASK(W, mask_of(self->own, 0));
}

TEST_F(smc, peer_shut_rd_is_no_event)
{
	ASSERT_EQ(0, shutdown(self->peer, SHUT_RD));
	EXPECT_MASK(0, poll_mask(self->own, R | EPOLLRDHUP, MUST_NOT_MS));
	EXPECT_MASK(W, mask_of(self->own, 0));
}

TEST_F(smc, peer_shut_wr_wakes_rdhup_waiter)
{
	struct waiter w = { .fd = self->own, .events = EPOLLRDHUP };
	char buf[8];

	ASSERT_EQ(3, send(self->peer, "abc", 3, 0));
	ASSERT_EQ(0, waiter_start(&w));
	ASSERT_EQ(0, shutdown(self->peer, SHUT_WR));
	ASSERT_TRUE(waiter_end(&w, WAKE_MS));
	EXPECT_MASK(EPOLLRDHUP, w.mask);
	EXPECT_MASK(R | W | EPOLLRDHUP, mask_of(self->own, 0));
	EXPECT_EQ(3, recv(self->own, buf, sizeof(buf), 0));
	EXPECT_EQ(0, recv(self->own, buf, sizeof(buf), 0));
	EXPECT_EQ(1, send(self->own, "x", 1, 0));
	EXPECT_MASK(R, poll_mask(self->peer, R, WAKE_MS));
	EXPECT_EQ(1, recv(self->peer, buf, sizeof(buf), 0));
}

TEST_F(smc, peer_close_wakes_rdhup_waiter)
{
	struct waiter w = { .fd = self->own, .events = EPOLLRDHUP };
	char c;

	ASSERT_EQ(0, waiter_start(&w));
	ASSERT_EQ(0, close(self->peer));
	self->peer = -1;
	ASSERT_TRUE(waiter_end(&w, WAKE_MS));
	EXPECT_MASK(EPOLLRDHUP, w.mask);
	EXPECT_MASK(R | W | EPOLLRDHUP, mask_of(self->own, 0));
	EXPECT_EQ(0, recv(self->own, &c, 1, 0));
}

TEST_HARNESS_MAIN
