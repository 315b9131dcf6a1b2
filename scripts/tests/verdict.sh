#!/usr/bin/env bash
# The verdict: what must make it fail does, and nothing else.
# shellcheck source=scripts/tests/lib.sh
. "$(dirname "$0")/lib.sh"

repo=$tmp/repo
b=$tmp/build
copy_repository "$repo"
mkdir -p "$b/results" "$b/linux"
ln -s "$build/linux/base" "$b/linux/base"
rm -f "$repo"/patches/*/*.patch "$repo/patches/known-failures"
for series in introduce $(cat "$repo/patches/order"); do
	: >"$repo/patches/$series/series"
done
printf 'Subject: [PATCH] a fix\n\nBody.\n---\nProof: net/x prog fixture.fixed\n---\n' \
	>"$repo/patches/net/0001-a-fix.patch"
echo 0001-a-fix.patch >"$repo/patches/net/series"

# ktap KERNEL LINE...: the results of one guest with one program of two tests
ktap() {
	local kernel=$1
	shift
	{
		printf 'KTAP version 1\n1..1\n  TAP version 13\n  1..2\n'
		printf '  %s\n' "$@"
		printf 'ok 1 net/x:prog\n# guest done\n'
	} >"$b/results/$kernel.ktap"
	printf '[ 0.1] rdhup: start net/x:prog\n' >"$b/results/$kernel.console"
}
good() {
	ktap control 'ok 1 fixture.same' 'not ok 2 fixture.fixed'
	ktap base 'ok 1 fixture.same' 'not ok 2 fixture.fixed'
	ktap patched 'ok 1 fixture.same' 'ok 2 fixture.fixed'
}
verdict() { python3 "$repo/scripts/results/verdict.py" matrix "$b" >"$tmp/out" 2>&1; }
fails() { # fails SENTENCE PATTERN
	local status=0
	verdict || status=$?
	if [ "$status" = 1 ] && grep -q "^FAULT: .*$2" "$tmp/out"; then
		echo "ok - $1"
	else
		echo "not ok - $1 (exit $status)"
		sed 's/^/# /' "$tmp/out"
	fi
}

good
ok "a proof that holds and tests that pass are a pass" verdict
ktap patched 'not ok 1 fixture.same' 'ok 2 fixture.fixed'
fails "a failing test on patched is a fault" 'fixture.same fails on patched'
ktap patched 'ok 1 fixture.same # SKIP no such family' 'ok 2 fixture.fixed'
fails "a skipped test on patched is a fault" 'fixture.same is skipped on patched'
ktap patched 'ok 1 fixture.same'
fails "KTAP that lacks a planned test is a fault" 'patched'
good
ktap base 'not ok 1 result_1_never_came' 'not ok 2 fixture.fixed'
ok "that a program was cut short on base is none" verdict
python3 "$repo/scripts/results/verdict.py" tap "$b" >"$tmp/out" || true
ok "nor is it counted as a failed test" awk '/^not ok/ { bad = 1 } END { exit bad || !NR }' "$tmp/out"
good
ktap patched 'not ok 1 result_1_never_came' 'ok 2 fixture.fixed'
fails "that it was on patched is one" 'result_1_never_came fails on patched'
good
ktap base 'ok 1 fixture.same' 'ok 2 fixture.fixed'
fails "a proof that passes before its patch is a fault" 'proof of net/0001.* does not hold'
good
echo '[ 0.2] BUG: sleeping function called from invalid context' >>"$b/results/patched.console"
fails "a splat on a console is a fault, laid at its test" 'patched console, during net/x:prog: .*BUG:'
printf 'console in_this_function\tD0\tnot ours\n' >"$repo/patches/known-failures"
fails "a known one does not hide another" 'patched console, during net/x:prog: .*BUG:'
printf '[ 0.2]  in_this_function+0x5/0x10\n[ 0.2]  </TASK>\n' >>"$b/results/patched.console"
ok "a known one is none" verdict
good
printf '[ 0.2] %s\n' 'BUG: KCSAN: data-race in a / b' =================================================== \
	=================================================== 'BUG: KCSAN: data-race in in_this_function / c' ' in_this_function+0x5/0x10' >>"$b/results/patched.console"
fails "nor does it where KCSAN ends the report" 'patched console, during net/x:prog: .*data-race in a / b'
good
echo 'net/x:prog fixture.same D14' >"$repo/patches/known-failures"
refuses "a known failure without a reason is refused in one line" 'known-failures: want test, defect and reason.*same D14' \
	python3 "$repo/scripts/results/verdict.py" matrix "$b"
ok "and no other" test "$(wc -l <"$tmp/err")" = 1
printf 'net/x:prog fixture.same\tD14\tnot yet\n' >"$repo/patches/known-failures"
fails "a known failure that passes is a fault" 'passes on patched: take it out'
ktap patched 'not ok 1 fixture.same' 'ok 2 fixture.fixed'
ok "a known failure that fails is none" verdict
rm "$repo/patches/known-failures"
good
ok "the page is written" python3 "$repo/scripts/results/report.py" "$b"
ok "and needs nothing from elsewhere" test -z "$(grep -oE '(src|href)="[^"]*"|https?://[^ <"]*' "$b/report/index.html")"

# edges KERNEL TEST BINS...: what edges.c says of its connections
edges() {
	local ktap=$b/results/$1.ktap number=0
	shift
	sed -i 's/^1\.\.1$/1..2/; /^# guest done/d' "$ktap"
	{
		printf '  TAP version 13\n  1..%d\n' $(($# / 2))
		while [ $# -gt 0 ]; do
			number=$((number + 1))
			printf '  # edges.c:1:test:%s\n  ok %d segment.%s\n' "$2" $number "$1"
			shift 2
		done
		printf 'ok 2 net/rdhup:edges\n# guest done\n'
	} >>"$ktap"
}
page_has() { python3 "$repo/scripts/results/report.py" "$b" && grep -q -F -- "$1" "$b/report/index.html"; }
bar() { # bar BINS: as the page draws it
	local n=0 count
	for count; do
		[ "$count" = 0 ] || printf '<i class="e%d" style="flex-grow:%d"></i>' $n "$count"
		n=$((n + 1))
	done
}
once='no event 0, one 40, two 0, three 0, more 0'
edges base bare_fin.asleep "$once" bare_fin.spinning 'no event 1, one 30, two 6, three 2, more 1' '<script>.asleep' "$once"
edges patched bare_fin.asleep "$once" bare_fin.spinning ''
ok "a bar is what a kernel's tests counted, for a way of arriving" page_has "$(bar 1 70 6 3)</span><small>never 1, once 70, twice 6, more 3<"
ok "and for a way of waiting" page_has "$(bar 1 30 6 3)</span><small>never 1, once 30, twice 6, more 3<"
ok "a test that has not counted is said" page_has "$(bar 0 40)</span><small>once 40, no figures from 1 of 2 tests<"
ok "what a test is called is text" page_has 'segment.&lt;script&gt;'
ok "and nothing else" test "$(grep -c '<script' "$b/report/index.html")" = 1
ok "the tests are folded, below a field that finds them" page_has \
	'<input type="search" placeholder="Find a test" hidden><details><summary><b>net/x:prog</b>'
ok "a program that a kernel did not run has not failed there" page_has '<span class="dim">control not run</span>'
rm "$b/results/patched.ktap"
ok "a kernel that has not run is said" page_has '<li>patched was not run</li>'
ok "where its bars would be as well" test "$(grep -o '<span>patched</span><span class="bar"></span><small>not run<' "$b/report/index.html" | wc -l)" = 5
fails "and is a fault" 'patched was not run'
