#!/usr/bin/env bash
# check.sh counts what has been run, and nothing else: not what lies there from
# another day, nor a main job or a test that ended before its time.
# shellcheck disable=SC2016 # what stands in single quotes is a stub's
# shellcheck source=scripts/tests/lib.sh
. "$(dirname "$0")/lib.sh"

repo=$tmp/repo
copy_repository "$repo"
rm "$repo"/scripts/tests/*.sh
export BUILD=$tmp/build
mkdir -p "$BUILD/results"
stub() { # stub SCRIPT COMMANDS
	printf '#!/usr/bin/env bash\n%s\n' "$2" >"$repo/scripts/$1"
	chmod +x "$repo/scripts/$1"
}
for script in lib/base tree kernel guest/selftests; do
	stub "$script.sh" :
done
stub results/verdict.py 'import sys; print("ok - patched: a test" if sys.argv[1] == "tap" else "")'
sed -i '/need "\${kernel_tools/d; /^need git make xz/d' "$repo/scripts/check.sh" # all are stubs
stub others.sh 'echo "ok - others: $1"'
stub tests/lint.sh 'echo "ok - lint"'
stub tests/arch.sh 'echo "ok - arch"'
stub tests/good.sh 'echo "ok - good"'

check() { # check RUN.SH: what the main job does
	stub run.sh "$1"
	status=0
	"$repo/scripts/check.sh" >"$tmp/out" 2>&1 || status=$?
}
says() { # says SENTENCE STATUS LAST-LINE
	ok "$1" test "$status: $(tail -n 1 "$tmp/out")" = "$2: $3"
}

check ': >"$BUILD/results/complete"'
says "a main job that comes to its end is counted with the other tests" 0 "6 passed, 0 failed"
: >"$BUILD/results/complete"
check 'exit 1'
says "one that does not is a failure, and yesterday's results are not counted" 1 "4 passed, 1 failed"
ok "by its name" grep -qx 'not ok - make run ends with exit status 0' "$tmp/out"
check ': >"$BUILD/results/complete"; exit 1'
says "one whose verdict is a failure is one" 1 "5 passed, 1 failed"
stub tests/good.sh 'echo "ok - good"; exit 3'
check ': >"$BUILD/results/complete"'
says "so is a test that dies half-way" 1 "6 passed, 1 failed"
ok "by its name, too" grep -qx 'not ok - tests/good.sh ran to its end' "$tmp/out"

stub tests/good.sh 'echo nothing to do'
check ': >"$BUILD/results/complete"'
says "one that tests nothing has not passed" 1 "5 passed, 1 failed"
ok "and is named" grep -qx 'not ok - tests/good.sh has tested anything' "$tmp/out"
ok "with what it said" grep -qx 'nothing to do' "$BUILD/check.log"

# A guest's results are kept for as long as nothing that they depend on changes;
# what shortens a run does.
mkdir -p "$BUILD/kernel/base" "$BUILD/selftests"
echo a kernel >"$BUILD/kernel/base/inputs"
echo programs >"$BUILD/selftests/inputs"
stub kselftest.sh 'echo "KTAP version 1" >"$BUILD/results/$1.ktap"; echo "$1: 1 passed, 0 failed"; echo >>"$BUILD/ran"'
results() { # results [VARIABLE=VALUE]: how often the tests have been run
	env "$@" bash -c '. "$0/scripts/lib/lib.sh"; . "$0/scripts/guest/guest.sh"; results_of base 1' "$repo" >"$tmp/out"
	wc -l <"$BUILD/ran"
}
ok "what has not changed is not run again" test "$(results) $(results)" = "1 1"
for change in RDHUP_MODEL_OPS=5 TESTS=a.b LIMIT=5; do
	before=$(results)
	ok "$change is another run" test "$(results "$change")" = $((before + 1))
done
ok "and is none of the whole suite's" test "$(results)" -gt "$before"

# The main job says what the race has shown, without waiting for patched.
cp "$top/scripts/run.sh" "$repo/scripts/"
sed -i '/^need /d' "$repo/scripts/run.sh"
stub results/report.py pass
for kernel in control patched; do
	mkdir -p "$BUILD/kernel/$kernel"
	echo a kernel >"$BUILD/kernel/$kernel/inputs"
done
rm -f "$BUILD"/results/*
stub kselftest.sh 'case $1 in
base) echo "  ok 1 race.tcp4.one_event" ;;
control) timeout 60 bash -c "until [ -s $BUILD/results/base.ktap ]; do sleep 0.1; done"
	echo "# the one event: want IN|RDHUP, got IN: planted" ;;
*) echo ;;
esac >"$BUILD/results/$1.ktap"
echo "$1: 1 passed"'
stub kernel.sh '[ "$1" != patched ] || timeout 60 bash -c "until grep -q \"^==> base, which has it\" $BUILD/said; do sleep 0.1; done" || echo not before patched'
ok "the main job runs" bash -c "'$repo/scripts/run.sh' >'$BUILD/said' 2>&1"
ok "what the race shows on control is said" grep -qx '==> control, without the bit: the one event: want IN|RDHUP, got IN: planted' "$BUILD/said"
ok "and what on base, before patched is built" test "$(grep -c 'not before patched' "$BUILD/said")" = 0
stub kernel.sh :

# a program of ours that the kernel's rules did not build
mkdir -p "$BUILD/selftests/kselftest/net/rdhup" "$BUILD/kernel/base"
touch "$BUILD/kernel/base/bzImage"
cp "$top/scripts/kselftest.sh" "$repo/scripts/"
refuses "a test program that was not built is named" \
	'tools/testing/selftests/.*\.c was not built' "$repo/scripts/kselftest.sh" base
