/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Generic netlink, as much of it as SMC and NFC are asked by.
 */
#ifndef RDHUP_GENL_H
#define RDHUP_GENL_H

#include <linux/genetlink.h>
#include <linux/netlink.h>

struct genl_msg {
	struct nlmsghdr nlh;
	struct genlmsghdr genl;
	char attrs[256];
};

/* The first attribute of @msg. */
struct nlattr *attr_first(struct genl_msg *msg);

/* Look for @type among the attributes in @len bytes at @nla. */
struct nlattr *attr_find(struct nlattr *nla, int len, int type);

/* Send one command with at most one string attribute; negative errno. */
int genl_send(int nl, int family, int cmd, int flags, int attr,
	      const char *str);

/* The answer to a command that has none but success: 0 or negative errno. */
int genl_ack(int nl);

/* A socket for the commands of @name, whose number goes to @family. */
int genl_open(const char *name, int *family);

#endif /* RDHUP_GENL_H */
