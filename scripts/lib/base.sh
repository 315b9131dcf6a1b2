#!/usr/bin/env bash
# base.sh: find Linux 7.3.4, check it, and import it into $build/linux.git as branch
# `base`, without ever writing to where it came from.
#
# LINUX= or LINUX_TARBALL= is taken if it is set, and nothing else; otherwise the
# first that is Linux 7.3.4 of ../shared/kernel/, what was imported before, what was
# downloaded before, Debian's linux-source-7.3, kernel.org.  For tests: KERNEL_ORG,
# in place of kernel.org's folder.
# shellcheck source=scripts/lib/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=scripts/lib/apt.sh
. "$top/scripts/lib/apt.sh"
# shellcheck source=scripts/lib/source.sh
. "$top/scripts/lib/source.sh"

debian_package=linux-source-${KERNEL_VERSION%.*}
shared_tarball=$top/../shared/kernel/$debian_package.tar.xz
tarball=$build/download/linux.tar.xz
incoming=$build/incoming
# The tree of the tarball in Debian's package, which has Debian's patches in it.
debian_tree=5b1b93321fb4c4dd9c489ce15c4f3caaadd798d7

# The tarball inside Debian's package, into $tarball.
download_debian() {
	step "asking Debian for $debian_package"
	rm -rf "$incoming"
	apt_unpack trixie-backports "$incoming" "$debian_package"
	mv "$incoming/usr/src/$debian_package.tar.xz" "$tarball"
}

download_kernel_org() {
	local url=${KERNEL_ORG:-https://cdn.kernel.org/pub/linux/kernel/v${KERNEL_VERSION%%.*}.x}
	need curl
	step "asking kernel.org for linux-$KERNEL_VERSION.tar.xz"
	curl -fsSL --connect-timeout 20 -o "$tarball.part" "$url/linux-$KERNEL_VERSION.tar.xz" 2>"$build/curl.log" ||
		die "it does not answer: $(tail -n 1 "$build/curl.log")"
	mv "$tarball.part" "$tarball"
}

import() { # import KIND PATH IDENTITY
	local tree commit
	[ -d "$linux_git" ] || git init -q --bare "$linux_git"
	lgit config gc.auto 0
	if [ "$1" = git ]; then
		git --git-dir="$linux_git" fetch -q --depth=1 "file://$2" HEAD
		tree=$(lgit rev-parse 'FETCH_HEAD^{tree}')
	else
		rm -f "$build/import.index"
		# -f: Debian's .gitignore in this tree ignores everything.
		# The threshold streams all blobs into one pack, some ten
		# times faster than 90,000 loose objects.
		GIT_INDEX_FILE=$build/import.index git --git-dir="$linux_git" \
			--work-tree="$2" -c core.bare=false -c core.fsync=none \
			-c core.compression=1 -c core.bigFileThreshold=1 add -Af -- . >/dev/null
		tree=$(GIT_INDEX_FILE=$build/import.index lgit write-tree)
		rm -f "$build/import.index"
	fi
	commit=$(commit_as "$identity_name" "$identity_email" '@0 +0000' "$tree" <<<"Linux $KERNEL_VERSION")
	lgit update-ref refs/heads/base "$commit"
	echo "$3" >"$linux_git/rdhup-source"
}

# take KIND PATH: check a source and import it, unless that has been done.
take() {
	local identity tree
	# what tells two sources apart without reading them whole
	if [ "$1" = git ]; then
		identity="git $2 $(git -C "$2" rev-parse HEAD)"
	else
		identity="$1 $2 $(stat -c '%s %Y' "$2")"
	fi
	[ "$identity" != "$(cat "$linux_git/rdhup-source" 2>/dev/null)" ] ||
		! lgit rev-parse -q --verify refs/heads/base >/dev/null || return 0
	need_space 3 "unpacking and importing Linux"
	if [ "$1" = tar ]; then
		step "unpacking ${2##*/}"
		rm -rf "$incoming"
		mkdir -p "$incoming"
		tar -xf "$2" -C "$incoming" --strip-components=1 2>"$build/tar.log" ||
			die "$2 cannot be unpacked; is it whole?"
		check_source dir "$incoming"
		step "importing Linux $KERNEL_VERSION into git: a minute or two"
		import dir "$incoming" "$identity"
		rm -rf "$incoming"
	else
		check_source "$1" "$2"
		step "importing $2 into git"
		import "$1" "$2" "$identity"
	fi
	tree=$(lgit rev-parse 'base^{tree}')
	step "base is tree $tree, $([ "$tree" = "$debian_tree" ] || echo "not ")the one of Debian's package"
}

# from NAME: one source of the chain; what is wrong with it ends this process.
from() {
	local file=$tarball
	case $1 in
	shared) file=$(realpath "$shared_tarball") ;;
	debian | kernel_org)
		need_space 2 "downloading Linux $KERNEL_VERSION"
		mkdir -p "${tarball%/*}"
		"download_$1"
		;;
	esac
	take tar "$file"
}

# try NAME WHAT: ends this script if that source is taken.
passed_over=()
try() {
	! "$0" --from "$1" 2>"$build/base.why" || exit 0
	passed_over+=("$2: $(sed 's/^rdhup: //' "$build/base.why" | tail -n 1)")
	step "passed over: ${passed_over[-1]}"
}

need git make xz
locked "the import of Linux"
if [ "${1:-}" = --from ]; then
	from "$2"
elif [ -n "${LINUX:-}" ]; then
	[ -d "$LINUX" ] || die "LINUX=$LINUX is not a directory; name a kernel tree"
	path=$(cd "$LINUX" && pwd)
	if git -C "$path" rev-parse --is-inside-git-dir >/dev/null 2>&1 &&
		[ -z "$(git -C "$path" rev-parse --show-prefix 2>/dev/null)" ]; then
		take git "$path"
	else
		take dir "$path"
	fi
elif [ -n "${LINUX_TARBALL:-}" ]; then
	[ -f "$LINUX_TARBALL" ] || die "LINUX_TARBALL=$LINUX_TARBALL does not exist"
	take tar "$(realpath "$LINUX_TARBALL")"
else
	[ ! -f "$shared_tarball" ] || try shared "../shared/kernel"
	! lgit rev-parse -q --verify refs/heads/base >/dev/null 2>&1 || exit 0
	[ ! -f "$tarball" ] || try downloaded "what was downloaded before"
	try debian "Debian's $debian_package"
	try kernel_org "kernel.org"
	printf 'rdhup: %s\n' "${passed_over[@]}" >&2
	die "no Linux $KERNEL_VERSION to be had; set LINUX= to a tree of it, or LINUX_TARBALL="
fi
