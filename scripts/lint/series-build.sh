#!/usr/bin/env bash
# What a series touches compiles without a new warning: with gcc, W=1 and
# sparse (C=1), for i386, and with clang, the number of each warning at the
# series' end against that at its start; of __poll_t sparse has nothing to say
# at the end, new or old.  With FULL=1 so at every patch against the one before
# it, and the guest's whole kernel builds at every patch.
#
# Takes: the series' folder of mails (not read) and name.  Gives a line a
# reason.  Compiles in the scratch tree, $build/linux/scratch, which make prove uses
# as well, with an object directory for each kind of build.
set -euo pipefail
shopt -s inherit_errexit
unset MAKEFLAGS MFLAGS MAKEOVERRIDES MAKELEVEL
: "${linux_git:?}" "${build:?}" "${top:?}"
series=$2
work=$build/linux/scratch
log=$build/lint/build.log

kbuild() { # kbuild KIND ARGUMENT...
	local kind=$1 arguments=()
	shift
	case $kind in
	# Debian 12's sparse knows neither the operator nor, in the
	# static_assert() of MODULE_INFO(), the length of a string
	w1) arguments=(W=1 C=2 "CHECK=sparse -D__typeof_unqual__=__typeof__ '-D__builtin_strlen(s)=(sizeof(s)-1)'") ;;
	i386) arguments=(ARCH=i386) ;;
	clang) arguments=("CC=ccache ${clang:?}") ;;
	esac
	# a patch may bring an option, of which Kconfig would ask
	make -C "$work" "O=.build-$kind" -k -j"$(nproc)" "CC=ccache gcc" \
		KBUILD_BUILD_TIMESTAMP=@0 "${arguments[@]}" "$@" </dev/null
}

configure() { # configure KIND
	local out=$work/.build-$1 arch=x86_64 fragments=("$top/scripts/guest/common.config"
		"$top/scripts/guest/x86_64.config" "$top/tools/testing/selftests/net/rdhup/config")
	mkdir -p "$out"
	[ "$1" != i386 ] || arch=i386
	[ "$1" = whole ] || fragments+=("$top/scripts/lint/build.config")
	cat "${fragments[@]}" | if [ "$1" = i386 ]; then sed '/^CONFIG_64BIT=/d'; else cat; fi >"$out/fragments.new"
	! cmp -s "$out/fragments.new" "$out/fragments" || return 0
	(cd "$work" && ARCH=$arch scripts/kconfig/merge_config.sh -n -Q -O ".build-$1" "$out/fragments.new") \
		>"$log" 2>&1 || { echo "$series: no configuration for $1; see $log"; return 1; }
	kbuild "$1" prepare >"$log" 2>&1 || { echo "$series: make prepare fails for $1; see $log"; return 1; }
	mv "$out/fragments.new" "$out/fragments"
}

# compile KIND FILE...: the warnings and errors, without their line numbers.
compile() {
	local kind=$1 file objects=()
	shift
	for file; do
		[ -e "$work/$file" ] || continue
		objects+=("${file%.c}.o")
		rm -f "$work/.build-$kind/${file%.c}.o"
	done
	[ ${#objects[@]} -gt 0 ] || return 0
	kbuild "$kind" "${objects[@]}" >"$log" 2>&1 || echo "make: $kind: error: $(grep -m 1 -E 'error:|\*\*\*' "$log")" >>"$log"
	sed -nE "s/:[0-9]+(:[0-9]+)?: /: /; s|^\.\./||; /(warning|error): |restricted __poll_t/p" "$log" | sort | uniq -c
}

# compare FROM TO: what each kind of build says of TO that it did not of FROM, and
# what does not compile at all; but a file that i386 or clang cannot compile in FROM
# either is not the series' fault.
compare() {
	local from=$1 to=$2 name kind files before
	local -A after
	name="$series: $(lgit log -1 --format=%s "$to")"
	# what no x86 kernel has is not compiled
	mapfile -t files < <(lgit diff --name-only --diff-filter=d "$from" "$to" -- '*.c' |
		grep -vE '^(arch|tools|Documentation|scripts)/|^net/iucv/|^drivers/misc/ibmvmc\.c$')
	[ ${#files[@]} -gt 0 ] || return 0
	git -C "$work" checkout -q -f --detach "$to"
	for kind in w1 i386 clang; do
		configure "$kind" || return 0
		after[$kind]=$(compile "$kind" "${files[@]}")
	done
	# where nothing is said there is nothing to be compared with
	git -C "$work" checkout -q -f --detach "$from"
	for kind in w1 i386 clang; do
		[ -n "${after[$kind]}" ] || continue
		before=$(compile "$kind" "${files[@]}")
		awk -v before="$before" -v name="$name" -v kind="$kind" -v poll_t="${poll_t:-}" '
			BEGIN { n = split(before, line, "\n")
				for (i = 1; i <= n; i++) { c = line[i]; sub(/^ *[0-9]+ /, "", line[i]); was[line[i]] = c + 0 } }
			{ c = $1; sub(/^ *[0-9]+ /, "")
				if (c > was[$0] || (kind == "w1" && (/^make: / || poll_t && /__poll_t/))) print name ": " kind ": " $0 " (" was[$0] + 0 " before, " c " after)" }' <<<"${after[$kind]}"
	done
}

# The whole kernel of the guest; incremental, patch by patch.
whole() { # whole COMMIT
	git -C "$work" checkout -q -f --detach "$1"
	configure whole || return 0
	# nothing is asked but whether it builds: the cache may serve what it has
	# of the guest's kernels, which kernel.sh builds so
	{ kbuild whole syncconfig && CCACHE_NOCPP2=1 kbuild whole bzImage; } >"$log" 2>&1 ||
		echo "$series: $(lgit log -1 --format=%s "$1"): does not build: $(grep -m 1 -E 'error:|\*\*\*' "$log")"
}

start=$(lgit rev-parse "refs/start/$series")
end=$(lgit rev-parse "$series")
mkdir -p "$build/lint"
exec 9>"$build/the-scratch-tree.lock"
flock 9
if [ ! -e "$work/.git" ]; then
	lgit worktree prune
	lgit worktree add -q --force --detach "$work" "$start"
fi
# introduce ends as mainline is; io_uring/poll.c, which keeps such masks in
# integers, is left so, see the cover letter of io_uring
case $series in introduce | io_uring) ;; *) poll_t=1 ;; esac
compare "$start" "$end"
poll_t=
if [ -n "${FULL:-}" ]; then
	whole "$start"
	mapfile -t commits < <(lgit rev-list --reverse "$start..$end")
	for commit in "${commits[@]}"; do
		compare "$(lgit rev-parse "$commit^")" "$commit"
		whole "$commit"
	done
fi
git -C "$work" checkout -q -f --detach "$start"
