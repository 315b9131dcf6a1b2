#!/usr/bin/env bash
# base.sh: find Linux 7.3.4, check it, and import it into $build/linux.git as
# branch `base`, without ever writing to where it came from.
#
# The first of these that is there is taken: LINUX= (a git tree or an
# unpacked tree), LINUX_TARBALL=, ../shared/kernel/, what was imported
# before, Debian's linux-source-7.3, kernel.org.  Checked before it is used:
# the kernel version, and every file that a patch touches against the blob id
# on the patch's own index line.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

shared_tarball=$top/../shared/kernel/linux-source-7.3.tar.xz
cached_tarball=$build/download/linux-source-7.3.tar.xz
debian_sha256=76df1affb19f24926949369be1d74b60071c963c598ce8780bddd4bbf0fc3bc4
incoming=$build/incoming

# Prints "git DIR", "dir DIR" or "tar FILE", or nothing if it must be fetched.
find_source() {
	if [ -n "${LINUX:-}" ]; then
		[ -d "$LINUX" ] || die "LINUX=$LINUX is not a directory; name a kernel tree"
		if git -C "$LINUX" rev-parse --is-inside-git-dir >/dev/null 2>&1 &&
			[ -z "$(git -C "$LINUX" rev-parse --show-prefix 2>/dev/null)" ]; then
			echo "git $(cd "$LINUX" && pwd)"
		else
			echo "dir $(cd "$LINUX" && pwd)"
		fi
	elif [ -n "${LINUX_TARBALL:-}" ]; then
		[ -f "$LINUX_TARBALL" ] || die "LINUX_TARBALL=$LINUX_TARBALL does not exist"
		echo "tar $(realpath "$LINUX_TARBALL")"
	elif [ -f "$shared_tarball" ]; then
		echo "tar $(realpath "$shared_tarball")"
	elif lgit rev-parse -q --verify refs/heads/base >/dev/null 2>&1; then
		echo "imported base"
	elif [ -f "$cached_tarball" ]; then
		echo "tar $cached_tarball"
	fi
}

# What tells two sources apart without reading them whole.
identity_of() { # identity_of KIND PATH
	case $1 in
	git) echo "git $2 $(git -C "$2" rev-parse HEAD)" ;;
	*) echo "$1 $2 $(stat -c '%s %Y' "$2")" ;;
	esac
}

# Debian's package through an apt configuration of our own, so that nothing
# in /etc changes; the tarball inside lands in the cache.
fetch_from_debian() {
	local apt=$build/apt deb
	has apt-get && has dpkg-deb || return 1
	mkdir -p "$apt/lists/partial" "$apt/archives/partial" "$build/download"
	echo "deb http://deb.debian.org/debian trixie-backports main" >"$apt/sources.list"
	local opts=(-o "Dir::Etc::SourceList=$apt/sources.list" -o Dir::Etc::SourceParts=/dev/null
		-o "Dir::State::Lists=$apt/lists" -o "Dir::Cache=$apt" -o APT::Sandbox::User=
		-o "Dir::Etc::Trusted=/usr/share/keyrings/debian-archive-keyring.gpg")
	apt-get "${opts[@]}" update -qq >"$build/apt.log" 2>&1 || return 1
	(cd "$apt" && apt-get "${opts[@]}" download -qq linux-source-7.3) \
		>>"$build/apt.log" 2>&1 || return 1
	deb=$(compgen -G "$apt/linux-source-7.3_*.deb" | tail -n 1)
	[ -n "$deb" ] || return 1
	dpkg-deb --fsys-tarfile "$deb" |
		tar -xO --wildcards '*linux-source-7.3.tar.xz' >"$cached_tarball.part"
	echo "$debian_sha256  $cached_tarball.part" | sha256sum --check --quiet ||
		die "Debian's linux-source-7.3 is no longer 7.3.4; set LINUX= or LINUX_TARBALL="
	mv "$cached_tarball.part" "$cached_tarball"
	rm -f "$deb"
}

fetch_from_kernel_org() {
	local url=https://cdn.kernel.org/pub/linux/kernel/v7.x/linux-$KERNEL_VERSION.tar.xz
	has curl || return 1
	mkdir -p "$build/download"
	curl -fsSL -o "$cached_tarball.part" "$url" || return 1
	mv "$cached_tarball.part" "$cached_tarball"
}

version_in() { # version_in KIND PATH
	case $1 in
	git) git -C "$2" show HEAD:Makefile 2>/dev/null ;;
	dir) cat "$2/Makefile" 2>/dev/null ;;
	esac | awk -F' *= *' '
		$1 == "VERSION" { v = $2 } $1 == "PATCHLEVEL" { p = $2 }
		$1 == "SUBLEVEL" { s = $2 } $1 == "EXTRAVERSION" { e = $2 }
		END { if (v != "") print v "." p "." s e }'
}

