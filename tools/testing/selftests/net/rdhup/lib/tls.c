// SPDX-License-Identifier: GPL-2.0
#include "tls.h"

#include <errno.h>
#include <linux/tls.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#ifndef SOL_TLS
#define SOL_TLS 282
#endif
#ifndef TCP_ULP
#define TCP_ULP 31
#endif

int tls_pair(enum family_id id, int sv[2])
{
	struct tls12_crypto_info_aes_gcm_128 key = {
		.info.version = TLS_1_3_VERSION,
		.info.cipher_type = TLS_CIPHER_AES_GCM_128,
	};
	int err = pair_by_accept(id, sv);

	for (int i = 0; !err && i < 2; i++) {
		/* To this family, what socket() is to others. */
		if (setsockopt(sv[i], IPPROTO_TCP, TCP_ULP, "tls", 4))
			err = errno == ENOENT ? -EPROTONOSUPPORT :
						failed("tls");
		else if (setsockopt(sv[i], SOL_TLS, TLS_TX, &key,
				    sizeof(key)) ||
			 setsockopt(sv[i], SOL_TLS, TLS_RX, &key,
				    sizeof(key)))
			err = failed("tls");
	}
	return err;
}

ssize_t tls_send(int fd, unsigned char type, const void *data, size_t len)
{
	char control[CMSG_SPACE(sizeof(type))] = {};
	struct iovec iov = { (void *)data, len };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
	ssize_t ret;

	cmsg->cmsg_level = SOL_TLS;
	cmsg->cmsg_type = TLS_SET_RECORD_TYPE;
	cmsg->cmsg_len = CMSG_LEN(sizeof(type));
	*CMSG_DATA(cmsg) = type;
	ret = sendmsg(fd, &msg, MSG_NOSIGNAL);
	return ret < 0 ? -errno : ret;
}

ssize_t tls_recv(int fd, unsigned char *type, void *data, size_t len)
{
	char control[CMSG_SPACE(sizeof(*type))] = {};
	struct iovec iov = { data, len };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg;
	ssize_t ret;

	ret = recvmsg(fd, &msg, MSG_DONTWAIT);
	if (ret < 0)
		return -errno;
	cmsg = CMSG_FIRSTHDR(&msg);
	if (!cmsg || cmsg->cmsg_level != SOL_TLS ||
	    cmsg->cmsg_type != TLS_GET_RECORD_TYPE)
		return -ENOMSG;
	*type = *CMSG_DATA(cmsg);
	return ret;
}
