#!/usr/bin/env bash
# base.sh refuses what is not an unmodified Linux 7.3.4, and touches nothing.
# shellcheck source=scripts/tests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=scripts/lib/lib.sh
. "$top/scripts/lib/lib.sh"
need curl	# for the last source of the chain

# The smallest tree that passes for the real one: the top Makefile and every
# file that a patch touches.
small_tree() { # small_tree DIR
	mkdir -p "$1"
	local touched
	mapfile -t touched < <(sed -n 's|^diff --git a/[^ ]* b/||p' "$top"/patches/*/*.patch |
		grep -v '^man/' | sort -u)
	git --git-dir="$build/linux.git" archive base Makefile "${touched[@]}" | tar -x -C "$1"
}

import() { # import VARIABLE=VALUE: run base.sh with a build directory of its own
	env "$@" BUILD="$tmp/build" "$top/scripts/lib/base.sh"
}

small_tree "$tmp/old"
sed -i 's/^SUBLEVEL = .*/SUBLEVEL = 3/' "$tmp/old/Makefile"
refuses "another kernel version is refused, and both are named" \
	'Linux 7\.3\.3, these patches are for 7\.3\.4' import LINUX="$tmp/old"

mkdir "$tmp/empty"
refuses "a directory that is no kernel tree is refused" \
	'is no kernel tree' import LINUX="$tmp/empty"
refuses "a directory that does not exist is refused" \
	'is not a directory' import LINUX="$tmp/nowhere"
refuses "a tarball that does not exist is refused" \
	'does not exist' import LINUX_TARBALL="$tmp/nowhere.tar.xz"

small_tree "$tmp/edited"
echo '/* edited */' >>"$tmp/edited/net/ipv4/tcp.c"
refuses "a touched file that differs is named with its patch" \
	'net/ipv4/tcp\.c in .* differs .* patch [a-z_-]+/[0-9]{4}-.*\.patch' import LINUX="$tmp/edited"

small_tree "$tmp/built"
touch "$tmp/built/.config"
refuses "a tree that has been built in is refused" 'has been built in' import LINUX="$tmp/built"

small_tree "$tmp/git"
git -C "$tmp/git" init -q
git -C "$tmp/git" add -Af
git -C "$tmp/git" -c user.name=test -c user.email=test@localhost commit -q -m base
echo '/* edited */' >>"$tmp/git/net/ipv4/tcp.c"
refuses "a git tree with uncommitted changes is refused" 'uncommitted changes' import LINUX="$tmp/git"
git -C "$tmp/git" -c user.name=test -c user.email=test@localhost commit -q -a -m edited
refuses "a git tree whose touched file differs is refused" 'net/ipv4/tcp\.c in .* differs' \
	import LINUX="$tmp/git"
git -C "$tmp/git" reset -q --hard HEAD^
before=$(find "$tmp/git" -type f -exec sha256sum {} + | sort | sha256sum)
import LINUX="$tmp/git" >"$tmp/out"
ok "a git tree is imported" test "$(git --git-dir="$tmp/build/linux.git" rev-parse 'base^{tree}')" = \
	"$(git -C "$tmp/git" rev-parse 'HEAD^{tree}')"
ok "and not one file of it has changed" test "$before" = \
	"$(find "$tmp/git" -type f -exec sha256sum {} + | sort | sha256sum)"

small_tree "$tmp/dir"
import LINUX="$tmp/dir" >"$tmp/out"
ok "an unpacked tree is imported" test "$(git --git-dir="$tmp/build/linux.git" rev-parse 'base^{tree}')" = \
	"$(git -C "$tmp/git" rev-parse 'HEAD^{tree}')"
ok "and has no new file" test -z "$(diff -rq --exclude=.git "$tmp/dir" "$tmp/git")"
mkdir "$tmp/wrapped"
cp -r "$tmp/dir" "$tmp/wrapped/linux-7.3.4"
tar -cJf "$tmp/linux.tar.xz" -C "$tmp/wrapped" linux-7.3.4
import LINUX_TARBALL="$tmp/linux.tar.xz" >"$tmp/out"
ok "a tarball is imported" test "$(git --git-dir="$tmp/build/linux.git" rev-parse 'base^{tree}')" = \
	"$(git -C "$tmp/git" rev-parse 'HEAD^{tree}')"
head -c 1000 "$tmp/linux.tar.xz" >"$tmp/short.tar.xz"
refuses "a tarball that is cut short is refused" 'cannot be unpacked' import LINUX_TARBALL="$tmp/short.tar.xz"

# The chain, each source of it planted: a checkout with shared/ beside it, a
# package and an apt that brings it, a folder in place of kernel.org's.  What is
# imported is told by its tree.
mkdir -p "$tmp/place/shared/kernel" "$tmp/bin" "$tmp/deb/DEBIAN" "$tmp/deb/usr/src" "$tmp/kernel.org"
copy_repository "$tmp/place/main"
whole=$tmp/linux.tar.xz	# Linux 7.3.4
sed -i 's/^SUBLEVEL = .*/SUBLEVEL = 5/' "$tmp/wrapped/linux-7.3.4/Makefile"
tar -cJf "$tmp/next.tar.xz" -C "$tmp/wrapped" linux-7.3.4
shared=$tmp/place/shared/kernel/linux-source-7.3.tar.xz
printf 'Package: linux-source-7.3\nVersion: 7.3.4-1\nArchitecture: all\nMaintainer: nobody\nDescription: planted\n' \
	>"$tmp/deb/DEBIAN/control"
cat >"$tmp/bin/apt-get" <<END
#!/bin/sh
case "\$*" in
*update*) [ -e "$tmp/answers" ] ;;
*download*) cp "$tmp"/linux-source-7.3_*.deb . ;;
*) echo http://mirror.localhost/debian/ ;;
esac
END
chmod +x "$tmp/bin/apt-get"
package() { # package TARBALL: what Debian's package has in it
	cp "$1" "$tmp/deb/usr/src/linux-source-7.3.tar.xz"
	dpkg-deb -b "$tmp/deb" "$tmp/linux-source-7.3_7.3.4-1_all.deb" >/dev/null
	: >"$tmp/answers"
}
chain() {
	rm -rf "$tmp/build"
	env PATH="$tmp/bin:$PATH" BUILD="$tmp/build" KERNEL_ORG="file://$tmp/kernel.org" \
		"$tmp/place/main/scripts/lib/base.sh" >"$tmp/chain" 2>&1
}
imported() { # imported PATTERN: base is the tree, and the output has that line
	[ "$(git --git-dir="$tmp/build/linux.git" rev-parse 'base^{tree}')" = \
		"$(git -C "$tmp/git" rev-parse 'HEAD^{tree}')" ] && grep -q -- "$1" "$tmp/chain"
}
ran_out() { # ran_out PATTERN...: nothing was imported, and each source says why
	local pattern
	for pattern; do
		grep -q -- "^rdhup: $pattern" "$tmp/chain" || return 1
	done
}

