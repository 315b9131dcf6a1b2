#!/usr/bin/env bash
# What is said of bad input for another architecture, of bad rows and fragments,
# and of results; and what sparc64 says, booted.
# shellcheck source=scripts/tests/lib.sh
. "$(dirname "$0")/lib.sh"

# bad input, in a copy whose table and fragments can be broken
repo=$tmp/repo
mkdir "$repo"
cp -r "$top/scripts" "$repo/scripts"
mkdir -p "$repo/tools/testing/selftests/net/rdhup"
cp "$top/tools/testing/selftests/net/rdhup/config" "$repo/tools/testing/selftests/net/rdhup/"
ln -s "$top/patches" "$repo/patches"
table=$repo/scripts/guest/arches

b=$tmp/build
mkdir "$b"
ln -s "$build/linux" "$b/linux"
verb() { # verb SCRIPT WORD...
	env BUILD="$b" "$repo/scripts/$1" "${@:2}"
}

refuses "an unknown architecture is refused, and those that there are are named" \
	'vax is no architecture; name one of: .*sparc64' verb kernel.sh vax-base
refuses "so are its selftests" 'vax is no architecture' verb guest/selftests.sh vax
refuses "and its KUnit suites" 'vax is no architecture' env K=vax-patched BUILD="$b" "$repo/scripts/lint/kunit.sh"
refuses "which are in patched" 'K=sparc64-base: the suites are in patched' \
	env K=sparc64-base BUILD="$b" "$repo/scripts/lint/kunit.sh"
refuses "a kernel that there is none of is refused" 'K=sparc64-main is no kernel; name' \
	verb kernel.sh sparc64-main
refuses "an architecture is not taken for a kernel" 'K=sparc64 is no kernel; name' verb kselftest.sh sparc64
refuses "the shell is for x86_64" 'K=sparc64-base: the shell is for x86_64' verb boot.sh sparc64-base

# a row of the table at a time, and the fragment beside it
row() {
	sed -i '/^vax/d' "$table"
	printf '%s\n' "$@" >>"$table"
}
good='vax sparc sparc64-linux-gnu- arch/sparc/boot/image ttyS0 ttyS1 poweroff qemu-system-sparc64 -M sun4u'
row 'vax sparc sparc64-linux-gnu- arch/sparc/boot/image ttyS0'
refuses "a row that lacks a column is refused" 'the row of vax lacks a column' verb kernel.sh vax-base
row "$good" "$good"
refuses "two rows for one architecture are refused" 'has two rows for vax' verb kernel.sh vax-base
row "${good/sparc/vax}"
refuses "one that kunit.py has no machine for is refused" 'kunit.py has no machine for vax' \
	env K=vax-patched BUILD="$b" "$repo/scripts/lint/kunit.sh"
row "$good"
refuses "an architecture without a fragment is refused" 'vax has no scripts/guest/vax.config' \
	verb kernel.sh vax-base
echo 'CONFIG_NO_SUCH_OPTION=y' >"$repo/scripts/guest/vax.config"
refuses "an option of a fragment that does not survive is named" \
	"CONFIG_NO_SUCH_OPTION=y does not survive in vax-base's .config" verb kernel.sh vax-base
cp "$top/scripts/guest/sparc64.config" "$repo/scripts/guest/vax.config"
echo 'CONFIG_IPV6=n' >>"$repo/scripts/guest/vax.config"
refuses "so is one that the fragment takes away the ground from" \
	"CONFIG_MPTCP_IPV6=y does not survive in vax-base's" verb kernel.sh vax-base
ok "one that the fragment does without is not missed" \
	grep -q 'CONFIG_IPV6 is not set' "$build/linux/base/.build-vax/.config"
rm -rf "$build/linux/base/.build-vax"
refuses "a tool that no package is known for is named" \
	"no Debian package is known for the tool 'qemu-system-vax'" \
	bash -c ". '$repo/scripts/lib/lib.sh'; need qemu-system-vax"
for pair in sparc64-linux-gnu-gcc=gcc-sparc64-linux-gnu qemu-system-i386=qemu-system-x86 \
	x86_64-linux-gnu-gcc=gcc-x86-64-linux-gnu static:x86_64-linux-gnu-gcc=libc6-dev-amd64-cross \
	static:aarch64-linux-gnu-gcc=libc6-dev-arm64-cross static:sparc64-linux-gnu-gcc=libc6-dev-sparc64-cross \
	static:powerpc64-linux-gnu-gcc=libc6-dev-ppc64-cross static:i686-linux-gnu-gcc=libc6-dev-i386-cross \
	static:gcc=libc6-dev; do
	ok "${pair%=*} is in ${pair#*=}" test "$(bash -c ". '$top/scripts/lib/lib.sh'; package_of '${pair%=*}'")" = "${pair#*=}"
done

# which nobody would notice who has the tools
known() {
	bash -c ". '$1/scripts/lib/lib.sh'; . '$1/scripts/guest/machine.sh'; machine $2
		for tool in \"\${cross}gcc\" \"static:\${cross}gcc\" \"\${qemu[0]}\"; do package_of \"\$tool\" || exit; done"
}
while read -r name _; do
	ok "the packages of what $name takes are known" known "$top" "$name"
done < <(grep -v '^#' "$top/scripts/guest/arches")
row "${good/qemu-system-sparc64/qemu-system-vax}"
refuses "and those of a row whose emulator has none are not" "for the tool 'qemu-system-vax'" known "$repo" vax

