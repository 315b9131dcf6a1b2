/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef _NET_SOCK_WAKE_H
#define _NET_SOCK_WAKE_H

#include <linux/wait.h>
#include <net/sock_poll.h>

/**
 * sock_wake_rcv_shutdown - wake who waits because the peer sends no more
 * @sk: socket whose receive side the peer has shut
 *
 * Like sk_state_change(), for a change that leaves the send side alone: who
 * polls only to write is not woken.  The key is what poll now says of the
 * shutdown state, so EPOLLHUP, which nobody can mask, is in it exactly if both
 * sides are shut.  All who match are woken, exclusive waiters too: end of file
 * is there for each of them.  Who is blocked in recv() or send() is woken as
 * well, those waits ignore the key.
 *
 * If a callback of the socket has been replaced, sk_state_change() is called.
 */
static inline void sock_wake_rcv_shutdown(struct sock *sk)
{
	struct socket_wq *wq;
	__poll_t mask;

	if (!sock_has_def_wakeups(sk)) {
		sk->sk_state_change(sk);
		return;
	}

	rcu_read_lock();
	wq = rcu_dereference(sk->sk_wq);
	if (skwq_has_sleeper(wq)) {
		mask = sk_shutdown_poll(READ_ONCE(sk->sk_shutdown));
		__wake_up(&wq->wait, TASK_INTERRUPTIBLE, 0, poll_to_key(mask));
	}
	rcu_read_unlock();
}

#endif /* _NET_SOCK_WAKE_H */
