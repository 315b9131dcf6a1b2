#!/usr/bin/env bash
# make.sh SUITE: fetch and build what scripts/others/SUITE.sh names.
#
# Gives, in $build/others: SUITE.cpio, the root of a guest, with busybox for what
# it lacks unless the suite sets busybox=no; SUITE/tests, a line each as /init
# takes them; SUITE/version; SUITE.guest, the prefix of the kernels' names or "-",
# the guest's memory in MB and what other kernel it runs on; SUITE.log.  Does
# nothing if they are there and what makes them is as it was.  Errors: exit status
# 1, the reason in the log.
# shellcheck source=scripts/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=scripts/guest/guest.sh
. "$top/scripts/guest/guest.sh"
# shellcheck source=scripts/lib/apt.sh
. "$top/scripts/lib/apt.sh"

name=${1:?}
others_dir=$top/scripts/others
dir=$build/others/$name
# The release of Debian that this machine runs, whose libraries are the host's.
# shellcheck disable=SC2034 # for the suites
release=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
selftests=$build/linux/base/tools/testing/selftests

# What the file of a suite sets, beside provide(): tools of the host; kernels,
# the prefix of those that it needs; memory of the guest; also, a kernel that it
# runs on beside base and patched; busybox, "no" if what it unpacks is all it needs.
tools=() kernels=- memory=1024 busybox=yes also=
# shellcheck source=/dev/null
. "$others_dir/$name.sh"

# compile_selftest PROGRAM SOURCE... [OPTION...]: one of base's own tests, with what
# patched exports to user space.
compile_selftest() {
	local headers=$build/headers/patched
	"$top/scripts/guest/headers.sh" patched x86 >&2
	gcc -O1 -w -static -D_GNU_SOURCE= -isystem "$headers/arch/x86" -isystem "$headers/usr/include" \
		-I"$selftests" -I"$selftests/net" -I"$selftests/net/lib" -o "$@" -lpthread
}

# etc_into ROOT: what programs ask of the C library, root and localhost.
etc_into() {
	mkdir -p "$1/etc"
	echo 'root:x:0:0:root:/:/bin/sh' >"$1/etc/passwd"
	echo 'root:x:0:' >"$1/etc/group"
	echo '127.0.0.1 localhost' >"$1/etc/hosts"
}

mkdir -p "$build/others"
need cpio busybox "${tools[@]}"

# files NAME...: these files of the folder, those that they name, and so on.
files() {
	local all
	mapfile -t all < <({
		printf '%s\n' "$@"
		grep -ohE '[a-z0-9][a-z0-9.-]*' "$@" | grep -vx make.sh | grep -xFf <(printf '%s\n' *)
	} | sort -u)
	if [ ${#all[@]} = $# ]; then
		printf '%s\n' "$@"
	else
		files "${all[@]}"
	fi
}

{
	(cd "$others_dir" && files "$name.sh" | xargs cat)
	cat "$top/scripts/lib/apt.sh" "$top/scripts/guest/init.c" "$0"
} | sha256sum >"$dir.inputs.new"
if cmp -s "$dir.inputs.new" "$dir.inputs"; then
	exit 0
fi
step "$name: fetching and building ($dir.log)"
rm -rf "$dir" "$dir.inputs"
mkdir -p "$dir/root"
provide "$dir" "$dir/root" </dev/null >"$dir.log" 2>&1
mv "$dir/root/tests" "$dir/tests"
[ "$busybox" = no ] || busybox_into "$dir/root"
build_init
pack_initramfs "$dir.cpio" "$dir/root"
sha256sum <"$dir.cpio" >"$dir.sum"
echo "$kernels $memory $also" >"$dir.guest"
mv "$dir.inputs.new" "$dir.inputs"
