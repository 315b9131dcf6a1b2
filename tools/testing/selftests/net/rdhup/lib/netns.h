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
 * TCP keeps a partial segment back (TCP_CORK, MSG_MORE) for its shortest time
 * to retransmit, which is 200 ms and may pass between two lines of a test.
 * Make that @ms for sockets that are made from now on, and do without the probe
 * that sends the last segment again after two round trips.  To be called after
 * own_net(), whose network it is for.  0 or a negative errno.
 */
int hold_back(unsigned int ms);

/* Longer than any test takes. */
#define HOLD_MS	20000

#endif /* RDHUP_NETNS_H */
