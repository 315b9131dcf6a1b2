#!/usr/bin/env bash
# rebase.sh [REPOSITORY[#REVISION] [SERIES]]: carry the series that are sent,
# or one of them, onto another kernel tree, as `git rebase --onto` does, and
# export them from there.  Without REPOSITORY: go on where it stopped.
#
# Takes: a git repository with a kernel in it, which is only read, and a commit
# there (default: its HEAD).  From the environment: TRY=1, say of each patch
# whether it would apply, resolve nothing and export nothing; ABORT=1, remove
# what there is.  Gives: $build/onto/tree, a repository of its own that borrows
# the objects of both, with a branch a series, each on the commit or, there, on
# what it is after; of all series one after the other, branch patched; and what
# `make export` gives.  A conflict stops it with exit status 1 and leaves the work tree as
# git does; a resolution is remembered (git rerere).  MERGED=1: what a series is
# after is in that tree already.
# shellcheck source=scripts/lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"

wanted=${1:-} series=${2:-}
tree=$build/onto/tree

# The caller's git configuration is for the caller's own commands in there.
ogit() {
	GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 GIT_EDITOR=: git -C "$tree" "$@"
}
setting() { ogit config --get "rdhup.$1" 2>/dev/null || true; }
stopped() { [ -d "$tree/.git/rebase-merge" ]; }

check_clean() {
	[ -z "$(ogit status --porcelain -uno)" ] ||
		die "$tree has uncommitted changes; commit them or git restore them"
}

