#!/usr/bin/env bash
# boot.sh K: a shell in a guest with kernel K, the selftests under
# /selftests; leave it with `exit` or Ctrl-A X.  Takes busybox from the host.
# shellcheck source=scripts/lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"
# shellcheck source=scripts/guest/guest.sh
. "$top/scripts/guest/guest.sh"

kernel=${1:-patched}
root=$build/guest/shell

need qemu-system-x86_64 busybox
[ -f "$build/kernel/$kernel/bzImage" ] ||
	die "there is no kernel '$kernel'; make kernel K=$kernel, with K one of control, base, patched"
"$top/scripts/guest/selftests.sh"
build_init
rm -rf "$root"
mkdir -p "$root/bin" "$root/selftests"
cp "$(command -v busybox)" "$root/bin/busybox"
for applet in $("$root/bin/busybox" --list); do
	[ "$applet" = busybox ] || ln -s busybox "$root/bin/$applet"
done
cp -r "$build/selftests/kselftest"/* "$root/selftests/"
pack_initramfs "$build/guest/shell.cpio" "$root"
boot_guest "$build/kernel/$kernel/bzImage" "$build/guest/shell.cpio" \
	"shell=/bin/sh quiet" -serial mon:stdio
