# shellcheck shell=bash
# From a folder of patches to commits; sourced after lib.sh.
#
# No worktree is needed: patches are applied to an index of the files that the
# series touches, and git fast-import makes commits of that and the parent's
# tree, so that a whole series costs a second.  Commits are a function of the
# patches, the files and their parent alone: the same input, the same ids.
#
# A patch file has four parts: mail header, message, notes (between the first
# "---" and the next "---" or the diff) and diff.  In the branches the notes
# stand in the commit message below a "---", where git format-patch leaves
# them and git am drops them.
: "${top:?}" "${build:?}" "${linux_git:?}" "${identity_name:?}" "${identity_email:?}"
# shellcheck source=scripts/series/import.sh
. "$top/scripts/series/import.sh"

# commit_message PATCH: subject, body and notes of a stored patch.
commit_message() {
	local notes
	git mailinfo -b --no-scissors "$build/msg.body" /dev/null <"$1" >"$build/msg.head" ||
		die "$1 is not a mail as git format-patch writes it"
	sed -n 's/^Subject: //p' "$build/msg.head"
	echo
	cat "$build/msg.body"
	notes=$(notes_of "$1")
	[ -z "$notes" ] || printf -- '---\n%s\n' "$notes"
}

# What branches are made of and make save writes, "mode sum  file" each.
# $build/in-step has it as it was when branches and files last agreed.
stored_files() {
	{
		kernel_path_files
		git -C "$top" ls-files --cached --others --exclude-standard -- patches
	} | (cd "$top" && while read -r file; do
		# git's index names a file until its removal is committed
		[ ! -e "$file" ] || echo "$file"
	done >"$build/stored" && paste -d ' ' \
		<(xargs -d '\n' stat -c %a -- <"$build/stored") \
		<(xargs -d '\n' sha256sum -- <"$build/stored"))
}

# The kernel-path files that an "Adds:" value stands for, as paths in $top.
added_files() {
	local path=$1 found
	found=$(git -C "$top" ls-files --cached --others --exclude-standard -- "$path")
	[ -n "$found" ] || die "Adds: $path in $2: there is no such file; remove the line or add the file"
	printf '%s\n' "$found"
}

# add_files INDEX PATCH: put what the patch's "Adds:" lines name into an
# index; every file may be added once in all.
add_files() {
	local index=$1 patch=$2 name=${2#"$top/patches/"} value file mode blob by present
	local files=()
	local -A added=()
	for value in $(note_values Adds "$patch"); do
		file=$(added_files "$value" "$name")
		mapfile -t -O ${#files[@]} files <<<"$file"
	done
	[ ${#files[@]} -gt 0 ] || return 0
	while read -r file by; do
		added[$file]=$by
	done <"$build/added"
	for file in "${files[@]}"; do
		[ "${added[$file]:-$name}" = "$name" ] ||
			die "$file is added by both ${added[$file]} and $name; keep one Adds: line"
		echo "$file $name" >>"$build/added"
		echo "$top/$file"
	done | lgit hash-object -w --stdin-paths >"$build/added.blobs"
	for file in "${files[@]}"; do
		mode=100644
		[ ! -x "$top/$file" ] || mode=100755
		read -r blob <&3
		printf '%s %s\t%s\n' "$mode" "$blob" "$file"
	done 3<"$build/added.blobs" >"$build/added.index"
	present=$(GIT_INDEX_FILE=$index lgit ls-files -- "${files[@]}")
	[ -z "$present" ] ||
		die "Adds: ${present%%$'\n'*} in $name: the kernel has this file already; edit it by the patch's diff"
	GIT_INDEX_FILE=$index lgit update-index --index-info <"$build/added.index"
	rm -f "$build/added.index" "$build/added.blobs"
}

# apply_to INDEX PATCH [ARG...]: git apply to an index, 3-way where the
# context has moved.
apply_to() {
	local index=$1 patch=$2
	shift 2
	grep -q '^diff --git ' "$patch" || return 0
	GIT_INDEX_FILE=$index lgit apply --cached "$@" "$patch" 2>"$build/apply.err" ||
		die "patch ${patch#"$top/patches/"} does not apply: $(sed -n 's/^error: //p' "$build/apply.err" | head -n 1); was it or the tree edited?"
}

# build_series SERIES PARENT [ARG...]: the commits of a series on top of PARENT,
# applied with ARG; prints the last one.
build_series() {
	local index=$build/series.index commit=$2 patch patches line
	local -A mail had=()
	mapfile -t patches < <(patches_of "$1")
	if [ ${#patches[@]} = 0 ]; then
		echo "$2"
		return
	fi
	for patch in "${patches[@]}"; do
		[ -f "$patch" ] || die "$1/series names ${patch##*/}, which does not exist"
	done
	index_of "$index" "$2" "${patches[@]}"
	for patch in "${patches[@]}"; do
		apply_to "$index" "$patch" "${@:3}"
		add_files "$index" "$patch"
		commit_message "$patch" >"$build/msg"
		while IFS= read -r line; do
			mail[${line%%: *}]=${line#*: }
		done < <(grep . "$build/msg.head")
		commit_head "$commit" "${mail[Author]}" "${mail[Email]}" "${mail[Date]}"
		commit_of_index "$index"
		commit=:1
	done >"$build/import.stream"
	import_commits rfc2822 <"$build/import.stream"
	rm -f "$index" "$build/import.stream"
}

# build_control: base with introduce reversed, last patch first, as one commit.
build_control() {
	local index=$build/series.index patch patches
	local -A had=()
	mapfile -t patches < <(patches_of introduce | tac)
	index_of "$index" base "${patches[@]}"
	for patch in "${patches[@]}"; do
		apply_to "$index" "$patch" -R
	done
	echo "Linux $KERNEL_VERSION without POLLRDHUP" >"$build/msg"
	{
		commit_head "$(lgit rev-parse base)" "$identity_name" "$identity_email" '0 +0000'
		commit_of_index "$index"
	} | import_commits raw
	rm -f "$index"
}