# The blob id that FILE has in the source, or nothing.
blob_in() { # blob_in KIND PATH FILE
	case $1 in
	git) git -C "$2" rev-parse -q --verify "HEAD:$3" || true ;;
	dir) [ ! -f "$2/$3" ] || git hash-object --no-filters "$2/$3" ;;
	esac
}

# Lines "FILE BLOB PATCH": the blob that each touched file must have in base.
# A patch of introduce ends at base, so its last patch of a file counts and
# the blob after it; the others start at base.
expected_blobs() {
	local series patch
	for series in introduce $(sendable_series); do
		for patch in $(patches_up_to "$series"); do
			[ -f "$patch" ] || die "$series/series names ${patch##*/}, which does not exist"
			awk -v side="$series" -v name="$series/${patch##*/}" '
				/^diff --git / { file = substr($4, 3) }
				/^index [0-9a-f]+\.\.[0-9a-f]+/ {
					split($2, id, /\.\./)
					print file, id[side == "introduce" ? 2 : 1], name
				}' "$patch"
		done | if [ "$series" = introduce ]; then tac; else cat; fi |
			awk '!seen[$1]++'
	done
}

check_source() { # check_source KIND PATH
	local version file blob patch found
	version=$(version_in "$1" "$2") || version=
	[ -n "$version" ] || die "$2 is no kernel tree: its top Makefile names no version"
	[ "$version" = "$KERNEL_VERSION" ] ||
		die "$2 is Linux $version, these patches are for $KERNEL_VERSION; \`make rebase\` carries them elsewhere"
	if [ "$1" = git ]; then
		[ -z "$(GIT_OPTIONAL_LOCKS=0 git -C "$2" status --porcelain -uno 2>/dev/null | head -n 1)" ] ||
			die "$2 has uncommitted changes; commit or stash them, or name another tree"
	elif [ -e "$2/.config" ] || [ -d "$2/include/generated" ]; then
		die "$2 has been built in; name a clean tree (make mrproper there)"
	fi
	while read -r file blob patch; do
		found=$(blob_in "$1" "$2" "$file")
		[[ $found == "$blob"* ]] ||
			die "$file in $2 differs from what patch $patch was made for (blob ${found:-missing}, not $blob); use an unmodified $KERNEL_VERSION"
	done < <(expected_blobs)
}

import() { # import KIND PATH
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
	commit=$(GIT_AUTHOR_NAME=$identity_name GIT_AUTHOR_EMAIL=$identity_email \
		GIT_COMMITTER_NAME=$identity_name GIT_COMMITTER_EMAIL=$identity_email \
		GIT_AUTHOR_DATE='@0 +0000' GIT_COMMITTER_DATE='@0 +0000' \
		git --git-dir="$linux_git" commit-tree -m "Linux $KERNEL_VERSION" "$tree")
	lgit update-ref refs/heads/base "$commit"
	identity_of "$kind" "$path" >"$linux_git/rdhup-source"
}

need git make xz
# in two steps, so that what find_source() refuses ends this script
found=$(find_source)
read -r kind path <<<"$found" || true
if [ -z "${kind:-}" ]; then
	need_space 2 "downloading Linux $KERNEL_VERSION"
	step "fetching Linux $KERNEL_VERSION"
	fetch_from_debian || fetch_from_kernel_org ||
		die "no Linux $KERNEL_VERSION to be had; set LINUX= or LINUX_TARBALL="
	kind=tar path=$cached_tarball
fi
[ "$kind" != imported ] || exit 0
if [ -f "$linux_git/rdhup-source" ] && lgit rev-parse -q --verify refs/heads/base >/dev/null &&
	[ "$(identity_of "$kind" "$path")" = "$(cat "$linux_git/rdhup-source")" ]; then
	exit 0
fi

case $kind in
tar)
	need_space 3 "unpacking and importing Linux"
	step "unpacking ${path##*/}"
	rm -rf "$incoming"
	mkdir -p "$incoming"
	tar -xf "$path" -C "$incoming" --strip-components=1 ||
		die "$path cannot be unpacked; is it whole?"
	check_source dir "$incoming"
	step "importing Linux $KERNEL_VERSION into git"
	import dir "$incoming"
	rm -rf "$incoming"
	;;
*)
	check_source "$kind" "$path"
	need_space 3 "importing Linux"
	step "importing $path into git"
	import "$kind" "$path"
	;;
esac