# find_onto REPOSITORY[#REVISION]: set $repository, $onto and $version.
find_onto() {
	local revision=HEAD makefile
	repository=${1%%#*}
	[ "$repository" = "$1" ] || revision=${1#*#}
	[ -d "$repository" ] || die "ONTO=$repository is not a directory; name a git repository with a kernel in it"
	repository=$(cd "$repository" && pwd)
	git -C "$repository" rev-parse --git-dir >/dev/null 2>"$build/apply.err" ||
		die "ONTO=$repository is not a git tree: $(head -n 1 "$build/apply.err")"
	onto=$(git -C "$repository" rev-parse -q --verify "$revision^{commit}") ||
		die "$repository has no commit '$revision'; name a branch or commit that it has, ONTO=$repository#..."
	makefile=$(git -C "$repository" show "$onto:./Makefile" 2>/dev/null) || makefile=
	version=$(awk -F' *= *' '$1 ~ /^(VERSION|PATCHLEVEL|SUBLEVEL|EXTRAVERSION)$/ { part[$1] = $2 }
		END { if (part["PATCHLEVEL"] != "") print part["VERSION"] "." part["PATCHLEVEL"] "." \
			part["SUBLEVEL"] part["EXTRAVERSION"] }' <<<"$makefile")
	[[ -n $version && $(git -C "$repository" rev-parse --show-prefix) = "" ]] ||
		die "ONTO=$repository is no kernel tree: its top Makefile names no version"
}

# A repository that reads the caller's objects and ours and writes its own: a
# git worktree of the caller's would put objects into it that point to blobs
# which only we have.
prepare() {
	local git_dir shallow
	if [ ! -d "$tree/.git" ]; then
		need_space 4 "a work tree of Linux $version"
		git init -q "$tree"
		ogit config user.name "$identity_name"
		ogit config user.email "$identity_email"
		ogit config gc.auto 0
		ogit config rerere.enabled true
		ogit config rerere.autoUpdate true
		ogit config merge.directoryRenames false
		# a line of a message may start with "#"
		ogit config core.commentChar ';'
	fi
	git_dir=$(git -C "$repository" rev-parse --path-format=absolute --git-common-dir)
	printf '%s\n' "$linux_git/objects" "$git_dir/objects" |
		cat - "$tree/.git/objects/info/alternates" 2>/dev/null | awk '!seen[$0]++' >"$build/msg" || true
	cp "$build/msg" "$tree/.git/objects/info/alternates"
	shallow=$git_dir/shallow
	if [ -e "$shallow" ]; then cp "$shallow" "$tree/.git/shallow"; else rm -f "$tree/.git/shallow"; fi
	if [ "$(setting onto)" != "$onto" ] || [ ! -e "$tree/Makefile" ]; then
		[ -z "$(setting onto)" ] || check_clean
		ogit config --unset rdhup.onto || true	# until it is checked out whole
		step "checking out Linux $version (${onto:0:12}) in $tree"
		ogit checkout -q -f --detach "$onto" 2>"$build/apply.err" ||
			die "$onto cannot be checked out: $(head -n 1 "$build/apply.err"); is $repository whole?"
	fi
	ogit config rdhup.repository "$repository"
	ogit config rdhup.onto "$onto"
	ogit config rdhup.version "$version"
	ogit config rdhup.series "$series"
	ogit config rdhup.merged "${MERGED:-}"
}

# The patch that a stopped rebase is at, "0007 (its subject)".
at_patch() {
	local subject
	subject=$(ogit log -1 --format=%s REBASE_HEAD)
	printf '%04d (%s)' "$(cat "$tree/.git/rebase-merge/msgnum")" "$subject"
}

# Whatever git says, it has stopped: at a conflict, at one that rerere knows
# how to resolve, or at a patch of which nothing is left.
resolve() { # resolve NAME
	local files where
	while stopped; do
		files=$(ogit diff --name-only --diff-filter=U | paste -sd' ')
		[ -n "$files" ] || files=$(ogit diff --cached --name-only -G'^<<<<<<< ' | paste -sd' ')
		where=$(cat "$tree/.git/rebase-merge/msgnum"; ogit rev-parse HEAD)
		if [ -n "$files" ] && [ -n "${TRY:-}" ]; then
			echo "    conflict: ${1#try-}/$(at_patch): $files"
			ogit rebase --skip >"$build/onto/log" 2>&1 || true
		elif [ -n "$files" ]; then
			die "$1/$(at_patch) conflicts in $files; in $tree resolve it and git add, or git rebase --skip to leave the patch out; then make rebase"
		else
			ogit rebase --continue >"$build/onto/log" 2>&1 || true
		fi
		if stopped && [ -z "$(ogit ls-files -u)" ] &&
			[ "$where" = "$(cat "$tree/.git/rebase-merge/msgnum"; ogit rev-parse HEAD)" ]; then
			die "git rebase does not go on in $tree: $(grep -m 1 . "$build/onto/log")"
		fi
	done
}

# carry NAME FROM TIP ONTO: branch NAME is the commits FROM..TIP on top of ONTO.
carry() {
	local key="$2 $3 $4" subject
	if [ "$(setting "$1.is")" != "$key" ] || ! ogit merge-base --is-ancestor "$4" "$1"; then
		check_clean
		ogit checkout -q --detach
		ogit update-ref -m "rdhup: as stored" "refs/heads/$1" "$3"
		ogit config "rdhup.$1.is" "$key"
		ogit rebase -q --no-autosquash --reapply-cherry-picks --onto "$4" "$2" "$1" \
			>"$build/onto/log" 2>&1 || stopped ||
			die "git rebase failed: $(tail -n 1 "$build/onto/log")"
		resolve "$1"
	fi
	ogit log --format=%s "$4..$1" >"$build/onto/carried"
	step "${1#try-}: $(wc -l <"$build/onto/carried") of $(ogit rev-list --count "$2..$3") patches on ${4:0:12}"
	while read -r subject; do
		grep -qxF -- "$subject" "$build/onto/carried" || echo "    left out: $subject"
	done < <(ogit log --reverse --format=%s "$2..$3")
}

if [ -n "${ABORT:-}" ]; then
	rm -rf "$build/onto"
	step "removed $build/onto"
	exit 0
fi
mkdir -p "$build/onto"
need git perl
[ -n "$wanted" ] || [ -n "$(setting onto)" ] ||
	die "there is nothing to go on with; name a kernel's git repository, ONTO=/path/to/net-next"
if [ -n "$wanted" ]; then
	find_onto "$wanted"
	if stopped && [ "$(setting onto)" != "$onto" ]; then
		die "a rebase onto $(setting repository)#$(setting onto) has stopped in $tree; finish that (make rebase) or give it up (make rebase ABORT=1)"
	fi
else
	repository=$(setting repository) onto=$(setting onto) version=$(setting version) series=${series:-$(setting series)}
	MERGED=${MERGED:-$(setting merged)}
fi
sendable_series | grep -qx "${series:-.*}" ||
	die "S=$series is not a series that is sent; name one of: $(sendable_series | paste -sd' ')"
prefix=${TRY:+try-}
if stopped; then
	[ -z "$prefix" ] || die "a rebase has stopped in $tree; finish it before you try another"
	name=$(sed 's|^refs/heads/||' "$tree/.git/rebase-merge/head-name")
	resolve "$name"
fi
"$top/scripts/tree.sh" --branches
prepare
# stack NAME SERIES...: these one on the other; $last is the last commit.
stack() {
	local name=$1 part
	last=$onto
	for part in "${@:2}"; do
		[ "$last" = "$onto" ] || {
			carry "$prefix$name-$part" "$(ogit rev-parse "refs/start/$prefix$part")" "$(ogit rev-parse "$prefix$part")" "$last"
			part=$name-$part
		}
		last=$(ogit rev-parse "$prefix$part")
	done
}

after=()
mapfile -t all < <(sendable_series)
if [ -n "$series" ]; then
	[ -n "${MERGED:-}" ] || mapfile -t after < <(after_of "$series")
	all=("${after[@]}" "$series")
fi
for name in "${all[@]}"; do
	[ -n "${MERGED:-}" ] || mapfile -t after < <(after_of "$name")
	stack "$name-on" "${after[@]}"
	ogit update-ref "refs/start/$prefix$name" "$last"
	carry "$prefix$name" "$(start_of "$name")" "$(lgit rev-parse "$name")" "$last"
done
stack patched "${all[@]}"
[ -z "$prefix" ] || exit 0
ogit checkout -q -B patched "$last"
step "$tree: branch patched, to be built and tested"
if ! git -C "$top" config user.email >/dev/null || ! git -C "$top" config user.name >/dev/null; then
	step "not exported: git's user.name and user.email are unset; set them, then make export ONTO=1"
	exit 0
fi
ONTO=1 "$top/scripts/export.sh" "$series"
