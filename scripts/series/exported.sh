# shellcheck shell=bash
# What `make export` remembers of a version, for the next one's range-diff:
# refs/exported/SERIES/vN is its last commit, .../vN.start what it lies on;
# sourced by export.sh.
: "${top:?}" "${build:?}" "${linux_git:?}"

# last_version SERIES: 0 if none has been exported.
last_version() {
	lgit for-each-ref --format='%(refname)' "refs/exported/$1/" |
		sed -n 's|.*/v\([0-9]*\)$|\1|p' | sort -n | tail -n 1 | grep . || echo 0
}

# What was exported as vN, as a range of commits.
exported_range() { # exported_range SERIES N
	echo "refs/exported/$1/v$2.start..refs/exported/$1/v$2"
}

# Every patch that is not as it was in the version before says what changed;
# for one that is gone, the cover letter does.
check_changelog() { # check_changelog SERIES VERSION RANGE
	local was how commit subject cover=patches/$1/cover-letter
	lgit range-diff --no-color "$(exported_range "$1" $(($2 - 1)))" "$3" |
		sed -n 's/^ *[0-9-]*: *\([0-9a-f-]*\) \([!<>]\) *[0-9-]*: *\([0-9a-f-]*\) /\1 \3 \2 /p' >"$build/msg"
	while read -r was commit how subject; do
		if [ "$how" = "<" ]; then
			grep -q "^v$2: " "$top/$cover" ||
				die "$1: \"$subject\" was in v$(($2 - 1)) ($was) and is no more; say so in a line \"v$2: ...\" in $cover"
		else
			lgit log -1 --format=%B "$commit" | sed '1,/^---$/d' | grep -q "^v$2: " ||
				die "$1: \"$subject\" is not as it was in v$(($2 - 1)); say what changed in a line \"v$2: ...\" below its ---"
		fi
	done <"$build/msg"
}
