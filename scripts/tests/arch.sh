#!/usr/bin/env bash
# What `make arch` says of bad input, of bad rows and fragments, and of results;
# and what sparc64 says, booted.
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

refuses "without a name, those that there are are named" 'name an architecture: make arch A=.*sparc64' \
	verb arch.sh
refuses "an unknown architecture is refused, and those that there are are named" \
	'A=vax is no architecture; name one of: .*sparc64' verb arch.sh vax
refuses "so is a kernel of one" 'A=vax is no architecture' verb kernel.sh vax-base
refuses "and its selftests" 'A=vax is no architecture' verb guest/selftests.sh vax
refuses "and its KUnit suites" 'A=vax is no architecture' verb kunit.sh vax
refuses "which take a name, too" 'name an architecture: make kunit A=.*sparc64' verb kunit.sh
refuses "a kernel that there is none of is refused" 'K=sparc64-main is no kernel; name' \
	verb kernel.sh sparc64-main
refuses "an architecture is not taken for a kernel" 'K=sparc64 is no kernel; name' verb kselftest.sh sparc64

# a row of the table at a time, and the fragment beside it
row() {
	sed -i '/^vax/d' "$table"
	printf '%s\n' "$@" >>"$table"
}
good='vax sparc sparc64-linux-gnu- arch/sparc/boot/image ttyS0 ttyS1 poweroff qemu-system-sparc64 -M sun4u'
row 'vax sparc sparc64-linux-gnu- arch/sparc/boot/image ttyS0'
refuses "a row that lacks a column is refused" 'the row of vax lacks a column' verb arch.sh vax
row "$good" "$good"
refuses "two rows for one architecture are refused" 'has two rows for vax' verb arch.sh vax
row "${good/sparc/vax}"
refuses "one that kunit.py has no machine for is refused" 'kunit.py has no machine for vax' verb kunit.sh vax
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

# What a result does to the row of arch.json: results that are made up here, as
# they come from guests, of two programs; nothing is skipped there.
sed -i '/^# Skips:/d' "$repo/scripts/guest/lean.config"
good=$tmp/good
mkdir -p "$b/results" "$good"
for kind in base patched; do
	cat >"$good/sparc64-$kind.ktap" <<'END'
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
	cat >"$good/sparc64-$kind.console" <<END
[    0.000000] Linux version 7.3.4-rdhup-sparc64-$kind (rdhup@rdhup)
[    1.000000] rdhup: start net/rdhup:race
[    1.100000] rdhup: end net/rdhup:race
END
done
record() {
	python3 "$repo/scripts/results/arches.py" record "$b" sparc64 "${1:-$BASH}"
}
cp "$good"/* "$b/results/"
ok "results without a fault are recorded" record
ok "with byte order, word size, counts, date and kernel" python3 -c '
import json, sys
row = json.load(open(sys.argv[1]))["sparc64"]
assert (row["endian"], row["bits"], row["faults"]) == ("little", 64, [])
assert row["patched"]["ok"] == 4 and row["date"] and "7.3.4" in row["kernel"]' "$b/results/arch.json"
ok "and the report shows them" python3 -c '
import sys; sys.path.insert(0, sys.argv[1]); import arches
assert "<td>sparc64</td><td>little</td><td>64 bit</td>" in arches.html(sys.argv[2])' "$repo/scripts/results" "$b"
ok "and rows that were not run here, from the repository" python3 -c '
import sys; sys.path.insert(0, sys.argv[1]); import arches
assert "<td>m68k</td><td>big</td><td>32 bit</td>" in arches.html("/nonexistent")' "$repo/scripts/results"
bad() { # bad SENTENCE PATTERN FILE SED
	sed "$4" "$good/$3" >"$b/results/$3"
	if cmp -s "$good/$3" "$b/results/$3"; then
		echo "not ok - $1 (nothing was planted)"
	elif record >"$tmp/out" 2>&1 || ! grep -q "^FAULT: $2" "$tmp/out"; then
		echo "not ok - $1"
	else
		echo "ok - $1"
	fi
	cp "$good/$3" "$b/results/$3"
}
ok "of some programs alone, a line a test is given" test "$(
	python3 "$repo/scripts/results/arches.py" tap "$b" sparc64 race | grep -c '^ok - sparc64-patched: net/rdhup:race ')" = 3
ok "and one of them that was not run is missed" grep -qx 'not ok - sparc64-patched: sctp was run' <(
	python3 "$repo/scripts/results/arches.py" tap "$b" sparc64 race,sctp)
bad "a test that fails on patched is a fault" \
	'net/rdhup:race race.tcp4.one_event fails on sparc64-patched' \
	sparc64-patched.ktap 's/^  ok \(.* race.tcp4.one_event\)$/  not ok \1/'
bad "one that is skipped is a fault, unless the fragment names its program" \
	'net/rdhup:race race.tcp4.one_event is skipped on sparc64-patched' \
	sparc64-patched.ktap 's/^\(  ok .* race.tcp4.one_event\)$/\1 # SKIP no reason/'
bad "one that was not run is a fault" \
	'net/rdhup:race race.tcp4.one_event was not run on sparc64-patched' \
	sparc64-patched.ktap 's/race.tcp4.one_event$/race.tcp4.another/'
bad "a splat is a fault" 'sparc64-base console, during .*: .*WARNING:' sparc64-base.console "\$aWARNING: planted"
if record "$top/README.md" >"$tmp/out" 2>&1; then
	echo "not ok - what is no program has no byte order"
else
	ok "what is no program has no byte order" grep -q 'README.md is no ELF program' "$tmp/out"
fi
echo '# Skips: race' >>"$repo/scripts/guest/sparc64.config"
if record >"$tmp/out" 2>&1; then
	echo "not ok - a program that is said to skip and does not is a fault"
else
	ok "a program that is said to skip and does not is a fault" \
		grep -q '^FAULT: no test of race is skipped: take it out' "$tmp/out"
fi
sed -i 's/^  ok \(.* race\..*\)$/  ok \1 # SKIP/' "$b/results/sparc64-patched.ktap"
ok "one that does is none" record
sed -i 's/^# Skips: race$/# Skips: race.tcp4.*/' "$repo/scripts/guest/sparc64.config"
record >"$tmp/out" 2>&1 || true
ok "a pattern excuses the tests that it is for" test "$(grep -c 'race\.tcp4\..* is skipped' "$tmp/out")" = 0
ok "and no other" grep -q '^FAULT: net/rdhup:race race\.tcp6\..* is skipped on' "$tmp/out"

# On sparc64 poll(2) and epoll differ in the values of their bits: the programs
# whose answers depend on these, a line a test, then the values and what base
# loses there and nowhere else.  The whole suite is `make arch A=sparc64`.
programs=epoll,io_uring,race
if "$top/scripts/arch.sh" sparc64 "$programs" >"$tmp/sparc64" 2>&1; then
	echo "ok - sparc64 passes"
else
	echo "not ok - sparc64 passes"
	tail -n 20 "$tmp/sparc64" | sed 's/^/# /'
fi
grep '^==>' "$tmp/sparc64" || true
python3 "$top/scripts/results/arches.py" tap "$build" sparc64 "$programs" || true
results=$build/results
for kind in base patched; do
	ok "poll says 0x0801 and epoll 0x2001 on sparc64-$kind" \
		grep -q 'values:poll 0x0801, epoll 0x2001' "$results/sparc64-$kind.ktap"
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
"$top/scripts/arch.sh" sparc64 "$programs" >"$tmp/again" 2>&1 || true
ok "a second run builds and boots nothing" test "$(grep -c 'nothing has changed' "$tmp/again")" = 2
