// SPDX-License-Identifier: GPL-2.0
#include "ask.h"
#include "bluetooth.h"
#include "machine.h"
#include "vhci.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/ioctl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* The kernel exports no header for these. */
#define VHCI_DEVUP	_IOW('H', 201, int)	/* HCIDEVUP */
#define VHCI_SETSCAN	_IOW('H', 221, int)	/* HCISETSCAN */

struct vhci_dev_req {
	unsigned short dev_id;
	unsigned int dev_opt;
};

/* Packet types, the first byte of everything that is read or written. */
enum {
	H4_CMD	= 0x01,
	H4_ACL	= 0x02,
	H4_SCO	= 0x03,
	H4_EVT	= 0x04,
	H4_VHCI	= 0xff,		/* between /dev/vhci and its user */
};

enum {
	EV_CONN_COMPLETE	= 0x03,
	EV_CONN_REQUEST		= 0x04,
	EV_DISCONN_COMPLETE	= 0x05,
	EV_REMOTE_NAME		= 0x07,
	EV_REMOTE_FEATURES	= 0x0b,
	EV_REMOTE_VERSION	= 0x0c,
	EV_CMD_COMPLETE		= 0x0e,
	EV_CMD_STATUS		= 0x0f,
	EV_NUM_COMP_PKTS	= 0x13,
	EV_PTYPE_CHANGE		= 0x1d,
};

/* Opcodes, 0x0400 times the group plus the command. */
enum {
	OP_CREATE_CONN		= 0x0405,
	OP_DISCONNECT		= 0x0406,
	OP_ADD_SCO		= 0x0407,
	OP_ACCEPT_CONN		= 0x0409,
	OP_REJECT_CONN		= 0x040a,
	OP_CHANGE_PTYPE		= 0x040f,
	OP_REMOTE_NAME		= 0x0419,
	OP_REMOTE_FEATURES	= 0x041b,
	OP_REMOTE_VERSION	= 0x041d,
	OP_RESET		= 0x0c03,
	OP_READ_LOCAL_NAME	= 0x0c14,
	OP_WRITE_SCAN_ENABLE	= 0x0c1a,
	OP_READ_CLASS		= 0x0c23,
	OP_READ_VOICE_SETTING	= 0x0c25,
	OP_READ_NUM_IAC		= 0x0c38,
	OP_READ_IAC_LAP		= 0x0c39,
	OP_READ_LOCAL_VERSION	= 0x1001,
	OP_READ_LOCAL_COMMANDS	= 0x1002,
	OP_READ_LOCAL_FEATURES	= 0x1003,
	OP_READ_BUFFER_SIZE	= 0x1005,
	OP_READ_BD_ADDR		= 0x1009,
};

#define OGF_OF(op)		((op) >> 10)
#define OGF_BASEBAND		0x03	/* of OP_RESET and the like */

/* Error codes. */
enum {
	HCI_UNKNOWN_COMMAND	= 0x01,
	HCI_NO_CONNECTION	= 0x02,
	HCI_PAGE_TIMEOUT	= 0x04,
	HCI_LINK_TIMEOUT	= 0x08,	/* nothing is heard of the other one */
	HCI_BY_LOCAL_HOST	= 0x16,
};

/* A link's handle is this plus its type: there is one of each at most. */
#define VHCI_HANDLE		0x002a

#define VHCI_VERSION		2	/* 1.2 */
#define VHCI_ACL_LEN		1021	/* bytes in a packet of the link */
#define VHCI_ACL_PKTS		8	/* packets on their way at once */
#define VHCI_SCO_LEN		64
#define VHCI_SCO_PKTS		8
#define VHCI_SCAN_PAGE		0x02

static void vhci_event(struct vhci *v, unsigned char event, const void *params,
		       unsigned char len)
{
	unsigned char pkt[3 + 255] = { H4_EVT, event, len };

	memcpy(pkt + 3, params, len);
	if (write(v->fd, pkt, 3 + len) != 3 + len)
		perror("/dev/vhci: write");
}

/* Answer @op with @len bytes of @ret, the first of which is the status. */
static void vhci_complete(struct vhci *v, unsigned short op, const void *ret,
			  unsigned char len)
{
	unsigned char params[255] = { 1, op & 0xff, op >> 8 };

	memcpy(params + 3, ret, len);
	vhci_event(v, EV_CMD_COMPLETE, params, 3 + len);
}

