// SPDX-License-Identifier: GPL-2.0-only
// Not compiled: what scripts/tests/cocci.sh gives to the semantic patch.

static __poll_t fault(struct file *file, struct socket *sock, poll_table *wait)
{
	struct sock *sk = sock->sk;

	if (sk->sk_shutdown & RCV_SHUTDOWN) /* FAULT */
		return EPOLLRDHUP;
	lock_sock(sk);
	mask = sk->sk_shutdown == SHUTDOWN_MASK ? EPOLLHUP : 0;
	release_sock(sk);
	return mask;
}

static __poll_t twin(struct file *file, struct socket *sock, poll_table *wait)
{
	u8 shutdown = READ_ONCE(sock->sk->sk_shutdown);

	return shutdown & RCV_SHUTDOWN ? EPOLLRDHUP : 0;
}

static int no_poll(struct sock *sk)
{
	return sk->sk_shutdown & RCV_SHUTDOWN;
}
