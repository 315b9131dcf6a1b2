// SPDX-License-Identifier: GPL-2.0
/*
 * What poll says of SMC after its own SHUT_RD, of which nobody was woken.
 */
#include "expect.h"

enum {
	SMC = F(FAM_SMC),
};

static const struct row rows[] = {
	{ "own_shut_rd", SMC, E_EOF, "smc_poll()" },
	{}
};

int main(int argc, char **argv)
{
	return run_states(argc, argv, rows);
}
