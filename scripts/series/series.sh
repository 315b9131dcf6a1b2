# shellcheck shell=bash
# From a folder of patches to commits; sourced after lib.sh.
#
# No worktree is needed: patches are applied to an index of the files that the
# series touches, for one of the whole kernel has ten megabytes, and git fast-import
# makes commits of that and the parent's tree.  Commits are a function of the
# patches, the files and their parent alone: the same input, the same ids.
#
# A patch file has four parts: mail header, message, notes (between the first
# "---" and the next "---" or the diff) and diff.  In the branches the notes
# stand in the commit message below a "---", where git format-patch leaves
# them and git am drops them.
: "${top:?}" "${build:?}" "${linux_git:?}" "${identity_name:?}" "${identity_email:?}"

index() {
	GIT_INDEX_FILE=$build/series.index lgit "$@"
}

# start_index COMMIT PATCH...: an index of what the patches change or add, whose names
# are in $build/touched.
start_index() {
	local commit=$1 patch
	shift
	{
		sed -n 's|^diff --git a/.* b/||p' "$@"
		for patch; do
			adds_of "$patch"
		done
	} | sort -u >"$build/touched"
	rm -f "$build"/series.index*
	xargs -d '\n' git --git-dir="$linux_git" ls-tree -r "$commit" -- <"$build/touched" |
		index update-index --index-info
}

# commit_of_index NAME EMAIL DATE MESSAGE [PARENT]: a commit of the index as git
# fast-import reads it, on PARENT or on the last one.
commit_of_index() {
	local committer="$identity_name <$identity_email>"
	printf 'commit refs/import\nauthor %s <%s> %s\ncommitter %s %s\n' "$1" "$2" "$3" "$committer" "$3"
	printf 'data %d\n%s\n\n' $((${#4} + 1)) "$4"
	[ -z "${5:-}" ] || echo "from $5"
	sed 's/^/D /' "$build/touched"
	index ls-files -s | sed -E 's/^([0-7]+ [0-9a-f]+) 0\t/M \1 /'
	echo
}

# import_commits: makes those of $build/import.stream; prints the last one.
import_commits() {
	lgit fast-import --quiet --force --date-format=rfc2822 <"$build/import.stream"
	lgit rev-parse refs/import
	lgit update-ref -d refs/import
	rm -f "$build"/{import.stream,series.index,touched}
}

# commit_message SUBJECT PATCH: with the body that mailinfo has left, and the notes.
commit_message() {
	local notes
	printf '%s\n\n' "$1"
	cat "$build/msg.body"
	notes=$(notes_of "$2")
	[ -z "$notes" ] || printf -- '---\n%s\n' "$notes"
}

# What branches are made of and make save writes, "mode sum  file" each.
# $build/in-step has it as it was when branches and files last agreed.
stored_files() {
	local files
	files=$(kernel_path_files; repository_files patches)
	(cd "$top" && paste -d ' ' <(xargs -d '\n' stat -c %a -- <<<"$files") \
		<(xargs -d '\n' sha256sum -- <<<"$files"))
}

# The kernel-path files that a patch's "Adds:" lines stand for.
adds_of() {
	local value found
	for value in $(note_values Adds "$1"); do
		found=$(repository_files "$value" 2>/dev/null) || found=
		[ -n "$found" ] ||
			die "Adds: $value in ${1#"$top/patches/"}: there is no such file; remove the line or add the file"
		printf '%s\n' "$found"
	done
}

# add_files PATCH: put what the patch's "Adds:" lines name into the index; every
# file may be added once in all.
add_files() {
	local files present by name=${1#"$top/patches/"}
	mapfile -t files < <(adds_of "$1")
	[ ${#files[@]} -gt 0 ] || return 0
	present=$(index ls-files -- "${files[@]}" | head -n 1)
	if [ -n "$present" ]; then
		by=$(sed -n "s|^$present ||p" "$build/added.new" | head -n 1)
		[ -n "$by" ] ||
			die "Adds: $present in $name: the kernel has this file already; edit it by the patch's diff"
		die "$present is added by both $by and $name; keep one Adds: line"
	fi
	printf '%s\n' "${files[@]/%/ $name}" >>"$build/added.new"
	(cd "$top" && index --work-tree=. -c core.bare=false update-index --add -- "${files[@]}")
}

# apply_patch PATCH [ARG...]: git apply to the index.
apply_patch() {
	grep -q '^diff --git ' "$1" || return 0
	index apply --cached "${@:2}" "$1" 2>"$build/apply.err" ||
		die "patch ${1#"$top/patches/"} does not apply: $(sed -n 's/^error: //p' "$build/apply.err" | head -n 1); was it or the tree edited?"
}

# build_series SERIES PARENT [ARG...]: the commits of a series on top of PARENT,
# applied with ARG; prints the last one.
build_series() {
	local commit=$2 patch patches mail
	mapfile -t patches < <(patches_of "$1")
	[ ${#patches[@]} -gt 0 ] || { echo "$commit"; return 0; }
	for patch in "${patches[@]}"; do
		[ -f "$patch" ] || die "$1/series names ${patch##*/}, which does not exist"
	done
	start_index "$commit" "${patches[@]}"
	for patch in "${patches[@]}"; do
		apply_patch "$patch" "${@:3}"
		add_files "$patch"
		lgit mailinfo -b --no-scissors "$build/msg.body" /dev/null <"$patch" >"$build/msg.head" 2>/dev/null || true
		# Author, Email, Subject, Date
		mapfile -t mail < <(sed 's/^[A-Z][a-z]*: //' "$build/msg.head")
		[ -n "${mail[3]:-}" ] || die "$patch is not a mail as git format-patch writes it"
		commit_of_index "${mail[0]}" "${mail[1]}" "${mail[3]}" \
			"$(commit_message "${mail[2]}" "$patch")" "$commit"
		commit=
	done >"$build/import.stream"
	import_commits
}

# build_control: base with introduce reversed, last patch first, as one commit.
build_control() {
	local patch patches
	mapfile -t patches < <(patches_of introduce | tac)
	[ ${#patches[@]} -gt 0 ] || die "patches/introduce/series names no patch; control is base without them"
	start_index base "${patches[@]}"
	for patch in "${patches[@]}"; do
		apply_patch "$patch" -R
	done
	commit_of_index "$identity_name" "$identity_email" 'Thu, 1 Jan 1970 00:00:00 +0000' \
		"Linux $KERNEL_VERSION without POLLRDHUP" "$(lgit rev-parse base)" >"$build/import.stream"
	import_commits
}
