#!/usr/bin/env bash
# selftests.sh: build the kselftests, static, with the kernel's own rules and
# the headers of the patched tree; the same programs run in every kernel.
# Gives: $build/selftests/kselftest/TARGET/PROGRAM.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

tree=$build/linux/patched
out=$build/selftests
targets="net/rdhup filesystems/epoll"

need gcc make rsync
[ -e "$tree/.git" ] || "$top/scripts/tree.sh"
inputs() {
	git -C "$tree" rev-parse HEAD:tools/testing/selftests HEAD:include/uapi
	git -C "$tree" diff HEAD -- tools/testing/selftests include/uapi | sha256sum
}
mkdir -p "$out"
inputs >"$out/inputs.new"
if cmp -s "$out/inputs.new" "$out/inputs"; then
	exit 0
fi
step "building the selftests ($out/build.log)"
{
	make -s -C "$tree" O="$build/headers" headers
	make -C "$tree/tools/testing/selftests" TARGETS="$targets" O="$out" \
		KHDR_INCLUDES="-isystem $build/headers/usr/include" \
		USERLDFLAGS=-static USERCFLAGS=-Werror -j"$(nproc)"
} >"$out/build.log" 2>&1 ||
	die "the selftests do not build: $(grep -m 1 -E 'error:|\*\*\*' "$out/build.log"); see $out/build.log"
# lib.mk goes on after a program that does not compile
if grep -q 'error:' "$out/build.log"; then
	die "the selftests do not build: $(grep -m 1 'error:' "$out/build.log"); see $out/build.log"
fi
mv "$out/inputs.new" "$out/inputs"
