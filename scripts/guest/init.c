// SPDX-License-Identifier: GPL-2.0
/*
 * /init of the test guest: run the selftests of the initramfs, one by one,
 * and say in KTAP how they went.
 *
 * Takes: /tests, one test a line, "NAME SECONDS PROGRAM [ARGUMENT...]", and
 * these words of the kernel command line, which the kernel hands on as
 * environment:
 *   ktap=PATH    device that the KTAP goes to (default: the console)
 *   shell=PROG   run PROG on the console instead of the tests
 *   end=poweroff switch the machine off at the end (default: restart it)
 *   fault=KIND   misbehave on purpose, for the workshop's own tests:
 *                hang, panic or die, see plant_fault()
 * Gives: one KTAP document, a subtest for each program in which the
 * program's own KTAP is indented by two spaces; "# guest done" as its last
 * line; and the names of the tests in the kernel log, so that a splat on the
 * console can be laid at a test's door.  Then it restarts the machine, which
 * QEMU's -no-reboot turns into an exit; not every machine can do both.
 *
 * Plain POSIX and Linux calls only: the same source serves every architecture.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define KSFT_SKIP	4	/* exit status of a skipped kselftest */
#define MAX_TESTS	1024
#define MAX_ARGS	64

struct test {
	char name[96];
	unsigned int timeout;	/* seconds */
	char path[160];
	char args[4096];		/* separated by spaces */
};

static struct test tests[MAX_TESTS];
static FILE *ktap;
static int kmsg = -1;

static void kernel_log(const char *fmt, ...)
{
	char line[200];
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (kmsg >= 0 && len > 0 && write(kmsg, line, len) < 0)
		perror("init: /dev/kmsg");
}

static void stop_machine(void)
{
	const char *end = getenv("end");

	if (ktap) {
		fflush(ktap);
		tcdrain(fileno(ktap));
	}
	sync();
	reboot(end && !strcmp(end, "poweroff") ? RB_POWER_OFF : RB_AUTOBOOT);
	for (;;)
		pause();
}

static void give_up(const char *what)
{
	fprintf(stderr, "init: %s: %s\n", what, strerror(errno));
	kernel_log("init: %s: %s\n", what, strerror(errno));
	stop_machine();
}

static void mount_one(const char *type, const char *dir)
{
	mkdir(dir, 0755);
	/* devtmpfs may be there already (CONFIG_DEVTMPFS_MOUNT) */
	if (mount(type, dir, type, 0, NULL) && errno != EBUSY)
		give_up(dir);
}

static void loopback_up(void)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &ifr))
		give_up("bringing lo up");
	close(fd);
}

/*
 * A port of virtio-serial is there only once the host has answered its driver,
 * which nothing here waits for.  A name that never comes fails to open.
 */
static void await_device(const char *path)
{
	const struct timespec tick = { .tv_nsec = 100000000 };

	for (int i = 0; i < 100 && access(path, F_OK); i++)
		nanosleep(&tick, NULL);
}

/* A serial line in its default mode would turn \n into \r\n and echo. */
static void open_ktap(const char *path)
{
	struct termios tio;

	if (path)
		await_device(path);
	ktap = path ? fopen(path, "we") : stdout;
	if (!ktap)
		give_up(path);
	if (path && !tcgetattr(fileno(ktap), &tio)) {
		cfmakeraw(&tio);
		tcsetattr(fileno(ktap), TCSANOW, &tio);
	}
	setvbuf(ktap, NULL, _IOLBF, 0);
}

static int read_tests(void)
{
	FILE *list = fopen("/tests", "re");
	int n = 0;

	if (!list)
		give_up("/tests");
	while (n < MAX_TESTS &&
	       fscanf(list, "%95s %u %159s%4095[^\n]", tests[n].name,
		      &tests[n].timeout, tests[n].path, tests[n].args) >= 3)
		n++;
	fclose(list);
	return n;
}

static long long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

/*
 * What a test has said of itself so far: a test that dies before it has given
 * all the results that its plan promised is made up for by complete_plan(),
 * or a KTAP parser would take the results of others for those missing.
 */
struct progress {
	char line[32];		/* the beginning of the line being printed */
	unsigned int len;
	int planned;
	int results;
};

static void account(struct progress *p, char c)
{
	if (c != '\n') {
		if (p->len < sizeof(p->line) - 1)
			p->line[p->len++] = c;
		return;
	}
	p->line[p->len] = '\0';
	p->len = 0;
	if (!strncmp(p->line, "1..", 3))
		p->planned = atoi(p->line + 3);
	else if (!strncmp(p->line, "ok ", 3) || !strncmp(p->line, "not ok ", 7))
		p->results++;
}

static void complete_plan(const struct progress *p)
{
	for (int i = p->results + 1; i <= p->planned; i++)
		fprintf(ktap, "  not ok %d result_%d_never_came\n", i, i);
}

/*
 * Copy what the test prints, each line indented, until it and whatever it
 * left behind have closed the pipe, or until @deadline (milliseconds of
 * CLOCK_MONOTONIC).  Returns 0, or -1 if the deadline passed.
 */
