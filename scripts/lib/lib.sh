# shellcheck shell=bash
# What every verb shares; sourced, never run.
#
# Takes from the environment: BUILD, the directory for everything that is
# generated (default: build/ in the checkout).  Gives: $top, $build,
# $linux_git and the functions below.  Errors: one line on stderr that says
# what is wrong and what to do, exit status 1; Ctrl-C: exit status 130.
set -euo pipefail
shopt -s inherit_errexit
# The caller's make and its words (-s, V=1, K=) are not for the kernel's, nor is what
# they build their own kernels with, nor the repository, index or identity of a git
# that runs this from a hook.
unset MAKEFLAGS MFLAGS MAKEOVERRIDES MAKELEVEL ARCH CROSS_COMPILE LLVM LLVM_IAS KBUILD_OUTPUT KCFLAGS
for name in "${!GIT_@}"; do
	[[ $name == GIT_@(CONFIG_GLOBAL|CONFIG_SYSTEM|CONFIG_NOSYSTEM|SEQUENCE_EDITOR) ]] || unset "$name"
done
# worktrees are written as the kernel is
export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=core.autocrlf GIT_CONFIG_VALUE_0=false
# What gcc, git and make say is read here, in English; the kernel's Makefile takes
# LC_ALL out again, and LANG is left.
export LC_ALL=C LANG=C
unset LANGUAGE LC_MESSAGES LC_CTYPE

# fault SENTENCE: what is wrong, where the script goes on to the next; counted.
faults=0
fault() {
	printf 'rdhup: %s\n' "$*" >&2
	faults=$((faults + 1))
}

die() {
	fault "$@"
	exit 1
}

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# Neither make nor the kernel's own scripts can do with a blank in a path.
[[ $top${BUILD:-} != *[[:space:]]* ]] ||
	die "the path \"$top${BUILD:+, BUILD=$BUILD}\" has a blank in it; use a checkout and a BUILD= without one"
{ mkdir -p "${BUILD:-$top/build}" 2>/dev/null && [ -w "${BUILD:-$top/build}" ]; } ||
	die "${BUILD:-$top/build} is no directory to write to; set BUILD= to one"
build=$(cd "${BUILD:-$top/build}" && pwd)
linux_git=$build/linux.git
export KERNEL_VERSION=7.3.4

# The author of every stored patch and of every commit made from one.  The
# submitter's own name takes its place in `make export`.
export identity_name="Seed 5be83277 maintainers"
export identity_email="maintainers@users.noreply.h-seed-5be83277.example"

# A page that is touched for the first time is dear in a virtual machine, up to
# 30 microseconds: memory that a program gives back stays with it, and comes in
# huge pages where it may.  git add of what Linux consists of takes half the CPU
# time so, and a compile a tenth less.
malloc=glibc.malloc.hugetlb=1:glibc.malloc.trim_threshold=268435456
malloc+=:glibc.malloc.mmap_threshold=268435456
export GLIBC_TUNABLES=${GLIBC_TUNABLES:-$malloc}

# One line about what is being done; the unfinished kind that progress()
# overwrites if stdout is a terminal.
step() {
	printf '==> %s\n' "$*"
}

# progress LABEL TOTAL: count the lines of stdin against TOTAL, in place on a
# terminal, else with a line a minute.
progress() {
	local label=$1 total=$2 n=0 said=$SECONDS started=$SECONDS
	while IFS= read -r _; do
		n=$((n + 1))
		if [ -t 1 ]; then
			printf '\r    %s: %d of about %d  ' "$label" "$n" "$total"
		elif [ $((SECONDS - said)) -ge "${SAY_EVERY:-60}" ]; then
			said=$SECONDS
			step "$label: $n of about $total after $((SECONDS - started)) s"
		fi
	done
	[ ! -t 1 ] || printf '\r\033[K'
}

# waiting PID COMMAND...: wait for a child; what the command prints is said once a
# minute until then.
waiting() {
	local pid=$1
	shift
	until timeout "${SAY_EVERY:-60}" tail -s 0.2 --pid="$pid" -f /dev/null; do
		step "$("$@")"
	done
	wait "$pid"
}

# in_background COMMAND...: $! is its pid, for wait.  It has a process group of
# its own, which is ended when this script ends: what a shell puts into the
# background would not hear of Ctrl-C otherwise.  The group of one that has ended
# is let be: its number may be somebody else's by now.
in_background() {
	set -m
	"$@" </dev/null &
	set +m
	trap 'exec 2>/dev/null; end_background' EXIT
}

end_background() {
	local pid
	while read -r pid; do
		kill -- "-$pid" || true
	done < <(jobs -rp)
}

# locked NAME: one verb at a time does what NAME stands for; a second one says
# whom it waits for.  Held until this script ends; a child that is started
# meanwhile by the same script does not wait for its parent.
locked() {
	local file=$build/${1// /-}.lock fd
	[[ ${LOCKS_HELD:-} != *"<$1>"* ]] || return 0
	exec {fd}>>"$file"
	if ! flock -n "$fd"; then
		step "waiting for $(cat "$file"), which is at $1 in $build"
		flock "$fd"
	fi
	printf '%s (process %d)\n' "${0##*/}" $$ >"$file"
	export LOCKS_HELD="${LOCKS_HELD:-}<$1>"
}

trap 'trap - INT; printf "\nrdhup: interrupted; the same command carries on from here\n" >&2; exit 130' INT

need_space() { # need_space GIGABYTES WHAT
	local free
	free=$(df -Pk "$build" | awk 'NR == 2 { print int($4 / 1048576) }')
	[ "$free" -ge "$1" ] ||
		die "$2 needs $1 GB in $build, which has $free; make room or set BUILD="
}

# repository_files PATH...: the files of this repository that are there, for git's
# index names one until its removal is committed.
repository_files() (
	cd "$top"
	git ls-files -z --cached --others --exclude-standard -- "$@" |
		{ xargs -0 -r ls -d -- 2>/dev/null || true; }
)

# The files that lie at the path which they will have in the kernel, and where.
kernel_paths=(include net fs tools Documentation scripts/coccinelle)
kernel_path_files() {
	repository_files "${kernel_paths[@]}"
}

# Git on the kernel repository, whatever the caller's own configuration says.
lgit() {
	GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 git --git-dir="$linux_git" "$@"
}
export -f lgit	# for the gates of make lint

# commit_as NAME EMAIL DATE TREE [-p PARENT]: a commit of the message on stdin, by
# NAME, the same for the same input; prints it.
commit_as() {
	GIT_AUTHOR_NAME=$1 GIT_AUTHOR_EMAIL=$2 GIT_AUTHOR_DATE=$3 \
		GIT_COMMITTER_NAME=$identity_name GIT_COMMITTER_EMAIL=$identity_email \
		GIT_COMMITTER_DATE=$3 lgit commit-tree "${@:4}"
}

# Worktrees and their repository name each other by whole paths, which are wrong
# once the checkout has been moved.
repair_worktrees() {
	local dir
	for dir in "$build"/linux/*/; do
		[ ! -f "$dir/.git" ] || git -C "$dir" rev-parse --git-dir >/dev/null 2>&1 ||
			lgit worktree repair "${dir%/}" >/dev/null 2>&1 ||
			die "${dir%/} is no work tree of $linux_git any more; remove it"
	done
}

# shellcheck source=scripts/lib/need.sh
. "$top/scripts/lib/need.sh"
# shellcheck source=scripts/series/order.sh
. "$top/scripts/series/order.sh"
