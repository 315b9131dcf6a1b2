#!/usr/bin/env bash
# tree.sh [--branches | SERIES]: turn patches/ and the files at kernel paths into the
# git branches of $build/linux.git, see scripts/series/README.md, and bring up to date
# the worktrees of series that are there under $build/linux/; without --branches, also
# make those of control, base, patched and SERIES.
# shellcheck source=scripts/lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"
# shellcheck source=scripts/series/series.sh
. "$top/scripts/series/series.sh"
# shellcheck source=scripts/series/heads.sh
. "$top/scripts/series/heads.sh"

# move_branch NAME COMMIT START: prints for git how to move the branch, and what
# save.sh goes by.
move_branch() {
	local now was
	now=$(lgit rev-parse -q --verify "refs/heads/$1") || now=
	was=$(lgit rev-parse -q --verify "refs/generated/$1") || was=
	if [ "$now" != "$2" ]; then
		[ -z "$now" ] || [ "$now" = "$was" ] ||
			die "branch $1 has commits that are not in patches/; run make save, or in its worktree git reset --hard refs/generated/$1"
		check_clean "$1"
	fi
	printf 'update refs/%s %s\n' "heads/$1" "$2" "generated/$1" "$2" "start/$1" "$3"
}

# check_clean NAME: its worktree is on the branch and has no change that is not committed.
# Where that has moved, the files may still be those of the commit in rdhup-head; if it is
# empty or there is no index, writing them was interrupted, and nobody has edited them yet.
check_clean() {
	local dir=$build/linux/$1 stamp
	[ -e "$dir/.git" ] || return 0
	[ "$(git -C "$dir" symbolic-ref -q HEAD)" = "refs/heads/$1" ] ||
		die "$dir is not on branch $1; end what you are at there, and git checkout $1"
	stamp=$(git -C "$dir" rev-parse --absolute-git-dir)/rdhup-head
	[ -e "${stamp%/*}/index" ] && { [ -s "$stamp" ] || [ ! -e "$stamp" ]; } || return 0
	if [ -z "$(git -C "$dir" status --porcelain -uno)" ]; then
		git -C "$dir" rev-parse HEAD >"$stamp"
	elif ! { [ -s "$stamp" ] && git -C "$dir" diff --quiet "$(cat "$stamp")"; }; then
		die "$dir has uncommitted changes; commit them (then make save) or git reset --hard"
	fi
}

# A worktree on its branch, at its head, which may have moved.  Only files that differ
# are written, so that make sees no change where there is none.
worktree() {
	local dir=$build/linux/$1 stamp
	if [ ! -e "$dir/.git" ]; then
		need_space 3 "checking out $1"
		step "checking out $1"
		rm -rf "$dir"
		lgit worktree prune
		lgit worktree add -q --no-checkout --force "$dir" "$1"
	fi
	stamp=$(git -C "$dir" rev-parse --absolute-git-dir)/rdhup-head
	[ "$(git -C "$dir" symbolic-ref -q HEAD) $(cat "$stamp" 2>/dev/null)" = "refs/heads/$1 $(lgit rev-parse "$1")" ] || {
		check_clean "$1"
		: >"$stamp"	# until all are written
		git -C "$dir" -c checkout.workers=-1 reset -q --hard
		git -C "$dir" rev-parse HEAD >"$stamp"
	}
}

"$top/scripts/lib/base.sh"
locked "the branches"	# whoever comes second finds all done
repair_worktrees
head[base]=$(lgit rev-parse base)
made_of=$(inputs | sha256sum)
# shellcheck source=/dev/null
if ! { [ -s "$build/heads" ] && [ "$(sed 1q "$build/heads")" = "# $made_of" ] && . "$build/heads" &&
	lgit cat-file -e "${head[patched]}" 2>/dev/null; }; then
	build_heads
	{ echo "# $made_of"; declare -p head start; } >"$build/heads.new"
	rm -f "$build/heads"	# never beside an $build/added that is not its own
	mv "$build/added.new" "$build/added"
	mv "$build/heads.new" "$build/heads"
fi
[[ -z ${1:-} || $1 = --branches || -n ${head[$1]:-} ]] ||
	die "S=$1 is no series; name one of: introduce $(sendable_series | xargs)"
for branch in "${!head[@]}"; do
	[ "$branch" = base ] || move_branch "$branch" "${head[$branch]}" "${start[$branch]:-${head[base]}}"
done >"$build/moves"
lgit update-ref --stdin <"$build/moves"	# all of them or none
mv "$build/in-step.new" "$build/in-step"
# who edits and commits in one must not undo what came in below it; a rebase goes on as it is
for branch in "${!start[@]}"; do
	[ "$(git -C "$build/linux/$branch" symbolic-ref -q HEAD 2>/dev/null)" != "refs/heads/$branch" ] || worktree "$branch"
done
[ "${1:-}" != --branches ] || exit 0
for branch in control base patched ${1:+"$1"}; do
	worktree "$branch"
done
