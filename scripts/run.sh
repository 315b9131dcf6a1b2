#!/usr/bin/env bash
# run.sh: the main job.  Fetch base, make the three trees, build and boot the
# three kernels, run every kselftest in each, print the verdict and write
# build/report/index.html.
#
# Gives exit status 0 only if every test passes on patched, every Proof holds
# and no console shows a splat.  Results that are newer than the kernel and
# the tests they came from are kept; `make kselftest` always runs anew.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

need git make gcc xz ccache flex bison bc perl cpio rsync python3 \
	qemu-system-x86_64 /usr/include/libelf.h /usr/include/openssl/opensslv.h
# Control gets the programs that introduce's proofs name: the others test what
# a kernel without the bit cannot do, and every wait of theirs would run out.
programs_for() {
	[ "$1" != control ] || while read -r patch; do
		note_values Proof "$patch" | awk '{ print $2 }'
	done < <(patches_of introduce) | sort -u | paste -sd,
}

# results_of KERNEL: run its tests, unless its last results still stand.
results_of() {
	local kernel=$1 stamp=$build/results/$1.inputs started=$SECONDS
	{
		cat "$build/linux/$kernel/.build/inputs" "$build/selftests/inputs"
		programs_for "$kernel"
		cat "$top/scripts/guest.sh" "$top/scripts/guest/init.c" | sha256sum
	} >"$stamp.new"
	if cmp -s "$stamp.new" "$stamp" && [ -s "$build/results/$kernel.ktap" ]; then
		step "$kernel: nothing has changed since its last run"
		return
	fi
	rm -f "$stamp"
	step "running the tests on $kernel"
	# a failing test is the verdict's business; a failing guest ends here
	"$top/scripts/kselftest.sh" "$kernel" "$(programs_for "$kernel")" >"$build/results/$kernel.log" ||
		tail -n 1 "$build/results/$kernel.log" | grep -q "^$kernel: " ||
		exit 1
	step "$(tail -n 1 "$build/results/$kernel.log") (guest: $((SECONDS - started)) s)"
	mv "$stamp.new" "$stamp"
}

"$top/scripts/tree.sh"
"$top/scripts/kernel.sh" base
"$top/scripts/selftests.sh"
mkdir -p "$build/results"
# Most of base's time in the guest is spent waiting for what never comes, which
# the next two builds need not wait for.  Nothing else runs beside the others.
in_background results_of base
base_guest=$!
"$top/scripts/kernel.sh" control
"$top/scripts/kernel.sh" patched
wait "$base_guest"
results_of control
results_of patched

python3 "$top/scripts/report.py" "$build"
python3 "$top/scripts/verdict.py" matrix "$build"
