/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A network of the test's own.
 */
#ifndef RDHUP_NETNS_H
#define RDHUP_NETNS_H

/*
 * Move to a network namespace of our own, where lo is up: for what needs
 * privileges that anybody has over a namespace of his own.  Only with a single
 * thread, and before there are sockets that are to be used on.  0, or -EPERM
 * if not even user namespaces are permitted, or another negative errno.
 */
int own_net(void);

/*
 * The first thing that a program of tests does: what they leave behind goes
 * with the network.  Who may not have one of his own is told so, and goes on in
 * the one that there is.
 */
void enter_own_net(void);

/*
 * Set the sysctl net/@name of the network that own_net() has moved to.  0 or a
 * negative errno: -EPERM if there was none to move to, since what is set in the
 * machine's own would stay.
 */
int set_own(const char *name, unsigned int value);

/*
 * Have TCP do without the probe that sends the last segment again after two
 * round trips, which on a busy machine are over before the acknowledgment
 * comes: who counts segments counts that as well.  It holds for all sockets of
 * the network.  As set_own().
 */
int no_loss_probe(void);

/*
 * TCP keeps a partial segment back (TCP_CORK, MSG_MORE) for its shortest time
 * to retransmit, which is 200 ms and may pass between two lines of a test.
 * Make that @ms for sockets that are made from now on, and do without the loss
 * probe.  As set_own().
 */
int hold_back(unsigned int ms);

/* Longer than any test takes. */
#define HOLD_MS	20000

#endif /* RDHUP_NETNS_H */
