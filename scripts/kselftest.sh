#!/usr/bin/env bash
# kselftest.sh K [PROGRAM[,PROGRAM...]]: run kselftests in a guest with kernel K.
#
# Takes from the environment: TESTS="FIXTURE.VARIANT.TEST ..." of one program;
# TIMES=N, to run each program N times, as PROGRAM@1 to PROGRAM@N; SHARDS=N guests
# at a time; LIMIT=seconds for the guest and for each test (default: the tests' own
# limits; a guest that prints nothing for longer than the longest of these, or
# takes 20 minutes, has hung); RDHUP_*=, which the tests take; V=1, to print the
# KTAP as it comes; FAULT=hang|panic|die, to have the guest fail.
# Gives: $build/results/K.ktap and K.console; exit status 1 if a test fails, or if
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

# The test programs, "TARGET PROGRAM SECONDS" a line: those whose source is
# ours, of what the kernel's own build made.
list_tests() {
	local source dir name limit
	while read -r source; do
		grep -qE '^(TEST_HARNESS_MAIN|int main\()' "$top/$source" || continue # a library's
		dir=${source#tools/testing/selftests/}
		name=${dir##*/}
		name=${name%.c}
		dir=${dir%/*}
		[ "$name" != bench ] || [ "$programs" = bench ] || continue # it measures
		[ -x "$tests/$dir/$name" ] ||
			die "$source was not built; see $build/selftests$tag/build.log"
		limit=$(sed -n 's/^timeout=//p' "$top/tools/testing/selftests/$dir/settings" 2>/dev/null) || true
		echo "$dir $name ${limit:-45}"
	done < <(kernel_path_files | grep '^tools/testing/selftests/.*\.c$')
}

# What a kernel without its fix does not survive ("Proof: ... alone" in the notes
# of the patch) is run there by name only.
not_here() { # not_here TARGET PROGRAM
	case ${TESTS:-}$kind in control | base) ;; *) return 0 ;; esac
	sed -n "s|^Proof: *$1 $2 [^ ]*\.\([^ .]*\) alone .*| -T \1|p" "$top"/patches/*/*.patch | tr -d '\n'
}

# share_out: "SHARD TARGET PROGRAM SECONDS" a line: the longest first, each to the
# shard that has least to do.
share_out() {
	awk 'NR == FNR { if (!/^#/) weight[$1] = $2; next }
		{ print ($2 in weight ? weight[$2] : 1), $0 }' "$top/scripts/guest/weights" - |
		sort -k 1,1nr -k 3,3 | awk -v shards="$shards" '
			{ least = 1
				for (i = 2; i <= shards; i++) if (load[i] < load[least]) least = i
				load[least] += $1; $1 = least; print }'
}

# fill_initramfs SHARD; the race comes first, for run.sh, which shows it
fill_initramfs() {
	local root=$build/guest/$guest.$1.root target name limit turn
	rm -rf "$root"
	mkdir -p "$root"
	while read -r target name limit turn; do
		mkdir -p "$root/selftests/$target"
		cp "$tests/$target/$name" "$root/selftests/$target/"
		echo "$target:$name$turn ${LIMIT:-$((limit * slower))} /selftests/$target/$name$bench${TESTS:+ -r ${TESTS// / -r }}$(not_here "$target" "$name")"
	done < <(share_out <<<"$list" | sed -n "s/^$1 //p" |
		awk '$2 == "race" { print; next } { rest = rest $0 "\n" } END { printf "%s", rest }') >"$root/tests"
	pack_initramfs "$build/guest/$guest.$1.cpio" "$root"
}

# run_shard SHARD: one guest, to its end.  Its exit status is in SHARD.status:
# 124 or "silent" if it hung.  Only the first of several runs the KUnit suites.
run_shard() {
	local status=0 part=$build/guest/$guest.$1 pid silent=0
	: >"$part.ktap"
	: >"$part.console"
	channels "$part.console" "$part.ktap"
	boot_guest "$image" "$part.cpio" \
		"${bench:+nokaslr norandmaps }ktap=/dev/$ktap_tty ${FAULT:+fault=$FAULT} $([ "$1" = 1 ] || echo kunit.enable=0) $(env | sed -n '/^RDHUP_[A-Z_]*=[^ ]*$/p' | xargs)" \
		"${channel_args[@]}" "${counting[@]}" </dev/null &
	pid=$!
	# /init ends each test at its limit, unless the kernel itself has hung
	while kill -0 "$pid" 2>/dev/null; do
		if [ $(($(date +%s) - $(stat -c %Y "$part.ktap"))) -gt $((longest + 30)) ]; then
			silent=1
			pkill -KILL -f -- "-initrd $part.cpio " || true
			break
		fi
		sleep 0.5 # a file tells nobody that it has not grown
	done
	wait "$pid" || status=$?
	[ "$silent" = 0 ] || status=silent
	echo "$status" >"$part.status"
}

# One document of those of all shards.
merge_ktap() {
	printf 'KTAP version 1\n1..%d\n' "$(wc -l <<<"$list")"
	for ((i = 1; i <= shards; i++)); do
		sed '1,2{/^KTAP version\|^1\.\./d}' "$build/guest/$guest.$i.ktap"
	done | awk -v shards="$shards" '
		/^# guest done/ { done++; next }
		/^(not )?ok [0-9]+ / { sub(/ok [0-9]+/, "ok " ++n) }
		{ print }
		END { if (done == shards) print "# guest done" }'
}

last_words() {
	printf '    console: %s\n' "$1"
	tail -n 8 "$1" | sed 's/^/    | /'
}

# check_shard SHARD: ends this script if the guest did not come to its end.
check_shard() {
	local part=$build/guest/$guest.$1 status what=
	status=$(cat "$part.status")
	if [ "$status" = 124 ]; then
		what="hung: killed after $guest_limit s"
	elif [ "$status" = silent ]; then
		what="hung: killed after $((longest + 30)) s without a word"
	elif grep -q 'Kernel panic' "$part.console"; then
		what="panicked: $(grep -m 1 -o 'Kernel panic.*' "$part.console")"
	elif ! grep -q '^# guest done' "$part.ktap"; then
		what="stopped in the middle of its tests; its KTAP is cut short"
	fi
	[ -n "$what" ] || return 0
	printf 'rdhup: the %s guest %s\n' "$guest" "$what" >&2
	last_words "$results/$guest.console" >&2
	exit 1
}

# /init hands a test 64 words on, and each of these takes two
read -ra names <<<"${TESTS:-}"
[ "${#names[@]}" -le 32 ] || die "TESTS= names ${#names[@]} tests; one run takes 32 at most"
case ${TIMES:-1} in *[!0-9]* | 0*) die "TIMES=$TIMES is no number of times" ;; esac
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
need "${qemu[0]}"
[ -f "$image" ] || "$top/scripts/kernel.sh" "$guest"
"$top/scripts/guest/selftests.sh" "$arch"
locked "the $guest guest"
build_init
list=$(list_tests)
[ -z "$programs" ] || {
	known=$(awk '{ print $2 }' <<<"$list" | xargs)
	list=$(awk -v wanted=",$programs," 'index(wanted, "," $2 ",")' <<<"$list")
	[ -n "$list" ] || die "there is no test program '$programs'; T= takes one of: $known"
}
[ -z "${TIMES:-}" ] || list=$(awk -v times="$TIMES" '{ for (i = 1; i <= times; i++) print $0, "@" i }' <<<"$list")
longest=${LIMIT:-$(($(awk '$3 > m { m = $3 } END { print m }' <<<"$list") * slower))}
[ "$arch" = x86_64 ] && [ "$slower" = 2 ] || whole=$((whole * 6))
guest_limit=${LIMIT:-$whole}
[ "${V:-}" != 1 ] || shards=1
[ "$shards" -le "$(wc -l <<<"$list")" ] || shards=$(wc -l <<<"$list")
mkdir -p "$results"
# what make run would keep is not the whole suite any more
rm -f "$results/$guest".{ktap,console,inputs}
for ((i = 1; i <= shards; i++)); do
	fill_initramfs "$i"
done
accelerator "$image" >/dev/null # asked once, not by each
guests=() started=$SECONDS
for ((i = 1; i <= shards; i++)); do
	in_background run_shard "$i"
	guests+=($!)
done
if [ "${V:-}" = 1 ]; then
	tail -n +1 --pid "${guests[0]}" -F "$build/guest/$guest.1.ktap" 2>/dev/null || true
fi
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
python3 "$top/scripts/results/verdict.py" summary "$build" "$guest"
