// SPDX-License-Identifier: GPL-2.0-only
///
/// Inside the kernel poll masks are __poll_t, made of EPOLLxxx.  POLLxxx are
/// the values of poll(2), which differ on some architectures (POLLRDHUP and
/// POLLWRBAND on sparc, for one); only mangle_poll() and demangle_poll()
/// translate.
///
// Confidence: High
// Copyright: (C) 2026 The POLLRDHUP series' authors
// Options: --no-includes
// Comments: A value cast with __force is left alone: somebody has looked.

virtual patch
virtual context
virtual org
virtual report

@forced@
identifier P;
position p;
@@

(__force __poll_t)(<+... P@p ...+>)

// A function that returns a mask, a poll routine of whichever type, or a wait
// queue callback that has the mask as its key.
@returns@
identifier f;
identifier P =~ "^POLL(IN|PRI|OUT|ERR|HUP|NVAL|RDNORM|RDBAND|WRNORM|WRBAND|MSG|RDHUP)$";
position p != forced.p;
@@

__poll_t f(...)
{
	<+...
	P@p
	...+>
}
