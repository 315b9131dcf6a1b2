// SPDX-License-Identifier: GPL-2.0-only
virtual context
virtual org
virtual report

@sets@
attribute name __context_unsafe;
expression S, E;
position p;
@@

(
	S->sk_shutdown |= SEND_SHUTDOWN
|
	S->sk_shutdown = 0
|
	WRITE_ONCE(S->sk_shutdown, 0)
|
	WRITE_ONCE(S->sk_shutdown, S->sk_shutdown | SEND_SHUTDOWN)
|
	S->sk_shutdown@p |= E
|
	S->sk_shutdown@p = E
|
	WRITE_ONCE(S->sk_shutdown@p, E)
)

@wakes exists@
expression sets.S;
position sets.p;
@@

	S->sk_shutdown@p
	... when any
	S->sk_state_change(...)

@strong exists@
expression sets.S;
position sets.p;
identifier f;
@@

  f(...) {
	... when any
	S->sk_shutdown@p
	... when != S->sk_state_change(...)
	    when != sock_flag(S, SOCK_DEAD)
 }

@script:python depends on report@
p << sets.p;
S << sets.S;
@@
coccilib.report.print_report(p[0], "SET " + S)

@script:python depends on report && wakes@
p << sets.p;
@@
coccilib.report.print_report(p[0], "WAKES")
@script:python depends on report && strong@
p << sets.p;
f << strong.f;
@@
coccilib.report.print_report(p[0], "NOTALWAYS " +f)
