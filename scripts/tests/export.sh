#!/usr/bin/env bash
# make export: whose sign-off, whom it is sent to, and that git am, git
# send-email and b4 take what comes out.
# shellcheck source=scripts/tests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=scripts/lib/lib.sh
. "$top/scripts/lib/lib.sh"
need b4 git-send-email /usr/share/perl5/Mail/Address.pm
here=$tmp

repo=$here/repo
copy_repository "$repo"
borrow_build "$here/build"
export BUILD=$here/build HOME=$here
linux=$BUILD/linux.git
out=$BUILD/outgoing/vfs
export GIT_CONFIG_GLOBAL=$here/gitconfig GIT_CONFIG_NOSYSTEM=1
: >"$GIT_CONFIG_GLOBAL"

refuses "without user.name and user.email nothing is exported" "user.name and user.email are unset" \
	"$repo/scripts/export.sh" vfs
git config --global user.name "A Submitter"
git config --global user.email submitter@localhost.localdomain
refuses "a series that is not sent is refused, the others are named" 'S=introduce is not .*net-next' \
	"$repo/scripts/export.sh" introduce
refuses "a version that skips one is refused" 'v4 has not been exported' \
	env VERSION=5 "$repo/scripts/export.sh" vfs
refuses "what is kept is not sent" 'extra is kept here and sent to nobody' "$repo/scripts/export.sh" extra
refuses "what waits for others is not sent before them" \
	'selftests-fixes waits until .*net/0001.* are merged; then MERGED=1' "$repo/scripts/export.sh" selftests-fixes
ok "make export writes a series" "$repo/scripts/export.sh" vfs

number=$(grep -vc '^#' "$repo/patches/vfs/series")
ok "there is a cover letter and a mail a patch" test "$(find "$out" -name '*.patch' | wc -l)" = $((number + 1))
ok "the subject has the prefix of its series" test \
	"$(grep -l "^Subject: \[PATCH [0-$number]/$number\] " "$out"/*.patch | wc -l)" = $((number + 1))
ok "every patch has the submitter's sign-off and nobody else's" test \
	"$(grep -h '^Signed-off-by: ' "$out"/*.patch | sort | uniq -c | tr -s ' ')" = \
	" $number Signed-off-by: A Submitter <submitter@localhost.localdomain>"
ok "the repository's own identity is in no mail" test -z \
	"$(grep -lF "$identity_email" "$out"/*.patch || true)"
ok "the cover letter has our text, the diffstat and base-commit" test "$(grep -cE \
	'^base-commit: [0-9a-f]{40}$|files changed|^Subject: .* aio, eventpoll: poll masks' "$out/0000-cover-letter.patch")" = 3
ok "no workshop note is sent" test -z "$(grep -l '^Adds: ' "$out"/*.patch || true)"
ok "every mail goes to the series' list" test \
	"$(grep -l 'linux-fsdevel@vger.kernel.org' "$out"/*.patch | wc -l)" = $((number + 1))
ok "another list gets the cover letter and its own patches only" test \
	"$(grep -l 'linux-kselftest@vger.kernel.org' "$out"/*.patch | sed 's|.*/\(....\).*|\1|' | paste -sd' ')" = "0000 0004"
ok "a maintainer gets the cover letter and his own patches only" test \
	"$(grep -l 'Alexander Viro' "$out"/*.patch | sed 's|.*/\(....\).*|\1|' | paste -sd' ')" = "0000 0001 0002 0003 0005"

