#!/usr/bin/env bash
# tree.sh [--branches | SERIES]: turn patches/ and the files at kernel paths
# into the git branches of $build/linux.git: control, introduce, one a series,
# patched.  A series lies on base; one that says "# after: X ..." on top of its
# file lies on base with X applied.
# Worktrees of control, base and patched, and of SERIES if one is named, are
# brought up to date under $build/linux/; with --branches, no worktree is.
#
# Refuses to move a branch that holds commits `make save` has not seen, or a
# worktree with uncommitted changes.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=scripts/series.sh
. "$top/scripts/series.sh"

# move_branch NAME COMMIT START
move_branch() {
	local now was
	now=$(lgit rev-parse -q --verify "refs/heads/$1") || now=
	was=$(lgit rev-parse -q --verify "refs/generated/$1") || was=
	[ "$now" != "$2" ] || { mark_branch "$@"; return 0; }
	[ "$now" = "$was" ] ||
		die "branch $1 has commits that are not in patches/; run make save, or git --git-dir=$linux_git branch -D $1"
	check_clean "$1"
	mark_branch "$@"
	lgit update-ref "refs/heads/$1" "$2"
}

# mark_branch NAME COMMIT START: what save.sh goes by.
mark_branch() {
	lgit update-ref "refs/generated/$1" "$2"
	lgit update-ref "refs/start/$1" "$3"
}

check_clean() {
	local dir=$build/linux/$1 stamp
	[ -e "$dir/.git" ] || return 0
	[ -n "$(git -C "$dir" status --porcelain -uno)" ] || return 0
	# with --branches the branch moves and its worktree stays where it was
	stamp=$(git -C "$dir" rev-parse --absolute-git-dir)/rdhup-head
	if [ -s "$stamp" ] && git -C "$dir" diff --quiet "$(cat "$stamp")"; then
		return 0
	fi
	die "$dir has uncommitted changes; commit them (then make save) or git restore them"
}

# A worktree on its branch, at its head.  Only files that differ are written,
# so that make sees no change where there is none.
worktree() {
	local dir=$build/linux/$1 stamp
	if [ ! -e "$dir/.git" ]; then
		need_space 3 "checking out $1"
		step "checking out $1"
		rm -rf "$dir"
		lgit worktree prune
		lgit -c checkout.workers=-1 worktree add -q --force "$dir" "$1"
	fi
	# the branch may have been moved below the worktree's feet
	stamp=$(git -C "$dir" rev-parse --absolute-git-dir)/rdhup-head
	[ "$(cat "$stamp" 2>/dev/null)" = "$(lgit rev-parse "$1")" ] || {
		git -C "$dir" reset -q --hard
		lgit rev-parse "$1" >"$stamp"
	}
}

# What the branches are a function of: the commit that they start from, the
# code that makes them, and every file of patches/ and at a kernel path.
inputs() {
	lgit rev-parse base
	cat "$top"/scripts/{lib,series,import,tree}.sh | sha256sum
	stored_files
}

# series_on SERIES PARENT [ARG...]: as build_series, but one that has been built
# before on that parent is looked up in $build/series: the commit, then the
# files that its patches add, as in $build/added.
series_on() {
	local series=$1 key
	key=$build/series/$({
		echo "$@"
		sed -n 2p "$build/heads.inputs.new"
		grep "  patches/$series/" "$build/heads.inputs.new"
		! grep -qs '^Adds: ' "$top/patches/$series"/*.patch ||
			sed 1,2d "$build/heads.inputs.new" | grep -v '  patches/'
	} | sha256sum | cut -c1-40)
	if [ ! -s "$key" ] || ! lgit cat-file -e "$(head -n 1 "$key")" 2>/dev/null; then
		mkdir -p "$build/series"
		build_series "$@" >"$key.new"
		grep " $series/" "$build/added" | sort -u >>"$key.new" || true
		mv "$key.new" "$key"
	fi
	sed 1d "$key" >>"$build/added"
	head -n 1 "$key"
}

# chain SERIES...: these on base, one after the other; prints the last commit.
chain() {
	local series commit=${head[base]} merge=()
	for series; do
		commit=$(series_on "$series" "$commit" "${merge[@]}")
		merge=(-3)
	done
	echo "$commit"
}

# Fill head[] and start[] from the patches.
build_heads() {
	local file series after all
	: >"$build/added"
	head[control]=$(build_control)
	head[introduce]=$(series_on introduce "${head[control]}")
	[ "$(lgit rev-parse "${head[introduce]}^{tree}")" = "$(lgit rev-parse 'base^{tree}')" ] ||
		die "control + patches/introduce is not base: $(lgit diff --stat=72 base "${head[introduce]}" | tail -n 1)"
	start[introduce]=${head[control]}
	mapfile -t all < <(sendable_series)
	for series in "${all[@]}"; do
		mapfile -t after < <(after_of "$series")
		start[$series]=$(chain "${after[@]}")
		head[$series]=$(series_on "$series" "${start[$series]}")
	done
	head[patched]=$(chain "${all[@]}")
	while read -r file; do
		grep -q "^$file " "$build/added" ||
			die "$file is at a kernel path, but no patch brings it in; name it in an Adds: line"
	done < <(kernel_path_files)
}

"$top/scripts/base.sh"
# one at a time: whoever comes second finds all done
exec 8>"$build/tree.lock"
flock 8
declare -A head=([base]=$(lgit rev-parse base)) start=()
# Half a minute of git for an answer that is known if nothing has changed.
if inputs >"$build/heads.inputs.new" && cmp -s "$build/heads.inputs.new" "$build/heads.inputs"; then
	while read -r branch commit from; do
		head[$branch]=$commit start[$branch]=$from
		lgit cat-file -e "$commit" 2>/dev/null || rm -f "$build/heads.inputs"
	done <"$build/heads"
fi
if [ ! -f "$build/heads.inputs" ] || ! cmp -s "$build/heads.inputs.new" "$build/heads.inputs"; then
	rm -f "$build/heads.inputs"
	build_heads
	for branch in "${!head[@]}"; do
		echo "$branch ${head[$branch]} ${start[$branch]:-${head[base]}}"
	done >"$build/heads"
	mv "$build/heads.inputs.new" "$build/heads.inputs"
fi

for branch in "${!head[@]}"; do
	[ "$branch" = base ] || move_branch "$branch" "${head[$branch]}" "${start[$branch]:-${head[base]}}"
done
stored_files >"$build/in-step"
[ "${1:-}" != --branches ] || exit 0
for branch in control base patched ${1:+"$1"}; do
	worktree "$branch"
done
