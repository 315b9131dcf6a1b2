/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The families that want more than an address before there is a connection:
 * SMC an enterprise ID, TIPC a connect() that does not wait, Bluetooth an
 * address of its own for each protocol and two controllers, see vhci.h.
 *
 * any_socket(), any_listen(), any_connect() and any_pair() serve them and,
 * through common.h, all the others.  A family that the kernel does not have is
 * a negative errno for which is_missing() is true.
 */
#ifndef RDHUP_RARE_H
#define RDHUP_RARE_H

#include "common.h"
#include "vhci.h"

#include <dirent.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/smc.h>
#include <linux/tipc.h>

/* ------------------------------------------------------------------- SMC */

/*
 * Two hosts, or a host and itself, agree to use SMC-D version 2 only if they
 * have an enterprise ID in common.  Without it, as without a usable device,
 * SMC falls back to TCP in silence.  So set one, and look whether what is sent
 * goes through TCP.  That is a failure, unless the kernel says that it has no
 * device: the loopback is an option, and younger than SMC.
 */

/* As many characters as an enterprise ID has, filled up with blanks. */
#define SMC_UEID	"RDHUP.SELFTEST                  "

struct genl_msg {
	struct nlmsghdr nlh;
	struct genlmsghdr genl;
	char attrs[256];
};

static inline struct nlattr *attr_first(struct genl_msg *msg)
{
	return (struct nlattr *)msg->attrs;
}

/* Look for @type among the attributes in @len bytes at @nla. */
static inline struct nlattr *attr_find(struct nlattr *nla, int len, int type)
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
static inline int genl_send(int nl, int family, int cmd, int flags, int attr,
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
static inline int genl_ack(int nl)
{
	char buf[4096];
	struct nlmsghdr *nlh = (struct nlmsghdr *)buf;

	if (recv(nl, buf, sizeof(buf), 0) < 0)
		return -errno;
	if (nlh->nlmsg_type != NLMSG_ERROR)
		return -EPROTO;
	return ((struct nlmsgerr *)NLMSG_DATA(nlh))->error;
}

static inline int genl_family(int nl, const char *name)
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

/* A socket for the commands of @name, whose number goes to @family. */
static inline int genl_open(const char *name, int *family)
{
	struct sockaddr_nl snl = { .nl_family = AF_NETLINK };
	struct timeval tv = { .tv_sec = MUST_MS / 1000 };
	int nl, err = 0;

	nl = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (nl < 0)
		return -errno;
	if (setsockopt(nl, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)) ||
	    bind(nl, (struct sockaddr *)&snl, sizeof(snl)))
		err = -errno;
	*family = err ?: genl_family(nl, name);
	if (*family > 0)
		return nl;
	close(nl);
	return *family;
}

/* Set the enterprise ID; -EPERM if we may not. */
static inline int smc_enable(void)
{
	int family = 0, nl = genl_open(SMC_GENL_FAMILY_NAME, &family);
	int err;

	if (nl < 0)
		return nl;
	err = genl_send(nl, family, SMC_NETLINK_ADD_UEID, NLM_F_ACK,
			SMC_NLA_EID_TABLE_ENTRY, SMC_UEID);
	if (!err)
		err = genl_ack(nl);
	close(nl);
	/* Still there from an earlier test, if -EEXIST. */
	return err == -EEXIST ? 0 : err;
}

/* How many bytes have gone through the TCP connection that began @fd. */
static inline long long tcp_bytes_sent(int fd)
{
	/* tcpi_bytes_sent, which the C library may not know. */
	const unsigned int where = 200 / sizeof(__u64);
	__u64 info[64] = {};
	socklen_t len = sizeof(info);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, info, &len))
		return -errno;
	return len > 200 ? (long long)info[where] : -EOPNOTSUPP;
}

/* 0 if a byte goes from @from to @to by SMC, -EPROTO if it does by TCP. */
static inline int smc_is_used(int from, int to)
{
	long long before = tcp_bytes_sent(from);
	char c = 0;

	if (before < 0)
		return before;
	if (send(from, &c, 1, 0) != 1 ||
	    !poll_mask(to, EPOLLIN, MUST_MS) || recv(to, &c, 1, 0) != 1)
		return -EIO;
	return tcp_bytes_sent(from) == before ? 0 : -EPROTO;
}

