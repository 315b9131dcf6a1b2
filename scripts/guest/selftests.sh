#!/usr/bin/env bash
# selftests.sh [ARCH]: build the kselftests, static, with the kernel's own rules and
# the headers of the patched tree, in $build/selftests, or $build/selftests-ARCH.
# shellcheck source=scripts/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=scripts/guest/machine.sh
. "$top/scripts/guest/machine.sh"

machine "${1:-x86_64}"
tree=$build/linux/patched
out=$build/selftests$tag
headers=$build/headers/patched
targets="net/rdhup filesystems/epoll"

need "${cross}gcc" gcc make rsync "static:${cross}gcc"
[ -e "$tree/.git" ] || "$top/scripts/tree.sh"
inputs() {
	git -C "$tree" rev-parse HEAD:tools/testing/selftests HEAD:include/uapi
	git -C "$tree" diff HEAD -- tools/testing/selftests include/uapi | sha256sum
	[ -z "$cross" ] || "${cross}gcc" --version | head -n 1
}
mkdir -p "$out"
inputs >"$out/inputs.new"
if cmp -s "$out/inputs.new" "$out/inputs"; then
	exit 0
fi
"$top/scripts/guest/headers.sh" patched "$linux_arch"
step "building the selftests ($out/build.log)"
if ! make -C "$tree/tools/testing/selftests" TARGETS="$targets" O="$out" \
	ARCH="$linux_arch" CROSS_COMPILE="$cross" CC="${cross}gcc" \
	KHDR_INCLUDES="-isystem $headers/arch/$linux_arch -isystem $headers/usr/include" \
	USERLDFLAGS=-static USERCFLAGS=-Werror -j"$(nproc)" >"$out/build.log" 2>&1 ||
	# lib.mk goes on after a program that does not compile
	grep -q 'error:' "$out/build.log"; then
	die "the selftests do not build: $(grep -m 1 -E 'error:|\*\*\*' "$out/build.log"); see $out/build.log"
fi
mv "$out/inputs.new" "$out/inputs"