static void vhci_status(struct vhci *v, unsigned short op, unsigned char status)
{
	const unsigned char params[] = { status, 1, op & 0xff, op >> 8 };

	vhci_event(v, EV_CMD_STATUS, params, sizeof(params));
}

static void vhci_conn_complete(struct vhci *v, const struct vhci *other,
			       unsigned char type, unsigned char status)
{
	unsigned char params[11] = { status, VHCI_HANDLE + type, 0 };

	memcpy(params + 3, other->addr, 6);
	params[9] = type;
	vhci_event(v, EV_CONN_COMPLETE, params, sizeof(params));
}

/* Between address and link type: a device of no class. */
static void vhci_conn_request(struct vhci *v, const struct vhci *other,
			      unsigned char type)
{
	unsigned char params[10] = {};

	memcpy(params, other->addr, 6);
	params[9] = type;
	vhci_event(v, EV_CONN_REQUEST, params, sizeof(params));
}

/*
 * The link of @type is no more, for @reason at end @i and @other_reason at the
 * other one.  An ACL link takes the other one with it.
 */
static void vhci_unlink(struct vhci_pair *pair, int i, int type,
			unsigned char reason, unsigned char other_reason)
{
	unsigned char params[] = { 0, VHCI_HANDLE + type, 0, reason };

	if (type == VHCI_LINK_ACL && pair->linked[VHCI_LINK_SCO])
		vhci_unlink(pair, i, VHCI_LINK_SCO, reason, other_reason);
	pair->linked[type] = false;
	vhci_event(&pair->end[i], EV_DISCONN_COMPLETE, params, sizeof(params));
	params[3] = other_reason;
	vhci_event(&pair->end[!i], EV_DISCONN_COMPLETE, params,
		   sizeof(params));
}

static void vhci_create_conn(struct vhci_pair *pair, int i,
			     const unsigned char *addr)
{
	struct vhci *v = &pair->end[i], *other = &pair->end[!i];

	vhci_status(v, OP_CREATE_CONN, 0);
	if (memcmp(addr, other->addr, 6) || !(other->scan & VHCI_SCAN_PAGE)) {
		vhci_conn_complete(v, other, VHCI_LINK_ACL, HCI_PAGE_TIMEOUT);
		return;
	}
	pair->asked = VHCI_LINK_ACL;
	vhci_conn_request(other, v, VHCI_LINK_ACL);
}

/* Commands that are about the link, or lead to it. */
static void vhci_link_cmd(struct vhci_pair *pair, int i, unsigned short op,
			  const unsigned char *args)
{
	struct vhci *v = &pair->end[i], *other = &pair->end[!i];
	unsigned char params[255] = { 0, args[0], args[1] };
	unsigned int type;

	switch (op) {
	case OP_CREATE_CONN:
		vhci_create_conn(pair, i, args);
		return;
	case OP_REMOTE_NAME:
		vhci_status(v, op, 0);
		memcpy(params + 1, args, 6);
		memset(params + 7, 0, 248);
		vhci_event(v, EV_REMOTE_NAME, params, 255);
		return;
	case OP_ACCEPT_CONN:
		vhci_status(v, op, 0);
		pair->linked[pair->asked] = true;
		vhci_conn_complete(v, other, pair->asked, 0);
		vhci_conn_complete(other, v, pair->asked, 0);
		return;
	case OP_REJECT_CONN:
		vhci_status(v, op, 0);
		vhci_conn_complete(v, other, pair->asked, args[6]);
		vhci_conn_complete(other, v, pair->asked, args[6]);
		return;
	}
	type = args[0] - VHCI_HANDLE;
	if (args[1] || type >= VHCI_NR_LINKS || !pair->linked[type]) {
		vhci_status(v, op, HCI_NO_CONNECTION);
		return;
	}
	switch (op) {
	case OP_DISCONNECT:
		vhci_status(v, op, 0);
		vhci_unlink(pair, i, type, HCI_BY_LOCAL_HOST, args[2]);
		break;
	case OP_ADD_SCO:
		vhci_status(v, op, 0);
		pair->asked = VHCI_LINK_SCO;
		vhci_conn_request(other, v, VHCI_LINK_SCO);
		break;
	case OP_CHANGE_PTYPE:
		vhci_status(v, op, 0);
		memcpy(params + 3, args + 2, 2);
		vhci_event(v, EV_PTYPE_CHANGE, params, 5);
		break;
	case OP_REMOTE_FEATURES:
		vhci_status(v, op, 0);
		vhci_event(v, EV_REMOTE_FEATURES, params, 11);
		break;
	case OP_REMOTE_VERSION:
		vhci_status(v, op, 0);
		params[3] = VHCI_VERSION;
		vhci_event(v, EV_REMOTE_VERSION, params, 8);
		break;
	default:
		vhci_status(v, op, HCI_UNKNOWN_COMMAND);
	}
}

