# shellcheck shell=bash
# What `make export` remembers of a version; sourced by export.sh.
#
# refs/exported/SERIES/vN in $build/linux.git is a chain of commits of its own:
# a root with the files that the series touches as they were before it, and a
# commit a patch.  range-diff needs no more, and the tree that the series lay
# on may be gone when the next version is written.
: "${top:?}" "${build:?}" "${linux_git:?}"

# Git where the commits are: our own repository, or the one of make rebase.
kgit() {
	if [ -n "${onto:-}" ]; then
		GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 git -C "$build/onto/tree" "$@"
	else
		lgit "$@"
	fi
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

# What was exported as vN, as a range of commit ids.
exported_range() { # exported_range SERIES N
	lgit rev-list --max-parents=0 "refs/exported/$1/v$2" | tr '\n' '.'
	printf '.%s\n' "$(lgit rev-parse "refs/exported/$1/v$2")"
}

# keep SERIES VERSION START TIP: remember the commits START..TIP.
keep() {
	local start=$3 tip=$4 commit files parent=() index=$build/export.index
	mapfile -t files < <(kgit diff --name-only --no-renames "$start" "$tip")
	{ echo "$start" && kgit rev-list --reverse "$start..$tip"; } >"$build/msg.commits"
	while read -r commit; do
		kgit ls-tree -r "$commit" -- "${files[@]}"
	done <"$build/msg.commits" | awk '{ print $3 }' | sort -u |
		kgit pack-objects -q --stdout | lgit unpack-objects -q
	while read -r commit; do
		rm -f "$index"
		kgit ls-tree -r "$commit" -- "${files[@]}" | GIT_INDEX_FILE=$index lgit update-index --index-info
		kgit log -1 --format=%B "$commit" >"$build/msg"
		parent=(-p "$(GIT_AUTHOR_NAME=$(kgit log -1 --format=%an "$commit") \
			GIT_AUTHOR_EMAIL=$(kgit log -1 --format=%ae "$commit") \
			GIT_AUTHOR_DATE=@$(kgit log -1 --format=%ad --date=raw "$commit") \
			GIT_COMMITTER_NAME=$submitter_name GIT_COMMITTER_EMAIL=$submitter_email \
			lgit commit-tree "${parent[@]}" -F "$build/msg" "$(GIT_INDEX_FILE=$index lgit write-tree)")")
	done <"$build/msg.commits"
	lgit update-ref "refs/exported/$1/v$2" "${parent[1]}"
}
