#!/usr/bin/env bash
# run.sh: the main job: the three trees, the three kernels, every kselftest in each,
# the verdict, and build/report/index.html.  Exit status 0 only if every test passes
# on patched, every Proof holds and no console shows a splat.  Results whose kernel
# and tests have not changed are kept; `make kselftest` always runs anew.
# shellcheck source=scripts/lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"
# shellcheck source=scripts/guest/guest.sh
. "$top/scripts/guest/guest.sh"

rm -f "$build/results/complete"
need "${guest_tools[@]}" "${qemu[0]}"

# Control gets the programs that introduce's proofs name: the others test what
# a kernel without the bit cannot do, and every wait of theirs would run out.
programs_for_control() {
	patches_of introduce | xargs -r sed -n 's/^Proof: *[^ ]* \([^ ]*\) .*/\1/p' | sort -u | paste -sd,
}

# What the race has shown, while patched is being built.
control_and_race() {
	local said
	results_of control 1 "$(programs_for_control)"
	said=$(grep -m 1 -o 'the one event: .*' "$build/results/control.ktap") || said="the race was not seen"
	step "control, without the bit: $said"
	! grep -qsE '^ *ok [0-9]+ race\.tcp4\.one_event$' "$build/results/base.ktap" "$build/guest"/base.*.ktap ||
		step "base, which has it: the same race, and the one event says both"
}

"$top/scripts/tree.sh"
"$top/scripts/kernel.sh" base
"$top/scripts/guest/selftests.sh"
mkdir -p "$build/results"
# Most of base's time in the guests is spent waiting for what never comes, which
# the next builds need not wait for.
guests=()
in_background results_of base 4
guests+=($!)
"$top/scripts/kernel.sh" control
in_background control_and_race
guests+=($!)
"$top/scripts/kernel.sh" patched
in_background results_of patched 2
guests+=($!)
for pid in "${guests[@]}"; do
	wait "$pid"
done

python3 "$top/scripts/results/report.py" "$build"
: >"$build/results/complete"	# for check.sh: these results are of this run
python3 "$top/scripts/results/verdict.py" matrix "$build"