/* A command of @i's host: @args are its parameters. */
static void vhci_cmd(struct vhci_pair *pair, int i, unsigned short op,
		     const unsigned char *args)
{
	struct vhci *v = &pair->end[i];
	unsigned char ret[1 + 248] = {};	/* status: success */

	switch (op) {
	case OP_READ_LOCAL_FEATURES:	/* none */
		vhci_complete(v, op, ret, 1 + 8);
		break;
	case OP_READ_LOCAL_VERSION:
		ret[1] = VHCI_VERSION;	/* of HCI */
		ret[4] = VHCI_VERSION;	/* of the link manager */
		vhci_complete(v, op, ret, 1 + 8);
		break;
	case OP_READ_LOCAL_COMMANDS:	/* of the optional ones: */
		ret[1 + 9] = 0x04;	/* OP_READ_VOICE_SETTING */
		vhci_complete(v, op, ret, 1 + 64);
		break;
	case OP_READ_VOICE_SETTING:
		ret[1] = 0x60;		/* 16 bits linear, as by default */
		vhci_complete(v, op, ret, 1 + 2);
		break;
	case OP_READ_BD_ADDR:
		memcpy(ret + 1, v->addr, 6);
		vhci_complete(v, op, ret, 1 + 6);
		break;
	case OP_READ_BUFFER_SIZE:
		ret[1] = VHCI_ACL_LEN & 0xff;
		ret[2] = VHCI_ACL_LEN >> 8;
		ret[3] = VHCI_SCO_LEN;
		ret[4] = VHCI_ACL_PKTS;
		ret[6] = VHCI_SCO_PKTS;
		vhci_complete(v, op, ret, 1 + 7);
		break;
	case OP_READ_CLASS:
		vhci_complete(v, op, ret, 1 + 3);
		break;
	case OP_READ_LOCAL_NAME:
		vhci_complete(v, op, ret, 1 + 248);
		break;
	case OP_READ_NUM_IAC:
		ret[1] = 1;
		vhci_complete(v, op, ret, 1 + 1);
		break;
	case OP_READ_IAC_LAP:		/* one: 0x9e8b33, for everybody */
		memcpy(ret + 1, "\x01\x33\x8b\x9e", 4);
		vhci_complete(v, op, ret, 1 + 4);
		break;
	case OP_WRITE_SCAN_ENABLE:
		v->scan = args[0];
		vhci_complete(v, op, ret, 1);
		break;
	default:
		/* What else a host sets here is for the radio. */
		if (OGF_OF(op) == OGF_BASEBAND)
			vhci_complete(v, op, ret, 1);
		else
			vhci_link_cmd(pair, i, op, args);
	}
}

/* The host of @i sends @len bytes over a link; those of audio do not count. */
static void vhci_data(struct vhci_pair *pair, int i, const unsigned char *pkt,
		      size_t len)
{
	const unsigned char completed[] = { 1, VHCI_HANDLE + VHCI_LINK_ACL, 0,
					    1, 0 };
	int type = pkt[0] == H4_ACL ? VHCI_LINK_ACL : VHCI_LINK_SCO;

	if (!pair->linked[type])
		return;
	if (write(pair->end[!i].fd, pkt, len) != (ssize_t)len)
		perror("/dev/vhci: write");
	if (type == VHCI_LINK_ACL)
		vhci_event(&pair->end[i], EV_NUM_COMP_PKTS, completed,
			   sizeof(completed));
}

