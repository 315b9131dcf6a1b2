/* SPDX-License-Identifier: GPL-2.0 */
/*
 * All that the tests share, and what they use of the C library.
 */
#ifndef RDHUP_COMMON_H
#define RDHUP_COMMON_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/vm_sockets.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "ask.h"
#include "family.h"
#include "netns.h"
#include "tcp.h"
#include "wait.h"

#endif /* RDHUP_COMMON_H */
