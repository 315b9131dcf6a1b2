// SPDX-License-Identifier: GPL-2.0
/*
 * What user space may rely on in the exported headers of one architecture.
 * Never run: scripts/lint/abi.sh compiles it against the headers of each, with
 * ROW_* from scripts/lint/abi.table, and CONTROL for the tree without the bit.
 */
#include <linux/poll.h>
#include <linux/eventpoll.h>

#define VALUE(name, value) \
	_Static_assert((name) == (value), #name " is not " #value)
#define ROW(name) \
	_Static_assert(POLL##name == ROW_##name, \
		       "POLL" #name " is not what scripts/lint/abi.table says")

ROW(WRNORM);
ROW(WRBAND);
ROW(MSG);
ROW(REMOVE);

#ifdef CONTROL
#ifdef POLLRDHUP
#error POLLRDHUP is defined
#endif
#ifdef EPOLLRDHUP
#error EPOLLRDHUP is defined
#endif
#else
#ifndef POLLRDHUP
#error POLLRDHUP is not defined
#endif
#ifndef EPOLLRDHUP
#error EPOLLRDHUP is not defined
#endif
ROW(RDHUP);
VALUE(EPOLLRDHUP, 0x2000);
#endif

/* kernel-internal, in the same word as what a poll routine returns */
VALUE(POLLFREE, 0x4000);
VALUE(POLL_BUSY_LOOP, 0x8000);

/* programs pass the one for the other */
VALUE(EPOLLIN, POLLIN);
VALUE(EPOLLPRI, POLLPRI);
VALUE(EPOLLOUT, POLLOUT);
VALUE(EPOLLERR, POLLERR);
VALUE(EPOLLHUP, POLLHUP);
VALUE(EPOLLNVAL, POLLNVAL);
VALUE(EPOLLRDNORM, POLLRDNORM);
VALUE(EPOLLRDBAND, POLLRDBAND);

/*
 * BIT(name, last): name is one bit, and none of those in the chain that ends
 * with last; the chain goes on with name.
 */
#define BIT(name, last) \
	_Static_assert((name) && !((name) & ((name) - 1)), \
		       #name " is not one bit"); \
	_Static_assert(!((name) & upto_##last), \
		       #name " collides with another bit"); \
	enum { upto_##name = upto_##last | (name) }

enum { upto_none = 0 };

/* poll(2) */
BIT(POLLIN, none);
BIT(POLLPRI, POLLIN);
BIT(POLLOUT, POLLPRI);
BIT(POLLERR, POLLOUT);
BIT(POLLHUP, POLLERR);
BIT(POLLNVAL, POLLHUP);
BIT(POLLRDNORM, POLLNVAL);
BIT(POLLRDBAND, POLLRDNORM);
BIT(POLLWRBAND, POLLRDBAND);
BIT(POLLMSG, POLLWRBAND);
BIT(POLLREMOVE, POLLMSG);
#if ROW_WRNORM == POLLOUT	/* an alias by design */
enum { upto_POLLWRNORM = upto_POLLREMOVE };
#else
BIT(POLLWRNORM, POLLREMOVE);
#endif
#ifdef CONTROL
enum { upto_POLLRDHUP = upto_POLLWRNORM };
#else
BIT(POLLRDHUP, POLLWRNORM);
#endif
_Static_assert(upto_POLLRDHUP <= __SHRT_MAX__,
	       "a bit of poll(2) does not fit into revents");
BIT(POLLFREE, POLLRDHUP);
BIT(POLL_BUSY_LOOP, POLLFREE);

/* epoll: the events, what is internal, and the flags of epoll_ctl(2) */
BIT(EPOLLIN, none);
BIT(EPOLLPRI, EPOLLIN);
BIT(EPOLLOUT, EPOLLPRI);
BIT(EPOLLERR, EPOLLOUT);
BIT(EPOLLHUP, EPOLLERR);
BIT(EPOLLNVAL, EPOLLHUP);
BIT(EPOLLRDNORM, EPOLLNVAL);
BIT(EPOLLRDBAND, EPOLLRDNORM);
BIT(EPOLLWRNORM, EPOLLRDBAND);
BIT(EPOLLWRBAND, EPOLLWRNORM);
BIT(EPOLLMSG, EPOLLWRBAND);
#ifdef CONTROL
enum { upto_EPOLLRDHUP = upto_EPOLLMSG };
#else
BIT(EPOLLRDHUP, EPOLLMSG);
#endif
enum { upto_internal = upto_EPOLLRDHUP | POLLFREE | POLL_BUSY_LOOP };
_Static_assert(!(upto_EPOLLRDHUP & (POLLFREE | POLL_BUSY_LOOP)),
	       "an event of epoll collides with POLLFREE or POLL_BUSY_LOOP");
BIT(EPOLL_URING_WAKE, internal);
BIT(EPOLLEXCLUSIVE, EPOLL_URING_WAKE);
BIT(EPOLLWAKEUP, EPOLLEXCLUSIVE);
BIT(EPOLLONESHOT, EPOLLWAKEUP);
BIT(EPOLLET, EPOLLONESHOT);
