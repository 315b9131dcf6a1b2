# shellcheck shell=bash
# The folders of patches/: which series there are, what each lies on, and what a
# stored patch says below its "---".  Sourced by lib.sh, for all.
: "${top:?}"

# The series that are sent, in the order in which they make `patched`.
sendable_series() {
	grep -v '^#' "$top/patches/order"
}

# The patch files of one series, with full paths, in order.
patches_of() {
	sed "/^#/d; s|^|$top/patches/$1/|" "$top/patches/$1/series"
}

# setting_of NAME SERIES: what a line "# NAME: ..." of its series file says: prefix,
# of the mails' subjects; list, whose patches all are; to, whom they are addressed
# to, where there is no get_maintainer.pl to ask; after, what it lies on.
setting_of() {
	sed -n "s/^# $1: *//p" "$top/patches/$2/series"
}

# after_of SERIES: what its patches lie upon, besides base, in the order of
# patches/order: the series of its line "# after: ...", and what these lie upon.
after_of() {
	local series=$1 name names known
	known=$(sendable_series | sed "/^$series\$/,\$d")
	names=$(setting_of after "$series" | xargs -n 1)
	for name in $names; do
		grep -qx -- "$name" <<<"$known" ||
			die "$series/series: after $name, which does not come before $series in patches/order"
		names+=$'\n'$(after_of "$name")
	done
	grep -xF -- "$names" <<<"$known" | grep . || true
}

# start_of SERIES: the commit that its branch starts from.
start_of() {
	lgit rev-parse -q --verify "refs/start/$1" ||
		die "there is no branch $1 yet; run make tree"
}

# The notes of a stored patch: what stands between the first "---" and the next,
# behind which is the diffstat; of a patch that has no note there is only one.
notes_of() {
	awk '/^diff --git / { exit }
		/^---$/ { if (n++) { two = 1; exit } next }
		n { text[++m] = $0 }
		END { for (i = 1; i <= m; i++)
			if (two || text[i] !~ /^ (.* \| +([0-9]+|Bin)|[0-9]+ files? changed,)/) print text[i] }' "$1"
}

# The values of one kind of note ("Adds", "Proof") in a stored patch.
note_values() {
	notes_of "$2" | sed -n "s/^$1: *//p"
}
