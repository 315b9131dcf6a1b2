#!/usr/bin/env bash
# others.sh [--check] [SUITE] [KERNEL]: other people's test suites on base and
# patched, and whether an answer differs.
#
# Takes: a suite, the name of a file in scripts/others, or none for all; control,
# base or patched, or none for the last two; --check: those that make check runs, and a line
# "ok - " or "not ok - " a test in place of the table.  Gives, in $build/others:
# SUITE.KERNEL.ktap and .console; SUITE.KERNEL.again.ktap of the tests that
# differed, which ran again on both; SUITE.log of what was fetched and built.
# Exit status 0 only if the differences are those of patches/changed-answers, every
# test finished and every suite could be had, but for packetdrill, which no Debian
# has, unless the caller gives it or asks for it.
# shellcheck source=scripts/lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"
# shellcheck source=scripts/guest/guest.sh
. "$top/scripts/guest/guest.sh"

suites=(lksctp uring kselftest nginx programs cpython libevent libuv tun bluez mptcp kselftest-long packetdrill)
for_check=(lksctp uring-poll kselftest nginx)
known=$(cd "$top/scripts/others" && printf '%s\n' *.sh | sed 's/\.sh$//' | grep -vx make | xargs)
others=$build/others

# One guest with the tests of a run that have no result yet.
boot_rest() { # boot_rest SUITE KERNEL RUN
	local run=$others/$3 extra=$others/$3.extra
	rm -rf "$extra"
	mkdir -p "$extra"
	python3 "$top/scripts/others/others.py" left "$build" "$3" >"$extra/tests"
	[ -s "$extra/tests" ] || return 1
	(cd "$extra" && echo tests | cpio -o -H newc -R 0:0 --quiet) >"$extra.cpio"
	cat "$others/$1.cpio" "$extra.cpio" >"$run.cpio"
	channels "$run.raw.console" "$run.raw"
	guest_limit=$(awk '{ s += $2 } END { print s + 120 }' "$extra/tests") \
		boot_guest "$build/kernel/$kernels$2/${image##*/}" "$run.cpio" "ktap=/dev/$ktap_tty" \
		-m "$memory" "${channel_args[@]}" >/dev/null </dev/null || true
	rm -rf "$extra" "$extra.cpio" "$run.cpio"
	python3 "$top/scripts/others/others.py" gather "$build" "$3"
}

# All tests of one run; a guest that ends in the middle of a test costs that one.
run_all() { # run_all SUITE KERNEL RUN
	local run=$others/$3 guests=0
	{
		cat "$build/kernel/$kernels$2/inputs" "$others/$1.sum" "$run.tests"
		sha256sum <"$top/scripts/guest/init.c"
	} >"$run.inputs.new"
	cmp -s "$run.inputs.new" "$run.inputs" || rm -f "$run".{ktap,raw,console}
	mv "$run.inputs.new" "$run.inputs"
	[ ! -e "$run.raw" ] || python3 "$top/scripts/others/others.py" gather "$build" "$3" stopped
	while [ $guests -lt 6 ] && boot_rest "$1" "$2" "$3"; do
		guests=$((guests + 1))
	done
}

so_far() {
	echo "$name: $(cat "$others/$name".*.{ktap,raw} 2>/dev/null | grep -cE '^(not )?ok ') of $(
		cat "$others/$name".*.tests | wc -l) results after $((SECONDS - started)) s"
}

# The guests of a suite, to their end; pids[] is the caller's.
guests_end() {
	local pid
	for pid in "${pids[@]}"; do
		waiting "$pid" so_far
	done
	pids=()
}

run_suite() { # run_suite SUITE KERNEL...
	local name=$1 kernel started=$SECONDS again pids=()
	shift
	for again in '' .again; do
		if [ "$again" ]; then
			[ $# -ge 2 ] || return 0
			set -- base patched
			python3 "$top/scripts/others/others.py" repeat "$build" "$name" >"$others/$name.again"
		else
			cp "$others/$name/tests" "$others/$name.again"
		fi
		for kernel; do
			cp "$others/$name.again" "$others/$name.$kernel$again.tests"
		done
		if [ ! -s "$others/$name.again" ]; then
			rm -f "$others/$name".*.again.{ktap,raw,console,inputs}
			return 0
		fi
		[ -z "$again" ] || step "$name: $(($(wc -l <"$others/$name.again") / 3)) of its programs differ and run again"
		pids=()
		for kernel; do
			in_background run_all "$name" "$kernel" "$name.$kernel$again"
			pids+=($!)
			# guests of two CPUs each; make check has no time for one after the other
			[ $report = tap ] || [ "$(nproc)" -ge 4 ] || guests_end
		done
		guests_end
		step "$name: done after $((SECONDS - started)) s"
	done
}

report=judge
if [ "${1:-}" = --check ]; then
	report=tap suites=("${for_check[@]}")
	shift
fi
[ -z "${1:-}" ] || suites=("$1")
kernels_wanted=(base patched)
[ -z "${2:-}" ] || kernels_wanted=("$2") ONLY=$2
for each in "${suites[@]}"; do
	[[ $each != *" "* && " $known " = *" $each "* ]] || die "T=$each is no suite; name one of: $known"
done
case ${2:-base} in control | base | patched) ;; *) die "K=$2 is none of control, base and patched" ;; esac
export ONLY=${ONLY:-}
python3 "$top/scripts/others/others.py" listed "$build" "${suites[@]}"
need "${guest_tools[@]}" "${qemu[0]}" busybox
build_init
mkdir -p "$others"
ran=() missing=()
for each in "${suites[@]}"; do
	"$top/scripts/others/make.sh" "$each" || { missing+=("$each"); continue; }
	read -r kernels memory also <"$others/$each.guest"
	kernels=${kernels#-}
	on=("${kernels_wanted[@]}")
	[ "$ONLY" ] || [ ! "$also" ] || on+=("$also")
	for kernel in "${on[@]}"; do
		"$top/scripts/kernel.sh" "$kernels$kernel"
	done
	# asked here, as two guests that start at once would ask at once
	accelerator "$build/kernel/$kernels${kernels_wanted[0]}/${image##*/}" >/dev/null
	run_suite "$each" "${on[@]}"
	ran+=("$each")
done
status=0
[ ${#ran[@]} = 0 ] || python3 "$top/scripts/others/others.py" $report "$build" "${ran[@]}" || status=1
for each in "${missing[@]}"; do
	if [ "$each" = packetdrill ] && [ ${#suites[@]} -gt 1 ]; then
		echo "not run: $each, $(tail -n 1 "$others/$each.log" | sed 's/^rdhup: //')"
		continue
	fi
	status=1
	if [ $report = tap ]; then
		echo "not ok - others: $each can be had"
	else
		echo "FAULT: $each cannot be had here: $(grep -vi '^warning' "$others/$each.log" | tail -n 1); see $others/$each.log"
	fi
done
# the report has the tables as well
[ $report = tap ] || [ ! -e "$build/results/complete" ] || python3 "$top/scripts/results/report.py" "$build"
[ $status = 0 ]
