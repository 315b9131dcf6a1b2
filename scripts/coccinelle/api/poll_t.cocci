// SPDX-License-Identifier: GPL-2.0-only
///
/// Inside the kernel a poll mask is a __poll_t, made of EPOLLxxx.  POLLxxx are
/// the values of poll(2); those of POLLRDHUP and POLLWRBAND, for example, are
/// not the same everywhere, and mangle_poll() and demangle_poll() translate.
///
// Confidence: High
// Options: --no-includes
// Comments: Left alone are programs of the host and KUnit tests, which may
// Comments: test the translation.

virtual patch
virtual context
virtual org
virtual report

@host@
@@

(
	#include <poll.h>
|
	#include <sys/poll.h>
|
	#include <sys/epoll.h>
|
	#include <linux/epoll.h>
)

@pollfd@
@@

struct pollfd

@kunit depends on !host && !pollfd@
identifier f, test;
position p;
@@

f(struct kunit *test, ...)
{
	<+...
	\(POLLIN@p\|POLLPRI@p\|POLLOUT@p\|POLLERR@p\|POLLHUP@p\|POLLNVAL@p\|
	  POLLRDNORM@p\|POLLRDBAND@p\|POLLWRNORM@p\|POLLWRBAND@p\|
	  POLLMSG@p\|POLLRDHUP@p\)
	...+>
}

@r depends on !host && !pollfd@
position p != kunit.p;
@@

\(POLLIN@p\|POLLPRI@p\|POLLOUT@p\|POLLERR@p\|POLLHUP@p\|POLLNVAL@p\|
  POLLRDNORM@p\|POLLRDBAND@p\|POLLWRNORM@p\|POLLWRBAND@p\|
  POLLMSG@p\|POLLRDHUP@p\)

@depends on context@
expression bit;
position r.p;
@@

* bit@p

@depends on patch@
position r.p;
@@

(
- POLLIN@p
+ EPOLLIN
|
- POLLPRI@p
+ EPOLLPRI
|
- POLLOUT@p
+ EPOLLOUT
|
- POLLERR@p
+ EPOLLERR
|
- POLLHUP@p
+ EPOLLHUP
|
- POLLNVAL@p
+ EPOLLNVAL
|
- POLLRDNORM@p
+ EPOLLRDNORM
|
- POLLRDBAND@p
+ EPOLLRDBAND
|
- POLLWRNORM@p
+ EPOLLWRNORM
|
- POLLWRBAND@p
+ EPOLLWRBAND
|
- POLLMSG@p
+ EPOLLMSG
|
- POLLRDHUP@p
+ EPOLLRDHUP
)

@script:python depends on org@
p << r.p;
@@

coccilib.org.print_todo(p[0], "%s() has POLLxxx where EPOLLxxx is meant" % p[0].current_element)

@script:python depends on report@
p << r.p;
@@

coccilib.report.print_report(p[0], "WARNING: %s() has POLLxxx where EPOLLxxx is meant" % p[0].current_element)
