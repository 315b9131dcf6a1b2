/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Kernel TLS: a pair of sockets under a fixed key, and records of which read()
 * and write() know nothing.
 */
#ifndef RDHUP_TLS_H
#define RDHUP_TLS_H

#include "family.h"

#include <stddef.h>
#include <sys/types.h>

/* What an alert is made of, RFC 8446 6. */
#define TLS_ALERT		21
#define TLS_WARNING		1
#define TLS_CLOSE_NOTIFY	0

int tls_pair(enum family_id id, int sv[2]);

/* Send @data as a record of @type: how much was sent, or a negative errno. */
ssize_t tls_send(int fd, unsigned char type, const void *data, size_t len);

/*
 * Receive a record, without sleeping, and its type: its length, or a negative
 * errno.
 */
ssize_t tls_recv(int fd, unsigned char *type, void *data, size_t len);

#endif /* RDHUP_TLS_H */
