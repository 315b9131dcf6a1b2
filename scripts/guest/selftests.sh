#!/usr/bin/env bash
# selftests.sh [ARCH]: build the kselftests, static, with the kernel's own rules and
# the headers of the patched tree, in $build/selftests, or $build/selftests-ARCH: those
# of ours, and the programs that are listed in scripts/guest/extended.
# shellcheck source=scripts/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=scripts/guest/machine.sh
. "$top/scripts/guest/machine.sh"

machine "${1:-x86_64}"
tree=$build/linux/patched
out=$build/selftests$tag
headers=$build/headers/patched
targets="net/rdhup filesystems/epoll"

need "${cross}gcc" gcc make rsync "static:${cross}gcc" "${generator_tools[@]}"
[ -e "$tree/.git" ] || "$top/scripts/tree.sh"
sources=(tools/testing/selftests include/uapi tools/net/ynl Documentation/netlink)
inputs() {
	git -C "$tree" rev-parse "${sources[@]/#/HEAD:}"
	git -C "$tree" diff HEAD -- "${sources[@]}" | sha256sum
	cat "$top/scripts/guest/extended"
	[ -z "$cross" ] || "${cross}gcc" --version | head -n 1
}
mkdir -p "$out"
inputs >"$out/inputs.new"
! cmp -s "$out/inputs.new" "$out/inputs" || exit 0
"$top/scripts/guest/headers.sh" patched "$linux_arch"
compile() { # compile ARGUMENT...: the kernel's own rules
	make ARCH="$linux_arch" CROSS_COMPILE="$cross" CC="${cross}gcc" AR="${cross}ar" \
		KHDR_INCLUDES="-isystem $headers/arch/$linux_arch -isystem $headers/usr/include" \
		USERLDFLAGS=-static USERCFLAGS=-Werror -j"$(nproc)" "$@"
}

# What net/Makefile has generated and compiled for a program lands beside the sources
# in tools/net/ynl, and would do for another architecture: it is given a copy of them.
compile_extended() {
	local copy=$out/copy name folder program
	rm -rf "$copy"
	# the generator goes up until it finds MAINTAINERS, for ever if there is none
	for name in MAINTAINERS Documentation include tools/scripts; do
		mkdir -p "$copy/$(dirname "$name")"
		ln -s "$tree/$name" "$copy/$name"
	done
	while read -r folder program _; do
		git -C "$tree" ls-files -z -- tools/net/ynl ':(glob)tools/testing/selftests/*' \
			":(glob)tools/testing/selftests/$folder/*" | (cd "$tree" && xargs -0 cp -p --parents -t "$copy") &&
			mkdir -p "$copy/made" "$out/kselftest/$folder" &&
			compile -C "$copy/tools/testing/selftests/$folder" OUTPUT="$copy/made" \
				"$copy/made/$program" </dev/null &&
			mv "$copy/made/$program" "$out/kselftest/$folder/" || return
	done < <(sed '/^#/d' "$top/scripts/guest/extended")
	rm -rf "$copy"
}

step "building the selftests ($out/build.log)"
if ! {
	compile -C "$tree/tools/testing/selftests" TARGETS="$targets" O="$out" && compile_extended
} >"$out/build.log" 2>&1 ||
	# lib.mk goes on after a program that does not compile
	grep -q 'error:' "$out/build.log"; then
	die "the selftests do not build: $(grep -m 1 -E 'error:|\*\*\*' "$out/build.log"); see $out/build.log"
fi
mv "$out/inputs.new" "$out/inputs"
