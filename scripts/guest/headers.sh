#!/usr/bin/env bash
# headers.sh TREE ARCH...: what a worktree exports to user space, by the kernel's own
# `make headers`: in $build/headers/TREE usr/include, without asm/, which is the same
# for all, and arch/ARCH/asm; installed anew only if the sources have changed.
# shellcheck source=scripts/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"

name=${1:?}
shift
tree=$build/linux/$name
out=$build/headers/$name
[ $# -gt 0 ] || die "headers.sh: name an architecture of $tree/arch"

# What the exported headers are made from, and with.
inputs() {
	local paths
	mapfile -t paths < <(git -C "$tree" ls-tree -d --name-only HEAD arch/)
	paths=("${paths[@]/%//include/uapi}" include/uapi scripts/headers_install.sh
		scripts/Makefile.headersinst scripts/Makefile.asm-headers)
	git -C "$tree" ls-tree HEAD "${paths[@]}"
	git -C "$tree" diff HEAD -- "${paths[@]}" | sha256sum
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
locked "the headers of $name"
inputs >"$out/inputs"
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
