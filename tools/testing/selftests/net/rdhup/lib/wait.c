// SPDX-License-Identifier: GPL-2.0
#include "wait.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

long sleeps_of(pid_t tid)
{
	char path[64], line[128];
	long count = -ENOENT;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/task/%d/status", tid);
	f = fopen(path, "re");
	if (!f)
		return -errno;
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "voluntary_ctxt_switches: %ld", &count) == 1)
			break;
	fclose(f);
	return count;
}

char state_of(pid_t tid)
{
	char path[64], line[512], *paren;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
	f = fopen(path, "re");
	if (!f)
		return 0;
	if (!fgets(line, sizeof(line), f))
		line[0] = '\0';
	fclose(f);
	paren = strrchr(line, ')');
	return paren && paren[1] ? paren[2] : 0;
}

void pin_to(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		fprintf(stderr, "# no CPU %d: this wants two\n", cpu);
}

void wait_recv(struct waiter *w)
{
	char buf[64];

	w->ret = recv(w->fd, buf, sizeof(buf), (int)w->events);
}

void wait_accept(struct waiter *w)
{
	w->ret = accept(w->fd, NULL, NULL);
}

void wait_send(struct waiter *w)
{
	static const char buf[1024];

	w->ret = send(w->fd, buf, sizeof(buf), MSG_NOSIGNAL);
}

bool waiter_done(const struct waiter *w)
{
	return __atomic_load_n(&w->done, __ATOMIC_ACQUIRE);
}

static void *waiter_main(void *arg)
{
	struct waiter *w = arg;

	__atomic_store_n(&w->tid, syscall(SYS_gettid), __ATOMIC_RELEASE);
	if (w->wait)
		w->wait(w);
	else
		w->mask = w->epoll ? epoll_next(w->fd, -1) :
				     poll_mask(w->fd, w->events, -1);
	w->err = w->ret < 0 ? errno : 0;
	__atomic_store_n(&w->done, true, __ATOMIC_RELEASE);
	return NULL;
}

/*
 * Whether the thread has gone to sleep and nobody has woken it.  It counts a
 * sleep as it leaves its CPU, which may be long after stat says S if it was
 * preempted on its way.  The kernel waits for that before it answers in
 * syscall, but takes a thread that is just being woken for one that sleeps.
 */
static bool is_asleep(pid_t tid)
{
	char path[64], first = 'r';
	ssize_t got;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/task/%d/syscall", tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		got = read(fd, &first, 1);
		close(fd);
		/* "running" */
		if (got != 1 || first == 'r')
			return false;
	}
	return state_of(tid) == 'S';
}

long settled_sleeps(const struct waiter *w)
{
	/* Before the harness ends the test, which does not say why. */
	const long long end = now_ms() + 2 * MUST_MS;
	long sleeps = -1, last;
	int same = 0;

	while (same < 20 && !waiter_done(w)) {
		/* One that runs on, or is woken again and again. */
		if (now_ms() >= end)
			return -ETIMEDOUT;
		last = sleeps;
		if (!is_asleep(w->tid)) {
			same = 0;
			continue;
		}
		sleeps = sleeps_of(w->tid);
		same = sleeps == last ? same + 1 : 0;
	}
	return sleeps;
}

int waiter_start(struct waiter *w)
{
	long long end = now_ms() + MUST_MS;
	pid_t tid;
	int err;

	w->tid = 0;
	w->done = false;
	w->mask = 0;
	w->ret = 0;
	err = pthread_create(&w->thread, NULL, waiter_main, w);
	if (err)
		return -err;
	while (now_ms() < end) {
		if (waiter_done(w))
			return -EALREADY;
		tid = __atomic_load_n(&w->tid, __ATOMIC_ACQUIRE);
		if (tid && state_of(tid) == 'S') {
			w->sleeps = settled_sleeps(w);
			if (waiter_done(w))
				return -EALREADY;
			return w->sleeps < 0 ? (int)w->sleeps : 0;
		}
		sched_yield();
	}
	return -ETIMEDOUT;
}

bool waiter_join(struct waiter *w, int ms)
{
	long long end = now_ms() + ms;

	while (!waiter_done(w)) {
		if (now_ms() >= end)
			return false;
		sched_yield();
	}
	pthread_join(w->thread, NULL);
	return true;
}

bool waiter_end(struct waiter *w, int ms)
{
	if (waiter_join(w, ms))
		return true;
	pthread_cancel(w->thread);
	pthread_join(w->thread, NULL);
	return false;
}

static void wait_sleeper(struct waiter *w)
{
	struct sleeper *s = (struct sleeper *)w;	/* its first member */
	struct pollfd pfd[2] = {
		{ .fd = w->fd, .events = to_poll(w->events) },
		{ .fd = s->stop, .events = POLLIN },
	};
	int ret;

	do {
		ret = poll(pfd, 2, -1);
	} while (ret < 0 && errno == EINTR);
	w->mask = to_epoll((unsigned short)pfd[0].revents);
	s->stopped = pfd[1].revents;
}

int sleeper_start(struct sleeper *s)
{
	s->stop = eventfd(0, EFD_CLOEXEC);
	if (s->stop < 0)
		return -errno;
	s->w.wait = wait_sleeper;
	return waiter_start(&s->w);
}

unsigned int sleeper_stop(struct sleeper *s, int ms)
{
	if (!waiter_join(&s->w, ms)) {
		eventfd_write(s->stop, 1);
		pthread_join(s->w.thread, NULL);
	}
	close(s->stop);
	return s->w.mask;
}
