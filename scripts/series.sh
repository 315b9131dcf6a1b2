# shellcheck shell=bash
# From a folder of patches to commits; sourced after lib.sh.
#
# No worktree is needed: patches are applied to an index, so that a whole
# series costs a second.  Commits are a function of the patches, the files
# and their parent alone, so the same input gives the same ids.
#
# A patch file has four parts: mail header, message, notes (between the first
# "---" and the next "---" or the diff) and diff.  In the branches the notes
# stand in the commit message below a "---", where git format-patch leaves
# them and git am drops them.
: "${top:?}" "${build:?}" "${linux_git:?}" "${identity_name:?}" "${identity_email:?}"

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
		git -C "$top" ls-files --cached --others --exclude-standard -- patches MAINTAINERS
	} | (cd "$top" && while read -r file; do
		# git's index names a file until its removal is committed
		[ -e "$file" ] || continue
		stat -c %a -- "$file"
		sha256sum -- "$file"
	done) | paste -d ' ' - -
}

# explain_failure PATCH: name the file and the hunk that git apply stumbled
# over; its own words are in $build/apply.err.
explain_failure() {
	local patch=$1 file line hunk
	read -r file line < <(sed -n 's/^error: patch failed: \(.*\):\([0-9]*\)$/\1 \2/p' "$build/apply.err") || true
	if [ -z "${file:-}" ]; then
		die "patch ${patch#"$top/patches/"} is damaged: $(sed -n 's/^error: //p' "$build/apply.err" | head -n 1)"
	fi
	hunk=$(awk -v file="$file" -v line="$line" '
		/^diff --git / { n = 0; here = ($4 == "b/" file) }
		here && /^@@ / { n++; split($0, at, /[-,+ ]+/)
			if (at[2] == line || at[4] == line) { print n; exit } }' "$patch")
	die "patch ${patch#"$top/patches/"} does not apply: $file, hunk ${hunk:-?} (line $line); was it or the tree edited?"
}

# The kernel-path files that an "Adds:" value stands for, as paths in $top.
added_files() {
	local path=$1 found
	found=$(git -C "$top" ls-files --cached --others --exclude-standard -- "$path")
	[ -n "$found" ] || die "Adds: $path in $2: there is no such file; remove the line or add the file"
	printf '%s\n' "$found"
}

# merge_maintainers INDEX: insert our entries into MAINTAINERS, each before
# the first two entries in a row whose titles sort after its own (some of the
# kernel's are out of place, so one would not do).
merge_maintainers() {
	local blob
	blob=$(GIT_INDEX_FILE=$1 lgit show :MAINTAINERS | awk -v ours="$top/MAINTAINERS" '
		BEGIN {
			while ((getline line < ours) > 0) {
				if (line == "") { open = 0; continue }
				if (!open) { open = 1; title[++n] = line }
				text[n] = text[n] line "\n"
			}
		}
		# entries follow this heading; a title starts a paragraph
		/^Maintainers List$/ { in_list = 1 }
		in_list && blank && /^[A-Z0-9]/ && !/^[A-Z]:\t/ { at[++m] = NR; name[m] = $0 }
		{ all[NR] = $0; blank = ($0 == "") }
		END {
			for (i = 1; i <= n; i++)
				for (j = 1; j <= m; j++)
					if (title[i] < name[j] && (j == m || title[i] < name[j + 1])) {
						before[at[j]] = before[at[j]] text[i] "\n"
						break
					}
			for (i = 1; i <= NR; i++)
				printf "%s%s\n", before[i], all[i]
		}' | lgit hash-object -w --stdin)
	GIT_INDEX_FILE=$1 lgit update-index --cacheinfo "100644,$blob,MAINTAINERS"
}

# add_files INDEX PATCH: put what the patch's "Adds:" lines name into an
# index; every file may be added once in all.  One call of git for all files:
# each reads and writes an index of ten megabytes.
add_files() {
	local index=$1 patch=$2 name=${2#"$top/patches/"} value file mode other had
	local files=()
	for value in $(note_values Adds "$patch"); do
		if [ "$value" = MAINTAINERS ]; then
			merge_maintainers "$index"
			continue
		fi
		file=$(added_files "$value" "$name")
		mapfile -t -O ${#files[@]} files <<<"$file"
	done
	[ ${#files[@]} -gt 0 ] || return 0
	for file in "${files[@]}"; do
		other=$(awk -v f="$file" '$1 == f { print $2 }' "$build/added")
		[ -z "$other" ] || [ "$other" = "$name" ] ||
			die "$file is added by both $other and $name; keep one Adds: line"
		echo "$file $name" >>"$build/added"
		mode=100644
		[ ! -x "$top/$file" ] || mode=100755
		printf '%s %s\t%s\n' "$mode" "$(lgit hash-object -w "$top/$file")" "$file"
	done >"$build/added.index"
	had=$(GIT_INDEX_FILE=$index lgit ls-files -- "${files[@]}")
	[ -z "$had" ] ||
		die "Adds: ${had%%$'\n'*} in $name: the kernel has this file already; edit it by the patch's diff"
	GIT_INDEX_FILE=$index lgit update-index --index-info <"$build/added.index"
	rm -f "$build/added.index"
}

# apply_to INDEX PATCH [ARG...]: git apply to an index, 3-way where the
# context has moved.
apply_to() {
	local index=$1 patch=$2
	shift 2
	grep -q '^diff --git ' "$patch" || return 0
	GIT_INDEX_FILE=$index lgit apply --cached "$@" "$patch" 2>"$build/apply.err" ||
		explain_failure "$patch"
}

# commit_index INDEX PARENT PATCH: the commit of a patch, on stdout.
commit_index() {
	local tree author email date
	tree=$(GIT_INDEX_FILE=$1 lgit write-tree)
	commit_message "$3" >"$build/msg"
	author=$(sed -n 's/^Author: //p' "$build/msg.head")
	email=$(sed -n 's/^Email: //p' "$build/msg.head")
	date=$(sed -n 's/^Date: //p' "$build/msg.head")
	GIT_AUTHOR_NAME=$author GIT_AUTHOR_EMAIL=$email GIT_AUTHOR_DATE=$date \
		GIT_COMMITTER_NAME=$author GIT_COMMITTER_EMAIL=$email \
		GIT_COMMITTER_DATE=$date \
		git --git-dir="$linux_git" commit-tree -p "$2" -F "$build/msg" "$tree"
}

# build_series SERIES PARENT: the commits of a series on top of PARENT; prints
# the last one.
build_series() {
	local index=$build/series.index commit=$2 patch
	GIT_INDEX_FILE=$index lgit read-tree "$2"
	while read -r patch; do
		[ -f "$patch" ] || die "$1/series names ${patch##*/}, which does not exist"
		apply_to "$index" "$patch" "${@:3}"
		add_files "$index" "$patch"
		commit=$(commit_index "$index" "$commit" "$patch")
	done < <(patches_of "$1")
	rm -f "$index"
	echo "$commit"
}

# build_control: base with introduce reversed, last patch first, as one commit.
build_control() {
	local index=$build/series.index patch
	GIT_INDEX_FILE=$index lgit read-tree base
	while read -r patch; do
		apply_to "$index" "$patch" -R
	done < <(patches_of introduce | tac)
	GIT_AUTHOR_NAME=$identity_name GIT_AUTHOR_EMAIL=$identity_email \
		GIT_COMMITTER_NAME=$identity_name GIT_COMMITTER_EMAIL=$identity_email \
		GIT_AUTHOR_DATE='@0 +0000' GIT_COMMITTER_DATE='@0 +0000' \
		git --git-dir="$linux_git" commit-tree -p base \
		-m "Linux $KERNEL_VERSION without POLLRDHUP" \
		"$(GIT_INDEX_FILE=$index lgit write-tree)"
	rm -f "$index"
}
