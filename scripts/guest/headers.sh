#!/usr/bin/env bash
# headers.sh TREE ARCH...: what a worktree exports to user space, installed by
# the kernel's own `make headers`.
#
# Takes: control, base or patched, and names of arch/.  Gives, in
# $build/headers/TREE: usr/include, without asm/, which is the same for all
# architectures, and arch/ARCH/asm; installed anew only if the sources have
# changed.  Errors: one line that names the tree, the architecture and the log.
# shellcheck source=scripts/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"

name=${1:?}
shift
tree=$build/linux/$name
out=$build/headers/$name
[ $# -gt 0 ] || die "headers.sh: name an architecture of $tree/arch"

# What the exported headers are made from, and with.
inputs() {
	local paths=(include/uapi scripts/headers_install.sh scripts/Makefile.headersinst
		scripts/Makefile.asm-headers) arch
	while read -r arch; do
		paths+=("$arch/include/uapi")
	done < <(git -C "$tree" ls-tree -d --name-only HEAD arch/)
	git -C "$tree" ls-tree HEAD "${paths[@]}"
	git -C "$tree" diff HEAD -- "${paths[@]}" | sha256sum
}

# What asm/ of one architecture is made from, in some tree.
made_from() { # made_from TREE ARCH
	local paths=("arch/$2" scripts/headers_install.sh scripts/Makefile.headersinst
		scripts/Makefile.asm-headers)
	[ "$2" != um ] || paths+=(arch/x86)
	git -C "$build/linux/$1" ls-tree HEAD "${paths[@]}"
	git -C "$build/linux/$1" ls-tree --name-only HEAD include/uapi/asm-generic/
}

# A thousand headers cost some eighty CPU seconds, and asm/ of each architecture
# a few: a tree begins with what another one has made from the same files.  make
# looks at each that all have in common, by its date.
borrow() { # borrow ARCH...
	local other=$build/headers/patched file arch each
	[ "$name" != patched ] && [ ! -e "$out/usr" ] && [ -e "$other/usr/include" ] || return 0
	rm -rf "$out/usr.new"
	cp -a "$other/usr" "$out/usr.new"
	while read -r file; do
		rm -f "$out/usr.new/include/$file"
	done < <(cd "$build/linux" && diff -rq patched/include/uapi "$name/include/uapi" |
		sed -n 's|^Files patched/include/uapi/\(.*\) and .* differ$|\1|p')
	mv "$out/usr.new" "$out/usr"	# all or nothing: make would not see the difference
	for each in patched "$name"; do
		[ -z "$(git -C "$build/linux/$each" status --porcelain -uno)" ] || return 0
	done
	for arch; do
		cmp -s "$other/inputs" "$other/arch/$arch/inputs" || continue
		[ "$(made_from patched "$arch")" = "$(made_from "$name" "$arch")" ] || continue
		mkdir -p "$out/arch/$arch"
		cp -a "$other/arch/$arch/asm" "$out/arch/$arch/"
		cp "$out/inputs" "$out/arch/$arch/inputs"
	done
}

# All architectures share one output directory; asm/ is moved out, so that none
# is left for the next.
install_headers() { # install_headers ARCH
	local dir=$out/arch/$1
	rm -rf "$dir" "$out/usr/include/asm"
	mkdir -p "$dir"
	# user mode Linux exports the headers of its host
	make -s -C "$tree" O="$out" -j"$(nproc)" ARCH="$1" SUBARCH=x86 headers >"$out/$1.log" 2>&1 ||
		die "the headers of $name, $1 do not install: $(grep -m 1 -E 'error:|\*\*\*' "$out/$1.log"); see $out/$1.log"
	mv "$out/usr/include/asm" "$dir/"
	cp "$out/inputs" "$dir/inputs"
}

need gcc git make rsync
mkdir -p "$out"
exec 9>"$out/lock"
flock 9
inputs >"$out/inputs"
borrow "$@"
stale=()
for arch; do
	cmp -s "$out/inputs" "$out/arch/$arch/inputs" || stale+=("$arch")
done
[ ${#stale[@]} -gt 0 ] || exit 0
step "installing the headers of $name for ${stale[*]}"
for arch in "${stale[@]}"; do
	install_headers "$arch"
	echo "$arch"
done | progress "architectures" "${#stale[@]}"
