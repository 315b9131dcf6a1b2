// SPDX-License-Identifier: GPL-2.0-only
///
/// What a poll routine has found out about a shutdown is lost when the mask
/// is assigned to afterwards instead of added to.
/// A bit that the new value has as well is not lost.
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
identifier bit = {EPOLLRDHUP, EPOLLHUP, sk_shutdown_poll};
expression bits;
position p, q;
@@

(
	mask@p |= <+... bit ...+>;
|
	mask@p = <+... bit ...+>;
)
	... when any
(
	mask = <+... mask ...+>;
|
	mask = <+... bit ...+>;
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
bit << r.bit;
@@

cocci.print_main("%s() assigns to %s" % (q[0].current_element, mask), q)
cocci.print_secs("%s is set here" % bit, p)

@script:python depends on report@
p << r.p;
q << r.q;
mask << r.mask;
bit << r.bit;
@@

coccilib.report.print_report(q[0], "WARNING: %s() assigns to %s and loses %s of line %s" % (q[0].current_element, mask, bit, p[0].line))
