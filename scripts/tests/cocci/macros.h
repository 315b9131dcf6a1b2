/* SPDX-License-Identifier: GPL-2.0-only */
/* What spatch 1.1.1 cannot parse, and would skip the function for. */
#define __context_unsafe(x)
