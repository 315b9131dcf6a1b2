/* SPDX-License-Identifier: GPL-2.0 */
/*
 * TIPC, whose connect() in blocking mode waits for accept().
 */
#ifndef RDHUP_TIPC_H
#define RDHUP_TIPC_H

#include "family.h"

#include <linux/tipc.h>

/* The address of a socket that is bound to nothing but itself. */
int tipc_self(int fd, struct sockaddr_tipc *sa);

int tipc_listen(enum family_id id);

/* Two connected sockets: sv[0] was accepted, sv[1] connected. */
int tipc_pair(enum family_id id, int sv[2]);

#endif /* RDHUP_TIPC_H */
