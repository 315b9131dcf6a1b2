#!/usr/bin/env bash
# kernel.sh K [TARGET...]: build one kernel for the guest, $build/kernel/K/.config
# and the image, unless neither tree nor config nor compiler has changed.
#
# Takes: K, one of control, base, patched, or patched with what finds faults,
# debug and kcsan, or others_base and others_patched for other people's suites; with
# the name of an architecture before it for another than x86_64.  With targets of
# the kernel's make, such as net/, these are built, from nothing, in K-clean.
# shellcheck source=scripts/lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"
# shellcheck source=scripts/guest/machine.sh
. "$top/scripts/guest/machine.sh"

machine_of "${1:-}"
[ -f "$top/scripts/guest/$arch.config" ] ||
	die "$arch has no scripts/guest/$arch.config, which says what its kernel needs of QEMU's machine"
name=$kind suffix=
fragments=("$top/scripts/guest/common.config" "$top/tools/testing/selftests/net/rdhup/config")
[ "$arch" = x86_64 ] || fragments+=("$top/scripts/guest/lean.config")
fragments+=("$top/scripts/guest/$arch.config")

case $kind in
prove) name=scratch ;;
patched) fragments+=("$top/scripts/guest/patched.config") ;;
debug | kcsan)
	fragments+=("$top/scripts/guest/patched.config" "$top/scripts/guest/$kind.config")
	name=patched suffix=-$kind
	;;
others_*)
	fragments+=("$top/scripts/guest/others.config")
	name=${kind#others_} suffix=-others
	;;
esac
tree=$build/linux/$name
out=$tree/.build$tag$suffix
need "${kernel_tools[@]}" "${cross}gcc"
[ -e "$tree/.git" ] || "$top/scripts/tree.sh"
targets=("${@:2}")
if [ ${#targets[@]} -gt 0 ]; then
	kernel+=-clean
	out+=-clean
	rm -rf "$out"
fi
locked "kernel $kernel"

target=(ARCH="$linux_arch" CROSS_COMPILE="$cross")

# Nothing about who built it, when and where, so that the same tree gives the
# same kernel; the object directory lies right below the source, so that
# every path is relative and one compiler cache serves all trees.  An option that
# is new since the tree was configured is not asked for, it has its default.
kbuild() {
	make -C "$tree" O="${out##*/}" -j"$(nproc)" "${target[@]}" CC="ccache ${cross}gcc" \
		KBUILD_BUILD_VERSION=1 KBUILD_BUILD_TIMESTAMP=@0 KBUILD_BUILD_USER=rdhup \
		KBUILD_BUILD_HOST=rdhup LOCALVERSION="-rdhup-$kernel" "$@" </dev/null
}

configure() {
	local wanted
	cat "${fragments[@]}" >"$out/fragments.new"
	! cmp -s "$out/fragments.new" "$out/fragments" || [ ! -f "$out/.config" ] || return 0
	(cd "$tree" && env "${target[@]}" \
		scripts/kconfig/merge_config.sh -n -Q -O "${out##*/}" "${fragments[@]}") \
		>"$out/config.log" 2>&1 || die "merge_config.sh failed; see $out/config.log"
	# An option that Kconfig dropped would be a test that silently skips.  The
	# last fragment to name an option has the say, so that an architecture
	# can do without what it does not have.
	wanted=$(awk -F = '/^CONFIG_/ { value[$1] = $2 }
		END { for (o in value) if (value[o] == "y") print o "=y" }' "${fragments[@]}" |
		sort | grep -vxFf "$out/.config" | head -n 1) || true
	[ -z "$wanted" ] ||
		die "$wanted does not survive in $kernel's .config; its dependencies are missing from the fragments"
	mv "$out/fragments.new" "$out/fragments"
}

# A tree that differs from base in a few files need not compile what it shares
# with it: its object directory begins as a copy of base's.  make goes by the
# dates of files, so what differs is made newer than the objects, and what does
# not, if it was checked out after they were made, older than all of them.
# Objects that need an option which is new are found by fixdep, by its name.  So
# does others_base begin with base's, and others_patched with that of others_base.
seed() {
	local base=$build/linux/base differ
	local from=$base/.build$tag
	case $kind in
	control | patched | prove | others_base) ;;
	others_*) from+=-others ;;
	*) return ;;
	esac
	[ ${#targets[@]} = 0 ] && [ ! -e "$out/.config" ] && [ -s "$from/inputs" ] || return 0
	[ -z "$(git -C "$base" status --porcelain -uno)" ] || return 0
	step "$kernel begins with what base has compiled"
	rm -rf "$out.new"
	cp -a "$from" "$out.new"
	rm -f "$out.new"/{inputs,build.log,made,"${image##*/}"}
	# objtool, upon which every object depends, names its sources by whole paths
	[ ! -d "$out.new/tools" ] || find "$out.new/tools" -name '.*.cmd' -exec sed -i "s|$base/|$tree/|g" {} +
	differ=$(git -C "$tree" diff --name-only "$(git -C "$base" rev-parse HEAD)")
	# shellcheck disable=SC2185 # find has its paths from stdin
	git -C "$tree" ls-files -z | grep -zvxFf <(printf '%s\n' "$differ") |
		(cd "$tree" && find -files0-from - -newer "$from/include/config/auto.conf" -exec touch -h -d 2000-01-01 {} +)
	(cd "$tree" && xargs -r -d '\n' touch -c <<<"$differ")
	git -C "$tree" update-index -q --refresh || true
	rm -rf "$out"
	mv "$out.new" "$out"	# all or nothing: stale objects would pass for new ones
}

inputs() {
	git -C "$tree" rev-parse 'HEAD^{tree}'
	git -C "$tree" diff HEAD | sha256sum
	sha256sum <"$out/fragments"
	"${cross}gcc" --version | head -n 1
}

mkdir -p "$build/kernel"
seed
mkdir -p "$out"
ln -sfn "../linux/${tree##*/}/${out##*/}" "$build/kernel/$kernel"
configure
inputs >"$out/inputs.new"
file=$out/${image##*/}
! cmp -s "$out/inputs.new" "$out/inputs" || [ ! -f "$file" ] || exit 0
need_space 2 "building $kernel"
step "building $kernel ($out/build.log): with nothing in the compiler's cache some 13 minutes on two CPUs, else one"
started=$SECONDS
rm -f "$out"/{made,inputs}
[ ${#targets[@]} -gt 0 ] || targets=("${image##*/}")
# A fifth of the time of a build that the cache knows nothing of: compile what
# has been preprocessed for the cache.  gcc then warns of what it does not warn
# of in macros, which is why make lint does not do so, and does not of a macro
# that is defined twice, by which Kconfig knows a compiler with __int128: its
# questions are asked before.
{
	if kbuild syncconfig && CCACHE_NOCPP2=1 kbuild "${targets[@]}"; then
		: >"$out/made"
	fi
} 2>&1 | tee "$out/build.log" |
	grep --line-buffered -E '^  (CC|AS|LD|AR) ' | progress "$kernel" 1700 || true
[ -f "$out/made" ] ||
	die "$kernel does not build: $(grep -m 1 -E 'error:|Error |\*\*\*' "$out/build.log"); see $out/build.log"
if [ "${targets[*]}" = "${image##*/}" ] && [ "$out/$image" != "$file" ]; then
	cp "$out/$image" "$file.new"
	mv "$file.new" "$file"
fi
mv "$out/inputs.new" "$out/inputs"
step "$kernel built in $((SECONDS - started)) s"
