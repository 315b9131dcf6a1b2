# shellcheck shell=bash
# What `make export` remembers of a version; sourced by export.sh.
#
# refs/exported/SERIES/vN in $build/linux.git is a chain of commits of its own:
# a root with the files that the series touches as they were before it, and a
# commit a patch.  range-diff needs no more, and the tree that the series lay
# on may be gone when the next version is written.
: "${build:?}" "${linux_git:?}"

# Git where the commits are: our own repository, or the one of make rebase.
kgit() {
	if [ -n "${onto:-}" ]; then
		GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 git -C "$build/onto/tree" "$@"
	else
		lgit "$@"
	fi
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
		parent=(-p "$(GIT_AUTHOR_NAME=$submitter_name GIT_AUTHOR_EMAIL=$submitter_email \
			GIT_AUTHOR_DATE=@$(kgit log -1 --format=%ad --date=raw "$commit") \
			GIT_COMMITTER_NAME=$submitter_name GIT_COMMITTER_EMAIL=$submitter_email \
			lgit commit-tree "${parent[@]}" -F "$build/msg" "$(GIT_INDEX_FILE=$index lgit write-tree)")")
	done <"$build/msg.commits"
	lgit update-ref "refs/exported/$1/v$2" "${parent[1]}"
}