vfs_tree() { # vfs_tree COMMIT: it has the files of the series' branch
	test "$(git -C "$here/am" rev-parse "$1^{tree}")" = "$(git --git-dir="$linux" rev-parse 'vfs^{tree}')"
}
# of what comes after others
ok "what waited is sent with MERGED=1" env MERGED=1 "$repo/scripts/export.sh" selftests-fixes
ok "the series with our entries in MAINTAINERS is exported" "$repo/scripts/export.sh" selftests
ok "where the submitter is the one maintainer of each" test \
	"$(sed -n '/^diff --git a\/MAINTAINERS /,/^diff --git a\/[^M]/s/^+M:\t//p' "$BUILD"/outgoing/selftests/*.patch | sort | uniq -c | tr -s ' ')" = \
	" $(grep -c '^L:' "$repo/MAINTAINERS") A Submitter <submitter@localhost.localdomain>"
ok "an RFC that is after others is exported" "$repo/scripts/export.sh" rfc
rfc=$BUILD/outgoing/rfc
ok "its subjects say so" test -z "$(grep -L '^Subject: \[RFC PATCH net-next ' "$rfc"/*.patch)"
ok "it has its own patches only" test "$(find "$rfc" -name '*.patch' | wc -l)" = \
	$(($(grep -vc '^#' "$repo/patches/rfc/series") + 1))
ok "its cover letter names what it lies on, for people and for robots" test "$(grep -c '^prerequisite-patch-id: ' \
	"$rfc/0000-cover-letter.patch") $(grep -A2 '^The patches apply on top' "$rfc/0000-cover-letter.patch" | tail -n 1)" = \
	"$(git --git-dir="$linux" rev-list --count base..refs/start/rfc)   $(head -n 1 "$repo/patches/net/cover-letter")"

# git am on a plain base, in a work tree of the touched folders only
git --git-dir="$linux" worktree add -q --no-checkout --detach "$here/am" base
git -C "$here/am" sparse-checkout set fs tools/testing/selftests/filesystems
git -C "$here/am" checkout -q
ok "git am applies it to a plain base tree" git -C "$here/am" am -q "$out"/000[1-9]-*.patch
ok "which then has the files of the series' branch" vfs_tree HEAD
ok "git send-email --dry-run accepts it" git -C "$here/am" send-email --dry-run --quiet \
	--confirm=never --suppress-cc=all --to=nobody@localhost "$out"
cat "$out"/*.patch >"$here/mbox"
git -C "$here/am" checkout -q --detach base
mkdir "$here/b4"
message=$(sed -n 's/^Message-I[dD]: <\(.*\)>$/\1/p' "$out/0000-cover-letter.patch")
ok "b4 am takes it" timeout 120 b4 --offline-mode -n am -C -l -m "$here/mbox" -o "$here/b4" "$message"
ok "and git am takes what b4 made of it" git -C "$here/am" am -q "$here"/b4/*.mbx
shazam() { # shazam OPTION...: what a maintainer does with a thread
	(cd "$here/am" && timeout 120 b4 --offline-mode -n shazam -C "$@" -m "$here/mbox" "$message")
}
git -C "$here/am" checkout -q --detach base
ok "b4 shazam applies it to a plain base tree" shazam -l
ok "which then has the files of the series' branch, too" vfs_tree HEAD
ok "as a commit a patch, each with a link to its mail" test "$number" = \
	"$(git -C "$here/am" log --format=%B base.. | grep -c '^Link: .*/r/')"
git -C "$here/am" checkout -q --detach bluetooth
ok "on another commit b4 shazam finds base by the mail's base-commit" shazam -H
ok "and fetches the same files" vfs_tree FETCH_HEAD

# onto another kernel, as patches/README.md says: a tree of the files that the
# series touches, with a line moved
other=$here/other
git init -q "$other"
mapfile -t files < <(git --git-dir="$linux" diff --name-only --diff-filter=M base vfs)
git --git-dir="$linux" archive base -- Makefile MAINTAINERS "${files[@]}" | tar -x -C "$other"
sed -i '1a /* a line more */' "$other/fs/eventpoll.c"
git -C "$other" add -Af
git -C "$other" commit -q -m "another kernel"
before=$(cd "$other" && find . -type f -exec sha256sum {} + | sort | sha256sum)
carry() (
	cd "$here"
	git --git-dir="$linux" fetch --depth=1 "file://$other" HEAD:onto &&
		git --git-dir="$linux" worktree add --no-checkout -b vfs-onto "$here/onto" vfs &&
		cd "$here/onto" && git sparse-checkout set fs io_uring tools/testing/selftests &&
		git checkout -q && git rebase --onto onto refs/start/vfs
)
refuses "what has not been carried onto another tree is not exported from there" \
	'ONTO=onto is no commit in .*git fetch it' env ONTO=onto "$repo/scripts/export.sh" vfs
