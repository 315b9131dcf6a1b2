// SPDX-License-Identifier: GPL-2.0
#include "netns.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Whether own_net() found a network to move to, here or before a fork(). */
static bool is_own;

int own_net(void)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd, err = 0;

	/* A kernel without namespaces has to do with what there is. */
	is_own = !unshare(CLONE_NEWNET);
	if (!is_own && errno != EINVAL) {
		is_own = !unshare(CLONE_NEWUSER | CLONE_NEWNET);
		if (!is_own)
			return errno == EINVAL || errno == ENOSPC ?
				-EPERM : -errno;
	}
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (ioctl(fd, SIOCSIFFLAGS, &ifr))
		err = -errno;
	close(fd);
	return err;
}

void enter_own_net(void)
{
	int err = own_net();

	if (err)
		fprintf(stderr, "# no network of our own: %s\n",
			strerror(-err));
}

int set_own(const char *name, unsigned int value)
{
	char path[64];
	int err = 0, fd;

	if (!is_own)
		return -EPERM;
	snprintf(path, sizeof(path), "/proc/sys/net/%s", name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (dprintf(fd, "%u", value) < 0)
		err = -errno;
	close(fd);
	return err;
}

int no_loss_probe(void)
{
	return set_own("ipv4/tcp_early_retrans", 0);
}

int hold_back(unsigned int ms)
{
	int err = set_own("ipv4/tcp_rto_min_us", ms * 1000);

	return err ?: no_loss_probe();
}
