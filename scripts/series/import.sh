# shellcheck shell=bash
# Commits made by git fast-import, many at a time, from an index of what patches
# touch: one of the whole kernel has ten megabytes.  Sourced by series.sh, whose
# note_values() and added_files() it calls.
: "${build:?}" "${linux_git:?}" "${identity_name:?}" "${identity_email:?}"

# touched_files PATCH...: the files that the patches change or add.
touched_files() {
	local patch value
	sed -n 's|^diff --git a/.* b/||p' "$@"
	for patch; do
		for value in $(note_values Adds "$patch"); do
			added_files "$value" "${patch#"$top/patches/"}"
		done
	done
}

# index_of INDEX COMMIT PATCH...: an index of nothing but what the patches touch.
index_of() {
	local index=$1 commit=$2 files
	shift 2
	files=$(touched_files "$@" | sort -u)
	rm -f "$index"
	xargs -d '\n' git --git-dir="$linux_git" ls-tree -r "$commit" -- <<<"$files" |
		GIT_INDEX_FILE=$index lgit update-index --index-info
}

# commit_head PARENT NAME EMAIL DATE: how a commit by NAME on PARENT, ":1" for
# the last one, begins for git fast-import; the message is in $build/msg.  What
# follows are lines "M MODE BLOB FILE" and "D FILE" and an empty one.
commit_head() {
	local committer="$identity_name <$identity_email>" message LC_ALL=C
	message=$(<"$build/msg")
	printf 'commit refs/import\nmark :1\nauthor %s <%s> %s\ncommitter %s %s\n' "$2" "$3" "$4" "$committer" "$4"
	printf 'data %d\n%s\n\nfrom %s\n' $((${#message} + 1)) "$message" "$1"
}

# commit_of_index INDEX: such lines for what is in an index and, of that, what
# was in it at the last call (had[], the caller's) and is not any more.  Builtins
# of the shell, for a process costs more than all of it.
commit_of_index() {
	local mode blob file
	local -A has=()
	while read -r mode blob _ file; do
		printf 'M %s %s %s\n' "$mode" "$blob" "$file"
		has[$file]=1
	done < <(GIT_INDEX_FILE=$1 lgit ls-files -s)
	for file in "${!had[@]}"; do
		[ -n "${has[$file]:-}" ] || printf 'D %s\n' "$file"
	done
	had=()
	for file in "${!has[@]}"; do
		# shellcheck disable=SC2004 # had[] is associative
		had[$file]=1
	done
	printf '\n'
}

# import_commits DATE-FORMAT: what fast-import makes of the commits on stdin;
# prints the last one.
import_commits() {
	lgit fast-import --quiet --force "--date-format=$1" --export-marks="$build/import.marks"
	lgit update-ref -d refs/import
	sed -n 's/^:1 //p' "$build/import.marks"
	rm -f "$build/import.marks"
}
