// SPDX-License-Identifier: GPL-2.0-only
///
/// A poll routine that tests RCV_SHUTDOWN knows that nothing more will be
/// received.  EPOLLIN | EPOLLRDNORM alone does not tell that to user space,
/// EPOLLRDHUP does; a waiter that asked for nothing else sleeps on.
///
// Confidence: High
// Options: --no-includes
// Comments: EPOLLRDHUP may also come from sk_shutdown_poll() or from a
// Comments: function of the same file that returns __poll_t.
// Comments: There is no patch mode: where the bit belongs is for a person to
// Comments: decide.

virtual context
virtual org
virtual report

@reports@
typedef __poll_t;
identifier f;
position q;
@@

__poll_t f@q(...)
{
	<+...
(
	EPOLLRDHUP
|
	sk_shutdown_poll(...)
)
	...+>
}

@helper@
identifier h;
@@

__poll_t h(...)
{
	<+...
(
	EPOLLRDHUP
|
	sk_shutdown_poll(...)
)
	...+>
}

@calls@
identifier f, helper.h;
position q;
@@

__poll_t f@q(...)
{
	<+...
	h(...)
	...+>
}

// The mask comes from the poll routine of another layer, or is added to it.
@delegates exists@
identifier poll =~ "poll";
expression mask, X, file, sock, wait;
position p;
@@

(
	mask = poll(file, sock, wait, ...)
|
	mask |= poll(file, sock, wait, ...)
|
	mask = X->poll(file, sock, wait)
|
	mask |= X->poll(file, sock, wait)
)
	... when any
	RCV_SHUTDOWN@p

@r@
identifier f;
position p != delegates.p, q != {reports.q, calls.q};
@@

__poll_t f@q(...)
{
	<+...
	RCV_SHUTDOWN@p
	...+>
}

@depends on context@
position r.p;
@@

* RCV_SHUTDOWN@p

@script:python depends on org@
p << r.p;
f << r.f;
@@

coccilib.org.print_todo(p[0], "%s() tests RCV_SHUTDOWN and does not report EPOLLRDHUP" % f)

@script:python depends on report@
p << r.p;
f << r.f;
@@

coccilib.report.print_report(p[0], "WARNING: %s() tests RCV_SHUTDOWN and does not report EPOLLRDHUP" % f)
