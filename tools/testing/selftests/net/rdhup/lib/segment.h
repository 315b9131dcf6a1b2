/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The fixture of tests that end a connection by each of the segments of
 * lib/peer.h: a listener on a tun device, and the way in which the stream is
 * to end.  connection_open() makes the connection in self->c.
 *
 * It stands in a header because the harness wants a fixture in the same file as
 * its tests.
 */
#ifndef RDHUP_SEGMENT_H
#define RDHUP_SEGMENT_H

#include "family.h"
#include "peer.h"
#include "kselftest_harness.h"

#include <stdint.h>
#include <string.h>
#include <unistd.h>

FIXTURE(segment) {
	int tun;
	int listener;
	uint16_t dport;
	const struct shape *shape;
	struct connection c;
};

FIXTURE_VARIANT(segment) {
	enum shape_id shape;
};

FIXTURE_VARIANT_ADD(segment, bare_fin) { BARE_FIN };
FIXTURE_VARIANT_ADD(segment, data_fin) { DATA_FIN };
FIXTURE_VARIANT_ADD(segment, hole) { FILLED_HOLE };
FIXTURE_VARIANT_ADD(segment, hole_data) { FILLED_HOLE_DATA };
FIXTURE_VARIANT_ADD(segment, closing) { CLOSING };
FIXTURE_VARIANT_ADD(segment, fin_wait1) { ACK_OF_OURS };
FIXTURE_VARIANT_ADD(segment, fin_wait2) { ACKED_OURS };
FIXTURE_VARIANT_ADD(segment, fin_wait2_data) { ACKED_OURS_DATA };

FIXTURE_SETUP(segment)
{
	self->shape = &shapes[variant->shape];
	self->listener = -1;
	self->c.fd = -1;
	self->tun = tun_open();
	if (is_missing(self->tun))
		SKIP(return, "no tun device: %s", strerror(-self->tun));
	ASSERT_LE(0, self->tun);
	self->listener = tun_listen(&self->dport);
	ASSERT_LE(0, self->listener);
}

FIXTURE_TEARDOWN(segment)
{
	if (self->c.fd >= 0)
		close(self->c.fd);
	if (self->listener >= 0)
		close(self->listener);
	if (self->tun >= 0)
		close(self->tun);
}

#endif /* RDHUP_SEGMENT_H */
