#!/usr/bin/env bash
# kunit.sh: build and run the KUnit suites of the patched tree with the kernel's
# own kunit.py, its machine and its options, and what Linux has by default, but
# for what is dear to build and nothing to these suites.
#
# Takes: K, patched or ARCH-patched.  Gives: a line a test and the sum, and in
# $build/kunit/ARCH the .config, the kernel and test.log, its console.  Exit status
# 0 only if all pass.
# shellcheck source=scripts/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=scripts/guest/machine.sh
. "$top/scripts/guest/machine.sh"

machine_of "${K:-patched}"
[ "$kind" = patched ] || die "K=$K: the suites are in patched and in ARCH-patched"
tree=$build/linux/patched
machines=$tree/tools/testing/kunit/qemu_configs
out=$build/kunit/$arch
need "${kernel_tools[@]}" "${cross}gcc"
[ -e "$tree/.git" ] || "$top/scripts/tree.sh"
# some files are called by the kernel's ARCH=, some by a name like ours
file=$arch
[ -f "$machines/$file.py" ] || file=$linux_arch
[ -f "$machines/$file.py" ] ||
	die "kunit.py has no machine for $arch: no $arch.py and no $linux_arch.py in $machines"
need "$(sed -n "s/.*qemu_arch='\([a-z0-9_]*\)'.*/qemu-system-\1/p" "$machines/$file.py")"

mkdir -p "$out"
{
	printf 'CONFIG_%s=y\n' KUNIT NET EXPERT
	printf 'CONFIG_%s=n\n' BLOCK COREDUMP INPUT KVM SERIO VT
	cat "$top/scripts/guest/patched.config"
} >"$out/suites"
step "the KUnit suites on $arch ($out/kunit.log)"
status=0
(cd "$tree" && PYTHONDONTWRITEBYTECODE=1 tools/testing/kunit/kunit.py run --arch="$file" \
	--cross_compile="$cross" --build_dir="$out" --kunitconfig="$out/suites" \
	--make_options="CC=ccache ${cross}gcc") >"$out/kunit.log" 2>&1 </dev/null || status=$?
grep -E '^\[[0-9:]+\] (=|\[|Testing)' "$out/kunit.log" || true
[ "$status" = 0 ] ||
	die "kunit.py fails on $arch: $(grep -m 1 -E 'FAILED|CRASHED|rror:|Missing:|\*\*\*' "$out/kunit.log" ||
		echo "exit status $status"); see $out/kunit.log"
