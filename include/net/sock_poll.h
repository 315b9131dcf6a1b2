/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef _NET_SOCK_POLL_H
#define _NET_SOCK_POLL_H

#include <linux/poll.h>
#include <net/sock.h>

/**
 * sk_shutdown_poll - what poll says of a socket's shutdown state
 * @shutdown: one snapshot of sk_shutdown
 *
 * A receive side that is shut, by the peer's end of stream or by our own
 * shutdown(SHUT_RD), reads as end of file: EPOLLIN | EPOLLRDNORM, because
 * recv() does not block, and EPOLLRDHUP, because that is what it will say
 * sooner or later.  EPOLLHUP cannot be masked by the caller of poll(), so it
 * is kept for a socket both of whose sides are shut and never means a
 * half-close.  A send side that is shut says nothing by itself: whether such
 * a socket is writable is for each family to decide.
 *
 * Pass a snapshot, READ_ONCE(sk->sk_shutdown), and use the same snapshot for
 * whatever else depends on the shutdown state.  Most poll routines run
 * without the socket lock, and two reads can answer for two states, such as
 * EPOLLHUP without EPOLLRDHUP.  The writers' side of that is WRITE_ONCE().
 *
 * Families add to this: most also say EPOLLHUP in their closed state.
 *
 * Return: of EPOLLIN, EPOLLRDNORM, EPOLLRDHUP and EPOLLHUP those that hold.
 */
static inline __poll_t sk_shutdown_poll(u8 shutdown)
{
	__poll_t mask = 0;

	if (shutdown & RCV_SHUTDOWN)
		mask |= EPOLLIN | EPOLLRDNORM | EPOLLRDHUP;
	if (shutdown == SHUTDOWN_MASK)
		mask |= EPOLLHUP;
	return mask;
}

bool sock_has_def_wakeups(const struct sock *sk);

#endif /* _NET_SOCK_POLL_H */