static void vhci_packet(struct vhci_pair *pair, int i, const unsigned char *pkt,
			ssize_t len)
{
	pthread_mutex_lock(&pair->lock);
	if (pkt[0] == H4_CMD && len >= 4)
		vhci_cmd(pair, i, pkt[1] | pkt[2] << 8, pkt + 4);
	else if (pkt[0] == H4_ACL || pkt[0] == H4_SCO)
		vhci_data(pair, i, pkt, len);
	pthread_mutex_unlock(&pair->lock);
}

static void *vhci_main(void *arg)
{
	struct vhci_pair *pair = arg;
	struct pollfd pfd[2] = {
		{ .fd = pair->end[0].fd, .events = POLLIN },
		{ .fd = pair->end[1].fd, .events = POLLIN },
	};
	unsigned char pkt[1 + 4 + VHCI_ACL_LEN];
	ssize_t len;

	for (;;) {
		if (poll(pfd, 2, -1) < 0 && errno != EINTR)
			break;
		for (int i = 0; i < 2; i++) {
			memset(pkt, 0, sizeof(pkt));
			len = read(pfd[i].fd, pkt, sizeof(pkt));
			if (len > 0)
				vhci_packet(pair, i, pkt, len);
			else if (len < 0 && errno != EAGAIN)
				return NULL;
		}
	}
	return NULL;
}

/* A new controller, which the host will find to have address @addr. */
static int vhci_open(struct vhci *v, const unsigned char addr[6])
{
	unsigned char pkt[4] = { H4_VHCI, 0 };	/* "primary controller" */
	struct pollfd pfd = { .events = POLLIN };

	*v = (struct vhci) {};
	memcpy(v->addr, addr, 6);
	v->fd = open("/dev/vhci", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (v->fd < 0)
		return errno == EACCES ? -EPERM :
		       errno == ENOENT || errno == ENXIO ? -ENODEV : -errno;
	pfd.fd = v->fd;
	if (write(v->fd, pkt, 2) != 2 || poll(&pfd, 1, MUST_MS) != 1 ||
	    read(v->fd, pkt, sizeof(pkt)) != sizeof(pkt) || pkt[0] != H4_VHCI)
		return -EPROTO;
	v->dev = pkt[2] | pkt[3] << 8;
	return 0;
}

/* Switch @v on and have it look out for connections. */
static int vhci_up(int hci, const struct vhci *v)
{
	struct vhci_dev_req req = {
		.dev_id = v->dev,
		.dev_opt = VHCI_SCAN_PAGE,
	};

	/* The kernel also switches each new controller on for some seconds. */
	if (ioctl(hci, VHCI_DEVUP, v->dev) && errno != EALREADY)
		return errno == ERFKILL || errno == EPERM ?
			-EPERM : failed("HCIDEVUP");
	return ioctl(hci, VHCI_SETSCAN, &req) ? failed("HCISETSCAN") : 0;
}

int vhci_start(struct vhci_pair *pair)
{
	pid_t pid = getpid();
	unsigned char addr[6] = { 0, pid, pid >> 8, pid >> 16, 0, 2 };
	int hci, err = 0;

	if (is_disturbed_by("bluetoothd"))
		return -EBUSY;
	/* What is not in the initial network namespace is told here. */
	hci = socket(AF_BLUETOOTH, SOCK_RAW | SOCK_CLOEXEC, BTPROTO_HCI);
	if (hci < 0)
		return -errno;
	*pair = (struct vhci_pair) {};
	pthread_mutex_init(&pair->lock, NULL);
	for (int i = 0; !err && i < 2; i++) {
		addr[0] = i + 1;
		err = vhci_open(&pair->end[i], addr);
	}
	if (!err)
		err = -pthread_create(&pair->thread, NULL, vhci_main, pair);
	for (int i = 0; !err && i < 2; i++)
		err = vhci_up(hci, &pair->end[i]);
	close(hci);
	return err;
}

int vhci_lose_link(struct vhci_pair *pair)
{
	int err = 0;

	pthread_mutex_lock(&pair->lock);
	if (pair->linked[VHCI_LINK_ACL])
		vhci_unlink(pair, 0, VHCI_LINK_ACL, HCI_LINK_TIMEOUT,
			    HCI_LINK_TIMEOUT);
	else
		err = -ENOTCONN;
	pthread_mutex_unlock(&pair->lock);
	return err;
}
