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
# is_refused SENTENCE PATTERN: by make tree, and what was planted is taken back
is_refused() {
	refuses "$1" "$2" tree
	git -C "$repo" checkout -q -- .
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
refuses "a series that there is none of is refused, the others are named" \
	'S=nosuch is no series; name one of: introduce bpf ' "$repo/scripts/tree.sh" nosuch

# worktrees as make tree has them, of a corner; base is not the real one's
rm "$BUILD/linux/base"
for name in control base patched nfc; do
	git --git-dir="$linux" worktree add -q --no-checkout "$BUILD/linux/$name" "$name"
	git -C "$BUILD/linux/$name" sparse-checkout set net/nfc
	git -C "$BUILD/linux/$name" checkout -q
done
nfc=$BUILD/linux/nfc file=$BUILD/linux/nfc/net/nfc/llcp_sock.c
as_tester() { # as_tester ARGUMENT...: git in $work
	git -C "$work" -c user.name=Tester -c user.email=tester@localhost "$@"
}
work=$nfc
echo '/* an edit */' >>"$file"
as_tester commit -q -a -m "nfc: planted"

# one edits, commits and saves as kernel people do
work=$tmp/work
git --git-dir="$linux" worktree add -q --no-checkout "$tmp/work" selftests
git -C "$tmp/work" sparse-checkout set tools/testing/selftests/net/rdhup
git -C "$tmp/work" checkout -q
echo '/* an edit */' >>"$tmp/work/tools/testing/selftests/net/rdhup/race.c"
as_tester commit -q -a --fixup "$(git -C "$tmp/work" log --format=%H --diff-filter=A -- tools/testing/selftests/net/rdhup/race.c)"
refuses "make tree does not overwrite a commit that is not saved" \
	'branch (nfc|selftests) has commits .* git reset --hard refs/generated/(nfc|selftests)$' tree
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
ok "an edit of an added file arrives at its kernel path, and one in a patch, and nowhere else" test \
	"$(changed | sort | tr '\n' ' ')" = "?? patches/nfc/0003-nfc-planted.patch AM patches/nfc/series AM tools/testing/selftests/net/rdhup/race.c "
# the branch moves, and a worktree must not stay behind: a commit there would undo what came in
git -C "$repo" add -A
# nor is what Ctrl-C has left half-written an edit of somebody's
: >"$(git -C "$BUILD/linux/patched" rev-parse --absolute-git-dir)/rdhup-head"
rm "$BUILD/linux/patched/net/nfc/llcp_sock.c"
rm "$(git -C "$BUILD/linux/control" rev-parse --absolute-git-dir)/index"
sed -i 's/^Subject: .*planted/&, and edited/; s|an edit|another edit|' "$repo/patches/nfc/0003-nfc-planted.patch"
tree
ok "a worktree follows its branch" grep -qx '/\* another edit \*/' "$file"
echo '/* not saved */' >>"$file"
git -C "$repo" checkout -q -- patches
refuses "make tree does not write over what is not committed there" 'linux/nfc has uncommitted changes' tree
ok "and it is still there" grep -q 'not saved' "$file"
git -C "$nfc" reset -q --hard
GIT_CONFIG_GLOBAL=$tmp/gitconfig git config --global core.autocrlf true
ok "without it the worktree is brought up to date" env GIT_CONFIG_GLOBAL="$tmp/gitconfig" "$repo/scripts/tree.sh" nfc
ok "and written as Linux is, whatever git's configuration says" test "$(tail -n 1 "$file")" = '/* an edit */'
ok "one that was half-written is written" test "$(tail -n 1 "$BUILD/linux/patched/net/nfc/llcp_sock.c")" = '/* an edit */'
git -C "$nfc" checkout -q --detach HEAD~1
git -C "$nfc" rev-parse HEAD >"$(git -C "$nfc" rev-parse --absolute-git-dir)/rdhup-head"	# as if the branch had moved
echo '/* in the middle of a rebase */' >>"$file"
ok "a rebase is left to go on" tree
ok "with its changes" grep -q 'middle of a rebase' "$file"
refuses "and is not taken for the branch" 'linux/nfc is not on branch nfc; end what you are at' "$repo/scripts/tree.sh" nfc
# its end would not find the branch where it was, and git rebase --abort would take it back
nfc_at() { printf 'update refs/%s/nfc %s\n' heads "$1" generated "$1" | git --git-dir="$linux" update-ref --stdin; }
git -C "$nfc" checkout -q -f HEAD
tip=$(git --git-dir="$linux" rev-parse nfc)
nfc_at "$tip~1"
refuses "nor is the branch moved away from under it" 'linux/nfc is not on branch nfc; end what you are at' tree
ok "it is where it was" test "$(git --git-dir="$linux" rev-parse nfc)" = "$(git --git-dir="$linux" rev-parse "$tip~1")"
nfc_at "$tip"
git -C "$nfc" checkout -q -f nfc

# an edit that is made while make tree runs is not in the branches
printf '#!/bin/sh\necho >>"%s/patches/net/cover-letter"\n' "$repo" >"$linux/hooks/reference-transaction"
chmod +x "$linux/hooks/reference-transaction"
tree
rm "$linux/hooks/reference-transaction"
refuses "what is edited while make tree runs is an edit" 'write over it: patches/net/cover-letter; git stash' "$repo/scripts/save.sh"
git -C "$repo" checkout -q -- patches

# a patch that does not apply, mended, leaves no half-made state
awk '/^@@ / && !hit { hit = 1; print; next } hit == 1 && /^ ./ { print " no such line"; hit = 2; next } { print }' \
	"$victim" >"$tmp/patch" && cp "$tmp/patch" "$victim"
refuses "a patch that no longer applies is named with file and line" \
	"patch introduce/${victim##*/} does not apply: patch failed: net/ipv4/tcp.c:[0-9]+; was it" tree
git -C "$repo" checkout -q -- patches
work=$nfc
as_tester commit -q --amend -m "nfc: planted, in other words"
work=$tmp/work
git -C "$tmp/work" checkout -q extra
echo >>"$tmp/work/tools/testing/selftests/net/rdhup/race.c"
as_tester commit -q -a -m "a change to a file of another series"
refuses "a change to a file that another series adds is refused" \
	'changes tools/testing/selftests/net/rdhup/race.c, which an earlier patch adds' "$repo/scripts/save.sh"
ok "and nothing is written by halves" test -z "$(changed)"
git --git-dir="$linux" worktree remove --force "$tmp/work"
git --git-dir="$linux" update-ref refs/heads/extra refs/generated/extra
work=$nfc
mkdir "$nfc/lib"
touch "$nfc/lib/planted.c"
as_tester add -f --sparse lib/planted.c
as_tester commit -q -m "a file that is nowhere"
refuses "a new file at no kernel path is refused" 'a file that is nowhere: adds lib/planted.c; what is added is a file below' \
	"$repo/scripts/save.sh"
ln -s nowhere "$nfc/net/nfc/planted"
as_tester rm -q --cached --sparse lib/planted.c
as_tester add -f net/nfc/planted
as_tester commit -q --amend -m "a link"
refuses "and so is what is no file" 'a link: adds net/nfc/planted; what is added is a file' "$repo/scripts/save.sh"
rm "$nfc/lib/planted.c"
as_tester reset -q --hard HEAD~1
ok "when all is mended, all is saved" "$repo/scripts/save.sh"
ok "and not the name that a patch had" test "$(cd "$repo/patches/nfc" && echo 0003-*)" = 0003-nfc-planted-in-other-words.patch
git -C "$repo" add -A
git --git-dir="$linux" update-ref -d refs/heads/selftests
git --git-dir="$linux" update-ref -d refs/heads/extra
refuses "a branch that is gone is no series without patches" 'branch selftests is gone; make tree' "$repo/scripts/save.sh"
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
sed -i '1i # after: rfc' "$repo/patches/nfc/series"
is_refused "a series that is after a later one is refused" \
	'nfc/series: after rfc, which does not come before nfc in patches/order'

# what is wrong with patches is said with names
touch "$repo/tools/testing/selftests/net/rdhup/orphan.h"
sed -i '0,/^Adds: /s|^Adds: tools/testing/selftests/net/rdhup/*$|Adds: tools/testing/selftests/net/rdhup/Makefile|' \
	"$repo"/patches/*/*.patch
is_refused "a file that no patch adds is named" 'rdhup/[a-z_]*\.[ch] is at a kernel path, but no patch'
rm "$repo/tools/testing/selftests/net/rdhup/orphan.h"

adder=$(grep -l '^Adds: ' "$repo"/patches/selftests/*.patch | head -n 1)
other=$(grep -l '^Proof: ' "$repo"/patches/net/*.patch | head -n 1)
line=$(grep -m 1 '^Adds: ' "$adder")
awk -v line="$line" '{ print } /^---$/ && !done { print line; done = 1 }' "$other" >"$tmp/patch"
cp "$tmp/patch" "$other"
is_refused "a file that two patches add is named with both" 'is added by both'

sed -i '0,/^Adds: .*/s||Adds: tools/no/such/file.c|' "$adder"
is_refused "an Adds: line for no file is named" 'Adds: tools/no/such/file.c .* no such file'
sed -i '0,/^Adds: .*/s||Adds: ../file.c|' "$adder"
is_refused "and one for a file that is not of here" 'Adds: ../file.c .* no such file'
echo nosuch >>"$repo/patches/order"
is_refused "a series without a folder is named" 'patches/order names nosuch, and there is no patches/nosuch/series'
ok "in one line" test "$(wc -l <"$tmp/err")" = 1
sed -i '/^[^#]/d' "$repo/patches/introduce/series"
is_refused "and introduce, if it is empty" 'patches/introduce/series names no patch'
sed -i '/^From: /d' "$adder"
is_refused "a patch without an author is refused" 'is not a mail as git format-patch writes it'
echo 'no-such.patch' >>"$repo/patches/net/series"
refuses "a series file that names no patch is refused" 'no-such.patch, which does not exist' tree
