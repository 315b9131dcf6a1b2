#!/usr/bin/env bash
# make prove: a proof holds if its test fails before the patch and passes after
# it, and in no other case.  The branches and the commits that are booted are
# the real ones; in place of the kernels and guests stands what they would say.
# shellcheck source=scripts/tests/lib.sh
. "$(dirname "$0")/lib.sh"

repo=$tmp/repo
copy_repository "$repo"
borrow_build "$tmp/build"
export BUILD=$tmp/build
patch=$(find "$repo/patches/bpf" -name '0001-*.patch')

git --git-dir="$BUILD/linux.git" branch -q -D bpf selftests-fixes patched
# No worktree but the one to prove in, and of that a corner.
mv "$repo/scripts/tree.sh" "$repo/scripts/branches.sh"
stub() { # stub SCRIPT < what it does
	{
		echo '#!/usr/bin/env bash'
		cat
	} >"$repo/scripts/$1"
	chmod +x "$repo/scripts/$1"
}
# shellcheck disable=SC2016 # the stub's own
stub tree.sh <<<'exec "$(dirname "$0")/branches.sh" --branches'
stub kernel.sh <<<'exit 0'
stub guest/selftests.sh <<<'exit 0'
stub kselftest.sh <<'STUB'
mkdir -p "$BUILD/results"
say() { # say BEFORE AFTER TEST
	local state=$1
	[ "$(git -C "$BUILD/linux/scratch" log -1 --format=%s)" = "Linux 7.3.4" ] || state=$2
	case $state in
	ok | 'not ok') echo "  $state 1 $3" ;;
	skip) echo "  ok 1 $3 # SKIP no such family" ;;
	esac
}
{
	say 'not ok' ok a.holds
	say ok ok a.passes_before
	say 'not ok' 'not ok' a.fails_after
	say ok 'not ok' a.breaks
	say 'not ok' skip a.skipped_after
	say skip ok a.skipped_before
	say 'not ok' '' a.missing_after
	[ -n "$DIES" ] || echo '# guest done'
} >"$BUILD/results/prove.ktap"
STUB
git --git-dir="$BUILD/linux.git" worktree add -q --no-checkout --detach "$BUILD/linux/scratch" base
git -C "$BUILD/linux/scratch" sparse-checkout set net/vmw_vsock
git -C "$BUILD/linux/scratch" reset -q --hard
# what a gate has left there is in nobody's way
echo planted >>"$BUILD/linux/scratch/net/vmw_vsock/vsock_bpf.c"
export DIES=

proofs() { # proofs TEST...: these are what the patch names
	printf 'Proof: net/rdhup sockmap a.%s\n' "$@" >"$tmp/proofs"
	awk -v proofs="$tmp/proofs" '
		/^Proof:/ { if (!done++) while ((getline line < proofs) > 0) print line; next }
		{ print }' "$patch" >"$tmp/patch"
	cp "$tmp/patch" "$patch"
	rm -rf "$BUILD/prove"
}
prove() { "$repo/scripts/prove.sh" "$1"; }
# says TEST WORDS: the table's line of this test ends so.
says() {
	grep -E " sockmap a\.$1 +$2$" "$tmp/table"
}

proofs holds passes_before fails_after breaks skipped_after skipped_before missing_after none
status=0
prove bpf/0001 >"$tmp/table" || status=$?
ok "one that does not hold is an exit status of 1" test "$status" = 1
ok "and is counted" grep -qx '8 proofs, 7 of them do not hold' "$tmp/table"
ok "beside others the one that holds still does" says holds 'FAIL +ok +holds'
while read -r test words; do
	ok "$test does not hold" says "$test" "$words +DOES NOT HOLD"
done <<'END'
passes_before ok +ok
fails_after FAIL +FAIL
breaks ok +FAIL
skipped_after FAIL +skip
skipped_before skip +ok
missing_after FAIL +missing
none missing +missing
END
proofs holds
ok "a patch whose proof holds is proven" prove bpf/0001
rm -rf "$BUILD/prove"
DIES=1 refuses "a guest that does not come to its end proves nothing" 'did not finish sockmap' prove bpf/0001
refuses "a patch that is not there is refused" 'no patch matches P=net/9999' prove net/9999

# a program of the kernel's own, which lies elsewhere than ours
proofs holds
sed -i 's|^Proof: net/rdhup sockmap |Proof: net tun |' "$patch"
rm "$BUILD/selftests"
mkdir -p "$BUILD/selftests/kselftest/net"
for program in one another; do
	echo "$program" >"$BUILD/selftests/kselftest/net/tun"
	ok "a proof may name a program of the kernel's own" prove bpf/0001
done
ok "and is run anew with another program" test "$(find "$BUILD/prove" -name '*-tun-*.ktap' | wc -l)" = 4
