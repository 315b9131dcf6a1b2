#!/usr/bin/env bash
# man-pages.sh: refs/heads/man-pages and refs/start/man-pages of $build/linux.git:
# patches/man-pages on the pages of that project; prints what they lie on.  Takes
# MAN_PAGES, a checkout of it (default: the pages of Debian's package manpages-dev,
# which can name its release but no commit).
# shellcheck source=scripts/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=scripts/series/series.sh
. "$top/scripts/series/series.sh"

package=$build/man-pages
pages=(man2/poll.2 man2/epoll_ctl.2 man2/shutdown.2)

# The pages of Debian's package, in $package.
fetch_package() {
	[ ! -e "$package/complete" ] || return 0
	rm -rf "$package"
	mkdir -p "$package"
	(cd "$package" && apt-get download -qq manpages-dev && dpkg-deb -x manpages-dev_*.deb .) \
		>"$build/man-pages.log" 2>&1 ||
		die "no package manpages-dev (see $build/man-pages.log); apt-get update, or name a checkout of the project: MAN_PAGES=..."
	touch "$package/complete"
}

# Which release they are of, as they say themselves.
release_of_package() {
	zcat "$package/usr/share/man/man2/poll.2.gz" |
		sed -n 's/^\.TH .*"Linux \(man-pages [0-9.]*\)".*/\1/p'
}

# A commit of them, the same for the same pages; prints it.
packaged_base() {
	local page
	rm -f "$build"/series.index*
	for page in "${pages[@]}"; do
		index update-index --add --cacheinfo \
			"100644,$(zcat "$package/usr/share/man/$page.gz" | lgit hash-object -w --stdin),man/$page"
	done
	release_of_package |
		commit_as "$identity_name" "$identity_email" '@0 +0000' "$(index write-tree)"
}

need git
locked "the branches" >&2	# tree.sh builds by the same code
[ -d "$linux_git" ] || git init -q --bare "$linux_git"
if [ -n "${MAN_PAGES:-}" ]; then
	start=$(git -C "$MAN_PAGES" rev-parse -q --verify HEAD) ||
		die "MAN_PAGES=$MAN_PAGES is no git checkout; name one of the man-pages project"
	lgit fetch -q "$MAN_PAGES" HEAD
	on="commit ${start:0:12}"
else
	fetch_package
	start=$(packaged_base)
	on="release $(release_of_package), as packaged by Debian"
fi
# the hunks say which section they are in, as the project asks for
mkdir -p "$linux_git/info"
echo 'man/man*/*.[0-9]* diff=man' >"$linux_git/info/attributes"
lgit config diff.man.xfuncname '^\.S[SHsh] .*$'

lgit update-ref refs/heads/man-pages "$(build_series man-pages "$start")"
lgit update-ref refs/start/man-pages "$start"
echo "$on"
