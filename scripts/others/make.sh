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
# shellcheck disable=SC2034 # for the suites
release=$(debian_release)

# What the file of a suite sets, beside provide(): tools of the host; kernels,
# the prefix of those that it needs; memory of the guest; also, a kernel that it
# runs on beside base and patched; busybox, "no" if what it unpacks is all it needs.
tools=() kernels=- memory=1024 busybox=yes also=
# shellcheck source=/dev/null
. "$others_dir/$name.sh"

busybox_into() { # busybox_into ROOT
	local each
	mkdir -p "$1/bin"
	cp "$(command -v busybox)" "$1/bin/"
	for each in $(busybox --list); do
		[ -e "$1/bin/$each" ] || ln -sf busybox "$1/bin/$each"
	done
}

mkdir -p "$build/others"
need cpio busybox "${tools[@]}"

# The files of the suite: its own, and what they name.
files() { # files NAME
	echo "$others_dir/$1"
	{ grep -oE 'others(_dir)?/[a-z0-9][a-z0-9.-]*' "$others_dir/$1" || true; } | sed 's|.*/||' | sort -u |
		while read -r each; do
			[ ! -f "$others_dir/$each" ] || [ "$each" = "$1" ] || files "$each"
		done
}

{
	files "$name.sh" | xargs cat
	cat "$top/scripts/lib/apt.sh" "$0"
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
