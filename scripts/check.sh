#!/usr/bin/env bash
# check.sh: every test that this repository has: the main job, other people's
# suites, the workshop's own tests, some selftests on sparc64.  The last line is
# "N passed, N failed"; exit status 0 only if none failed.
# shellcheck source=scripts/lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"
# shellcheck source=scripts/guest/guest.sh
. "$top/scripts/guest/guest.sh"

log=$build/check.log
: >"$log"
rm -f "$build/results/complete"

run_tests() { # run_tests SCRIPT [ARGUMENT...]
	local name=${1#"$top/scripts/"} part started=$SECONDS
	part=$build/check.${name//\//.}
	step "$name"
	# a script that dies half-way must not count as passed
	{ bash "$@" 2>&1 || echo "not ok - $name ran to its end"; } | tee "$part"
	grep -qE '^(not )?ok - ' "$part" || echo "not ok - $name has tested anything" | tee -a "$part"
	cat "$part" >>"$log"
	step "$name took $((SECONDS - started)) s"
}

# What tests/arch.sh boots takes long to build; what time the others leave is
# enough.  It says whether these build, so here a failure is no end.
build_sparc64() {
	local kind
	for kind in base patched; do
		nice -n 19 "$top/scripts/kernel.sh" "sparc64-$kind"
	done
	nice -n 19 "$top/scripts/guest/selftests.sh" sparc64
}

# Fetching Linux keeps one CPU busy for two minutes, installing the other; all
# at once, for the package manager does not serve two.
machine sparc64
# Who cannot install anything is told of all at once, not of some after each step.
all_tools=("${guest_tools[@]}" qemu-system-x86_64 "${cross}gcc" "static:${cross}gcc" "${qemu[0]}")
[ "$(id -u)" = 0 ] || need "${all_tools[@]}" "${check_tools[@]}" "$(usable_clang)"
need git make xz
in_background "$top/scripts/lib/base.sh"
base=$!
need "${all_tools[@]}"
wait "$base"
"$top/scripts/tree.sh"

# These need the trees and no kernel; lint takes longer than all other tests.
step "building sparc64's kernels in what time is left ($build/sparc64.log)"
in_background build_sparc64 >"$build/sparc64.log" 2>&1
sparc64=$!
in_background run_tests "$top/scripts/tests/lint.sh"
lint=$!

step "make run"
status=0
"$top/scripts/run.sh" 2>&1 | tee "$build/run.log" || status=$?
# a line a test: the selftests of patched, the proofs, the verdict itself; those
# of another day are not counted in place of those that were not run
[ ! -e "$build/results/complete" ] ||
	python3 "$top/scripts/results/verdict.py" tap "$build" >>"$log" || true
[ "$status" = 0 ] || printf 'not ' >>"$log"
echo "ok - make run ends with exit status 0" >>"$log"

# other people's suites, on the same kernels, beside the workshop's own tests
in_background run_tests "$top/scripts/others.sh" --check
others=$!
for script in "$top"/scripts/tests/*.sh; do
	case ${script##*/} in
	lib.sh | lint.sh | arch.sh) ;;
	*) run_tests "$script" ;;
	esac
done
wait "$sparc64" || true
run_tests "$top/scripts/tests/arch.sh"
wait "$others" "$lint" || true

passed=$(grep -c '^ok - ' "$log") || true
failed=$(grep -c '^not ok - ' "$log") || true
echo
grep '^not ok - ' "$log" || true
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
