#!/usr/bin/env bash
# export.sh [SERIES]: write the series that are sent, or one of them, to
# $build/outgoing/SERIES/: cover letter and patches as mails with To, Cc,
# base-commit and the submitter's sign-off.
#
# Takes from the environment: ONTO, if not empty, to send what `make rebase` has
# carried onto another tree, in place of what lies on base; V, the version of
# the series (default: the last one exported, or 1).  From git: user.name and
# user.email, the submitter's own.
# Gives: the mails, and refs/exported/SERIES/vN in $build/linux.git, from which
# the next version's range-diff is made.  A patch that differs from the
# version before must say how, in a line "vN: ..." below its "---"; for a patch
# that is gone, the cover letter must have such a line.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=scripts/exported.sh
. "$top/scripts/exported.sh"

wanted=${1:-}
[ "$wanted" != man-pages ] || exec "$top/scripts/export-man.sh"
outgoing=$build/outgoing
tree=$build/linux/base
onto=
[ -z "${ONTO:-}" ] || tree=$build/onto/tree

submitter_name=$(git -C "$top" config user.name) || true
submitter_email=$(git -C "$top" config user.email) || true
[[ -n $submitter_name && -n $submitter_email ]] ||
	die "git's user.name and user.email are unset; the sign-off must be your own: git config user.name ..., git config user.email ..."
[[ $submitter_email == *?@?* ]] || die "user.email '$submitter_email' is no mail address"
need git perl

# signed COMMIT PARENT: the commit as its submitter sends it; prints its id.
signed() {
	local message notes
	message=$(kgit log -1 --format=%B "$1" | sed '/^---$/,$d')
	notes=$(kgit log -1 --format=%B "$1" | sed '1,/^---$/d; /^Adds: /d')
	{
		git interpret-trailers --if-exists addIfDifferent \
			--trailer "Signed-off-by: $submitter_name <$submitter_email>" <<<"$message"
		[ -z "$notes" ] || printf -- '---\n%s\n' "$notes"
	} >"$build/msg"
	GIT_AUTHOR_NAME=$submitter_name GIT_AUTHOR_EMAIL=$submitter_email \
		GIT_AUTHOR_DATE=$(kgit log -1 --format=%ad --date=raw "$1") \
		GIT_COMMITTER_NAME=$submitter_name GIT_COMMITTER_EMAIL=$submitter_email \
		GIT_COMMITTER_DATE=$(kgit log -1 --format=%ad --date=raw "$1") \
		kgit commit-tree -p "$2" -F "$build/msg" "$1^{tree}"
}

# last_version SERIES: 0 if none has been exported.
last_version() {
	lgit for-each-ref --format='%(refname)' "refs/exported/$1/" |
		sed -n 's|.*/v\([0-9]*\)$|\1|p' | sort -n | tail -n 1 | grep . || echo 0
}

# Every patch that is not as it was in the version before says what changed;
# for one that is gone, the cover letter does.
check_changelog() { # check_changelog SERIES VERSION
	local was how commit subject cover=patches/$1/cover-letter
	kgit range-diff --no-color "$(exported_range "$1" $(($2 - 1)))" "$start..$tip" |
		sed -n 's/^ *[0-9-]*: *\([0-9a-f-]*\) \([!<>]\) *[0-9-]*: *\([0-9a-f-]*\) /\1 \3 \2 /p' >"$build/msg"
	while read -r was commit how subject; do
		if [ "$how" = "<" ]; then
			grep -q "^v$2: " "$top/$cover" ||
				die "$1: \"$subject\" was in v$(($2 - 1)) ($was) and is no more; say so in a line \"v$2: ...\" in $cover"
		else
			kgit log -1 --format=%B "$commit" | sed '1,/^---$/d' | grep -q "^v$2: " ||
				die "$1: \"$subject\" is not as it was in v$(($2 - 1)); say what changed in a line \"v$2: ...\" below its ---"
		fi
	done <"$build/msg"
}

