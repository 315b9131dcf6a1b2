// SPDX-License-Identifier: GPL-2.0
#include "ask.h"
#include "bluetooth.h"
#include "family.h"
#include "smc.h"
#include "tipc.h"
#include "tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/vm_sockets.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

bool is_missing(int err)
{
	return err == -EAFNOSUPPORT || err == -EPROTONOSUPPORT ||
	       err == -ESOCKTNOSUPPORT || err == -ENOPROTOOPT ||
	       err == -EPERM || err == -ENODEV || err == -EBUSY;
}

int failed(const char *call)
{
	int err = -errno;

	if (!is_missing(err))
		return err;
	fprintf(stderr, "# %s: %s\n", call, strerror(-err));
	return -EPROTO;
}

bool family_is_unix(enum family_id id)
{
	return families[id].domain == AF_UNIX;
}

bool family_is_tcp(enum family_id id)
{
	return id == TCP4 || id == TCP6 || id == TCP_MAPPED || id == FAM_TLS;
}

int any_socket(enum family_id id)
{
	const struct family *f = &families[id];
	int fd;

	fd = socket(f->domain, f->type | SOCK_CLOEXEC, f->protocol);
	return fd < 0 ? -errno : fd;
}

int any_ready(enum family_id id)
{
	int fd, err = families[id].ready ? families[id].ready() : 0;

	fd = any_socket(id);
	if (fd < 0)
		return fd;
	close(fd);
	return err;
}

int listen_on(enum family_id id)
{
	const struct family *f = &families[id];
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_vm vm = {
		.svm_family = AF_VSOCK,
		.svm_port = VMADDR_PORT_ANY,
		.svm_cid = VMADDR_CID_LOCAL,
	};
	struct sockaddr *sa = (struct sockaddr *)&in;
	sa_family_t un = AF_UNIX;	/* bind to it alone: autobind */
	socklen_t len = sizeof(in);
	int fd, err;

	if (f->listen)
		return f->listen(id);
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (f->domain == AF_INET6) {
		sa = (struct sockaddr *)&in6;
		len = sizeof(in6);
		in6.sin6_addr = id == TCP6 ? in6addr_loopback : in6addr_any;
	} else if (f->domain == AF_UNIX) {
		sa = (struct sockaddr *)&un;
		len = sizeof(un);
	} else if (f->domain == AF_VSOCK) {
		sa = (struct sockaddr *)&vm;
		len = sizeof(vm);
	}
	fd = any_socket(id);
	if (fd < 0)
		return fd;
	if (bind(fd, sa, len) || listen(fd, 128)) {
		err = failed("bind or listen");
		close(fd);
		return err;
	}
	return fd;
}

int connect_to(enum family_id id, int listener)
{
	const struct family *f = &families[id];
	int fd, err, domain = f->domain;
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	if (f->connect)
		return f->connect(id, listener);
	if (getsockname(listener, (struct sockaddr *)&ss, &len))
		return -errno;
	if (id == TCP_MAPPED) {
		struct sockaddr_in in = {
			.sin_family = AF_INET,
			.sin_port = ((struct sockaddr_in6 *)&ss)->sin6_port,
			.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		};

		memcpy(&ss, &in, sizeof(in));
		len = sizeof(in);
		domain = AF_INET;
	}
	fd = socket(domain, f->type | SOCK_CLOEXEC, f->protocol);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&ss, len)) {
		err = failed("connect");
		close(fd);
		return err;
	}
	return fd;
}

int pair_by_accept(enum family_id id, int sv[2])
{
	int err, listener;

	listener = listen_on(id);
	if (listener < 0)
		return listener;
	sv[1] = connect_to(id, listener);
	if (sv[1] < 0) {
		close(listener);
		return sv[1];
	}
	sv[0] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	err = sv[0] < 0 ? failed("accept") : 0;
	close(listener);
	if (err)
		close(sv[1]);
	return err;
}

int make_pair(enum family_id id, int sv[2])
{
	if (families[id].pair)
		return families[id].pair(id, sv);
	return pair_by_accept(id, sv);
}

static int socketpair_of(enum family_id id, int sv[2])
{
	const struct family *f = &families[id];

	return socketpair(f->domain, f->type | SOCK_CLOEXEC, 0, sv) ?
		-errno : 0;
}

int udp_pair(int sv[2])
{
	struct sockaddr_in in[2];
	socklen_t len;

	for (int i = 0; i < 2; i++) {
		in[i] = (struct sockaddr_in) {
			.sin_family = AF_INET,
			.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		};
		len = sizeof(in[i]);
		sv[i] = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		if (sv[i] < 0 ||
		    bind(sv[i], (struct sockaddr *)&in[i], len) ||
		    getsockname(sv[i], (struct sockaddr *)&in[i], &len))
			return -errno;
	}
	for (int i = 0; i < 2; i++)
		if (connect(sv[i], (struct sockaddr *)&in[!i], sizeof(in[0])))
			return -errno;
	return 0;
}

static int udp4_pair(enum family_id id, int sv[2])
{
	return udp_pair(sv);
}

static int pipe_pair(enum family_id id, int sv[2])
{
	return pipe2(sv, O_CLOEXEC) ? -errno : 0;
}

