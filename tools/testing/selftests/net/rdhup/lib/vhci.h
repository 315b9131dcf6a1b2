/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Two Bluetooth controllers that hear each other, over two descriptors of
 * /dev/vhci: what BR/EDR connections need between sockets of one machine.  One
 * ACL link (L2CAP, RFCOMM) and one SCO link (audio) at a time.
 *
 * A thread of the process that uses them plays both controllers.  They are of
 * version 1.2, the first with which audio works, have next to none of its
 * options and know no radio: a page is answered at once if the other one scans
 * for pages, and whatever a host sends over the link is given to the other host
 * and reported as completed.  Neither pairs nor encrypts.  Numbers are those of
 * the Bluetooth Core specification, volume 4, part E; fields of several bytes
 * are little-endian.
 *
 * vhci_start() needs CAP_NET_ADMIN and the initial network namespace; nothing
 * here asserts, errors are negative errnos.  The controllers go away with the
 * process.
 */
#ifndef RDHUP_VHCI_H
#define RDHUP_VHCI_H

#include <pthread.h>
#include <stdbool.h>

#define VHCI_NR_LINKS		2
#define VHCI_LINK_SCO		0x00	/* audio, beside an ACL link */
#define VHCI_LINK_ACL		0x01

struct vhci {
	int fd;
	unsigned short dev;	/* the kernel's number, N of hciN */
	unsigned char addr[6];
	unsigned char scan;	/* as the host has enabled it */
};

/* Both controllers, and the links between them. */
struct vhci_pair {
	struct vhci end[2];
	pthread_t thread;
	pthread_mutex_t lock;	/* of what follows and of writing */
	bool linked[VHCI_NR_LINKS];
	unsigned char asked;	/* the type of link that was requested last */
};

/* Make two controllers that are on and look out for connections. */
int vhci_start(struct vhci_pair *pair);

/* The two cannot hear each other any more. */
int vhci_lose_link(struct vhci_pair *pair);

#endif /* RDHUP_VHCI_H */
