#!/usr/bin/env bash
# kunit.sh: build and run the KUnit suites of the patched tree with the kernel's
# own kunit.py, as its developers do.
#
# Takes: K, patched or ARCH-patched, of which scripts/guest/arches tells the
# prefix of the cross compiler.  The machine and the options that it needs are kunit.py's:
# tools/testing/kunit/qemu_configs/.  What Linux has by default is taken too,
# but for what is dear to build and nothing to these suites.
# Gives: a line a test and the sum, and in $build/kunit/ARCH the .config, the
# kernel and test.log, its console.  Exit status 0 only if all pass.
# shellcheck source=scripts/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=scripts/guest/machine.sh
. "$top/scripts/guest/machine.sh"

tree=$build/linux/patched
kunit=$tree/tools/testing/kunit
machine_of "${K:-patched}"
[ "$kind" = patched ] || die "K=$K: the suites are in patched and in ARCH-patched"
name=$arch
out=$build/kunit/$name
need "${kernel_tools[@]}" "${cross}gcc"
[ -e "$tree/.git" ] || "$top/scripts/tree.sh"

# Some files are called by the kernel's ARCH=, some by a name like ours.
machine_file() {
	local file
	for file in "$name" "$linux_arch"; do
		if [ -f "$kunit/qemu_configs/$file.py" ]; then
			echo "$file"
			return
		fi
	done
	die "kunit.py has no machine for $name: no $name.py and no $linux_arch.py in $kunit/qemu_configs"
}

# The emulator is kunit.py's choice, and it says which.
emulator_of() {
	sed -n "s/.*qemu_arch='\([a-z0-9_]*\)'.*/qemu-system-\1/p" "$kunit/qemu_configs/$1.py"
}

file=$(machine_file)
need "$(emulator_of "$file")"

# What the guests of `make run` have built in, and what it depends on.
mkdir -p "$out"
{
	printf 'CONFIG_%s=y\n' KUNIT NET EXPERT
	printf 'CONFIG_%s=n\n' BLOCK COREDUMP INPUT KVM SERIO VT
	cat "$top/scripts/guest/patched.config"
} >"$out/suites"

step "the KUnit suites on $name ($out/kunit.log)"
status=0
(cd "$tree" && PYTHONDONTWRITEBYTECODE=1 "$kunit/kunit.py" run --arch="$file" --cross_compile="$cross" \
	--build_dir="$out" --kunitconfig="$out/suites" --make_options="CC=ccache ${cross}gcc") \
	>"$out/kunit.log" 2>&1 </dev/null || status=$?
grep -E '^\[[0-9:]+\] (=|\[|Testing)' "$out/kunit.log" || true
[ "$status" = 0 ] ||
	die "kunit.py fails on $name: $(grep -m 1 -E 'FAILED|CRASHED|rror:|Missing:|\*\*\*' "$out/kunit.log" ||
		echo "exit status $status"); see $out/kunit.log"
