#!/usr/bin/env bash
# check.sh: every test that this repository has: the workshop's own tests
# (scripts/tests/), and the main job with every selftest on patched and every
# proof.  The last line is "N passed, N failed"; exit status 0 only if none
# failed.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

log=$build/check.log
: >"$log"
step "make run"
"$top/scripts/run.sh" 2>&1 | tee "$build/run.log" || true
# a line a test: the selftests of patched, the proofs, the verdict itself
# its exit status says what its lines say, and the other tests are still to run
python3 "$top/scripts/verdict.py" tap "$build" >>"$log" || true

need shellcheck
for script in "$top"/scripts/tests/*.sh; do
	name=${script##*/}
	[ "$name" != lib.sh ] || continue
	step "tests/$name"
	started=$SECONDS
	# a script that dies half-way must not count as passed
	{ bash "$script" 2>&1 || echo "not ok - $name ran to its end"; } | tee "$build/check.part"
	cat "$build/check.part" >>"$log"
	step "tests/$name took $((SECONDS - started)) s"
done

passed=$(grep -c '^ok - ' "$log") || true
failed=$(grep -c '^not ok - ' "$log") || true
echo
grep '^not ok - ' "$log" || true
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
