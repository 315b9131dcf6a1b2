// SPDX-License-Identifier: GPL-2.0-only
///
/// What a poll routine has found out about a shutdown is lost when the mask
/// is assigned to afterwards instead of added to.
///
// Confidence: High
// Options: --no-includes

virtual patch
virtual context
virtual org
virtual report

@r exists@
typedef __poll_t;
idexpression __poll_t mask;
expression bits;
position p, q;
@@

(
	mask@p |= <+... \(EPOLLRDHUP\|EPOLLHUP\|sk_shutdown_poll(...)\) ...+>;
|
	mask@p = <+... \(EPOLLRDHUP\|EPOLLHUP\|sk_shutdown_poll(...)\) ...+>;
)
	... when any
(
	mask = <+... mask ...+>;
|
	mask@q = bits;
)

@depends on context@
expression mask, bits;
position r.q;
@@

* mask@q = bits

@depends on patch@
expression mask, bits;
position r.q;
@@

  mask@q
- =
+ |=
  bits

@script:python depends on org@
p << r.p;
q << r.q;
mask << r.mask;
@@

cocci.print_main("%s is assigned to" % mask, q)
cocci.print_secs("shutdown bits set here", p)

@script:python depends on report@
p << r.p;
q << r.q;
mask << r.mask;
@@

coccilib.report.print_report(q[0], "WARNING: assignment to %s loses the shutdown bits of line %s" % (mask, p[0].line))