/* "No SMC device found": a code that SMC's statistics of fallbacks have. */
#define SMC_NO_DEVICE	0x03030000

/* Is @msg about clients of this network that fell back for want of a device? */
static inline bool smc_is_no_device(struct genl_msg *msg)
{
	int len = msg->nlh.nlmsg_len - NLMSG_LENGTH(GENL_HDRLEN);
	struct nlattr *nest, *type, *code;

	nest = attr_find(attr_first(msg), len, SMC_GEN_FBACK_STATS);
	if (!nest)
		return false;
	len = nest->nla_len - NLA_HDRLEN;
	nest = (void *)nest + NLA_HDRLEN;
	type = attr_find(nest, len, SMC_NLA_FBACK_STATS_TYPE);
	code = attr_find(nest, len, SMC_NLA_FBACK_STATS_RSN_CODE);
	return type && !*((__u8 *)type + NLA_HDRLEN) &&
	       code && *(__u32 *)((char *)code + NLA_HDRLEN) == SMC_NO_DEVICE;
}

/* Have clients here fallen back to TCP because there is no SMC device? */
static inline bool smc_lacks_device(void)
{
	int len, family = 0, nl = genl_open(SMC_GENL_FAMILY_NAME, &family);
	bool found = false, done = false;
	struct nlmsghdr *nlh;
	char buf[8192];

	if (nl < 0)
		return false;
	if (genl_send(nl, family, SMC_NETLINK_GET_FBACK_STATS, NLM_F_DUMP, 0,
		      NULL))
		done = true;
	while (!done) {
		len = recv(nl, buf, sizeof(buf), 0);
		done = len <= 0;
		for (nlh = (void *)buf; NLMSG_OK(nlh, (unsigned int)len);
		     nlh = NLMSG_NEXT(nlh, len)) {
			if (nlh->nlmsg_type == family)
				found |= smc_is_no_device((void *)nlh);
			else
				done = true;
		}
	}
	close(nl);
	return found;
}

/* Is there a device of the class that dibs loopback is in? */
static inline bool smc_dibs_exists(void)
{
	DIR *dir = opendir("/sys/class/dibs");
	const struct dirent *entry;
	bool found = false;

	if (!dir)
		return false;
	while (!found && (entry = readdir(dir)))
		found = entry->d_name[0] != '.';
	closedir(dir);
	return found;
}

/*
 * Is it right to expect that SMC does not fall back?  Where there is a device
 * it must not.  Where none is to be seen (before dibs the loopback was not),
 * try, and have the kernel say why it fell back: -ENODEV for want of a device.
 */
static inline int smc_device(void)
{
	int sv[2], err;

	if (smc_dibs_exists())
		return 0;
	err = make_pair(FAM_SMC, sv);
	if (err)
		return err;
	if (smc_is_used(sv[1], sv[0]) == -EPROTO && smc_lacks_device())
		err = -ENODEV;
	close(sv[0]);
	close(sv[1]);
	return err;
}

/* A pair as make_pair()'s; -EPROTO if it has fallen back to TCP. */
static inline int smc_pair(int sv[2])
{
	int err;

	err = make_pair(FAM_SMC, sv);
	return err ?: smc_is_used(sv[0], sv[1]) ?: smc_is_used(sv[1], sv[0]);
}

/* ------------------------------------------------------------------ TIPC */

/* The address of a socket that is bound to nothing but itself. */
static inline int tipc_self(int fd, struct sockaddr_tipc *sa)
{
	socklen_t len = sizeof(*sa);

	memset(sa, 0, sizeof(*sa));
	return getsockname(fd, (struct sockaddr *)sa, &len) ? -errno : 0;
}

