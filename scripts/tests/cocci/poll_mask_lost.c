// SPDX-License-Identifier: GPL-2.0-only
// Not compiled: what scripts/tests/cocci.sh gives to the semantic patch.

static __poll_t fault(struct file *file, struct socket *sock, poll_table *wait)
{
	__poll_t mask = 0;

	if (sock->sk->sk_shutdown & RCV_SHUTDOWN)
		mask |= EPOLLRDHUP | EPOLLIN;
	switch (sock->sk->sk_state) {
	case OPEN:
		mask |= EPOLLOUT;
		break;
	case CLOSED:
		mask = EPOLLIN; /* FAULT */
		break;
	}
	return mask;
}

static __poll_t by_header(struct file *file, struct socket *sock, poll_table *wait)
{
	__poll_t mask = sk_shutdown_poll(READ_ONCE(sock->sk->sk_shutdown));

	mask |= sk_shutdown_poll(sock->peer);
	if (sock->sk->sk_err)
		mask = EPOLLERR; /* FAULT */
	return mask;
}

static __poll_t hangup(struct file *file, poll_table *wait)
{
	__poll_t mask = other_poll(file, wait);

	if (!alive)
		mask = EPOLLHUP;
	if (!empty)
		mask = EPOLLIN | EPOLLRDNORM; /* FAULT */
	return mask;
}

static __poll_t kept(struct file *file, struct socket *sock, poll_table *wait)
{
	__poll_t mask = 0;

	if (sock->sk->sk_shutdown == SHUTDOWN_MASK)
		mask |= EPOLLHUP;
	if (sock->sk->sk_state == CLOSED)
		mask = EPOLLIN | EPOLLHUP;
	return mask;
}

static __poll_t half_kept(struct file *file, struct socket *sock, poll_table *wait)
{
	__poll_t mask = 0;

	if (sock->sk->sk_shutdown == SHUTDOWN_MASK)
		mask |= EPOLLRDHUP | EPOLLHUP;
	if (sock->sk->sk_state == CLOSED)
		mask = EPOLLIN | EPOLLHUP; /* FAULT */
	return mask;
}

static __poll_t twin(struct file *file, struct socket *sock, poll_table *wait)
{
	__poll_t mask;

	mask = 0;
	if (sock->sk->sk_state == LISTEN) {
		mask = EPOLLIN;
		return mask;
	}
	if (sock->sk->sk_shutdown & RCV_SHUTDOWN)
		mask |= EPOLLRDHUP | EPOLLIN;
	mask = mask | EPOLLOUT;
	mask = filter(mask);
	return mask;
}
