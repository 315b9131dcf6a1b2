#!/usr/bin/env bash
# export-man.sh: write patches/man-pages to $build/outgoing/man-pages/: cover
# letter and patches as mails in the manner of the man-pages project, which
# has a maintainer and a list of its own and no get_maintainer.pl.
#
# Takes from the environment: V, the version of the series (default: the last
# one exported, or 1); MAN_PAGES, a git checkout of the man-pages project to
# put the patches on (default: the three pages as Debian's package manpages-dev
# has them, which can name its release but no commit of the project).  From
# git: user.name and user.email, the submitter's own.
# Gives: the mails, and refs/exported/vN in $build/man-pages.git, from which the
# next version's range-diff is made.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=scripts/series.sh
. "$top/scripts/series.sh"

out=$build/outgoing/man-pages
package=$build/man-pages
pages=(man2/poll.2 man2/epoll_ctl.2 man2/shutdown.2)
linux_git=$build/man-pages.git	# lgit and series.sh work on this one

submitter_name=$(git -C "$top" config user.name) || true
submitter_email=$(git -C "$top" config user.email) || true
[[ -n $submitter_name && -n $submitter_email ]] ||
	die "git's user.name and user.email are unset; the sign-off must be your own: git config user.name ..., git config user.email ..."
need git

# as NAME EMAIL DATE GIT-ARGUMENT...: git as somebody; an empty date is now.
as() (
	export GIT_AUTHOR_NAME=$1 GIT_AUTHOR_EMAIL=$2 GIT_COMMITTER_NAME=$1 GIT_COMMITTER_EMAIL=$2
	[ -z "$3" ] || export GIT_AUTHOR_DATE=$3 GIT_COMMITTER_DATE=$3
	lgit "${@:4}"
)

# The pages of Debian's package, in $package.
fetch_package() {
	if [ ! -e "$package/complete" ]; then
		rm -rf "$package"
		mkdir -p "$package"
		(cd "$package" && apt-get download -qq manpages-dev && dpkg-deb -x manpages-dev_*.deb .) \
			>"$build/man-pages.log" 2>&1 ||
			die "no package manpages-dev (see $build/man-pages.log); apt-get update, or name a checkout of the project: MAN_PAGES=..."
		touch "$package/complete"
	fi
}

# Which release they are of, as they say themselves.
release_of_package() {
	zcat "$package/usr/share/man/man2/poll.2.gz" |
		sed -n 's/^\.TH .*"Linux \(man-pages [0-9.]*\)".*/\1/p'
}

# A commit of them, the same for the same pages; prints it.
packaged_base() {
	local page
	rm -f "$build/series.index"
	for page in "${pages[@]}"; do
		GIT_INDEX_FILE=$build/series.index lgit update-index --add --cacheinfo \
			"100644,$(zcat "$package/usr/share/man/$page.gz" | lgit hash-object -w --stdin),$page"
	done
	as "$identity_name" "$identity_email" '@0 +0000' commit-tree -m "$(release_of_package)" \
		"$(GIT_INDEX_FILE=$build/series.index lgit write-tree)"
}

# signed_message PATCH: as commit_message, with the submitter's sign-off, and
# without the note on the base if it is another one.
signed_message() {
	git interpret-trailers --if-exists addIfDifferent \
		--trailer "Signed-off-by: $submitter_name <$submitter_email>" \
		<<<"$(commit_message "$1" | sed '/^---$/,$d')"
	printf -- '---\n%s\n' "$(notes_of "$1" | sed "${MAN_PAGES:+/^Base: /d}")"
}

[ -e "$linux_git" ] || git init -q --bare "$linux_git"
mkdir -p "$linux_git/info" "$out.new"
# the hunks say which section they are in, as the project asks for
echo '*.[0-9]* diff=man' >"$linux_git/info/attributes"
lgit config diff.man.xfuncname '^\.S[SHsh] .*$'

below=() mapped=()
if [ -n "${MAN_PAGES:-}" ]; then
	base=$(git -C "$MAN_PAGES" rev-parse -q --verify HEAD) ||
		die "MAN_PAGES=$MAN_PAGES is no git checkout; name one of the man-pages project"
	lgit fetch -q "$MAN_PAGES" HEAD
	if lgit cat-file -e "$base:man/man2" 2>/dev/null; then
		mapped=(--directory=man)	# where later releases have them
	fi
	below=(--base="$base")
	on="commit ${base:0:12}"
else
	fetch_package
	base=$(packaged_base)
	on="release $(release_of_package), as packaged by Debian"
fi

last=$(lgit for-each-ref --format='%(refname)' refs/exported/ |
	sed -n 's|.*/v\([0-9]*\)$|\1|p' | sort -n | tail -n 1)
version=${V:-${last:-1}}
[[ $version =~ ^[1-9][0-9]*$ ]] || die "V=$version is no version; a number from 1 on"
[ "$version" -le $((${last:-0} + 1)) ] ||
	die "man-pages: v$((version - 1)) has not been exported, so v$version has nothing to be compared with"
if [ "$version" -gt 1 ]; then
	below+=(--range-diff="refs/bases/v$((version - 1))..refs/exported/v$((version - 1))")
fi

tip=$base
index=$build/series.index
GIT_INDEX_FILE=$index lgit read-tree "$base"
while read -r patch; do
	apply_to "$index" "$patch" "${mapped[@]}"
	signed_message "$patch" >"$build/msg.signed"
	tip=$(as "$submitter_name" "$submitter_email" "$(sed -n 's/^Date: //p' "$build/msg.head")" \
		commit-tree -p "$tip" -F "$build/msg.signed" \
		"$(GIT_INDEX_FILE=$index lgit write-tree)")
done < <(patches_of man-pages)
rm -f "$index"

lgit update-ref refs/heads/man-pages "$tip"
lgit config branch.man-pages.description "$(cat "$top/patches/man-pages/cover-letter")

The patches are on $on."
rm -rf "$out.new"
as "$submitter_name" "$submitter_email" "" -c format.signature="" format-patch -q -o "$out.new" \
	--cover-letter --cover-from-description=subject -v "$version" --thread=shallow \
	--to='Alejandro Colomar <alx@kernel.org>' --cc='<linux-man@vger.kernel.org>' \
	--no-renames --abbrev=8 "${below[@]}" "$base..man-pages"
rm -rf "$out"
mv "$out.new" "$out"
lgit update-ref "refs/exported/v$version" "$tip"
lgit update-ref "refs/bases/v$version" "$base"
step "$out: v$version, $(lgit rev-list --count "$base..$tip") patches and a cover letter, on $on"
for mail in "$out"/*.patch; do
	[[ $mail == *0000-cover-letter.patch ]] || ! grep -q 'X\.Y' "$mail" ||
		step "${mail##*/} is not to be sent yet: it has X.Y for a release that is not known"
done
