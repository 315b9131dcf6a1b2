// SPDX-License-Identifier: GPL-2.0-only
// Not compiled: what scripts/tests/cocci.sh gives to the semantic patch.

static int fault_shutdown(struct socket *sock, int how)
{
	struct sock *sk = sock->sk;

	sk->sk_state_change(sk);
	sk->sk_shutdown |= how + 1; /* FAULT */
	return 0;
}

static int path_shutdown(struct socket *sock, int how)
{
	WRITE_ONCE(sock->sk->sk_shutdown, SHUTDOWN_MASK); /* FAULT */
	if (how == SHUT_RD)
		return 0;
	sock->sk->sk_state_change(sock->sk);
	return 0;
}

static void keyed(struct conn *conn)
{
	conn->sk.sk_shutdown = RCV_SHUTDOWN; /* FAULT */
	conn->sk.sk_data_ready(&conn->sk);
}

static int twin_shutdown(struct socket *sock, int how)
{
	struct sock *sk = sock->sk;

	WRITE_ONCE(sk->sk_shutdown, sk->sk_shutdown | how);
	sk->sk_state_change(sk);
	return 0;
}

static void dead(struct sock *sk)
{
	sk->sk_shutdown |= RCV_SHUTDOWN;
	if (!sock_flag(sk, SOCK_DEAD))
		sk->sk_state_change(sk);
}

static void failed(struct sock *sk)
{
	sk->sk_shutdown = SHUTDOWN_MASK;
	sk_error_report(sk);
}

static void send_only(struct sock *sk)
{
	sk->sk_shutdown |= SEND_SHUTDOWN;
}

static void control(struct sock *sk)
{
	u8 old;

	old = sk->sk_shutdown;
	sk->sk_shutdown &= RCV_SHUTDOWN;
	send(sk);
	sk->sk_shutdown = old;
}

static void set(struct sock *sk)
{
	sk->sk_shutdown |= RCV_SHUTDOWN;
}

static void caller(struct sock *sk)
{
	set(sk);
	sk->sk_state_change(sk);
}

static int my_release(struct socket *sock)
{
	sock->sk->sk_shutdown = SHUTDOWN_MASK;
	return 0;
}

static int by_inet(struct sock *sk, int flags)
{
	sk->sk_shutdown |= RCV_SHUTDOWN;
	return 0;
}

static int by_nobody(struct socket *sock, int how)
{
	sock->sk->sk_shutdown |= RCV_SHUTDOWN; /* FAULT */
	return 0;
}

struct proto my_prot = {
	.name		= "MINE",
	.close		= my_close,
	.disconnect	= by_inet,
	.connect	= my_connect,
};

static const struct proto_ops my_ops = {
	.family		= PF_MINE,
	.shutdown	= by_nobody,
};
