// SPDX-License-Identifier: GPL-2.0
/*
 * What poll says of MPTCP clients that were refused, or reset before they were
 * accepted. It was OUT HUP ERR, and recv() said ENOTCONN for ever.
 */
#include "expect.h"

enum {
	MPTCP = F(FAM_MPTCP4),
};

static const struct row rows[] = {
	{ "refused_later", MPTCP, E_RESET,
	  "as tcp_reset(); __mptcp_subflow_error_report()" },
	{ "listener_closed", MPTCP, E_RESET,
	  "as tcp_reset(); __mptcp_subflow_error_report()", NO_EVENT },
	{ "listener_shut", MPTCP, E_RESET,
	  "as tcp_reset(); __mptcp_subflow_error_report()", NO_EVENT },
	{}
};

int main(int argc, char **argv)
{
	return run_states(argc, argv, rows);
}
