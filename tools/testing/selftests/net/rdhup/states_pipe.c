// SPDX-License-Identifier: GPL-2.0
/*
 * What poll says of pipes and FIFOs, which have no RDHUP: HUP is the end for a
 * reader, ERR for a writer.
 */
#include "expect.h"

enum {
	PIPES = F(FAM_PIPE) | F(FAM_FIFO),
};

static const struct row rows[] = {
	{ "fresh", PIPES, 0, "pipe_poll()" },
	{ "peer_data", PIPES, E_IN, "pipe_poll()" },
	{ "peer_close", PIPES, E_HUP, "pipe_poll(); LTP poll03" },
	{ "peer_data_close", PIPES, E_IN | E_HUP, "pipe_poll()" },
	{ "readers_gone", PIPES, E_OUT | E_ERR, "pipe_poll()" },
	{ "full_readers_gone", PIPES, E_ERR, "pipe_poll()" },
	{ "writer_back", PIPES, 0,
	  "fifo_open(): a new writer takes HUP back; epoll-shim", NO_EVENT },
	{}
};

int main(int argc, char **argv)
{
	return run_states(argc, argv, rows);
}