# addresses PATCH: get_maintainer's answer, a line "To|List ADDRESS" each.
# The lists are everybody's; a maintainer gets his patches and the cover.
addresses() {
	(cd "$tree" && perl scripts/get_maintainer.pl --no-tree --mpath "$build/outgoing.maintainers" \
		--nogit --nogit-fallback --no-fixes --roles --no-rolestats "$1") | awk '
		/\(.*list.*\)$/ { sub(/ \(.*/, ""); print "List " $0; next }
		/\(/ { sub(/ \([^()]*(\([^()]*\)[^()]*)*\)$/, ""); print "To " $0 }'
}

# address MAIL FILE: put To: and Cc: below the last header line of a mail, and
# sender and subject on one line each: b4 0.12 stumbles over folded ones.
address() {
	awk -v to="$(sed -n 's/^To //p' "$2" | sort -u | paste -sd'|')" \
		-v cc="$(sed -n 's/^List //p' "$2" | sort -u | paste -sd'|')" '
		function header(name, list) {
			if (list == "")
				return
			gsub(/\|/, ",\n    ", list)
			print name ": " list
		}
		!done && /^$/ { if (open) print open; open = ""; header("To", to); header("Cc", cc); done = 1 }
		!done && /^(From|Subject): / { if (open) print open; open = $0; next }
		open && /^ / { open = open $0; next }
		open { print open; open = "" }
		{ print }' "$1" >"$build/msg" && cp "$build/msg" "$1"
}

# fill_cover COVER MAIL: our text where git left room for it.
fill_cover() {
	awk -v cover="$1" '
		BEGIN {
			getline subject <cover
			while ((getline line <cover) > 0)
				if (text != "" || line != "")
					text = text line "\n"
		}
		/\*\*\* SUBJECT HERE \*\*\*$/ { sub(/\*\*\* SUBJECT HERE \*\*\*$/, ""); $0 = $0 subject }
		/^\*\*\* BLURB HERE \*\*\*$/ { printf "%s", text; next }
		{ print }' "$2" >"$build/msg" && cp "$build/msg" "$2"
}

export_series() { # export_series SERIES
	local series=$1 out=$outgoing/$1 version last start tip commit mail previous=()
	last=$(last_version "$series")
	version=${V:-$((last > 0 ? last : 1))}
	[[ $version =~ ^[1-9][0-9]*$ ]] || die "V=$version is no version; a number from 1 on"
	[ "$version" -le $((last + 1)) ] ||
		die "$series: v$((version - 1)) has not been exported, so v$version has nothing to be compared with"
	start=${onto:-$(lgit rev-parse base)}
	tip=$start
	kgit rev-parse -q --verify "refs/heads/$series" >/dev/null ||
		die "$series has not been carried; make rebase S=$series"
	while read -r commit; do
		tip=$(signed "$commit" "$tip")
	done < <(kgit rev-list --reverse "$start..$series")
	[ "$tip" != "$start" ] ||
		die "$series: no patch of it is in $tree; make rebase S=$series"
	if [ "$version" -gt 1 ]; then
		check_changelog "$series" "$version"
		previous=(-v "$version" --range-diff="$(exported_range "$series" $((version - 1)))")
	fi
	rm -rf "$out.new"
	GIT_COMMITTER_NAME=$submitter_name GIT_COMMITTER_EMAIL=$submitter_email \
		kgit -c format.signature="" format-patch -q -o "$out.new" --cover-letter \
		--subject-prefix="PATCH $series" --base="$start" --thread=shallow \
		--no-renames --abbrev=12 "${previous[@]}" "$start..$tip"
	fill_cover "$top/patches/$series/cover-letter" "$out.new"/*0000-cover-letter.patch
	: >"$build/outgoing.everybody"
	kgit show "$start:MAINTAINERS" >"$build/outgoing.maintainers"
	for mail in "$out.new"/*.patch; do
		[[ $mail != *0000-cover-letter.patch ]] || continue
		addresses "$mail" >"$mail.addresses"
		cat "$mail.addresses" >>"$build/outgoing.everybody"
	done
	grep -q '^List ' "$build/outgoing.everybody" ||
		die "$series: get_maintainer.pl names no list; is $tree a kernel tree?"
	for mail in "$out.new"/*.patch; do
		if [ -e "$mail.addresses" ]; then
			grep '^List ' "$build/outgoing.everybody" >>"$mail.addresses"
			address "$mail" "$mail.addresses"
			rm "$mail.addresses"
		else
			address "$mail" "$build/outgoing.everybody"
		fi
	done
	rm -rf "$out"
	mv "$out.new" "$out"
	keep "$series" "$version" "$start" "$tip"
	step "$out: v$version, $(kgit rev-list --count "$start..$tip") patches and a cover letter, base-commit ${start:0:12}"
}

if [ -n "${ONTO:-}" ]; then
	onto=$(git -C "$tree" config rdhup.onto 2>/dev/null) ||
		die "ONTO=$ONTO: nothing has been carried onto another tree; make rebase ONTO=..."
	[ ! -d "$tree/.git/rebase-merge" ] || die "the rebase in $tree has stopped at a patch; finish it with make rebase"
	wanted=${wanted:-$(git -C "$tree" config rdhup.series)}
else
	"$top/scripts/tree.sh" --branches
	[ -e "$tree/.git" ] || "$top/scripts/tree.sh"
fi
mkdir -p "$outgoing"
sendable_series | grep -qx "${wanted:-.*}" ||
	die "S=$wanted is not a series that is sent; name one of: $(sendable_series | paste -sd' ') man-pages"
while read -r series; do
	[[ -n $wanted && $series != "$wanted" ]] || export_series "$series"
done < <(sendable_series)
[ -n "$wanted" ] || "$top/scripts/export-man.sh"
