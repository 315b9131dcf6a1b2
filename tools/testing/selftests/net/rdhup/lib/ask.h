/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Asking what a descriptor says: masks in EPOLLxxx and by name, poll(2) and
 * epoll once or until a time, and assertions that print masks by name.
 *
 * Nothing here asserts but the macros; poll(2) and epoll_wait(2) failing
 * aborts.
 */
#ifndef RDHUP_ASK_H
#define RDHUP_ASK_H

#include <poll.h>
#include <stdbool.h>
#include <sys/epoll.h>

/*
 * How long to wait for what must happen, and how long to make sure that
 * something does not, in milliseconds.  The first is only ever used up by a
 * failing test.
 */
#define MUST_MS		10000
#define MUST_NOT_MS	200

/* For wakeups that a kernel may not give: without the bit, or by a defect. */
#define WAKE_MS		1500

/* The bits that these tests compare, for equality, in EPOLLxxx. */
#define ALL_EVENTS (EPOLLIN | EPOLLPRI | EPOLLOUT | EPOLLRDNORM | \
		    EPOLLWRNORM | EPOLLRDHUP | EPOLLHUP | EPOLLERR)

long long now_ms(void);

/* The names of the bits in @mask, in one of a few rotating buffers. */
const char *mask_str(unsigned int mask);

/*
 * poll(2) speaks POLLxxx, epoll EPOLLxxx, and on sparc, mips, m68k and xtensa
 * some values differ.  Expectations are written in EPOLLxxx; this turns
 * poll's answer, whose WRNORM may be another name for OUT, into them.
 */
unsigned int to_epoll(unsigned int revents);
short to_poll(unsigned int events);

/*
 * @mask as poll(2) can say it: what a test expects of poll(), and the rest of
 * what it can ask for, go through this.  Where WRNORM is another name for OUT,
 * who asks for the one is told of the other.
 */
unsigned int as_poll(unsigned int mask);

/*
 * poll(2) @fd for @events (EPOLLxxx), waiting at most @ms milliseconds.
 * Returns the mask in EPOLLxxx, 0 if nothing came; aborts if poll fails.
 */
unsigned int poll_mask(int fd, unsigned int events, int ms);

/*
 * Wait, at most @ms, until poll(2) on @fd says exactly @want when asked for
 * @events; the last answer otherwise.  For what another thread of the kernel
 * is still delivering.
 */
unsigned int poll_until_ms(int fd, unsigned int events, unsigned int want,
			   int ms);
unsigned int poll_until(int fd, unsigned int events, unsigned int want);

/* An epoll instance that watches @fd for @events; a negative errno if not. */
int epoll_with(int fd, unsigned int events);
int epoll_mod(int ep, int fd, unsigned int events);

/*
 * The next event of an epoll instance that watches one descriptor, waiting at
 * most @ms milliseconds; 0 if there was none.
 */
unsigned int epoll_next(int ep, int ms);

/*
 * What epoll says of @fd now, or within @ms if there is nothing at first, for
 * every bit and by its EPOLLxxx name; a bit that no mask has on failure.
 */
unsigned int mask_of(int fd, int ms);

/* Assertions that print masks by name. */
#define EXPECT_MASK(want, got) do {					\
	unsigned int __want = (want), __got = (got);			\
	EXPECT_EQ(__want, __got)					\
		TH_LOG("want %s, got %s", mask_str(__want),		\
		       mask_str(__got));				\
} while (0)
#define ASSERT_MASK(want, got) do {					\
	unsigned int __want = (want), __got = (got);			\
	ASSERT_EQ(__want, __got)					\
		TH_LOG("want %s, got %s", mask_str(__want),		\
		       mask_str(__got));				\
} while (0)

#endif /* RDHUP_ASK_H */
