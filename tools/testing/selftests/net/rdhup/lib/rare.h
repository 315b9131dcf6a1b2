/* SPDX-License-Identifier: GPL-2.0 */
/*
 * common.h, and the families that want more than an address.
 */
#ifndef RDHUP_RARE_H
#define RDHUP_RARE_H

#include "bluetooth.h"
#include "common.h"
#include "genl.h"
#include "smc.h"
#include "tipc.h"

/* The names that these have had for families that want more. */
#define any_pair	make_pair
#define any_listen	listen_on
#define any_connect	connect_to

#endif /* RDHUP_RARE_H */
