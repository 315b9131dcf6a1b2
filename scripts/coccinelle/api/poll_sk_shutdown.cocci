// SPDX-License-Identifier: GPL-2.0-only
///
/// poll routines run without the socket lock, so sk_shutdown changes under
/// them.  Take one snapshot with READ_ONCE() and test that: two reads can
/// answer for two states, and a plain one is a data race.
///
// Confidence: High
// Options: --no-includes
// Comments: There is no patch mode, because wrapping each read on its own is
// Comments: not the fix.  A function that is only called with the lock held
// Comments: is a false positive; pass it the snapshot instead of the socket.

virtual context
virtual org
virtual report

@once@
expression S;
position p;
@@

READ_ONCE(S->sk_shutdown@p)

@r exists@
typedef __poll_t;
identifier f;
expression S;
position p != once.p;
@@

__poll_t f(...)
{
	... when any
	    when != lock_sock(...)
	    when != lock_sock_nested(...)
	    when != lock_sock_fast(...)
	    when != bh_lock_sock(...)
	S->sk_shutdown@p
	... when any
}

@depends on context@
expression S;
position r.p;
@@

* S->sk_shutdown@p

@script:python depends on org@
p << r.p;
f << r.f;
@@

coccilib.org.print_todo(p[0], "%s() reads sk_shutdown with neither lock nor READ_ONCE()" % f)

@script:python depends on report@
p << r.p;
f << r.f;
@@

coccilib.report.print_report(p[0], "WARNING: %s() reads sk_shutdown with neither lock nor READ_ONCE()" % f)
