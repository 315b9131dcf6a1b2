// SPDX-License-Identifier: GPL-2.0-only
///
/// Whoever sets RCV_SHUTDOWN has to wake up those who wait for it, in poll,
/// and after the flag is set: otherwise they sleep on although poll would
/// already tell them of it.  sk_data_ready() is not enough, its key leaves
/// out those who wait for EPOLLRDHUP alone.
///
// Confidence: Moderate
// Options: --no-includes
// Comments: Looks at one function at a time.  False positives are functions
// Comments: whose callers, or whose worker, do the waking, and sockets that
// Comments: no file refers to.
// Comments: spatch skips a function that it cannot parse; for those with
// Comments: __context_unsafe() add SPFLAGS="--macro-file FILE", FILE having
// Comments: #define __context_unsafe(x)

virtual context
virtual org
virtual report

// What was there before is put back, or another socket's is taken over.
@restores exists@
expression S, X;
idexpression old;
position p;
@@

(
	old = S->sk_shutdown;
	... when any
	S->sk_shutdown@p = old;
|
	S->sk_shutdown@p = X->sk_shutdown;
)

// All else that may set RCV_SHUTDOWN, with the socket that it is set on.
@sets@
expression S, E;
position p != restores.p;
@@

(
	S->sk_shutdown |= SEND_SHUTDOWN
|
	S->sk_shutdown = 0
|
	WRITE_ONCE(S->sk_shutdown, \(0\|S->sk_shutdown | SEND_SHUTDOWN\))
|
	S->sk_shutdown@p |= E
|
	S.sk_shutdown@p |= E
|
	S->sk_shutdown@p = E
|
	S.sk_shutdown@p = E
|
	WRITE_ONCE(S->sk_shutdown@p, E)
|
	WRITE_ONCE(S.sk_shutdown@p, E)
)

// A path from there to the end of the function on which nobody is woken.  A
// socket that is dead, or whose file is just being released, has no waiters.
@r exists@
expression sets.S;
identifier f !~ "_(close|release)(_sock)?$";
identifier wake =~ "wake_(up|rcv)";
position sets.p;
@@

f(...)
{
	... when any
	\(S->sk_shutdown@p\|S.sk_shutdown@p\)
	... when != \(S->sk_state_change\|S.sk_state_change\)(...)
	    when != \(S->sk_error_report\|S.sk_error_report\)(...)
	    when != sk_error_report(...)
	    when != wake(...)
	    when != sock_flag(S, SOCK_DEAD)
	    when != sock_orphan(S)
}

// A helper: one who calls it does the waking.
@caller exists@
identifier r.f;
expression S;
@@

	f(...)
	... when any
	S->sk_state_change(...)

@excused depends on caller@
identifier r.f;
expression S;
position p;
@@

f(...)
{
	<+...
	\(S->sk_shutdown@p\|S.sk_shutdown@p\)
	...+>
}

// inet_shutdown() calls these and wakes everyone afterwards.
@proto@
identifier r.f, prot;
@@

(
struct proto prot = {
	.shutdown = f,
};
|
struct proto prot = {
	.disconnect = f,
};
)

@bad depends on !proto@
identifier r.f;
expression sets.S;
position sets.p, q != excused.p;
@@

f(...)
{
	<+...
	\(S->sk_shutdown@p@q\|S.sk_shutdown@p@q\)
	...+>
}

@depends on context@
expression S;
position bad.q;
@@

* \(S->sk_shutdown@q\|S.sk_shutdown@q\)

@script:python depends on org@
q << bad.q;
f << r.f;
S << sets.S;
@@

coccilib.org.print_todo(q[0], "%s() shuts %s down and does not wake everyone" % (f, S))

@script:python depends on report@
q << bad.q;
f << r.f;
S << sets.S;
@@

coccilib.report.print_report(q[0], "WARNING: %s() shuts %s down and does not wake everyone" % (f, S))
