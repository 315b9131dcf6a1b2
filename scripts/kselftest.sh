#!/usr/bin/env bash
# kselftest.sh K [PROGRAM[,PROGRAM...]]: run kselftests in a guest with kernel K.
#
# Takes: K, or ARCH-K, of whose kernels and programs scripts/guest/arches
# tells; the names of programs, or none for all; TESTS="FIXTURE.VARIANT.TEST ..."
# to have one program run only those; FAULT=hang|panic|die to have
# the guest fail on purpose; LIMIT=seconds for the whole guest and for each
# test (default: the tests' own limits, and a minute); RDHUP_*=, which goes on
# to the tests, such as RDHUP_MODEL_OPS=.  Gives: $build/results/K.ktap and
# K.console, and whether anything failed.  V=1 prints the KTAP as it comes.
# Errors: a guest that hung, panicked or stopped short is said to have, with
# the last lines of its console; exit status 1 for that or a failing test.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=scripts/guest.sh
. "$top/scripts/guest.sh"

guest=${1:-}
machine_of "$guest"
programs=${2:-}
results=$build/results
tests=$build/selftests$tag/kselftest
ktap=$results/$guest.ktap
console=$results/$guest.console
image=$build/kernel/$kernel/${image##*/}
slower=2	# an emulated guest gets that many times the tests' own limits, a debug kernel more

# The test programs, "TARGET PROGRAM SECONDS" a line: those whose source is
# ours, of what the kernel's own build made.
list_tests() {
	local source dir name limit
	while read -r source; do
		dir=${source#tools/testing/selftests/}
		name=${dir##*/}
		name=${name%.c}
		dir=${dir%/*}
		[ -x "$tests/$dir/$name" ] || continue
		[ "$name" != bench ] || continue # it measures: scripts/bench.sh
		limit=$(sed -n 's/^timeout=//p' "$top/tools/testing/selftests/$dir/settings" 2>/dev/null) || true
		echo "$dir $name ${limit:-45}"
	done < <(kernel_path_files | grep '^tools/testing/selftests/.*\.c$')
}

fill_initramfs() {
	local root=$build/guest/$guest.root target name limit
	rm -rf "$root"
	mkdir -p "$root"
	: >"$root/tests"
	while read -r target name limit; do
		[ -z "$programs" ] || [[ ,$programs, == *,"$name",* ]] || continue
		mkdir -p "$root/selftests/$target"
		cp "$tests/$target/$name" "$root/selftests/$target/"
		echo "$target:$name ${LIMIT:-$((limit * slower))} /selftests/$target/$name${TESTS:+ -r ${TESTS// / -r }}" >>"$root/tests"
	done < <(list_tests)
	[ -s "$root/tests" ] || die "there is no test program '$programs'; T= takes one of: $(list_tests | awk '{ print $2 }' | xargs)"
	limit=${LIMIT:-$(awk '{ s += $2 } END { print s + 60 }' "$root/tests")}
	pack_initramfs "$build/guest/$guest.cpio" "$root"
	guest_limit=$limit
}

last_words() {
	printf '    console: %s\n' "$console"
	tail -n 8 "$console" | sed 's/^/    | /'
}

# /init hands a test 64 words on, and each of these takes two
read -ra names <<<"${TESTS:-}"
[ "${#names[@]}" -le 32 ] || die "TESTS= names ${#names[@]} tests; one run takes 32 at most"
case $kind in debug | kcsan) slower=4 ;; esac
# it sees one connection in some hundred, see guest/kcsan.config
[ "$kind" != kcsan ] || export RDHUP_SNAPSHOTS="${RDHUP_SNAPSHOTS:-100}"
need "${qemu[0]}"
[ -f "$image" ] || "$top/scripts/kernel.sh" "$guest"
"$top/scripts/selftests.sh" "$arch"
build_init
fill_initramfs
mkdir -p "$results"
# what make run would keep is not the whole suite any more
rm -f "$ktap" "$console" "$results/$guest.inputs"
: >"$ktap"

watch=
if [ "${V:-}" = 1 ]; then
	tail -f "$ktap" &
	watch=$!
fi
status=0
channels "$console" "$ktap"
boot_guest "$image" "$build/guest/$guest.cpio" \
	"ktap=/dev/$ktap_tty ${FAULT:+fault=$FAULT} $(env | sed -n '/^RDHUP_[A-Z_]*=[^ ]*$/p' | xargs)" \
	"${channel_args[@]}" </dev/null || status=$?
[ -z "$watch" ] || kill "$watch"

if [ "$status" = 124 ]; then
	printf 'rdhup: the %s guest hung: killed after %s s\n' "$guest" "$guest_limit" >&2
	last_words >&2
	exit 1
elif grep -q 'Kernel panic' "$console"; then
	printf 'rdhup: the %s guest panicked: %s\n' "$guest" \
		"$(grep -m 1 -o 'Kernel panic.*' "$console")" >&2
	last_words >&2
	exit 1
elif ! grep -q '^# guest done' "$ktap"; then
	printf 'rdhup: the %s guest stopped in the middle of its tests; its KTAP is cut short\n' "$guest" >&2
	last_words >&2
	exit 1
fi
python3 "$top/scripts/verdict.py" summary "$build" "$guest"
