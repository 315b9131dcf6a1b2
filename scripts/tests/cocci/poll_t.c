// SPDX-License-Identifier: GPL-2.0-only
// Not compiled: what scripts/tests/cocci.sh gives to the semantic patch.

static __poll_t fault(struct file *file, poll_table *wait)
{
	if (gone)
		return POLLHUP; /* FAULT */
	return ready ? POLLIN | POLLRDNORM : 0; /* FAULT */
}

static int wakeup(wait_queue_entry_t *wait, unsigned int mode, int sync, void *key)
{
	return !!((unsigned long)key & POLLRDHUP); /* FAULT */
}

static __poll_t twin(struct file *file, poll_table *wait)
{
	return gone ? EPOLLHUP : EPOLLIN | EPOLLRDNORM; /* not POLLIN */
}

static void translation(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, mangle_poll(EPOLLRDHUP), POLLRDHUP);
}