ok "git rebase carries a series onto another tree" carry
ok "and make export takes it from there" env ONTO=onto "$repo/scripts/export.sh" vfs
ok "with that tree's base-commit" grep -qx "base-commit: $(git -C "$other" rev-parse HEAD)" "$out/0000-cover-letter.patch"
ok "and the tree has gained nothing" test "$before" = \
	"$(cd "$other" && find . -type f -exec sha256sum {} + | sort | sha256sum)"
ok "git am applies it there" git -C "$other" am -q "$out"/000[1-9]-*.patch
refuses "a series that is not on that commit is refused" 'there is no branch net-onto on onto' \
	env ONTO=onto "$repo/scripts/export.sh" net

# the next version must say what has changed
git --git-dir="$linux" worktree add -q --no-checkout "$here/edit" vfs
git -C "$here/edit" sparse-checkout set io_uring
git -C "$here/edit" checkout -q
reword() { # reword TEXT: append to the message of the last patch
	{ git -C "$here/edit" log -1 --format=%B; printf '%s\n' "$1"; } |
		git -C "$here/edit" -c user.name=T -c user.email=t@localhost commit -q --amend -F -
	"$repo/scripts/save.sh" >"$here/save.out"
}
echo '/* v2 */' >>"$here/edit/io_uring/poll.c"
git -C "$here/edit" add -u
reword ''
refuses "v2 of a patch that does not say what changed is refused" 'not as it was in v1; say what changed' \
	env VERSION=2 "$repo/scripts/export.sh" vfs
ok "and v1 is still there" test -e "$out/0000-cover-letter.patch"
reword 'v2: a comment at the end'
ok "with the line it is exported" env VERSION=2 "$repo/scripts/export.sh" vfs
ok "as v2, with a range-diff and the changelog below the ---" test \
	"$(awk '/^---$/ { below = 1 } below && /^v2: /' "$out"/v2-000"$number"-*) $(
		grep -c '^Range-diff' "$out"/v2-0000*)" = "v2: a comment at the end 1"

git -C "$here/edit" reset -q --hard HEAD~1
"$repo/scripts/save.sh" >"$here/save.out"
refuses "a patch that is gone in v3 without a word is refused" \
	'was in v2 \([0-9a-f]+\) and is no more; say so in a line "v3: ..." in patches/vfs/cover-letter' \
	env VERSION=3 "$repo/scripts/export.sh" vfs
printf '\nv3: a patch less\n' >>"$repo/patches/vfs/cover-letter"
ok "with a word in the cover letter it is exported" env VERSION=3 "$repo/scripts/export.sh" vfs
ok "as v3, a mail less" test "$(find "$out" -name 'v3-*.patch' | wc -l)" = "$number"

# a get_maintainer.pl that knows no list, as it would without MAINTAINERS
mkdir "$here/bin"
cat >"$here/bin/perl" <<EOF
#!/bin/sh
$(command -v perl) "\$@" | grep -v 'list'
EOF
chmod +x "$here/bin/perl"
refuses "a series that would go to no list is refused" 'vfs: get_maintainer.pl names no list' \
	env PATH="$here/bin:$PATH" VERSION=3 "$repo/scripts/export.sh" vfs
ok "and what was exported before is still there" test -e "$out/v3-0000-cover-letter.patch"
