#!/usr/bin/env bash
# A guest that fails is told from a test that fails, and said to have failed
# with the last words of its console; a test that hangs or dies is one failed
# test, and those after it still run.
# shellcheck source=scripts/tests/lib.sh
. "$(dirname "$0")/lib.sh"

borrow_build "$tmp/build" patched
kselftest() { # kselftest VARIABLE=VALUE...
	env BUILD="$tmp/build" "$@" "$top/scripts/kselftest.sh" base race
}

refuses "a guest that hangs is killed at its limit and said to have hung" \
	'the base guest hung: killed after 20 s' kselftest FAULT=hang LIMIT=20
ok "with the last lines of its console" grep -q '^    | .*init' "$tmp/err"
refuses "a guest that panics before the tests is said to have panicked" \
	'the base guest panicked: Kernel panic' kselftest FAULT=panic
refuses "a guest that vanishes in the middle of its KTAP is said to have" \
	'stopped in the middle of its tests; its KTAP is cut short' kselftest FAULT=die
touch "$tmp/build/guest/base.9.ktap"
ok "a guest that does not fail passes" kselftest TIMES=2
ok "and what more guests have said before is not counted with it" test ! -e "$tmp/build/guest/base.9.ktap"
ok "what is repeated is counted" grep -q ' race 2 times, base: [1-9][0-9]* passed, 0 failed, 0 skipped$' "$tmp/build/repeated"
ok "and has run what is to be run twice" test "$(grep -c '^ok [0-9]* net/rdhup:race@[12]$' "$tmp/build/results/base.ktap")" = 2
refuses "a number of times that is none is refused" 'TIMES=many is no number from 1 on' kselftest TIMES=many
refuses "and one of guests" 'SHARDS=0 is no number from 1 on' kselftest SHARDS=0
refuses "a program that there is none of is refused beside one that there is" "no test program 'nosuch'; T= takes one of: .*race" \
	env BUILD="$tmp/build" "$top/scripts/kselftest.sh" base race,nosuch
refuses "more tests than /init can name to a program are refused" \
	'TESTS= names 33 tests; one run takes 32' kselftest TESTS="$(printf 'a.b%s ' {1..33})"

# a program of the kernel's own, of which some tests are ours
listed() { # listed COMMAND: what shards.sh says
	TESTS=${2:-} bash -c 'top=$1 build=$2 guest=base kind=base tests=$2/selftests/kselftest programs=
		kernel_path_files() { :; }
		. "$top/scripts/guest/shards.sh"; eval "$3"' - "$top" "$build" "$1"
}
ok "the kernel's own programs with tests of ours are listed" test "$(listed list_tests)" = "net tun 45"
ok "and of these what concerns us is run" test "$(listed 'only_these net tun')" = " -f tun"
ok "which TESTS= overrides" test -z "$(listed 'only_these net tun' tun.read_delete)"
ok "of ours everything is run" test -z "$(listed 'only_these net/rdhup race')"
ok "nothing is generated in the tree that they are built from" test -z \
	"$(git -C "$build/linux/patched" ls-files --others -- tools/net tools/testing)"

# programs that misbehave, under the real /init
cat >"$tmp/fault.c" <<'C'
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
int main(int argc, char **argv)
{
	printf("TAP version 13\n1..1\n");
	fflush(stdout);
	if (strstr(argv[0], "hang")) {
		signal(SIGTERM, SIG_IGN);
		for (;;)
			pause();
	}
	if (strstr(argv[0], "crash"))
		*(volatile int *)1 = argc;
	if (strstr(argv[0], "leave") && fork() == 0)
		for (;;)
			pause();	/* holds the pipe open */
	if (strstr(argv[0], "skip"))
		return 4;
	printf("ok 1 fine\n");
	return 0;
}
C
root=$tmp/root
mkdir -p "$root/t"
gcc -O2 -w -static -o "$root/t/fine" "$tmp/fault.c"
for kind in hang crash leave skip; do
	ln "$root/t/fine" "$root/t/$kind"
done
for kind in hang crash leave skip fine; do
	echo "t:$kind 3 /t/$kind"
done >"$root/tests"
(
	# shellcheck source=scripts/lib/lib.sh
	BUILD=$tmp/build . "$top/scripts/lib/lib.sh"
	# shellcheck source=scripts/guest/guest.sh
	. "$top/scripts/guest/guest.sh"
	build_init
	pack_initramfs "$tmp/faults.cpio" "$root"
	guest_limit=60 boot_guest "$build/kernel/base/bzImage" "$tmp/faults.cpio" \
		ktap=/dev/ttyS1 -serial "file:$tmp/console" -serial "file:$tmp/ktap" </dev/null
)
ok "a test that hangs is one failed test" grep -q '^not ok 1 t:hang # TIMEOUT' "$tmp/ktap"
ok "and the results that it owed are given for it" grep -q '^  not ok 1 result_1_never_came' "$tmp/ktap"
ok "a test that crashes is one failed test" grep -q '^not ok 2 t:crash # signal 11' "$tmp/ktap"
ok "a test whose child holds the pipe is ended at its limit" grep -q '^not ok 3 t:leave # TIMEOUT' "$tmp/ktap"
ok "a test that skips is a skip" grep -q '^ok 4 t:skip # SKIP' "$tmp/ktap"
ok "and the test after them passes" grep -q '^ok 5 t:fine$' "$tmp/ktap"
