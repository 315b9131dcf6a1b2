#!/usr/bin/env bash
# make rebase: onto a tree where everything applies, onto one where a patch
# conflicts, and that the tree it is carried onto is only read.
# shellcheck source=scripts/tests/lib.sh
. "$(dirname "$0")/lib.sh"

repo=$tmp/repo
copy_repository "$repo"
borrow_build "$tmp/build"
export BUILD=$tmp/build HOME=$tmp GIT_CONFIG_GLOBAL=$tmp/gitconfig GIT_CONFIG_NOSYSTEM=1
: >"$GIT_CONFIG_GLOBAL"
linux=$BUILD/linux.git onto=$BUILD/onto/tree
"$repo/scripts/tree.sh" --branches >"$tmp/out"
rebase() { "$repo/scripts/rebase.sh" "$@"; }
git_onto() { git -C "$onto" "$@"; }
identity=(-c user.name=T -c user.email=t@localhost)

# Another kernel: the files that the series touch, and what tells a kernel.
other=$tmp/other
git init -q -b main "$other"
touched=$(git --git-dir="$linux" diff --name-only --diff-filter=M base patched)
mapfile -t files <<<"$touched"
git --git-dir="$linux" archive base -- Makefile scripts/get_maintainer.pl "${files[@]}" | tar -x -C "$other"
commit() { # commit MESSAGE
	git -C "$other" add -Af && git -C "$other" "${identity[@]}" commit -q -m "$1"
}
commit "another kernel"
# a moved context; then a line that our patch changes; then what it does
sed -i '1a /* a line more */' "$other/fs/eventpoll.c"
commit "moved"
git -C "$other" checkout -q -b changed
sed -i '/^#define EPOLLEXCLUSIVE_OK_BITS/s/EPOLLIN/EPOLLPRI | EPOLLIN/' "$other/fs/eventpoll.c"
commit "changed"
git -C "$other" checkout -q main
everything() { (cd "$other" && find . -type f ! -name index -exec sha256sum {} + | sort -k 2); }
before=$(everything)

refuses "without a tree to go onto it says what is missing" 'ONTO=/path/to' rebase
refuses "a directory that is not there is refused" 'is not a directory' rebase "$tmp/none"
mkdir "$tmp/plain"
refuses "a directory that is no git tree is refused" 'is not a git tree' rebase "$tmp/plain"
git init -q "$tmp/no-kernel"
git -C "$tmp/no-kernel" "${identity[@]}" commit -q --allow-empty -m empty
refuses "a git tree without a kernel is refused" 'is no kernel tree' rebase "$tmp/no-kernel"
refuses "a revision that the tree lacks is refused" "has no commit 'nonsense'" rebase "$other#nonsense"
refuses "a series that is not sent is refused" 'S=introduce is not .*net-next' rebase "$other" introduce

ok "all series are carried onto a tree whose lines have moved" rebase "$other"
while read -r series; do
	ok "every patch of $series has arrived" test "$(grep -vc '^#' "$repo/patches/$series/series")" = \
		"$(git_onto rev-list --count "refs/start/$series..refs/heads/$series")"
done < <(grep -v '^#' "$repo/patches/order")
mapfile -t changed < <(git --git-dir="$linux" diff --name-only base patched | grep -vx fs/eventpoll.c)
ok "together they make patched's files" test \
	"$(git_onto ls-tree -r patched -- "${changed[@]}")" = "$(git --git-dir="$linux" ls-tree -r patched -- "${changed[@]}")"
ok "and keep the line that is the other tree's own" grep -qxF '/* a line more */' "$onto/fs/eventpoll.c"
ok "the notes below the --- are still there" test -n \
	"$(git_onto log --format=%B refs/heads/vfs | grep '^Proof: ')"
ok "nothing is exported for somebody that git does not know" test ! -e "$BUILD/outgoing/vfs"

git config --global user.name "A Submitter"
git config --global user.email submitter@localhost.localdomain
ok "for one who is known the series is exported from there" rebase "$other" vfs
ok "with that tree's base-commit" grep -qx "base-commit: $(git -C "$other" rev-parse main)" \
	"$BUILD/outgoing/vfs/0000-cover-letter.patch"
git clone -q "$other" "$tmp/am"
ok "git am applies it there" git -C "$tmp/am" -c user.name=T -c user.email=t@localhost am -q \
	"$BUILD"/outgoing/vfs/000[1-9]-*.patch

ok "TRY=1 names the patch that would conflict and its files" bash -c \
	"TRY=1 '$repo/scripts/rebase.sh' '$other#changed' vfs | grep -q 'conflict: vfs/0003 (eventpoll: .*): fs/eventpoll.c'"
refuses "a conflict stops it, with patch and file" 'vfs/0003 \(eventpoll: .*\) conflicts in fs/eventpoll.c; ' \
	rebase "$other#changed" vfs
refuses "it stops there again until it is resolved" 'vfs/0003 .* conflicts in fs/eventpoll.c; ' rebase
refuses "it does not go elsewhere before that" 'has stopped in .*ABORT=1' rebase "$other" vfs
refuses "nor is half of it exported" 'has stopped at a patch' env ONTO=1 "$repo/scripts/export.sh" vfs
git_onto add -u
refuses "a marker that was added is no resolution" 'conflicts in fs/eventpoll.c; ' rebase
git_onto show REBASE_HEAD:fs/eventpoll.c >"$onto/fs/eventpoll.c"
git_onto add -u
ok "resolved, it goes on to the end" rebase
ok "with the resolution in the patch" test \
	"$(git_onto rev-parse patched~2:fs/eventpoll.c)" = "$(git --git-dir="$linux" rev-parse vfs:fs/eventpoll.c)"
ok "and is exported from there" grep -qx "base-commit: $(git -C "$other" rev-parse changed)" \
	"$BUILD/outgoing/vfs/0000-cover-letter.patch"
ok "the other tree has gained nothing, no ref, no object" test "$before" = "$(everything)"
git -C "$other" checkout -q changed
echo '/* of the next day */' >>"$other/fs/eventpoll.c"
commit "the next day"
ok "onto the tree of the next day the conflict is resolved as it was" rebase "$other#changed" vfs
git_onto checkout -q --detach vfs
echo '/* forgotten */' >>"$onto/fs/eventpoll.c"
refuses "a change that is not committed is not overwritten" 'uncommitted changes' rebase "$other#main" vfs
ok "ABORT=1 removes what there is" env ABORT=1 "$repo/scripts/rebase.sh"
ok "and nothing else" test -d "$other/.git" -a ! -e "$BUILD/onto"
