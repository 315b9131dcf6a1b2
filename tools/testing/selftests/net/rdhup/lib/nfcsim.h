/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Two NFC devices that hear each other: those of nfcsim, the kernel's
 * simulator.  nfcsim_up() makes a link between them, the first one as the
 * initiator and the second one as its target, and nfcsim_down() has one of
 * them fall silent, which the other one finds out by itself after some seconds.
 *
 * Without them, or the right to command them, there is a negative errno for
 * which is_missing() is true.
 */
#ifndef RDHUP_NFCSIM_H
#define RDHUP_NFCSIM_H

#include <linux/nfc.h>
#include <linux/types.h>

struct nfcsim {
	int nl;			/* for commands */
	int events;
	int family;
	__u32 dev[2];		/* initiator, target */
	__u32 target;		/* what the initiator calls the other one */
};

/* Find the two devices. */
int nfcsim_open(struct nfcsim *sim);

/*
 * Two radios that look for each other may miss each other for a while: each
 * changes its frequency at random, and has 30 ms for an answer.  The target
 * goes on until it is found; the initiator stops when it has found somebody,
 * who may be gone again.
 */
int nfcsim_up(struct nfcsim *sim);

/* Device @end has heard enough; the other one is not told. */
int nfcsim_down(const struct nfcsim *sim, int end);

/*
 * The devices stay on: nfcsim forgets to answer if one is switched off while it
 * listens, and does not work from then on.
 */
void nfcsim_close(struct nfcsim *sim);

#endif /* RDHUP_NFCSIM_H */
