#!/usr/bin/env bash
# boot.sh K: a shell in a guest with kernel K, the selftests under
# /selftests; leave it with `exit` or Ctrl-A X.  Takes busybox from the host.
# shellcheck source=scripts/lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"
# shellcheck source=scripts/guest/guest.sh
. "$top/scripts/guest/guest.sh"

machine_of "${1:-patched}"
[ "$arch" = x86_64 ] ||
	die "K=$1: the shell is for x86_64; make kselftest K=$1 runs the tests on $arch"
root=$build/guest/shell
need "${guest_tools[@]}" "${cross}gcc" "static:${cross}gcc" "${qemu[0]}" busybox
"$top/scripts/kernel.sh" "$kernel"
"$top/scripts/guest/selftests.sh"
build_init
rm -rf "$root"
mkdir -p "$root/selftests"
busybox_into "$root"
cp -r "$build/selftests/kselftest"/* "$root/selftests/"
pack_initramfs "$build/guest/shell.cpio" "$root"
boot_guest "$build/kernel/$kernel/${image##*/}" "$build/guest/shell.cpio" \
	"shell=/bin/sh quiet" -serial mon:stdio
