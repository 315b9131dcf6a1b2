/* SPDX-License-Identifier: GPL-2.0 */
/*
 * SMC.  Two hosts, or a host and itself, agree to use SMC-D version 2 only if
 * they have an enterprise ID in common.  Without it, as without a usable
 * device, SMC falls back to TCP in silence.  So set one, and look whether what
 * is sent goes through TCP.  That is a failure, unless the kernel says that it
 * has no device: the loopback is an option, and younger than SMC.
 */
#ifndef RDHUP_SMC_H
#define RDHUP_SMC_H

#include "family.h"

/*
 * Have SMC work here: set an enterprise ID and look for a device.  -EPERM if
 * we may not, -ENODEV if there is none, so that to fall back is right.
 */
int smc_ready(void);

/* A pair as pair_by_accept()'s; -EPROTO if it has fallen back to TCP. */
int smc_pair(enum family_id id, int sv[2]);

#endif /* RDHUP_SMC_H */