static int relay(int fd, long long deadline, struct progress *p)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	int at_start = 1;
	char buf[4096];

	for (;;) {
		long long left = deadline - now_ms();
		ssize_t len;

		if (left <= 0 || poll(&pfd, 1, left) == 0) {
			if (!at_start)
				fputc('\n', ktap);
			return -1;
		}
		len = read(fd, buf, sizeof(buf));
		if (len < 0 && errno == EINTR)
			continue;
		if (len <= 0)
			break;
		for (ssize_t i = 0; i < len; i++) {
			if (at_start)
				fputs("  ", ktap);
			fputc(buf[i], ktap);
			at_start = buf[i] == '\n';
			account(p, buf[i]);
		}
	}
	if (!at_start)
		fputc('\n', ktap);
	return 0;
}

static void exec_test(struct test *t, int out)
{
	char *argv[MAX_ARGS + 2] = { t->path };
	char dir[sizeof(t->path)];
	char *slash;
	int n = 1;

	strcpy(dir, t->path);
	slash = strrchr(dir, '/');
	if (slash)
		*slash = '\0';
	setsid();
	if (chdir(slash ? dir : "/"))
		_exit(127);
	dup2(open("/dev/null", O_RDONLY), 0);
	dup2(out, 1);
	dup2(out, 2);
	for (char *arg = strtok(t->args, " "); arg && n <= MAX_ARGS;
	     arg = strtok(NULL, " "))
		argv[n++] = arg;
	execv(t->path, argv);
	dprintf(2, "# init: cannot run %s: %s\n", t->path, strerror(errno));
	_exit(127);
}

static void run_test(struct test *t, int number)
{
	struct progress progress = { .planned = 0 };
	int status, late, out[2];
	pid_t pid;

	kernel_log("rdhup: start %s\n", t->name);
	if (pipe2(out, O_CLOEXEC))
		give_up("pipe");
	pid = fork();
	if (pid < 0)
		give_up("fork");
	if (pid == 0)
		exec_test(t, out[1]);
	close(out[1]);

	late = relay(out[0], now_ms() + t->timeout * 1000LL, &progress);
	if (late) {
		fprintf(ktap, "  # %s: killed after %u s\n", t->name,
			t->timeout);
		kernel_log("rdhup: %s killed after %u s\n", t->name,
			   t->timeout);
		kill(-pid, SIGKILL);
		kill(pid, SIGKILL);
	}
	complete_plan(&progress);
	close(out[0]);
	waitpid(pid, &status, 0);
	/* whatever the test left behind must not run beside the next one */
	kill(-pid, SIGKILL);
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;

	if (late)
		fprintf(ktap, "not ok %d %s # TIMEOUT\n", number, t->name);
	else if (WIFSIGNALED(status))
		fprintf(ktap, "not ok %d %s # signal %d\n", number, t->name,
			WTERMSIG(status));
	else if (WEXITSTATUS(status) == KSFT_SKIP)
		fprintf(ktap, "ok %d %s # SKIP\n", number, t->name);
	else if (WEXITSTATUS(status))
		fprintf(ktap, "not ok %d %s # exit %d\n", number, t->name,
			WEXITSTATUS(status));
	else
		fprintf(ktap, "ok %d %s\n", number, t->name);
	kernel_log("rdhup: end %s\n", t->name);
}

/*
 * The ways in which a guest can fail its host, so that the host's handling of
 * each can be tested: never come to an end, panic before the first test, or
 * vanish in the middle of a test's KTAP.
 */
static void plant_fault(const char *kind)
{
	int fd;

	if (!strcmp(kind, "hang"))
		for (;;)
			pause();
	if (!strcmp(kind, "panic")) {
		fd = open("/proc/sysrq-trigger", O_WRONLY);
		if (fd < 0 || write(fd, "c", 1) != 1)
			exit(1);	/* killing init panics as well */
	}
	if (!strcmp(kind, "die")) {
		fputs("KTAP version 1\n1..2\n  KTAP version 1\n  1..2\n", ktap);
		fputs("  ok 1 first\n", ktap);
		stop_machine();
	}
	errno = EINVAL;
	give_up("fault=");
}

static void run_shell(const char *shell)
{
	pid_t pid = fork();

	if (pid == 0) {
		setsid();
		ioctl(0, TIOCSCTTY, 1);
		execl(shell, shell, (char *)NULL);
		_exit(127);
	}
	while (pid > 0 && wait(NULL) != pid)
		;
	stop_machine();
}

int main(void)
{
	int n;

	mount_one("devtmpfs", "/dev");
	mount_one("proc", "/proc");
	mount_one("sysfs", "/sys");
	mount_one("tmpfs", "/tmp");
	kmsg = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	setenv("PATH", "/bin:/sbin:/usr/bin:/usr/sbin", 1);
	setenv("HOME", "/", 1);
	loopback_up();

	if (getenv("shell"))
		run_shell(getenv("shell"));
	open_ktap(getenv("ktap"));
	if (getenv("fault"))
		plant_fault(getenv("fault"));

	n = read_tests();
	fprintf(ktap, "KTAP version 1\n1..%d\n", n);
	for (int i = 0; i < n; i++)
		run_test(&tests[i], i + 1);
	fputs("# guest done\n", ktap);
	stop_machine();
	return 0;
}
