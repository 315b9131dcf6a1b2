// SPDX-License-Identifier: GPL-2.0
#include "ask.h"
#include "family.h"
#include "genl.h"
#include "machine.h"
#include "smc.h"

#include <dirent.h>
#include <errno.h>
#include <linux/smc.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* As many characters as an enterprise ID has, filled up with blanks. */
#define SMC_UEID	"RDHUP.SELFTEST                  "

/* "No SMC device found": a code that SMC's statistics of fallbacks have. */
#define SMC_NO_DEVICE	0x03030000

/* Add or remove the enterprise ID. */
static int smc_ueid(int cmd)
{
	int family = 0, nl = genl_open(SMC_GENL_FAMILY_NAME, &family);
	int err;

	if (nl < 0)
		return nl;
	err = genl_send(nl, family, cmd, NLM_F_ACK, SMC_NLA_EID_TABLE_ENTRY,
			SMC_UEID);
	if (!err)
		err = genl_ack(nl);
	close(nl);
	return err;
}

static void smc_disable(void)
{
	smc_ueid(SMC_NETLINK_REMOVE_UEID);
}

/* Set the enterprise ID, until the program ends; -EPERM if we may not. */
static int smc_enable(void)
{
	int err = smc_ueid(SMC_NETLINK_ADD_UEID);

	if (!err)
		at_end(smc_disable);
	/* Still there from an earlier test, if -EEXIST. */
	return err == -EEXIST ? 0 : err;
}

/* How many bytes have gone through the TCP connection that began @fd. */
static long long tcp_bytes_sent(int fd)
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
static int smc_is_used(int from, int to)
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

/* Is @msg about clients of this network that fell back for want of a device? */
static bool smc_is_no_device(struct genl_msg *msg)
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
static bool smc_lacks_device(void)
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
static bool smc_dibs_exists(void)
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
static int smc_device(void)
{
	int sv[2], err;

	if (smc_dibs_exists())
		return 0;
	err = pair_by_accept(FAM_SMC, sv);
	if (err)
		return err;
	if (smc_is_used(sv[1], sv[0]) == -EPROTO && smc_lacks_device())
		err = -ENODEV;
	close(sv[0]);
	close(sv[1]);
	return err;
}

int smc_ready(void)
{
	return smc_enable() ?: smc_device();
}

int smc_pair(enum family_id id, int sv[2])
{
	int err;

	err = pair_by_accept(id, sv);
	return err ?: smc_is_used(sv[0], sv[1]) ?: smc_is_used(sv[1], sv[0]);
}
