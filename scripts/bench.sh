#!/usr/bin/env bash
# bench.sh: count what a half-close costs on control, base and patched, and
# print it beside each other, with the aims that it was to meet.
#
# Takes from the environment: REQUESTS, samples of each figure (default 32);
# CONNECTIONS, the most that end at once (default 10000); KERNELS; RUNS, how
# often each kernel is measured (default 2: the digits have to be the same).
# EDGES=N: instead of all this end N connections in each of four ways, before
# a reader that spins and one that sleeps, and count how often one of them is
# reported twice on base and on patched (not repeatable; 100000 take an hour).
# SHAPES takes the ways, of "data_fin bare_fin hole fin_wait2".
# Gives: bench.json, or bench-edges.json, which report.py draws, in OUT (default:
# $build/results), and what the guests said in OUT/bench/.  A missed aim is
# printed and no error.  Exit status 1 if a guest or a measurement fails, or if
# two runs differ.
# shellcheck source=scripts/lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"
# shellcheck source=scripts/guest/guest.sh
. "$top/scripts/guest/guest.sh"

requests=${REQUESTS:-32}
connections=${CONNECTIONS:-10000}
runs=${RUNS:-2}
edges=${EDGES:-}
read -ra shapes <<<"${SHAPES:-data_fin bare_fin hole fin_wait2}"
read -ra kernels <<<"${KERNELS:-control base patched}"
programs=$build/selftests/kselftest/net/rdhup
results=${OUT:-$build/results}/bench
initramfs=$results/initramfs.cpio

# One CPU that executes an instruction per nanosecond of the guest's time and
# whose waits take none; nothing from outside that could differ between two
# runs.  The addresses of the kernel and of programs are the same each time.
# shellcheck disable=SC2054 # the commas are QEMU's
counting=(-smp "1,sockets=1,cores=1,threads=1" -icount shift=0,sleep=off -seed 1
	-rtc base=2026-01-01,clock=vm)

pack() { # pack PROGRAM < lines of /tests
	local root=$results/root
	rm -rf "$root"
	mkdir -p "$root/t"
	cp "$programs/$1" "$root/t/"
	cat >"$root/tests"
	pack_initramfs "$initramfs" "$root"
}

# boot KERNEL NAME CMDLINE ARG...: a guest whose KTAP is $results/NAME.ktap.
boot() {
	local kernel=$1 name=$2 cmdline=$3 status=0
	shift 3
	rm -f "$results/$name.ktap"
	: >"$results/$name.ktap"
	guest_limit=${LIMIT:-14400} boot_guest "$build/kernel/$kernel/bzImage" \
		"$initramfs" "ktap=/dev/ttyS1 $cmdline" \
		-serial "file:$results/$name.console" -serial "file:$results/$name.ktap" \
		"$@" </dev/null || status=$?
	grep -q '^# guest done' "$results/$name.ktap" || status=1
	[ "$status" = 0 ] ||
		die "the $kernel guest did not come to its end; see $results/$name.console"
}

# What has grown from base to patched, and the names of what is only there
# to test the kernel while it boots.
sizes() {
	rm -f "$results/bloat" "$results/kunit"
	[ -f "$build/kernel/base/vmlinux" ] && [ -f "$build/kernel/patched/vmlinux" ] || return 0
	"$build/linux/base/scripts/bloat-o-meter" "$build/kernel/base/vmlinux" \
		"$build/kernel/patched/vmlinux" >"$results/bloat"
	nm "$build/kernel/patched"/{fs/tests/poll_kunit,net/core/sock_poll_kunit}.o |
		awk 'NF > 2 { print $3 }' >"$results/kunit"
}

measure() {
	local kernel run
	echo "bench 14400 /t/bench $requests $connections" | pack bench
	for kernel in "${kernels[@]}"; do
		for ((run = 1; run <= runs; run++)); do
			step "measuring $kernel, run $run of $runs"
			guest_accel=tcg boot "$kernel" "$kernel.$run" "nokaslr norandmaps" "${counting[@]}"
			grep -q '^  ok 1 counted' "$results/$kernel.$run.ktap" ||
				die "bench failed on $kernel: $(grep -m 1 'Bail out' "$results/$kernel.$run.ktap" || true); see $results/$kernel.$run.ktap"
		done
	done
	sizes
	python3 "$top/scripts/results/bench.py" counts "$results" "$runs" "${kernels[@]}"
}

count_edges() {
	local kernel shape way
	for way in volley volley_asleep; do
		for shape in "${shapes[@]}"; do
			echo "edges:$shape.$way 14400 /t/edges -r segment.$shape.$way"
		done
	done | pack edges
	for kernel in base patched; do
		step "ending $((2 * ${#shapes[@]})) times $edges connections on $kernel"
		boot "$kernel" "edges.$kernel" "RDHUP_EDGES=$edges"
	done
	python3 "$top/scripts/results/bench.py" edges "$results"
}

need qemu-system-x86_64 python3
[ -n "$edges" ] || [ -z "${SHAPES:-}" ] ||
	die "SHAPES= names ends of connections to count; say of how many: EDGES=100000"
for number in "$requests" "$connections" "$runs" "${edges:-1}"; do
	[[ $number =~ ^[1-9][0-9]*$ ]] ||
		die "$number is no number; REQUESTS, CONNECTIONS, RUNS and EDGES take one from 1"
done
for shape in "${shapes[@]}"; do
	[[ $shape =~ ^(data_fin|bare_fin|hole|fin_wait2)$ ]] ||
		die "SHAPES names $shape; it takes data_fin, bare_fin, hole and fin_wait2"
done
"$top/scripts/tree.sh"
for kernel in "${kernels[@]}"; do
	"$top/scripts/kernel.sh" "$kernel"
done
"$top/scripts/guest/selftests.sh"
build_init
mkdir -p "$results"
if [ -n "$edges" ]; then
	count_edges
else
	measure
fi
