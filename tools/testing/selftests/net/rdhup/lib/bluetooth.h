/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Bluetooth: an address of its own for each protocol, and the two controllers
 * of vhci.h for what has to be connected.
 */
#ifndef RDHUP_BLUETOOTH_H
#define RDHUP_BLUETOOTH_H

#include "family.h"
#include "vhci.h"

#include <sys/socket.h>

/* The kernel exports no header for these. */
#define BTPROTO_L2CAP	0
#define BTPROTO_HCI	1
#define BTPROTO_SCO	2
#define BTPROTO_RFCOMM	3
#define BTPROTO_ISO	8

#define HCI_DEV_NONE		0xffff
#define HCI_CHANNEL_CONTROL	3

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
 * through the management channel, which is done until the program ends; what
 * comes of it, socket() will tell.
 */
int enable_iso(void);

/* The length of an address of @id. */
socklen_t bt_len(enum family_id id);

/* Where in @addr, an address of @id, that of the controller is. */
unsigned char *bt_bdaddr(union bt_addr *addr, enum family_id id);

/* Bind to any controller at a free address. */
int bt_bind(int fd, enum family_id id);

/* A listener of @id, bound to any controller. */
int bt_listener(enum family_id id);

/* The controllers of this process, see vhci.h, and what became of them. */
struct vhci_pair *bt_controllers(int *err);

/*
 * A socket of our first controller that is connected to @listener, by way of
 * the second one.
 */
int bt_connect(enum family_id id, int listener);

#endif /* RDHUP_BLUETOOTH_H */