/* The two ends of a FIFO whose name is gone again. */
static int fifo_pair(enum family_id id, int sv[2])
{
	char dir[] = "/tmp/rdhup-XXXXXX", path[sizeof(dir) + 2];
	int err = 0;

	if (!mkdtemp(dir))
		return -errno;
	snprintf(path, sizeof(path), "%s/f", dir);
	if (mkfifo(path, 0600)) {
		err = -errno;
	} else {
		sv[0] = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		sv[1] = open(path, O_WRONLY | O_CLOEXEC);
		if (sv[0] < 0 || sv[1] < 0)
			err = -errno;
		unlink(path);
	}
	rmdir(dir);
	return err;
}

int fill(int fd)
{
	static const char block[4096];
	int flags = fcntl(fd, F_GETFL);
	size_t size = sizeof(block);
	int err;
	bool took;

	if (fcntl(fd, F_SETFL, flags | O_NONBLOCK))
		return -errno;
	do {
		took = false;
		while (write(fd, block, size) > 0)
			took = true;
		err = errno == EAGAIN ? 0 : -errno;
		if (took && !err)
			poll_mask(fd, EPOLLOUT, FULL_MS);
	} while (took && !err);
	fcntl(fd, F_SETFL, flags);
	return err;
}

int reset(int fd)
{
	struct linger now = { .l_onoff = 1 };

	if (setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now)))
		return -errno;
	return close(fd) ? -errno : 0;
}

const struct family families[NR_FAMILIES] = {
	[TCP4] = { "tcp4", AF_INET, SOCK_STREAM, 0 },
	[TCP6] = { "tcp6", AF_INET6, SOCK_STREAM, 0 },
	[TCP_MAPPED] = { "tcp_mapped", AF_INET6, SOCK_STREAM, 0 },
	[UNIX_STREAM] = { "unix_stream", AF_UNIX, SOCK_STREAM, 0 },
	[UNIX_SEQPACKET] = { "unix_seqpacket", AF_UNIX, SOCK_SEQPACKET, 0 },
	[UNIX_DGRAM] = {
		"unix_dgram", AF_UNIX, SOCK_DGRAM, 0,
		.pair = socketpair_of,
	},
	[FAM_MPTCP4] = { "mptcp4", AF_INET, SOCK_STREAM, IPPROTO_MPTCP },
	[FAM_TLS] = {
		"tls", AF_INET, SOCK_STREAM, 0,
		.pair = tls_pair,
	},
	[FAM_VSOCK_STREAM] = { "vsock_stream", AF_VSOCK, SOCK_STREAM, 0 },
	[FAM_VSOCK_SEQPACKET] = {
		"vsock_seqpacket", AF_VSOCK, SOCK_SEQPACKET, 0,
	},
	[FAM_STREAM_PAIR] = {
		"stream_pair", AF_UNIX, SOCK_STREAM, 0,
		.pair = socketpair_of,
	},
	[FAM_SEQPACKET_PAIR] = {
		"seqpacket_pair", AF_UNIX, SOCK_SEQPACKET, 0,
		.pair = socketpair_of,
	},
	[FAM_UDP4] = {
		"udp4", AF_INET, SOCK_DGRAM, 0,
		.pair = udp4_pair,
	},
	[FAM_SCTP4] = { "sctp4", AF_INET, SOCK_STREAM, IPPROTO_SCTP },
	[FAM_SMC] = {
		"smc", AF_SMC, SOCK_STREAM, 0,
		.ready = smc_ready,
		.pair = smc_pair,
	},
	[FAM_TIPC_STREAM] = {
		"tipc_stream", AF_TIPC, SOCK_STREAM, 0,
		.listen = tipc_listen,
		.pair = tipc_pair,
	},
	[FAM_TIPC_SEQPACKET] = {
		"tipc_seqpacket", AF_TIPC, SOCK_SEQPACKET, 0,
		.listen = tipc_listen,
		.pair = tipc_pair,
	},
	[FAM_L2CAP] = {
		"l2cap", AF_BLUETOOTH, SOCK_STREAM, BTPROTO_L2CAP,
		.listen = bt_listener,
		.connect = bt_connect,
	},
	[FAM_L2CAP_SEQPACKET] = {
		"l2cap_seqpacket", AF_BLUETOOTH, SOCK_SEQPACKET, BTPROTO_L2CAP,
		.listen = bt_listener,
		.connect = bt_connect,
	},
	[FAM_RFCOMM] = {
		"rfcomm", AF_BLUETOOTH, SOCK_STREAM, BTPROTO_RFCOMM,
		.listen = bt_listener,
		.connect = bt_connect,
	},
	[FAM_SCO] = {
		"sco", AF_BLUETOOTH, SOCK_SEQPACKET, BTPROTO_SCO,
		.listen = bt_listener,
		.connect = bt_connect,
	},
	[FAM_ISO] = {
		"iso", AF_BLUETOOTH, SOCK_SEQPACKET, BTPROTO_ISO,
		.ready = enable_iso,
		.listen = bt_listener,
		.connect = bt_connect,
	},
	[FAM_PIPE] = {
		"pipe", AF_UNSPEC, 0, 0,
		.pair = pipe_pair,
	},
	[FAM_FIFO] = {
		"fifo", AF_UNSPEC, 0, 0,
		.pair = fifo_pair,
	},
};
