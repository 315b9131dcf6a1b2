#!/usr/bin/env bash
# tree.sh [--branches | SERIES]: turn patches/ and the files at kernel paths into the
# git branches of $build/linux.git, see scripts/series/README.md, and bring the
# worktrees of control, base and patched, and of SERIES if one is named, up to date
# under $build/linux/; with --branches, none.
# shellcheck source=scripts/lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"
# shellcheck source=scripts/series/series.sh
. "$top/scripts/series/series.sh"
# shellcheck source=scripts/series/heads.sh
. "$top/scripts/series/heads.sh"

# move_branch NAME COMMIT START: the branch, and what save.sh goes by.
move_branch() {
	local now was
	now=$(lgit rev-parse -q --verify "refs/heads/$1") || now=
	was=$(lgit rev-parse -q --verify "refs/generated/$1") || was=
	if [ "$now" != "$2" ]; then
		[ -z "$now" ] || [ "$now" = "$was" ] ||
			die "branch $1 has commits that are not in patches/; run make save, or git --git-dir=$linux_git branch -D $1"
		check_clean "$1"
	fi
	printf 'update refs/%s %s\n' "heads/$1" "$2" "generated/$1" "$2" "start/$1" "$3" |
		lgit update-ref --stdin
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

"$top/scripts/lib/base.sh"
# whoever comes second finds all done
locked "the branches"
repair_worktrees
head[base]=$(lgit rev-parse base)
made_of=$(inputs | sha256sum)
# shellcheck source=/dev/null
if ! { [ -s "$build/heads" ] && [ "$(sed 1q "$build/heads")" = "# $made_of" ] && . "$build/heads" &&
	lgit cat-file -e "${head[patched]}" 2>/dev/null; }; then
	build_heads
	{ echo "# $made_of"; declare -p head start; } >"$build/heads"
fi
for branch in "${!head[@]}"; do
	[ "$branch" = base ] || move_branch "$branch" "${head[$branch]}" "${start[$branch]:-${head[base]}}"
done
stored_files >"$build/in-step"
[ "${1:-}" != --branches ] || exit 0
for branch in control base patched ${1:+"$1"}; do
	worktree "$branch"
done
