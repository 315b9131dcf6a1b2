#!/usr/bin/env bash
# kselftest.sh K [PROGRAM[,PROGRAM...]]: run kselftests in a guest with kernel K.
#
# Takes from the environment: TESTS="FIXTURE.VARIANT.TEST ..." of one program;
# TIMES=N, to run each program N times, as PROGRAM@1 to PROGRAM@N; SHARDS=N guests
# at a time; LIMIT=seconds for the guest and for each test (default: the tests' own
# limits; a guest that prints nothing for longer than the longest of these, or
# takes 20 minutes, has hung); RDHUP_*=, which the tests take; V=1, to print the
# KTAP as it comes; FAULT=hang|panic|die, to have the guest fail.
# Gives: $build/results/K.ktap and K.console; with TIMES, a line in $build/repeated
# that says what ran how often, and the counts; exit status 1 if a test fails, or if
# the guest does, which is said with the last lines of its console.
# shellcheck source=scripts/lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"
# shellcheck source=scripts/guest/guest.sh
. "$top/scripts/guest/guest.sh"

guest=${1:-}
machine_of "$guest"
programs=${2:-}
shards=${SHARDS:-1}
results=$build/results
tests=$build/selftests$tag/kselftest
image=$build/kernel/$kernel/${image##*/}
slower=2	# an emulated guest gets that many times the tests' own limits, a debug kernel more
whole=1200	# seconds; x86_64's guests take a fifth of it
# shellcheck source=scripts/guest/shards.sh
. "$top/scripts/guest/shards.sh"

# /init hands a test 64 words on, and each of these takes two
read -ra names <<<"${TESTS:-}"
[ "${#names[@]}" -le 32 ] || die "TESTS= names ${#names[@]} tests; one run takes 32 at most"
for name in TIMES SHARDS LIMIT; do
	case ${!name:-1} in *[!0-9]* | 0*) die "$name=${!name} is no number from 1 on" ;; esac
done
case $kind in debug | kcsan) slower=4 ;; esac
# it sees one connection in some hundred, see guest/kcsan.config
[ "$kind" != kcsan ] || export RDHUP_SNAPSHOTS="${RDHUP_SNAPSHOTS:-100}"
# One CPU that executes an instruction per nanosecond of the guest's time and
# whose waits take none; nothing from outside that could differ between two runs.
bench='' counting=()
if [ "$programs" = bench ]; then
	bench=" ${RDHUP_REQUESTS:-32} ${RDHUP_CONNECTIONS:-10000}" guest_accel=tcg LIMIT=${LIMIT:-14400}
	counting=(-smp "1,sockets=1,cores=1,threads=1" -icount "shift=0,sleep=off" -seed 1
		-rtc "base=2026-01-01,clock=vm")
fi
need "${guest_tools[@]}" "${cross}gcc" "static:${cross}gcc" "${qemu[0]}"
[ -f "$image" ] || "$top/scripts/kernel.sh" "$guest"
"$top/scripts/guest/selftests.sh" "$arch"
locked "the $guest guest"
build_init
list=$(list_tests)
[ -z "$programs" ] || {
	wrong=$(tr , '\n' <<<"$programs" | grep -vxFf <(cut -d ' ' -f 2 <<<"$list") | xargs) || true
	[ -z "$wrong" ] || die "there is no test program '$wrong'; T= takes one of: $(cut -d ' ' -f 2 <<<"$list" | xargs)"
	list=$(awk -v wanted=",$programs," 'index(wanted, "," $2 ",")' <<<"$list")
}
[ -z "${TIMES:-}" ] || list=$(awk -v times="$TIMES" '{ for (i = 1; i <= times; i++) print $0, "@" i }' <<<"$list")
longest=${LIMIT:-$(($(awk '$3 > m { m = $3 } END { print m }' <<<"$list") * slower))}
[ "$arch" = x86_64 ] && [ "$slower" = 2 ] || whole=$((whole * 6))
guest_limit=${LIMIT:-$whole}
[ "${V:-}" != 1 ] || shards=1
[ "$shards" -le "$(wc -l <<<"$list")" ] || shards=$(wc -l <<<"$list")
mkdir -p "$results"
# what make run would keep is not the whole suite any more
rm -f "$results/$guest".{ktap,console,inputs} "$build/guest/$guest".*.ktap
for ((i = 1; i <= shards; i++)); do
	fill_initramfs "$i"
done
accelerator "$image" >/dev/null # asked once, not by each
guests=() started=$SECONDS
for ((i = 1; i <= shards; i++)); do
	in_background run_shard "$i"
	guests+=($!)
done
[ "${V:-}" != 1 ] || tail -n +1 --pid "${guests[0]}" -F "$build/guest/$guest.1.ktap" 2>/dev/null || true
done_so_far() {
	echo "$guest: $(cat "$build/guest/$guest".*.ktap | grep -cE '^(not )?ok ') of $(wc -l <<<"$list") programs after $((SECONDS - started)) s"
}
for pid in "${guests[@]}"; do
	waiting "$pid" done_so_far >&2
done
merge_ktap >"$results/$guest.ktap"
for ((i = 1; i <= shards; i++)); do
	cat "$build/guest/$guest.$i.console"
done >"$results/$guest.console"
for ((i = 1; i <= shards; i++)); do
	check_shard "$i"
done
[ -z "$bench" ] || sed -n '/\t/s/^ *# \(columns\t\)\?//p' "$results/$guest.ktap" | expand -t 16,32,40
status=0
said=$(python3 "$top/scripts/results/verdict.py" summary "$build" "$guest") || status=1
echo "$said"
[ -z "${TIMES:-}" ] ||
	echo "$(git -C "$top" describe --always) ${programs:-all} $TIMES times, ${said##*$'\n'}" >>"$build/repeated"
[ "$status" = 0 ]
