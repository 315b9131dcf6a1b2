/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where a TCP connection stands, as TCP_INFO tells it.
 */
#ifndef RDHUP_TCP_H
#define RDHUP_TCP_H

/* The state of @fd's connection, as TCP_INFO tells it. */
int tcp_state(int fd);

/* Wait until tcp_state() is @want; the last answer otherwise. */
int tcp_state_until(int fd, int want);

/*
 * The acknowledgment of our own FIN, which the peer may delay, is an edge that
 * says nothing new: let it be over.  Nothing to wait for if @fd is no TCP.
 */
void wait_for_ack_of_fin(int fd);

#endif /* RDHUP_TCP_H */
