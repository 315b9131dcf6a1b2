#!/usr/bin/env bash
# check.sh: every test that this repository has: the workshop's own tests
# (scripts/tests/), the main job with every selftest on patched and every
# proof, and the selftests on sparc64.  The last line is "N passed, N failed";
# exit status 0 only if none failed.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=scripts/guest.sh
. "$top/scripts/guest.sh"

log=$build/check.log
: >"$log"
# What tests/arch.sh boots takes long to build; what time the others leave is
# enough.  It says whether these build, so here a failure is no end.  Of the two
# guests it is base's that may be slow: most of it is waiting for what never
# comes, and what fails there is not counted.
machine sparc64
# Fetching Linux keeps one CPU busy for two minutes, installing the other; all
# at once, for the package manager does not serve two.
need git make xz
in_background "$top/scripts/base.sh"
base=$!
need "${kernel_tools[@]}" qemu-system-x86_64 "${cross}gcc" "${qemu[0]}" "$(cross_libc)"
wait "$base"
sparc64() {
	nice -n 19 "$top/scripts/kernel.sh" sparc64-base
	nice -n 19 "$top/scripts/selftests.sh" sparc64
	results_of sparc64-base
	nice -n 19 "$top/scripts/kernel.sh" sparc64-patched
}
"$top/scripts/tree.sh"
mkdir -p "$build/results"
step "building sparc64's kernels in what time is left ($build/sparc64.log)"
in_background sparc64 >"$build/sparc64.log" 2>&1
sparc64=$!

step "make run"
"$top/scripts/run.sh" 2>&1 | tee "$build/run.log" || true
# a line a test: the selftests of patched, the proofs, the verdict itself
# its exit status says what its lines say, and the other tests are still to run
python3 "$top/scripts/verdict.py" tap "$build" >>"$log" || true

run_tests() { # run_tests SCRIPT
	local name=${1##*/} part=$build/check.${1##*/} started=$SECONDS
	step "tests/$name"
	# a script that dies half-way must not count as passed
	{ bash "$1" 2>&1 || echo "not ok - $name ran to its end"; } | tee "$part"
	cat "$part" >>"$log"
	step "tests/$name took $((SECONDS - started)) s"
}

# The one that takes as long as all others, beside them: they keep one CPU busy.
in_background run_tests "$top/scripts/tests/lint.sh"
lint=$!
for script in "$top"/scripts/tests/*.sh; do
	case ${script##*/} in
	lib.sh | lint.sh | arch.sh) ;;
	*) run_tests "$script" ;;
	esac
done
wait "$sparc64" || true
run_tests "$top/scripts/tests/arch.sh"
wait "$lint" || true

passed=$(grep -c '^ok - ' "$log") || true
failed=$(grep -c '^not ok - ' "$log") || true
echo
grep '^not ok - ' "$log" || true
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
