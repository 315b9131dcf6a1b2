#!/usr/bin/env bash
# export.sh [SERIES]: write the series that are sent, or one of them, to
# $build/outgoing/SERIES/, as mails.  What is sent where: patches/README.md.
#
# Takes from the environment: ONTO, a commit in $build/linux.git, to send branch
# SERIES-onto, which lies on it; MERGED=1, for what waits until others are merged
# ("Needs:"); VERSION (default: the last one exported, or 1); MAN_PAGES, see
# man-pages.sh; from git user.name and user.email, the submitter's own.
# A patch that differs from the version before must say how, in a line "vN: ..."
# below its "---"; of one that is gone the cover letter must.
# shellcheck source=scripts/lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"

wanted=${1:-}
outgoing=$build/outgoing
tree=$build/linux/base
# shellcheck source=scripts/series/exported.sh
. "$top/scripts/series/exported.sh"

submitter_name=$(git -C "$top" config user.name) || true
submitter_email=$(git -C "$top" config user.email) || true
[[ -n $submitter_name && -n $submitter_email ]] ||
	die "git's user.name and user.email are unset; the sign-off must be your own: git config user.name ..., git config user.email ..."
[[ $submitter_email == *?@?* ]] || die "user.email '$submitter_email' is no mail address"
# shellcheck source=scripts/series/mails.sh
. "$top/scripts/series/mails.sh"
need git perl

# cover SERIES: our text, and what the patches are on, which only we know.
cover() {
	local name
	cat "$top/patches/$1/cover-letter"
	[ -z "$on" ] || printf '\nThe patches are on %s.\n' "$on"
	if [[ -z ${MERGED:-} && -n $(after_of "$1") ]]; then
		printf '\nThe patches apply on top of these series:\n\n'
		for name in $(after_of "$1"); do
			printf '  %s\n' "$(head -n 1 "$top/patches/$name/cover-letter")"
		done
	fi
}

# Why a series is not sent, or not yet; nothing if it is.
held_back() {
	local needs
	needs=$(patches_of "$1" | xargs -r cat | sed -n 's/^Needs: *//p' | sort -u | paste -sd' ')
	if [ -z "$(setting_of list "$1")" ]; then
		echo "$1 is kept here and sent to nobody"
	elif [[ -n $needs && -z ${MERGED:-} ]]; then
		echo "$1 waits until $needs are merged; then MERGED=1"
	fi
}

export_series() { # export_series SERIES
	local series=$1 out=$outgoing/$1 version last start tip commit mail prefix branch=$1 base=() previous=()
	prefix=$(setting_of prefix "$series")
	last=$(last_version "$series")
	version=${VERSION:-$((last > 0 ? last : 1))}
	[[ $version =~ ^[1-9][0-9]{0,3}$ ]] || die "VERSION=$version is no version; a number from 1 on"
	[ "$version" -le $((last + 1)) ] ||
		die "$series: v$((version - 1)) has not been exported, so v$version has nothing to be compared with"
	start=$(lgit rev-parse "refs/start/$series")
	if [ -n "${ONTO:-}" ]; then
		branch=$series-onto
		start=$(lgit rev-parse -q --verify "$ONTO^{commit}") ||
			die "ONTO=$ONTO is no commit in $linux_git; git fetch it there, see patches/README.md"
		lgit merge-base --is-ancestor "$start" "refs/heads/$branch" 2>/dev/null ||
			die "there is no branch $branch on $ONTO in $linux_git; git rebase $series onto it, see patches/README.md"
	fi
	tip=$start
	while read -r commit; do
		tip=$(signed "$commit" "$tip")
	done < <(lgit rev-list --reverse "$start..$branch")
	[ "$tip" != "$start" ] ||
		die "$series: branch $branch has no patch of it"
	if [ "$version" -gt 1 ]; then
		check_changelog "$series" "$version" "$start..$tip"
		previous=(-v "$version" --range-diff="$(exported_range "$series" $((version - 1)))")
		prefix=${prefix% v1}
	fi
	base=("--base=${ONTO:-base}")
	# of the package's pages nobody has a commit
	[ "$series" != man-pages ] || base=(${MAN_PAGES:+"--base=$start"})
	rm -rf "$out.new"
	lgit update-ref refs/heads/outgoing "$tip"
	GIT_COMMITTER_NAME=$submitter_name GIT_COMMITTER_EMAIL=$submitter_email \
		lgit -c format.signature="" -c branch.outgoing.description="$(cover "$series")" \
		format-patch -q -o "$out.new" --cover-letter --cover-from-description=subject \
		--subject-prefix="$prefix" "${base[@]}" --thread=shallow \
		--no-renames --abbrev=12 "${previous[@]}" "$start..outgoing"
	lgit update-ref -d refs/heads/outgoing
	address_all "$series" "$start" "$out.new"
	for mail in "$out.new"/*.patch; do
		[[ $mail == *0000-cover-letter.patch ]] || ! grep -q 'X\.Y' "$mail" ||
			step "${mail##*/} is not to be sent yet: it has X.Y for a release that is not known"
	done
	rm -rf "$out"
	mv "$out.new" "$out"
	# for the next version's range-diff
	lgit update-ref "refs/exported/$series/v$version.start" "$start"
	lgit update-ref "refs/exported/$series/v$version" "$tip"
	step "$out: v$version, $(lgit rev-list --count "$start..$tip") patches and a cover letter, on ${on:-${ONTO:-base}}"
}

[[ -z ${ONTO:-} || ( -n $wanted && $wanted != man-pages ) ]] ||
	die "ONTO=$ONTO is for one series of the kernel's; name it, S=net (man-pages has MAN_PAGES=)"
if [ "$wanted" != man-pages ]; then
	"$top/scripts/tree.sh" --branches
	[ -e "$tree/.git" ] || "$top/scripts/tree.sh"
fi
mkdir -p "$outgoing"
mapfile -t all < <(sendable_series; echo man-pages)
[ -z "$wanted" ] || grep -qxF -e "$wanted" <(printf '%s\n' "${all[@]}") ||
	die "S=$wanted is not a series that is sent; name one of: ${all[*]}"
for series in "${all[@]}"; do
	[[ -z $wanted || $series = "$wanted" ]] || continue
	why=$(held_back "$series")
	if [ -n "$why" ]; then
		[ -z "$wanted" ] || die "$why"
		step "$why" && continue
	fi
	on=
	[ "$series" != man-pages ] || on=$("$top/scripts/series/man-pages.sh")
	export_series "$series"
done
