#!/usr/bin/env bash
# A patch by somebody else: who wrote it and their sign-off stay through make
# save, make tree and make export, which appends the submitter's own.
# shellcheck source=scripts/tests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=scripts/lib/lib.sh
. "$top/scripts/lib/lib.sh"
here=$tmp

repo=$here/repo
copy_repository "$repo"
borrow_build "$here/build"
export BUILD=$here/build HOME=$here GIT_CONFIG_GLOBAL=$here/gitconfig GIT_CONFIG_NOSYSTEM=1
git config --file "$GIT_CONFIG_GLOBAL" user.name "A Submitter"
git config --file "$GIT_CONFIG_GLOBAL" user.email submitter@localhost.localdomain
git config --file "$GIT_CONFIG_GLOBAL" trailer.separators =
somebody='Somebody Else <else@localhost.localdomain>'
"$repo/scripts/tree.sh" --branches >"$here/out"
refuses "two series for one are no export of nothing" 'S=nfc bluetooth is not a series that is sent' \
	"$repo/scripts/export.sh" 'nfc bluetooth'

# one patch taken as maintainers take it, and one of our own behind it
work=$here/work
git --git-dir="$BUILD/linux.git" worktree add -q --no-checkout "$work" vfs
git -C "$work" sparse-checkout set fs
git -C "$work" checkout -q
echo '/* theirs */' >>"$work/fs/eventpoll.c"
git -C "$work" commit -q -a --author "$somebody" -F - <<END
eventpoll: a change of theirs

Signed-off-by: $somebody
END
git -C "$work" format-patch -q -1 --stdout >"$here/mail"
git -C "$work" reset -q --hard HEAD~1
git -C "$work" am -q "$here/mail"
echo '/* ours */' >>"$work/fs/eventpoll.c"
git -C "$work" commit -q -a -m "eventpoll: a change of ours"
"$repo/scripts/save.sh" >"$here/out"

theirs=$(grep -l '^Subject: .*a change of theirs' "$repo"/patches/vfs/*.patch)
ours=$(grep -l '^Subject: .*a change of ours' "$repo"/patches/vfs/*.patch)
ok "make save keeps the author" grep -qx "From: $somebody" "$theirs"
ok "and the sign-off" grep -qx "Signed-off-by: $somebody" "$theirs"
ok "who commits a change of their own is not named" test "$(sed -n '/^From: /,/^Date: /p' "$ours" | tr -d '\n')" = \
	"From: $identity_name <$identity_email>$(sed -n 's/^Date: /&/p' "$ours")"
git -C "$repo" add -A
git -C "$repo" -c user.name=T -c user.email=t@localhost commit -q -m saved
git -C "$work" checkout -q --detach
rm "$BUILD/heads"
"$repo/scripts/tree.sh" --branches >"$here/out"
"$repo/scripts/save.sh" >"$here/out"
ok "a round trip changes nothing" test -z "$(git -C "$repo" status --porcelain)"
ok "the author is the branch's" test "$(git --git-dir="$BUILD/linux.git" log -1 --format='%an <%ae>' vfs~1)" = "$somebody"

out=$BUILD/outgoing/vfs
ok "make export takes the patch" "$repo/scripts/export.sh" vfs
mail=$(grep -l '^Subject: .*a change of theirs' "$out"/0[0-9]*[1-9]-*.patch)
ok "as its author's" grep -qx "From: $somebody" "$mail"
ok "with the submitter's sign-off behind that of the author" test "$(grep '^Signed-off-by: ' "$mail")" = \
	"Signed-off-by: $somebody
Signed-off-by: A Submitter <submitter@localhost.localdomain>"
ok "every other one is the submitter's alone" test "$(grep -l '^From: A Submitter' "$out"/*.patch | wc -l) $(
	grep -h '^Signed-off-by: ' "$out"/*.patch | grep -c 'A Submitter')" = \
	"$(grep -vc '^#' "$repo/patches/vfs/series") $(grep -vc '^#' "$repo/patches/vfs/series")"
sed -i '/^Signed-off-by: /d' "$theirs"
refuses "without the author's sign-off it is not exported" \
	'"eventpoll: a change of theirs" is by Somebody Else .* and has no sign-off' "$repo/scripts/export.sh" vfs
