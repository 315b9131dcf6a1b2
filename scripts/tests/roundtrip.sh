#!/usr/bin/env bash
# Patches to branches and back: nothing changes by itself, an edit arrives,
# a damaged patch is named, and no work is overwritten.
# shellcheck source=scripts/tests/lib.sh
. "$(dirname "$0")/lib.sh"

repo=$tmp/repo
copy_repository "$repo"
borrow_build "$tmp/build"
export BUILD=$tmp/build
linux=$BUILD/linux.git
tree() { "$repo/scripts/tree.sh" --branches; }
changed() { git -C "$repo" status --porcelain | grep -v '^A  ' || true; }
as_tester() {
	git -C "$tmp/work" -c user.name=Tester -c user.email=tester@localhost "$@"
}
# The first hunk of the first patch that touches tcp.c.
victim=$(grep -l '^diff --git a/net/ipv4/tcp.c' "$repo"/patches/introduce/*.patch | head -n 1)

tree >"$tmp/out"
ok "control and introduce make base, the same tree hash" test \
	"$(git --git-dir="$linux" rev-parse 'introduce^{tree}')" = "$(git --git-dir="$linux" rev-parse 'base^{tree}')"
ok "control has no POLLRDHUP outside the host's own programs" test -z \
	"$(git --git-dir="$linux" grep -lwE 'E?POLLRDHUP' control -- ':!tools' ':!arch/um/os-Linux' || true)"
while read -r series; do
	ok "$series has at most 15 patches" test "$(grep -vc '^#' "$repo/patches/$series/series")" -le 15
done < <(grep -v '^#' "$repo/patches/order")
heads=$(git --git-dir="$linux" for-each-ref refs/heads)
tree >"$tmp/out"
ok "make tree twice gives the same commits" test "$heads" = "$(git --git-dir="$linux" for-each-ref refs/heads)"
"$repo/scripts/save.sh" >"$tmp/out"
ok "make tree && make save changes nothing" test -z "$(changed)"

# one edits, commits and saves as kernel people do
git --git-dir="$linux" worktree add -q --no-checkout "$tmp/work" selftests
git -C "$tmp/work" sparse-checkout set tools/testing/selftests/net/rdhup
git -C "$tmp/work" checkout -q
echo '/* an edit */' >>"$tmp/work/tools/testing/selftests/net/rdhup/race.c"
as_tester commit -q -a --fixup "$(git -C "$tmp/work" log --format=%H --diff-filter=A -- tools/testing/selftests/net/rdhup/race.c)"
refuses "make tree does not overwrite a commit that is not saved" 'branch selftests has commits' tree
GIT_SEQUENCE_EDITOR=: as_tester rebase -q -i --autosquash base
echo >>"$repo/tools/testing/selftests/net/rdhup/race.c"
cp "$repo/tools/testing/selftests/net/rdhup/race.c" "$tmp/race.c"
refuses "make save does not write over an edit made here" \
	'write over it: tools/testing/selftests/net/rdhup/race.c; git stash' "$repo/scripts/save.sh"
ok "and the edit is still there" cmp "$tmp/race.c" "$repo/tools/testing/selftests/net/rdhup/race.c"
git -C "$repo" checkout -q -- tools
echo >>"$repo/patches/net/cover-letter"
refuses "nor over one in patches/" 'write over it: patches/net/cover-letter; git stash' "$repo/scripts/save.sh"
git -C "$repo" checkout -q -- patches
"$repo/scripts/save.sh" >"$tmp/out"
ok "an edit of an added file arrives at its kernel path, and nowhere else" test \
	"$(changed | tr -d '\n')" = "AM tools/testing/selftests/net/rdhup/race.c"
git -C "$tmp/work" checkout -q extra
echo >>"$tmp/work/tools/testing/selftests/net/rdhup/race.c"
as_tester commit -q -a -m "a change to a file of another series"
refuses "a change to a file that another series adds is refused" \
	'changes tools/testing/selftests/net/rdhup/race.c, which an earlier patch adds' "$repo/scripts/save.sh"
git --git-dir="$linux" worktree remove --force "$tmp/work"
git -C "$repo" checkout -q -- .
git --git-dir="$linux" branch -q -D selftests extra
ok "a branch that is taken away, as that refusal advises, is made again" tree

# a series that comes after another lies on that one, here and in its folder
ok "a series that is after none starts from base" test \
	"$(git --git-dir="$linux" rev-parse refs/start/net)" = "$(git --git-dir="$linux" rev-parse base)"
ok "one that is after another starts from that one" test \
	"$(git --git-dir="$linux" rev-parse refs/start/net-next)" = "$(git --git-dir="$linux" rev-parse net)"
ok "one that is after two has both below it" test -n "$(git --git-dir="$linux" log --format=%s refs/start/rfc |
	grep -xF "$(git --git-dir="$linux" log -1 --format=%s vfs)")" -a -n "$(git --git-dir="$linux" log --format=%s rfc |
	grep -xF "$(git --git-dir="$linux" log -1 --format=%s net-next)")"
ok "and what these are after" test "$(git --git-dir="$linux" rev-parse net)" = \
	"$(git --git-dir="$linux" merge-base net refs/start/rfc)"
sed -i 's/^# after: .*/# after: rfc/' "$repo/patches/net-next/series"
refuses "a series that is after a later one is refused" \
	'net-next/series: after rfc, which does not come before net-next in patches/order' tree
git -C "$repo" checkout -q -- .

# what is wrong with a patch is said with its name, file and line
awk '/^@@ / && !hit { hit = 1; print; next } hit == 1 && /^ ./ { print " no such line"; hit = 2; next } { print }' \
	"$victim" >"$tmp/patch" && cp "$tmp/patch" "$victim"
refuses "a patch that no longer applies is named with file and line" \
	"patch introduce/${victim##*/} does not apply: patch failed: net/ipv4/tcp.c:[0-9]+; was it" tree
git -C "$repo" checkout -q -- .

touch "$repo/tools/testing/selftests/net/rdhup/orphan.h"
sed -i '0,/^Adds: /s|^Adds: tools/testing/selftests/net/rdhup/*$|Adds: tools/testing/selftests/net/rdhup/Makefile|' \
	"$repo"/patches/*/*.patch
refuses "a file that no patch adds is named" 'rdhup/[a-z_]*\.[ch] is at a kernel path, but no patch' tree
git -C "$repo" checkout -q -- .
rm "$repo/tools/testing/selftests/net/rdhup/orphan.h"

adder=$(grep -l '^Adds: ' "$repo"/patches/selftests/*.patch | head -n 1)
other=$(grep -l '^Proof: ' "$repo"/patches/net/*.patch | head -n 1)
line=$(grep -m 1 '^Adds: ' "$adder")
awk -v line="$line" '{ print } /^---$/ && !done { print line; done = 1 }' "$other" >"$tmp/patch"
cp "$tmp/patch" "$other"
refuses "a file that two patches add is named with both" 'is added by both' tree
git -C "$repo" checkout -q -- .

sed -i '0,/^Adds: .*/s||Adds: tools/no/such/file.c|' "$adder"
refuses "an Adds: line for no file is named" 'Adds: tools/no/such/file.c .* no such file' tree
git -C "$repo" checkout -q -- .
echo 'no-such.patch' >>"$repo/patches/net/series"
refuses "a series file that names no patch is refused" 'no-such.patch, which does not exist' tree
