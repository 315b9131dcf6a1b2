// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests for mangle_poll() and demangle_poll(), which translate between
 * the event bits of poll(2) and those of epoll.
 *
 * EPOLLxxx has one value everywhere, POLLxxx depends on the architecture: on
 * sparc POLLRDHUP is 0x0800 and on several others POLLWRNORM is another name
 * for POLLOUT. Nothing here knows these values. What is checked must hold on
 * every architecture, for each of the 65536 values.
 */
#include <kunit/test.h>
#include <linux/bitops.h>
#include <linux/poll.h>

#define NR_VALUES	65536

/* All names that poll(2) and epoll share. */
static const struct {
	const char *name;
	u16 user;	/* POLLxxx */
	__poll_t kernel;	/* EPOLLxxx */
} bits[] = {
#define NAME(X) { #X, POLL##X, EPOLL##X }
	NAME(IN), NAME(PRI), NAME(OUT), NAME(ERR), NAME(HUP), NAME(NVAL),
	NAME(RDNORM), NAME(RDBAND), NAME(WRNORM), NAME(WRBAND), NAME(MSG),
	NAME(RDHUP),
#undef NAME
};

/* The same translation, name by name and without arithmetic. */
static u16 to_user(__poll_t mask)
{
	u16 ret = 0;

	for (int i = 0; i < ARRAY_SIZE(bits); i++)
		if (mask & bits[i].kernel)
			ret |= bits[i].user;
	return ret;
}

static __poll_t to_kernel(u16 mask)
{
	__poll_t ret = 0;

	for (int i = 0; i < ARRAY_SIZE(bits); i++)
		if (mask & bits[i].user)
			ret |= bits[i].kernel;
	return ret;
}

static __poll_t all_kernel(void)
{
	return to_kernel(0xffff);
}

static u16 all_user(void)
{
	return to_user(all_kernel());
}

/* KUnit prints integers; __poll_t is none to sparse. */
static u32 num(__poll_t mask)
{
	return (__force u32)mask;
}

static __poll_t mask_of(u32 value)
{
	return (__force __poll_t)value;
}

/* What the other tests take for granted. */
static void poll_mangle_names(struct kunit *test)
{
	u32 seen = 0;

	for (int i = 0; i < ARRAY_SIZE(bits); i++) {
		KUNIT_EXPECT_EQ_MSG(test, hweight16(bits[i].user), 1,
				    "POLL%s", bits[i].name);
		KUNIT_EXPECT_EQ_MSG(test, hweight32(num(bits[i].kernel)), 1,
				    "EPOLL%s", bits[i].name);
		KUNIT_EXPECT_EQ_MSG(test, seen & num(bits[i].kernel), 0,
				    "EPOLL%s", bits[i].name);
		seen |= num(bits[i].kernel);
		for (int j = 0; j < i; j++) {
			if (bits[i].user != bits[j].user)
				continue;
			KUNIT_EXPECT_EQ_MSG(test,
					    num(bits[i].kernel |
						bits[j].kernel),
					    num(EPOLLOUT | EPOLLWRNORM),
					    "POLL%s is POLL%s", bits[i].name,
					    bits[j].name);
		}
	}
	KUNIT_EXPECT_EQ(test, seen >> 16, 0);
}

static void poll_mangle_all_values(struct kunit *test)
{
	for (u32 v = 0; v < NR_VALUES; v++)
		KUNIT_ASSERT_EQ_MSG(test, mangle_poll(mask_of(v)),
				    to_user(mask_of(v)), "EPOLL 0x%04x", v);
}

static void poll_demangle_all_values(struct kunit *test)
{
	for (u32 v = 0; v < NR_VALUES; v++)
		KUNIT_ASSERT_EQ_MSG(test, num(demangle_poll(v)),
				    num(to_kernel(v)), "POLL 0x%04x", v);
}

/* What user space asks for comes back under the same name. */
static void poll_mangle_user_round_trip(struct kunit *test)
{
	for (u32 v = 0; v < NR_VALUES; v++)
		KUNIT_ASSERT_EQ_MSG(test, mangle_poll(demangle_poll(v)),
				    v & all_user(), "POLL 0x%04x", v);
}

/*
 * The other way round nothing is lost, and nothing is added but the other of
 * EPOLLOUT and EPOLLWRNORM where poll(2) has one name for both.
 */
static void poll_mangle_kernel_round_trip(struct kunit *test)
{
	const u32 known = num(all_kernel());
	const u32 alias = hweight16(POLLOUT | POLLWRNORM) == 1 ?
			  num(EPOLLOUT | EPOLLWRNORM) : 0;

	for (u32 v = 0; v < NR_VALUES; v++) {
		u32 want = v & known;

		if (want & alias)
			want |= alias;
		KUNIT_ASSERT_EQ_MSG(test,
				    num(demangle_poll(mangle_poll(mask_of(v)))),
				    want, "EPOLL 0x%04x", v);
	}
}

/* RDHUP is never made of another bit, and never makes one. */
static void poll_mangle_rdhup(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, num(EPOLLRDHUP), 0x2000);
	KUNIT_EXPECT_EQ(test, mangle_poll(EPOLLRDHUP), POLLRDHUP);
	KUNIT_EXPECT_EQ(test, num(demangle_poll(POLLRDHUP)), num(EPOLLRDHUP));
	for (u32 v = 0; v < NR_VALUES; v++) {
		KUNIT_ASSERT_EQ_MSG(test,
				    !!(mangle_poll(mask_of(v)) & POLLRDHUP),
				    !!(mask_of(v) & EPOLLRDHUP),
				    "EPOLL 0x%04x", v);
		KUNIT_ASSERT_EQ_MSG(test, !!(demangle_poll(v) & EPOLLRDHUP),
				    !!(v & POLLRDHUP), "POLL 0x%04x", v);
	}
}

/* What the kernel says to itself does not get out, nor can it be asked for. */
static void poll_mangle_internal(struct kunit *test)
{
	static const __poll_t internal[] = {
		POLLFREE, POLL_BUSY_LOOP, EPOLL_URING_WAKE, EPOLLEXCLUSIVE,
		EPOLLWAKEUP, EPOLLONESHOT, EPOLLET,
	};

	for (int i = 0; i < ARRAY_SIZE(internal); i++) {
		KUNIT_EXPECT_EQ_MSG(test, mangle_poll(internal[i]), 0,
				    "0x%x", num(internal[i]));
		KUNIT_EXPECT_EQ_MSG(test,
				    num(demangle_poll(0xffff) & internal[i]),
				    0, "0x%x", num(internal[i]));
	}
}

static struct kunit_case poll_mangle_cases[] = {
	KUNIT_CASE(poll_mangle_names),
	KUNIT_CASE(poll_mangle_all_values),
	KUNIT_CASE(poll_demangle_all_values),
	KUNIT_CASE(poll_mangle_user_round_trip),
	KUNIT_CASE(poll_mangle_kernel_round_trip),
	KUNIT_CASE(poll_mangle_rdhup),
	KUNIT_CASE(poll_mangle_internal),
	{}
};

static struct kunit_suite poll_mangle_suite = {
	.name = "poll",
	.test_cases = poll_mangle_cases,
};

kunit_test_suite(poll_mangle_suite);

MODULE_DESCRIPTION("KUnit tests for mangle_poll() and demangle_poll()");
MODULE_LICENSE("GPL");
