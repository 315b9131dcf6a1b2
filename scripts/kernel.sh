#!/usr/bin/env bash
# kernel.sh K: build one kernel for the guest.
#
# Takes: K, one of control, base, patched, or debug: patched with lockdep and
# KASAN.  Gives: $build/kernel/K/.config and $build/kernel/K/bzImage.  Does nothing if neither the tree nor the config
# nor the compiler has changed since the last build.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

kernel=${1:-}
tree=$build/linux/$kernel
out=$tree/.build
fragments=("$top/scripts/guest/common.config" "$top/scripts/guest/x86_64.config"
	"$top/tools/testing/selftests/net/rdhup/config")

case $kernel in
control | base | prove) ;;
patched) fragments+=("$top/scripts/guest/patched.config") ;;
debug)
	fragments+=("$top/scripts/guest/patched.config" "$top/scripts/guest/debug.config")
	tree=$build/linux/patched
	out=$tree/.build-debug
	;;
*) die "K=$kernel is no kernel; name control, base, patched or debug" ;;
esac
need gcc ld make bc flex bison git perl ccache /usr/include/libelf.h \
	/usr/include/openssl/opensslv.h
[ -e "$tree/.git" ] || "$top/scripts/tree.sh"

# Nothing about who built it, when and where, so that the same tree gives the
# same kernel; the object directory lies right below the source, so that
# every path is relative and one compiler cache serves all trees.
kbuild() {
	make -C "$tree" O="${out##*/}" -j"$(nproc)" CC="ccache gcc" \
		KBUILD_BUILD_VERSION=1 KBUILD_BUILD_TIMESTAMP=@0 KBUILD_BUILD_USER=rdhup \
		KBUILD_BUILD_HOST=rdhup LOCALVERSION="-rdhup-$kernel" "$@"
}

configure() {
	local wanted
	cat "${fragments[@]}" >"$out/fragments.new"
	if cmp -s "$out/fragments.new" "$out/fragments" && [ -f "$out/.config" ]; then
		return
	fi
	(cd "$tree" && scripts/kconfig/merge_config.sh -n -Q -O "${out##*/}" "${fragments[@]}") \
		>"$out/config.log" 2>&1 || die "merge_config.sh failed; see $out/config.log"
	# an option that Kconfig dropped would be a test that silently skips
	while read -r wanted; do
		grep -qx "$wanted" "$out/.config" ||
			die "$wanted does not survive in $kernel's .config; its dependencies are missing from the fragments"
	done < <(grep -h '^CONFIG_.*=y$' "${fragments[@]}")
	mv "$out/fragments.new" "$out/fragments"
}

inputs() {
	git -C "$tree" rev-parse 'HEAD^{tree}'
	git -C "$tree" diff HEAD | sha256sum
	sha256sum <"$out/fragments"
	gcc --version | head -n 1
}

mkdir -p "$out" "$build/kernel"
ln -sfn "../linux/${tree##*/}/${out##*/}" "$build/kernel/$kernel"
configure
inputs >"$out/inputs.new"
if cmp -s "$out/inputs.new" "$out/inputs" && [ -f "$out/bzImage" ]; then
	exit 0
fi
need_space 2 "building $kernel"
step "building $kernel ($out/build.log)"
started=$SECONDS
kbuild bzImage 2>&1 | tee "$out/build.log" |
	grep --line-buffered -E '^  (CC|AS|LD|AR) ' | progress "$kernel" 1400 || true
grep -q 'Kernel: .*bzImage is ready' "$out/build.log" ||
	die "$kernel does not build: $(grep -m 1 -E 'error:|Error |\*\*\*' "$out/build.log"); see $out/build.log"
cp "$out/arch/x86/boot/bzImage" "$out/bzImage.new"
mv "$out/bzImage.new" "$out/bzImage"
mv "$out/inputs.new" "$out/inputs"
step "$kernel built in $((SECONDS - started)) s"