cp "$whole" "$shared"
chain || true
ok "the tarball in ../shared/kernel is taken first" imported '^==> base is tree'
cp "$tmp/next.tar.xz" "$shared"
package "$whole"
chain || true
ok "one that has moved on is passed over, and Debian's package taken" \
	imported '^==> passed over: ../shared/kernel: .* is Linux 7\.3\.5, these patches are for 7\.3\.4'
cp "$tmp/short.tar.xz" "$shared"
package "$tmp/next.tar.xz"
cp "$whole" "$tmp/kernel.org/linux-7.3.4.tar.xz"
chain || true
ok "so is one that is damaged" imported '^==> passed over: ../shared/kernel: .* cannot be unpacked'
ok "and Debian's package, when it has moved on, for kernel.org's tarball" \
	imported "^==> passed over: Debian's linux-source-7.3: .* is Linux 7\\.3\\.5"
rm "$shared" "$tmp/answers"
chain || true
ok "an archive that does not answer is passed over" \
	imported "^==> passed over: Debian's linux-source-7.3: the archive does not answer"
cp "$tmp/next.tar.xz" "$shared"
ok "what was imported before is taken when the tarball has moved on" env PATH="$tmp/bin:$PATH" \
	BUILD="$tmp/build" KERNEL_ORG="file://$tmp/nowhere" "$tmp/place/main/scripts/lib/base.sh"
mkdir -p "$tmp/kept/download"
cp "$whole" "$tmp/kept/download/linux.tar.xz"
ok "and what was downloaded before, where nothing else answers" env PATH="$tmp/bin:$PATH" \
	BUILD="$tmp/kept" KERNEL_ORG="file://$tmp/nowhere" "$tmp/place/main/scripts/lib/base.sh"
cp "$tmp/short.tar.xz" "$shared"
rm "$tmp/kernel.org/linux-7.3.4.tar.xz"
chain || true
ok "when all are used up, each is named with what is wrong with it" ran_out '../shared/kernel: .* cannot be unpacked' \
	"Debian's linux-source-7.3: the archive does not answer" 'kernel.org: it does not answer' 'no Linux 7.3.4 to be had'
ok "and nothing was imported" test ! -e "$tmp/build/linux.git/refs/heads/base"

# a disk that is too small, where one may be mounted
mkdir "$tmp/small"
if mount -t tmpfs -o size=1m none "$tmp/small" 2>/dev/null; then
	refuses "a full disk is told before anything is unpacked" \
		'needs [0-9]+ GB in .* which has 0; make room or set BUILD=' \
		env BUILD="$tmp/small" LINUX_TARBALL="$tmp/linux.tar.xz" "$top/scripts/lib/base.sh"
	umount "$tmp/small"
fi
