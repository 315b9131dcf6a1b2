// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What poll says of every shutdown state that a socket can be in.
 */
#include <kunit/test.h>
#include <net/sock_poll.h>

struct shutdown_case {
	const char *name;
	u8 shutdown;
	__poll_t mask;
};

static const struct shutdown_case shutdown_cases[] = {
	{ "open", 0, 0 },
	{ "receive", RCV_SHUTDOWN, EPOLLIN | EPOLLRDNORM | EPOLLRDHUP },
	{ "send", SEND_SHUTDOWN, 0 },
	{ "both", SHUTDOWN_MASK,
	  EPOLLIN | EPOLLRDNORM | EPOLLRDHUP | EPOLLHUP },
};

static void shutdown_case_desc(const struct shutdown_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(shutdown, shutdown_cases, shutdown_case_desc);

/* Exactly the bits that belong to the state, by their generic values. */
static void sock_poll_test_state(struct kunit *test)
{
	const struct shutdown_case *c = test->param_value;

	KUNIT_EXPECT_EQ(test, (__force u32)c->mask,
			(__force u32)sk_shutdown_poll(c->shutdown));
}

/* poll(2) is told the same through this architecture's own values. */
static void sock_poll_test_mangled(struct kunit *test)
{
	const struct shutdown_case *c = test->param_value;
	u16 want = 0;

	if (c->shutdown & RCV_SHUTDOWN)
		want |= POLLIN | POLLRDNORM | POLLRDHUP;
	if (c->shutdown == SHUTDOWN_MASK)
		want |= POLLHUP;
	KUNIT_EXPECT_EQ(test, want,
			mangle_poll(sk_shutdown_poll(c->shutdown)));
}

/* Shutting one more side down never takes a bit back. */
static void sock_poll_test_monotonic(struct kunit *test)
{
	u8 from, to;

	for (from = 0; from <= SHUTDOWN_MASK; from++) {
		for (to = 0; to <= SHUTDOWN_MASK; to++) {
			__poll_t lost = sk_shutdown_poll(from) &
					~sk_shutdown_poll(from | to);

			KUNIT_EXPECT_EQ_MSG(test, (__force u32)lost, 0,
					    "from %u to %u", from, from | to);
		}
	}
}

static struct kunit_case sock_poll_test_cases[] = {
	KUNIT_CASE_PARAM(sock_poll_test_state, shutdown_gen_params),
	KUNIT_CASE_PARAM(sock_poll_test_mangled, shutdown_gen_params),
	KUNIT_CASE(sock_poll_test_monotonic),
	{}
};

static struct kunit_suite sock_poll_test_suite = {
	.name = "sock_poll",
	.test_cases = sock_poll_test_cases,
};

kunit_test_suite(sock_poll_test_suite);

MODULE_DESCRIPTION("KUnit tests for what poll says of a socket's shutdown");
MODULE_LICENSE("GPL");