static inline int tipc_pair(enum family_id id, int sv[2])
{
	const int type = families[id].type;
	struct sockaddr_tipc sa;
	int listener, err = 0;

	sv[0] = -1;
	sv[1] = -1;
	listener = socket(AF_TIPC, type | SOCK_CLOEXEC, 0);
	if (listener < 0)
		return -errno;
	/* A first connect() in blocking mode would wait for accept(). */
	sv[1] = socket(AF_TIPC, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (sv[1] < 0 || listen(listener, 8))
		err = -errno;
	if (!err)
		err = tipc_self(listener, &sa);
	if (!err && (!connect(sv[1], (struct sockaddr *)&sa, sizeof(sa)) ||
		     errno != EINPROGRESS))
		err = -EPROTO;
	if (!err) {
		sv[0] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (sv[0] < 0)
			err = -errno;
	}
	if (!err && (!poll_mask(sv[1], EPOLLOUT, MUST_MS) ||
		     fcntl(sv[1], F_SETFL, 0)))
		err = -ETIMEDOUT;
	close(listener);
	return err;
}

/* ------------------------------------------------------------- Bluetooth */

#define HCI_DEV_NONE		0xffff
#define HCI_CHANNEL_CONTROL	3

/* The kernel exports no header for these. */
union bt_addr {
	struct sockaddr sa;
	struct {
		sa_family_t family;
		unsigned short dev;
		unsigned short channel;
	} hci;
	struct {
		sa_family_t family;
		unsigned short psm;
		unsigned char bdaddr[6];
		unsigned short cid;
		unsigned char bdaddr_type;
	} l2cap;
	struct {
		sa_family_t family;
		unsigned char bdaddr[6];
		unsigned char channel;
	} rfcomm;
	struct {
		sa_family_t family;
		unsigned char bdaddr[6];
	} sco;
	struct {
		sa_family_t family;
		unsigned char bdaddr[6];
		unsigned char bdaddr_type;
	} iso;
};

/*
 * ISO sockets exist only once the experimental feature has been switched on,
 * through the management channel; what comes of it, socket() will tell.
 */
static inline void enable_iso(void)
{
	static const unsigned char cmd[] = {
		0x4a, 0x00,	/* "set experimental feature" */
		0xff, 0xff,	/* of no controller in particular */
		17, 0,		/* bytes that follow: a UUID and "on" */
		0x3e, 0xe0, 0xb4, 0xfd, 0xdd, 0xd6, 0x85, 0x98,
		0x6a, 0x49, 0xe0, 0x05, 0x88, 0xf1, 0xba, 0x6f,
		1,
	};
	union bt_addr addr = {
		.hci.family = AF_BLUETOOTH,
		.hci.dev = HCI_DEV_NONE,
		.hci.channel = HCI_CHANNEL_CONTROL,
	};
	int fd = socket(AF_BLUETOOTH, SOCK_RAW | SOCK_CLOEXEC, BTPROTO_HCI);

	if (fd < 0)
		return;
	if (!bind(fd, &addr.sa, sizeof(addr.hci)) &&
	    write(fd, cmd, sizeof(cmd)) == sizeof(cmd))
		poll_mask(fd, EPOLLIN, WAKE_MS);
	close(fd);
}

static inline socklen_t bt_len(enum family_id id)
{
	const union bt_addr *addr = NULL;

	switch (id) {
	case FAM_L2CAP:
	case FAM_L2CAP_SEQPACKET:
		return sizeof(addr->l2cap);
	case FAM_RFCOMM:
		return sizeof(addr->rfcomm);
	case FAM_ISO:
		return sizeof(addr->iso);
	default:
		return sizeof(addr->sco);
	}
}

static inline unsigned char *bt_bdaddr(union bt_addr *addr, enum family_id id)
{
	return id == FAM_RFCOMM ? addr->rfcomm.bdaddr :
	       id == FAM_SCO ? addr->sco.bdaddr : addr->l2cap.bdaddr;
}

/* Bind to any controller at a free address. */
static inline int bt_bind(int fd, enum family_id id)
{
	union bt_addr addr = { .sa.sa_family = AF_BLUETOOTH };

	if (id == FAM_ISO)
		addr.iso.bdaddr_type = 1;
	return bind(fd, &addr.sa, bt_len(id)) ? -errno : 0;
}

/* The controllers of this process, see vhci.h, and what became of them. */
static inline struct vhci_pair *bt_controllers(int *err)
{
	static struct vhci_pair pair;
	static bool started;
	static int result;

	if (!started)
		result = vhci_start(&pair);
	started = true;
	*err = result;
	return &pair;
}

/*
 * A socket of our first controller that is connected to @listener, by way of
 * the second one.
 */
static inline int bt_connect(enum family_id id, int listener)
{
	const struct family *f = &families[id];
	union bt_addr from = { .sa.sa_family = AF_BLUETOOTH }, to;
	socklen_t len = sizeof(to);
	const struct vhci_pair *pair;
	int fd, err;

	pair = bt_controllers(&err);
	if (err)
		return err;
	if (getsockname(listener, &to.sa, &len))
		return -errno;
	memcpy(bt_bdaddr(&from, id), pair->end[0].addr, 6);
	memcpy(bt_bdaddr(&to, id), pair->end[1].addr, 6);
	fd = socket(AF_BLUETOOTH, f->type | SOCK_CLOEXEC, f->protocol);
	if (fd < 0)
		return -errno;
	if (!bind(fd, &from.sa, bt_len(id)) && !connect(fd, &to.sa, bt_len(id)))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

/* ------------------------------------------------------------ all of them */

static inline int any_socket(enum family_id id)
{
	const struct family *f = &families[id];
	int fd;

	fd = socket(f->domain, f->type | SOCK_CLOEXEC, f->protocol);
	return fd < 0 ? -errno : fd;
}

static inline int any_listen(enum family_id id)
{
	const int domain = families[id].domain;
	int fd, err = 0;

	if (domain != AF_BLUETOOTH && domain != AF_TIPC)
		return listen_on(id);
	fd = any_socket(id);
	if (fd < 0)
		return fd;
	if (domain == AF_BLUETOOTH)
		err = bt_bind(fd, id);
	if (!err && listen(fd, 8))
		err = -errno;
	if (!err)
		return fd;
	close(fd);
	return err;
}

static inline int any_connect(enum family_id id, int listener)
{
	if (families[id].domain == AF_BLUETOOTH)
		return bt_connect(id, listener);
	return connect_to(id, listener);
}

/* Make it possible to have @id at all; a negative errno if it is missing. */
static inline int any_ready(enum family_id id)
{
	int fd;

	if (id == FAM_ISO)
		enable_iso();
	fd = any_socket(id);
	if (fd < 0)
		return fd;
	close(fd);
	return id == FAM_SMC ? smc_enable() ?: smc_device() : 0;
}

static inline int bt_pair(enum family_id id, int sv[2])
{
	int err = 0, listener = any_listen(id);

	if (listener < 0)
		return listener;
	sv[1] = bt_connect(id, listener);
	if (sv[1] < 0) {
		err = sv[1];
	} else {
		sv[0] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (sv[0] < 0)
			err = -errno;
	}
	close(listener);
	return err;
}

static inline int any_pair(enum family_id id, int sv[2])
{
	if (id == FAM_SMC)
		return smc_pair(sv);
	if (families[id].domain == AF_TIPC)
		return tipc_pair(id, sv);
	if (families[id].domain == AF_BLUETOOTH)
		return bt_pair(id, sv);
	return make_pair(id, sv);
}

/* recv() on @sock returns 0, whether it may sleep or not. */
#define EXPECT_EOF(sock) do {						\
	struct waiter __w = { .fd = (sock), .wait = wait_recv };	\
	char __c;							\
									\
	waiter_start(&__w);						\
	EXPECT_TRUE(waiter_end(&__w, WAKE_MS))				\
		TH_LOG("recv sleeps, though nothing can come");		\
	EXPECT_EQ(0, __w.ret)						\
		TH_LOG("recv: %s", strerror(__w.err));			\
	EXPECT_EQ(0, recv(__w.fd, &__c, 1, MSG_DONTWAIT))		\
		TH_LOG("recv: %s", strerror(errno));			\
} while (0)

#endif /* RDHUP_RARE_H */
