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

#endif /* RDHUP_RARE_H */
