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
"$top/scripts/tree.sh"
for kernel in base control patched; do
	"$top/scripts/kernel.sh" "$kernel"
done
"$top/scripts/selftests.sh"

# Control gets the programs that introduce's proofs name: the others test what
# a kernel without the bit cannot do, and every wait of theirs would run out.
programs_for() {
	[ "$1" != control ] || while read -r patch; do
		note_values Proof "$patch" | awk '{ print $2 }'
	done < <(patches_of introduce) | sort -u | paste -sd,
}

mkdir -p "$build/results"
for kernel in control base patched; do
	stamp=$build/results/$kernel.inputs
	{
		cat "$build/linux/$kernel/.build/inputs" "$build/selftests/inputs"
		programs_for "$kernel"
		cat "$top/scripts/guest.sh" "$top/scripts/guest/init.c" | sha256sum
	} >"$stamp.new"
	if cmp -s "$stamp.new" "$stamp" && [ -s "$build/results/$kernel.ktap" ]; then
		step "$kernel: nothing has changed since its last run"
		continue
	fi
	rm -f "$stamp"
	step "running the tests on $kernel"
	started=$SECONDS
	# a failing test is the verdict's business; a failing guest ends here
	"$top/scripts/kselftest.sh" "$kernel" "$(programs_for "$kernel")" >"$build/results/$kernel.log" ||
		tail -n 1 "$build/results/$kernel.log" | grep -q "^$kernel: " ||
		exit 1
	step "$(tail -n 1 "$build/results/$kernel.log") (guest: $((SECONDS - started)) s)"
	mv "$stamp.new" "$stamp"
done

python3 "$top/scripts/report.py" "$build"
python3 "$top/scripts/verdict.py" matrix "$build"
