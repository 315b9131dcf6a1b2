#!/usr/bin/env bash
# prove.sh [SERIES/NNNN]: for one patch, or every patch with a "Proof:" note, build
# and boot the tree right before it and the tree right after it, run the tests that
# it names, the patched tree's in both, and print patch, test, before, after.
#
# A note may name an architecture behind the test, where only that shows the
# defect.  Or it says "alone TEXT": before the patch the test takes the kernel with
# it, so it runs in a guest of its own, and fails if TEXT comes on the console or the
# guest hangs.  Exit status 0 only if every test fails before and passes after.
# What was proven is not booted again while tree and test program are the same.
# shellcheck source=scripts/lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"
# shellcheck source=scripts/guest/guest.sh
. "$top/scripts/guest/guest.sh"

wanted=${1:-}
tree=$build/linux/scratch
cache=$build/prove
failed=0 rows=0

# key_of COMMIT PROGRAM ARCH WORDS: what the results of a program on a tree are
# called in $cache.
key_of() {
	local tests=$build/selftests
	[ "$3" = x86_64 ] || tests+=-$3
	echo "$cache/$(lgit rev-parse "$1^{tree}")-$2-$({
		echo "$4"
		find "$tests/kselftest" -name "$2" -type f -exec cat {} +
	} | sha256sum | cut -c1-12)"
}

# boot_at COMMIT GUEST PROGRAM TESTS: prints what kselftest.sh says.
boot_at() {
	git -C "$tree" checkout -q --force --detach "$1"
	"$top/scripts/kernel.sh" "$2" >&2
	rm -f "$build/results/$2".{ktap,console}
	TESTS=$4 "$top/scripts/kselftest.sh" "$2" "$3" 2>&1 || true
}

# run_at COMMIT PROGRAM ARCH TESTS: the KTAP of a program's tests on a tree, in
# $cache/....
run_at() {
	local key guest=prove
	if [ "$3" != x86_64 ]; then
		guest=$3-prove
		"$top/scripts/guest/selftests.sh" "$3" >&2
	fi
	key=$(key_of "$@")
	if [ ! -s "$key.ktap" ]; then
		boot_at "$1" "$guest" "$2" "$4" >"$key.log"
		grep -qs '^# guest done' "$build/results/$guest.ktap" ||
			die "the guest of $1 did not finish $2: $(grep -m 1 "^rdhup: " "$key.log")"
		cp "$build/results/$guest.ktap" "$key.ktap"
	fi
	echo "$key.ktap"
}

# fate_at COMMIT PROGRAM TEST TEXT: what becomes of a kernel that the test is for.
fate_at() {
	local key
	key=$(key_of "$1" "$2" x86_64 "$3 $4")
	if [ ! -s "$key.fate" ]; then
		LIMIT=120 boot_at "$1" prove "$2" "$3" >"$key.log"
		[ -e "$build/results/prove.console" ] || die "$2 was not run on $1: $(grep -m 1 "^rdhup: " "$key.log")"
		if grep -qsF -- "$4" "$build/results/prove.console"; then
			echo FAIL
		elif grep -q '^rdhup: the prove guest hung' "$key.log"; then
			echo hangs
		else
			echo lives
		fi >"$key.fate"
	fi
	cat "$key.fate"
}

# state_of TEST KTAP: ok, FAIL or missing, as the program's own line says.
state_of() {
	awk -v test="$1" '
		$1 == "ok" && $3 == test { print (/# SKIP/ ? "skip" : "ok"); hit = 1; exit }
		$1 == "not" && $4 == test { print "FAIL"; hit = 1; exit }
		END { if (!hit) print "missing" }' "$2"
}

# row PATCH TEST BEFORE AFTER: a line of the table.
row() {
	local mark=holds
	[[ "$3 $4" =~ ^(FAIL|hangs)" ok"$ ]] || { mark="DOES NOT HOLD"; failed=$((failed + 1)); }
	rows=$((rows + 1))
	printf '%-60s %-46s %-8s %-8s %s\n' "$1" "$2" "$3" "$4" "$mark"
}

prove_patch() { # prove_patch NAME PATCH COMMIT
	local program arch where tests test text before_ktap ktap before
	while read -r program arch tests; do
		where=${arch#x86_64}
		# in steps: a guest that dies ends it all
		before_ktap=$(run_at "$3^" "$program" "$arch" "$tests" </dev/null)
		ktap=$(run_at "$3" "$program" "$arch" "$tests" </dev/null)
		for test in $tests; do
			before=$(state_of "$test" "$before_ktap")
			row "$1" "$program $test${where:+ $where}" "$before" "$(state_of "$test" "$ktap")"
		done
	done < <(proofs_of "$2")
	while read -r _ program test _ text; do
		before=$(fate_at "$3^" "$program" "$test" "$text" </dev/null)
		ktap=$(run_at "$3" "$program" x86_64 "$test" </dev/null)
		row "$1" "$program $test alone" "$before" "$(state_of "$test" "$ktap")"
	done < <(note_values Proof "$2" | awk '$4 == "alone"')
}

# proofs_of PATCH: "PROGRAM ARCH TEST..." a line.
proofs_of() {
	note_values Proof "$1" | awk '
		$1 == "none" || $4 == "alone" { next }
		{ key = $2 " " ($4 == "" ? "x86_64" : $4)
			if (!(key in tests)) order[++n] = key
			tests[key] = tests[key] " " $3 }
		END { for (i = 1; i <= n; i++) print order[i] tests[order[i]] }'
}

need "${guest_tools[@]}" "${qemu[0]}"
"$top/scripts/tree.sh"
"$top/scripts/guest/selftests.sh"
mkdir -p "$cache"
locked "the scratch tree"
if [ ! -e "$tree/.git" ]; then
	step "checking out a tree to prove in"
	lgit worktree add -q --force --detach "$tree" base
fi
printf '%-60s %-46s %-8s %-8s\n' patch test before after
for series in introduce $(sendable_series); do
	while read -r commit patch; do
		[[ $series/${patch##*/} != "$wanted"* ]] || prove_patch "$series/${patch##*/}" "$patch" "$commit"
	done < <(paste -d ' ' <(lgit rev-list --reverse "$(start_of "$series")..$series") <(patches_of "$series"))
done
[ "$rows" -gt 0 ] || die "no patch matches P=$wanted, or it names no Proof:"
printf '%d proofs, %d of them do not hold\n' "$rows" "$failed"
[ "$failed" = 0 ]
