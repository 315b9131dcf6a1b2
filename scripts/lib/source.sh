# shellcheck shell=bash
# Whether a kernel source is the one that the patches are for; sourced after
# lib.sh.  KIND is git, a work tree of git, or dir, an unpacked one.
: "${top:?}" "${KERNEL_VERSION:?}"

# Lines "FILE BLOB PATCH": the blob that each touched file must have in base.
# A patch of introduce ends at base, so its last patch of a file counts and
# the blob after it; the others start at base.
expected_blobs() {
	local series name patch
	for series in introduce $(sendable_series); do
		for name in $(after_of "$series") "$series"; do
			patches_of "$name"
		done | while read -r patch; do
			[ -f "$patch" ] || die "$series/series names ${patch##*/}, which does not exist"
			awk -v side="$series" -v name="$series/${patch##*/}" '
				/^diff --git / { file = substr($4, 3) }
				/^index [0-9a-f]+\.\.[0-9a-f]+/ {
					split($2, id, /\.\./)
					print file, id[side == "introduce" ? 2 : 1], name
				}' "$patch"
		done | if [ "$series" = introduce ]; then tac; else cat; fi |
			awk '!seen[$1]++'
	done
}

check_source() { # check_source KIND PATH
	local version file blob patch found
	version=$(sed -n 's/^\(VERSION\|PATCHLEVEL\|SUBLEVEL\|EXTRAVERSION\) *= *//p' "$2/Makefile" 2>/dev/null |
		head -n 4 | paste -s -d '..\0') || version=
	[ -n "$version" ] || die "$2 is no kernel tree: its top Makefile names no version"
	[ "$version" = "$KERNEL_VERSION" ] ||
		die "$2 is Linux $version, these patches are for $KERNEL_VERSION; set LINUX= to a tree of that release"
	if [ "$1" = git ]; then
		[ -z "$(GIT_OPTIONAL_LOCKS=0 git -C "$2" status --porcelain -uno 2>/dev/null | head -n 1)" ] ||
			die "$2 has uncommitted changes; commit or stash them, or name another tree"
	elif [ -e "$2/.config" ] || [ -d "$2/include/generated" ]; then
		die "$2 has been built in; name a clean tree (make mrproper there)"
	fi
	while read -r file blob patch; do
		found=$(git hash-object --no-filters "$2/$file" 2>/dev/null) || found=missing
		[[ $found == "$blob"* ]] ||
			die "$file in $2 differs from what patch $patch was made for (blob $found, not $blob); use an unmodified $KERNEL_VERSION"
	done < <(expected_blobs)
}
