// SPDX-License-Identifier: GPL-2.0
#include "ask.h"
#include "genl.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

struct nlattr *attr_first(struct genl_msg *msg)
{
	return (struct nlattr *)msg->attrs;
}

struct nlattr *attr_find(struct nlattr *nla, int len, int type)
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

int genl_send(int nl, int family, int cmd, int flags, int attr, const char *str)
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

int genl_ack(int nl)
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

int genl_open(const char *name, int *family)
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
