# shellcheck shell=bash
# What the workshop's own tests share; sourced by each scripts/tests/*.sh.
#
# A test script prints a line "ok - SENTENCE" or "not ok - SENTENCE" a check
# and exits 0; check.sh counts them.  Gives: $top, $build, $tmp (removed at
# exit), and the functions below.
set -euo pipefail
shopt -s inherit_errexit
export LC_ALL=C LANG=C	# what tools say is read here
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=$(cd "${BUILD:-$top/build}" && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# ok SENTENCE COMMAND...: the command must succeed; what it prints is shown
# only if it does not.
ok() {
	local sentence=$1 status=0
	shift
	"$@" >"$tmp/ok.out" 2>&1 </dev/null || status=$?
	if [ "$status" = 0 ]; then
		echo "ok - $sentence"
	else
		echo "not ok - $sentence (exit $status)"
		tail -n 20 "$tmp/ok.out" | sed 's/^/# /'
	fi
}

# refuses SENTENCE PATTERN COMMAND...: the command must exit with a status
# other than 0, and say one line on stderr that matches the pattern.
refuses() {
	local sentence=$1 pattern=$2 status=0
	shift 2
	"$@" >"$tmp/out" 2>"$tmp/err" </dev/null || status=$?
	if [ "$status" != 0 ] && grep -q -E -- "^rdhup: .*$pattern" "$tmp/err"; then
		echo "ok - $sentence"
	else
		echo "not ok - $sentence (exit $status)"
		sed 's/^/# /' "$tmp/err" "$tmp/out" | tail -n 20
	fi
}

# A copy of this repository as it stands, uncommitted changes included.
copy_repository() { # copy_repository DIR
	mkdir -p "$1"
	git -C "$top" ls-files -z --cached --others --exclude-standard |
		(cd "$top" && xargs -0 cp --parents -t "$1")
	git -C "$1" init -q
	git -C "$1" add -A
}

# A build directory that reads the real one's kernel repository, kernels and
# tests, and has results and branches of its own.  Of the worktrees it has base
# and those that are named: they stand on branches, so a test that moves
# branches must not name any.
borrow_build() { # borrow_build DIR [WORKTREE...]
	local dir=$1 part
	shift
	mkdir -p "$dir/linux"
	git clone -q --bare --shared "$build/linux.git" "$dir/linux.git" 2>/dev/null
	cp "$build/linux.git/rdhup-source" "$dir/linux.git/"
	for part in kernel selftests headers download; do
		[ ! -e "$build/$part" ] || ln -s "$build/$part" "$dir/$part"
	done
	for part in base "$@"; do
		ln -s "$build/linux/$part" "$dir/linux/$part"
	done
}
