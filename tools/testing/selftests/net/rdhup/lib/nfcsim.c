// SPDX-License-Identifier: GPL-2.0
#include "ask.h"
#include "genl.h"
#include "machine.h"
#include "nfcsim.h"

#include <dirent.h>
#include <errno.h>
#include <linux/nfc.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A device that is no hardware has its place here. */
#define NFCSIM_DIR	"/sys/devices/virtual/nfc"

/*
 * How long it may take to link the two, and how long without an event it takes
 * to try again, in milliseconds: the answer to a request for a link may take
 * 1.3 s.
 */
#define NFCSIM_LINK_MS	20000
#define NFCSIM_QUIET_MS	2000

/*
 * How long a link has to stand, in milliseconds: LLCP does not stop the timer
 * of a link that is lost, and when it runs out before the next link has carried
 * anything it takes that one down.
 */
#define NFCSIM_STAND_MS	100

/* What nfcsim_event() says of the ends: their link is up, or one's is lost. */
#define NFCSIM_UP	3
#define NFCSIM_LOST	4

/* The multicast group of NFC's events: it has only the one. */
static int nfcsim_group(int nl)
{
	char buf[4096];
	struct genl_msg *msg = (struct genl_msg *)buf;
	struct nlattr *nla;
	int err;

	err = genl_send(nl, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 0,
			CTRL_ATTR_FAMILY_NAME, NFC_GENL_NAME);
	if (err)
		return err;
	if (recv(nl, buf, sizeof(buf), 0) < 0)
		return -errno;
	if (msg->nlh.nlmsg_type == NLMSG_ERROR)
		return -EPROTO;
	nla = attr_find(attr_first(msg), msg->nlh.nlmsg_len -
			NLMSG_LENGTH(GENL_HDRLEN), CTRL_ATTR_MCAST_GROUPS);
	/* The list of groups, the first of them, and what is said of it. */
	if (nla)
		nla = attr_find(nla + 1, nla->nla_len - NLA_HDRLEN, 1);
	if (nla)
		nla = attr_find(nla + 1, nla->nla_len - NLA_HDRLEN,
				CTRL_ATTR_MCAST_GRP_ID);
	return nla ? (int)*(__u32 *)(nla + 1) : -ENOENT;
}

/* Add an attribute to @msg. */
static void nfcsim_put(struct genl_msg *msg, int type, const void *value,
		       size_t size)
{
	struct nlattr *nla = (void *)msg + msg->nlh.nlmsg_len;

	nla->nla_type = type;
	nla->nla_len = NLA_HDRLEN + size;
	memcpy(nla + 1, value, size);
	msg->nlh.nlmsg_len += NLA_ALIGN(nla->nla_len);
}

/* A message about the device at @end. */
static void nfcsim_msg(const struct nfcsim *sim, int end, int cmd, int flags,
		       struct genl_msg *msg)
{
	*msg = (struct genl_msg) {
		.nlh.nlmsg_type = sim->family,
		.nlh.nlmsg_flags = NLM_F_REQUEST | flags,
		.nlh.nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN),
		.genl.cmd = cmd,
		.genl.version = NFC_GENL_VERSION,
	};
	nfcsim_put(msg, NFC_ATTR_DEVICE_INDEX, &sim->dev[end],
		   sizeof(sim->dev[end]));
}

static int nfcsim_ack(const struct nfcsim *sim, const struct genl_msg *msg)
{
	if (send(sim->nl, msg, msg->nlh.nlmsg_len, 0) < 0)
		return -errno;
	return genl_ack(sim->nl);
}

/* A command that says nothing but which device. */
static int nfcsim_cmd(const struct nfcsim *sim, int end, int cmd)
{
	struct genl_msg msg;

	nfcsim_msg(sim, end, cmd, NLM_F_ACK, &msg);
	return nfcsim_ack(sim, &msg);
}

/* The two devices with the lowest numbers. */
static int nfcsim_find(__u32 dev[2])
{
	DIR *dir = opendir(NFCSIM_DIR);
	const struct dirent *entry;
	unsigned int idx, count = 0;

	if (!dir)
		return -ENODEV;
	while ((entry = readdir(dir))) {
		if (sscanf(entry->d_name, "nfc%u", &idx) != 1)
			continue;
		if (count < 2)
			dev[count] = idx;
		else if (idx < dev[dev[0] < dev[1]])
			dev[dev[0] < dev[1]] = idx;
		count++;
	}
	closedir(dir);
	return count < 2 ? -ENODEV : 0;
}

int nfcsim_open(struct nfcsim *sim)
{
	int group, err;

	sim->nl = -1;
	sim->events = -1;
	if (is_disturbed_by("neard"))
		return -EBUSY;
	sim->nl = genl_open(NFC_GENL_NAME, &sim->family);
	if (sim->nl < 0)
		return sim->nl == -ENOENT ? -ENODEV : sim->nl;
	err = nfcsim_find(sim->dev);
	if (err)
		return err;
	group = nfcsim_group(sim->nl);
	if (group < 0)
		return group;
	sim->events = genl_open(NFC_GENL_NAME, &sim->family);
	if (sim->events < 0)
		return sim->events;
	return setsockopt(sim->events, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP,
			  &group, sizeof(group)) ? -errno : 0;
}

int nfcsim_down(const struct nfcsim *sim, int end)
{
	return nfcsim_cmd(sim, end, NFC_CMD_DEP_LINK_DOWN);
}

