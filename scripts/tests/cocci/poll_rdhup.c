// SPDX-License-Identifier: GPL-2.0-only
// Not compiled: what scripts/tests/cocci.sh gives to the semantic patch.

static __poll_t fault(struct file *file, struct socket *sock, poll_table *wait)
{
	__poll_t mask = 0;

	if (sock->sk->sk_shutdown & RCV_SHUTDOWN) /* FAULT */
		mask |= EPOLLIN | EPOLLRDNORM;
	return mask;
}

static __poll_t branches(struct file *file, struct socket *sock, poll_table *wait)
{
	__poll_t mask = 0;

	if (fallback)
		mask = sock->ops->poll(file, sock, wait);
	else if (sock->sk->sk_shutdown & RCV_SHUTDOWN) /* FAULT */
		mask |= EPOLLIN | EPOLLRDNORM;
	return mask;
}

static __poll_t twin(struct file *file, struct socket *sock, poll_table *wait)
{
	__poll_t mask = 0;

	if (READ_ONCE(sock->sk->sk_shutdown) & RCV_SHUTDOWN)
		mask |= EPOLLIN | EPOLLRDNORM | EPOLLRDHUP;
	return mask;
}

static __poll_t helper(struct sock *sk)
{
	return sk->sk_shutdown & RCV_SHUTDOWN ? EPOLLRDHUP : 0;
}

static __poll_t by_helper(struct file *file, struct socket *sock, poll_table *wait)
{
	__poll_t mask = helper(sock->sk);

	if (sock->sk->sk_shutdown & RCV_SHUTDOWN)
		mask |= EPOLLIN;
	return mask;
}

static __poll_t by_header(struct file *file, struct socket *sock, poll_table *wait)
{
	u8 shutdown = READ_ONCE(sock->sk->sk_shutdown);
	__poll_t mask = sk_shutdown_poll(shutdown);

	return shutdown & RCV_SHUTDOWN ? mask : mask | EPOLLOUT;
}

static __poll_t by_other(struct file *file, struct socket *sock, poll_table *wait)
{
	__poll_t mask = datagram_poll(file, sock, wait);

	if (!(READ_ONCE(sock->sk->sk_shutdown) & RCV_SHUTDOWN) && bad(sock))
		mask &= ~EPOLLIN;
	return mask;
}

static int no_poll(struct sock *sk)
{
	return sk->sk_shutdown & RCV_SHUTDOWN;
}
