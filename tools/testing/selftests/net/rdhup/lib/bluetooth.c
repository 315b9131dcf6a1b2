// SPDX-License-Identifier: GPL-2.0
#include "ask.h"
#include "bluetooth.h"
#include "machine.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* The experimental feature by which ISO sockets exist. */
static int switch_iso(bool on)
{
	unsigned char cmd[] = {
		0x4a, 0x00,	/* "set experimental feature" */
		0xff, 0xff,	/* of no controller in particular */
		17, 0,		/* bytes that follow: a UUID and whether */
		0x3e, 0xe0, 0xb4, 0xfd, 0xdd, 0xd6, 0x85, 0x98,
		0x6a, 0x49, 0xe0, 0x05, 0x88, 0xf1, 0xba, 0x6f,
		on,
	};
	union bt_addr addr = {
		.hci.family = AF_BLUETOOTH,
		.hci.dev = HCI_DEV_NONE,
		.hci.channel = HCI_CHANNEL_CONTROL,
	};
	int fd = socket(AF_BLUETOOTH, SOCK_RAW | SOCK_CLOEXEC, BTPROTO_HCI);

	if (fd < 0)
		return -errno;
	if (!bind(fd, &addr.sa, sizeof(addr.hci)) &&
	    write(fd, cmd, sizeof(cmd)) == sizeof(cmd))
		poll_mask(fd, EPOLLIN, WAKE_MS);
	close(fd);
	return 0;
}

static void disable_iso(void)
{
	switch_iso(false);
}

int enable_iso(void)
{
	int fd = any_socket(FAM_ISO);

	if (fd >= 0)
		return close(fd);
	at_end(disable_iso);
	return switch_iso(true);
}

socklen_t bt_len(enum family_id id)
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

unsigned char *bt_bdaddr(union bt_addr *addr, enum family_id id)
{
	return id == FAM_RFCOMM ? addr->rfcomm.bdaddr :
	       id == FAM_SCO ? addr->sco.bdaddr : addr->l2cap.bdaddr;
}

int bt_bind(int fd, enum family_id id)
{
	union bt_addr addr = { .sa.sa_family = AF_BLUETOOTH };

	if (id == FAM_ISO)
		addr.iso.bdaddr_type = 1;
	return bind(fd, &addr.sa, bt_len(id)) ? failed("bind") : 0;
}

int bt_listener(enum family_id id)
{
	int fd, err;

	fd = any_socket(id);
	if (fd < 0)
		return fd;
	err = bt_bind(fd, id);
	if (!err && listen(fd, 8))
		err = failed("listen");
	if (!err)
		return fd;
	close(fd);
	return err;
}

struct vhci_pair *bt_controllers(int *err)
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

int bt_connect(enum family_id id, int listener)
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
	err = failed("bind or connect");
	close(fd);
	return err;
}