# What is said of results: they are made up here, as they come from a guest, of
# two programs; nothing is skipped there.
sed -i '/^# Skips:/d' "$repo/scripts/guest/lean.config"
mkdir -p "$b/results"
results() { # results SED-EXPRESSION
	sed "$1" >"$b/results/sparc64-patched.ktap" <<'END'
KTAP version 1
1..2
  TAP version 13
  1..3
  ok 1 race.tcp4.one_event
  ok 2 race.tcp6.one_event
  ok 3 race.tcp4.close
ok 1 net/rdhup:race
  TAP version 13
  1..1
  ok 1 values
ok 2 net/rdhup:epoll
# guest done
END
	cat >"$b/results/sparc64-patched.console" <<'END'
[    1.000000] rdhup: start net/rdhup:race
[    1.100000] rdhup: end net/rdhup:race
END
}
say() { # say PROGRAM...: what does not hold
	python3 "$repo/scripts/results/verdict.py" tap "$b" sparc64-patched "$@" | sed -n 's/^not ok - sparc64-patched: //p'
}
fails() { ! "$@"; }
summary() {
	python3 "$repo/scripts/results/verdict.py" summary "$b" sparc64-patched
}
results ''
ok "results without a fault are a pass" test -z "$(say race,epoll)"
ok "a line a test" test "$(python3 "$repo/scripts/results/verdict.py" tap "$b" sparc64-patched |
	grep -c '^ok - sparc64-patched: net/rdhup:race race')" = 3
ok "a program that was not run is missed" test "$(say race,sctp)" = "sctp was run"
results 's/^  ok \(.* race.tcp4.one_event\)$/  not ok \1/'
ok "a test that fails is a failure" test "$(say race)" = "net/rdhup:race race.tcp4.one_event"
results 's/^\(  ok .* race.tcp4.one_event\)$/\1 # SKIP no reason/'
ok "so is one that is skipped" test "$(say race)" = "net/rdhup:race race.tcp4.one_event"
ok "for make kselftest, too" fails summary
echo '# Skips: race' >>"$repo/scripts/guest/sparc64.config"
ok "unless the fragment names its program" test -z "$(say race)"
ok "which make kselftest knows" summary
sed -i 's/^# Skips: race$/# Skips: race.tcp6.*/' "$repo/scripts/guest/sparc64.config"
ok "a pattern excuses no other test" test "$(say race)" = "net/rdhup:race race.tcp4.one_event"
sed -i 's/^# Skips: race.tcp6.*/# Skips: race.tcp4.*/' "$repo/scripts/guest/sparc64.config"
ok "but those that it is for" test -z "$(say race)"
results ''
echo 'WARNING: planted' >>"$b/results/sparc64-patched.console"
ok "a splat is a failure" test "$(say race)" = "has results, and no splat on its console"

# On sparc64 poll(2) and epoll differ in the values of their bits: the programs
# whose answers depend on these, a line a test, then the values and what base
# loses there and nowhere else.  The whole suite is `make kselftest K=sparc64-patched`.
programs=epoll,io_uring,race
# shellcheck disable=SC2016 # another shell's
sparc64() {
	bash -c '. "$0/scripts/lib/lib.sh"
		. "$0/scripts/guest/guest.sh"
		machine sparc64
		need "${qemu[0]}"
		mkdir -p "$build/results"
		"$top/scripts/guest/selftests.sh" sparc64
		build_init
		for kind in base patched; do
			"$top/scripts/kernel.sh" "sparc64-$kind"
		done
		# much of their time goes into waiting for what must not come
		for kind in base patched; do
			in_background results_of "sparc64-$kind" 1 "$1"
			guests+=($!)
		done
		for pid in "${guests[@]}"; do
			wait "$pid" || exit 1
		done' "$top" "$programs"
}
if sparc64 >"$tmp/sparc64" 2>&1; then
	echo "ok - sparc64 boots both kernels and runs the tests"
else
	echo "not ok - sparc64 boots both kernels and runs the tests"
	tail -n 20 "$tmp/sparc64" | sed 's/^/# /'
fi
grep '^==>' "$tmp/sparc64" || true
python3 "$top/scripts/results/verdict.py" tap "$build" sparc64-patched "$programs" || true
results=$build/results
for kind in base patched; do
	ok "poll says 0x0801 and epoll 0x2001 on sparc64-$kind" \
		grep -q 'values:poll 0x0801, epoll 0x2001' "$results/sparc64-$kind.ktap"
	ok "no splat on the console of sparc64-$kind" test "$(
		python3 "$top/scripts/results/verdict.py" summary "$build" "sparc64-$kind" | grep -c '^splat ')" = 0
done
# In io_uring's poll, a mask in EPOLLxxx that is tested or given out as if it
# were in POLLxxx: the end of a multishot receive is lost, and RDHUP of a poll
# that is ready at once.  Where the values are the same, neither can be seen, as
# the main job's results say.
passes() { # passes TEST K: the test passes there
	grep -q "^ *ok [0-9]* $1\$" "$results/$2.ktap"
}
for test in poll.{tcp4,unix_stream}.{in,rdnorm,rdhup,out_rdhup}_already \
	poll.unix_stream.recv_multishot_both_at_once; do
	ok "$test fails on sparc64-base" grep -q "^ *not ok [0-9]* $test\$" "$results/sparc64-base.ktap"
	ok "and passes on sparc64-patched" passes "$test" sparc64-patched
done
sparc64 >"$tmp/again" 2>&1 || true
ok "a second run builds and boots nothing" test "$(grep -c 'nothing has changed' "$tmp/again")" = 2