/* Have the device at @end look for the other one. */
static int nfcsim_poll(const struct nfcsim *sim, int end)
{
	const __u32 protocols = NFC_PROTO_NFC_DEP_MASK;
	struct genl_msg msg;

	nfcsim_msg(sim, end, NFC_CMD_START_POLL, NLM_F_ACK, &msg);
	nfcsim_put(&msg, end ? NFC_ATTR_TM_PROTOCOLS : NFC_ATTR_IM_PROTOCOLS,
		   &protocols, sizeof(protocols));
	return nfcsim_ack(sim, &msg);
}

/* What the initiator calls the target that it has found last. */
static int nfcsim_target(struct nfcsim *sim)
{
	struct nlmsghdr *nlh;
	struct nlattr *nla;
	struct genl_msg msg;
	bool found = false;
	char buf[8192];
	int len;

	nfcsim_msg(sim, 0, NFC_CMD_GET_TARGET, NLM_F_DUMP, &msg);
	if (send(sim->nl, &msg, msg.nlh.nlmsg_len, 0) < 0)
		return -errno;
	for (;;) {
		len = recv(sim->nl, buf, sizeof(buf), 0);
		if (len <= 0)
			return len ? -errno : -EPROTO;
		for (nlh = (void *)buf; NLMSG_OK(nlh, (unsigned int)len);
		     nlh = NLMSG_NEXT(nlh, len)) {
			if (nlh->nlmsg_type != sim->family)
				return found ? 0 : -ENOTCONN;
			nla = attr_find(attr_first((void *)nlh),
					nlh->nlmsg_len -
					NLMSG_LENGTH(GENL_HDRLEN),
					NFC_ATTR_TARGET_INDEX);
			if (!nla)
				continue;
			sim->target = *(__u32 *)(nla + 1);
			found = true;
		}
	}
}

/* The initiator has found its target, as an event said: have them linked. */
static int nfcsim_link(struct nfcsim *sim)
{
	const __u8 mode = NFC_COMM_PASSIVE;
	struct genl_msg msg;
	int err;

	err = nfcsim_target(sim);
	if (err)
		return err;
	nfcsim_msg(sim, 0, NFC_CMD_DEP_LINK_UP, NLM_F_ACK, &msg);
	nfcsim_put(&msg, NFC_ATTR_TARGET_INDEX, &sim->target,
		   sizeof(sim->target));
	nfcsim_put(&msg, NFC_ATTR_COMM_MODE, &mode, sizeof(mode));
	return nfcsim_ack(sim, &msg);
}

/* Take note of an event: bits of NFCSIM_UP, NFCSIM_LOST, or negative errno. */
static int nfcsim_event(struct nfcsim *sim, struct genl_msg *msg)
{
	int len = msg->nlh.nlmsg_len - NLMSG_LENGTH(GENL_HDRLEN);
	struct nlattr *dev;
	__u32 idx;

	if (msg->nlh.nlmsg_type != sim->family)
		return 0;
	dev = attr_find(attr_first(msg), len, NFC_ATTR_DEVICE_INDEX);
	if (!dev)
		return 0;
	idx = *(__u32 *)(dev + 1);
	if (msg->genl.cmd == NFC_EVENT_TARGETS_FOUND && idx == sim->dev[0])
		return nfcsim_link(sim);
	if (idx != sim->dev[0] && idx != sim->dev[1])
		return 0;
	if (msg->genl.cmd == NFC_CMD_DEP_LINK_DOWN)
		return NFCSIM_LOST;
	if (msg->genl.cmd != NFC_CMD_DEP_LINK_UP)
		return 0;
	return idx == sim->dev[0] ? 1 : 2;
}

/* Have both look for each other from the start. */
static int nfcsim_again(const struct nfcsim *sim)
{
	int err = 0;

	for (int i = 1; !err && i >= 0; i--) {
		nfcsim_down(sim, i);
		err = nfcsim_poll(sim, i);
		if (err == -EBUSY)	/* it is at it */
			err = 0;
	}
	return err;
}

int nfcsim_up(struct nfcsim *sim)
{
	long long end = now_ms() + NFCSIM_LINK_MS;
	int err = 0, up = 0;
	char buf[4096];

	for (int i = 1; !err && i >= 0; i--) {
		err = nfcsim_cmd(sim, i, NFC_CMD_DEV_UP);
		if (!err || err == -EALREADY)
			err = nfcsim_poll(sim, i);
	}
	while (!err) {
		if (now_ms() >= end) {
			err = -ETIMEDOUT;
		} else if (!poll_mask(sim->events, EPOLLIN, up == NFCSIM_UP ?
				      NFCSIM_STAND_MS : NFCSIM_QUIET_MS)) {
			if (up == NFCSIM_UP)
				break;
			nfcsim_poll(sim, 0);
		} else if (recv(sim->events, buf, sizeof(buf), 0) > 0) {
			err = nfcsim_event(sim, (struct genl_msg *)buf);
			if (err > 0) {
				up |= err;
				err = 0;
			}
			if (up & NFCSIM_LOST) {
				up = 0;
				err = nfcsim_again(sim);
			}
		}
	}
	/* Not for want of devices, as nfcsim_open() has found them. */
	return err == -ENODEV || err == -EBUSY ? -EPROTO : err;
}

void nfcsim_close(struct nfcsim *sim)
{
	if (sim->events >= 0) {
		for (int end = 0; end < 2; end++)
			nfcsim_down(sim, end);
		close(sim->events);
	}
	if (sim->nl >= 0)
		close(sim->nl);
}
