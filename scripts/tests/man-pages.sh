#!/usr/bin/env bash
# patches/man-pages: that they apply, to the release that they name and to a
# checkout of the project, render without a warning, and leave as mails in the
# manner of that project.
# shellcheck source=scripts/tests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=scripts/lib/lib.sh
. "$top/scripts/lib/lib.sh"
need groff mandoc git-send-email
here=$tmp

repo=$here/repo
copy_repository "$repo"
mkdir "$here/build"
[ ! -e "$build/man-pages/complete" ] || cp -r "$build/man-pages" "$here/build/"
export BUILD=$here/build HOME=$here GIT_CONFIG_GLOBAL=$here/gitconfig GIT_CONFIG_NOSYSTEM=1
out=$BUILD/outgoing/man-pages
: >"$GIT_CONFIG_GLOBAL"
number=$(grep -vc '^#' "$repo/patches/man-pages/series")

refuses "without user.name and user.email nothing is exported" "user.name and user.email are unset" \
	"$repo/scripts/export.sh" man-pages
git config --global user.name "A Submitter"
git config --global user.email submitter@localhost.localdomain
refuses "a version that skips one is refused" 'v4 has not been exported' \
	env VERSION=5 "$repo/scripts/export.sh" man-pages
refuses "a folder that is no checkout is refused" 'MAN_PAGES=.* is no git checkout' \
	env MAN_PAGES="$here" "$repo/scripts/export.sh" man-pages
ok "make export writes the series" "$repo/scripts/export.sh" man-pages
ok "there is a cover letter and a mail a patch" test "$(find "$out" -name '*.patch' | wc -l)" = $((number + 1))
ok "every subject is on one line, with the page's path first" test "$(grep -A1 -h '^Subject: ' "$out"/*.patch |
	grep -cE '^Subject: \[PATCH v1 [0-9]/[0-9]\] man/man2/([a-z_]+\.2)?: ') $(
	grep -A1 -h '^Subject: ' "$out"/*.patch | grep -c '^ ' || true)" = "$((number + 1)) 0"
ok "every mail goes to the maintainer and to the list" test "$(grep -lx \
	'To: Alejandro Colomar <alx@kernel.org>' "$out"/*.patch | wc -l) $(grep -lx \
	'Cc: linux-man@vger.kernel.org' "$out"/*.patch | wc -l)" = "$((number + 1)) $((number + 1))"
ok "every patch has the submitter's sign-off and nobody else's" test \
	"$(grep -h '^Signed-off-by: ' "$out"/*.patch | sort | uniq -c | tr -s ' ')" = \
	" $number Signed-off-by: A Submitter <submitter@localhost.localdomain>"
ok "the repository's own identity is in no mail" test -z \
	"$(grep -lF "$identity_email" "$out"/*.patch || true)"
ok "the cover letter and every patch name the release" test \
	"$(grep -lE '^Base: release man-pages [0-9.]+, |on release man-pages [0-9.]+, ' "$out"/*.patch | wc -l)" = $((number + 1))
ok "git send-email --dry-run accepts it" git send-email --dry-run --quiet \
	--confirm=never --suppress-cc=all --to=nobody@localhost "$out"

# the pages as released and, patch by patch, as they become
am=$here/am
git init -q "$am"
git -C "$am" pull -q "$BUILD/linux.git" refs/start/man-pages
# lint PAGE: what mandoc says of it, without the places
lint() {
	mandoc -T lint "$1" | sed -E 's/^[^ ]+:[0-9]+:[0-9]+: //' | sort || true
}
# renders PAGE BEFORE: nothing from groff, and nothing new from mandoc
renders() {
	test -z "$(groff -ww -mandoc -Kutf8 -Tutf8 -z "$1" 2>&1 | tee "$tmp/warnings")" &&
		test -z "$(comm -13 "$2" <(lint "$1") | tee -a "$tmp/warnings")"
}
for page in poll epoll_ctl shutdown; do
	lint "$am/man/man2/$page.2" >"$here/$page.lint"
done
for mail in "$out"/000[1-9]-*.patch; do
	page=$(sed -n 's|^Subject: .* man/man2/\(.*\)\.2: .*|\1|p' "$mail")
	ok "git am applies ${mail##*/} to the release" git -C "$am" am -q "$mail"
	ok "and $page(2) then renders without a warning" renders "$am/man/man2/$page.2" "$here/$page.lint"
done
ok "what has been applied is the branch" test "$(git -C "$am" rev-parse 'HEAD^{tree}')" = \
	"$(git --git-dir="$BUILD/linux.git" rev-parse 'man-pages^{tree}')"
# what these two print is what is wrong
added=$(sed -n '/^+++/d; s/^+//p' "$repo"/patches/man-pages/*.patch)
ok "no added line is longer than 80 columns" test -z "$(awk 'length($0) > 80' <<<"$added")"
ok "every sentence begins a line" test -z "$(grep -vE '^\.\\"' <<<"$added" | grep -E '[.?!] +[A-Z]' || true)"

# finds SENTENCE SED-EXPRESSION: the fault must make renders() fail
finds() {
	sed "$2" "$am/man/man2/poll.2" >"$here/poll.2"
	if cmp -s "$am/man/man2/poll.2" "$here/poll.2" || renders "$here/poll.2" "$here/poll.lint"; then
		echo "not ok - $1"
	else
		echo "ok - $1"
	fi
}
finds "a macro that does not exist is found" 's/^\.BR EPOLLRDHUP \.$/.BRR EPOLLRDHUP ./'
finds "an escape that does not exist is found" 's/^Reading from the stream/Reading \\[nonsense] from the stream/'
finds "a paragraph without text is found" 's/^\.BR EPOLLRDHUP \.$/&\n.P\n.P/'

# a checkout of the project: another folder, .P for .PP, no release in .TH
project=$here/project
git init -q "$project"
mkdir -p "$project/man/man2"
for page in poll epoll_ctl shutdown; do
	git -C "$am" show "HEAD~$number:man/man2/$page.2" | sed -e 's/^\.PP$/.P/' \
		-e 's/^\(\.TH [a-z_]* 2\) .*/\1 (date) "Linux man-pages (unreleased)"/' >"$project/man/man2/$page.2"
done
git -C "$project" add -A
git -C "$project" commit -q -m "project"
sed -i '0,/^---$/s//---\nv2: on the project'"'"'s own tree/' "$repo"/patches/man-pages/0*.patch
ok "v2 is exported on a checkout of the project" env VERSION=2 MAN_PAGES="$project" "$repo/scripts/export.sh" man-pages
ok "with the files where they are there, its commit as base, and a range-diff" test "$(grep -ch \
	'^diff --git a/man/man2/' "$out"/v2-0001-*) $(grep -cE \
	"^base-commit: $(git -C "$project" rev-parse HEAD)\$|^Range-diff" "$out"/v2-0000-*)" = "1 2"
ok "and the note on what changed, not the one on the release" test \
	"$(grep -h '^v2: \|^Base: ' "$out"/v2-* | sort -u)" = "v2: on the project's own tree"
ok "which git am applies there" git -C "$project" am -q "$out"/v2-000[1-9]-*.patch

# this folder is no series of the kernel's
ok "no verb takes it for one" test -z "$(sendable_series | grep -x man-pages || true)"
