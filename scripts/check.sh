#!/usr/bin/env bash
# check.sh: every test that this repository has: the workshop's own tests
# (scripts/tests/), the main job with every selftest on patched and every
# proof, and the selftests on sparc64.  The last line is "N passed, N failed";
# exit status 0 only if none failed.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=scripts/machine.sh
. "$top/scripts/machine.sh"

log=$build/check.log
: >"$log"
step "make run"
"$top/scripts/run.sh" 2>&1 | tee "$build/run.log" || true
# a line a test: the selftests of patched, the proofs, the verdict itself
# its exit status says what its lines say, and the other tests are still to run
python3 "$top/scripts/verdict.py" tap "$build" >>"$log" || true

# Whether these build is for tests/arch.sh to say; so what they need is here
# before anything else calls for the package manager.
machine sparc64
need shellcheck "${cross}gcc" "${qemu[0]}" "$(cross_libc)"
cross_kernels() {
	nice -n 19 "$top/scripts/kernel.sh" sparc64-base
	nice -n 19 "$top/scripts/kernel.sh" sparc64-patched
}
step "building sparc64's kernels in what time the tests leave ($build/cross.log)"
in_background cross_kernels >"$build/cross.log" 2>&1
kernels=$!

run_tests() { # run_tests SCRIPT
	local name=${1##*/} started=$SECONDS
	step "tests/$name"
	# a script that dies half-way must not count as passed
	{ bash "$1" 2>&1 || echo "not ok - $name ran to its end"; } | tee "$build/check.part"
	cat "$build/check.part" >>"$log"
	step "tests/$name took $((SECONDS - started)) s"
}

for script in "$top"/scripts/tests/*.sh; do
	case ${script##*/} in
	lib.sh | arch.sh) ;;
	*) run_tests "$script" ;;
	esac
done
wait "$kernels" || true
run_tests "$top/scripts/tests/arch.sh"

passed=$(grep -c '^ok - ' "$log") || true
failed=$(grep -c '^not ok - ' "$log") || true
echo
grep '^not ok - ' "$log" || true
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
