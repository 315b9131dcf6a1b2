# shellcheck shell=bash
# Running a kernel in QEMU with our initramfs; sourced after lib.sh.
: "${build:?}" "${top:?}"

guest_init=$build/guest/init

build_init() {
	need gcc cpio /usr/lib/libc.a
	mkdir -p "$build/guest"
	if [ ! -f "$guest_init" ] || [ "$top/scripts/guest/init.c" -nt "$guest_init" ]; then
		gcc -O2 -Wall -Wextra -static -o "$guest_init.new" "$top/scripts/guest/init.c"
		mv "$guest_init.new" "$guest_init"
	fi
}

# pack_initramfs FILE ROOT: ROOT with /init and the mount points, as a cpio.
pack_initramfs() {
	mkdir -p "$2"/{dev,proc,sys,tmp}
	cp "$guest_init" "$2/init"
	(cd "$2" && find . | LC_ALL=C sort | cpio -o -H newc -R 0:0 --quiet --reproducible) >"$1.new"
	mv "$1.new" "$1"
}

# The accelerator that works, probed once with a guest of ours: a /dev/kvm
# may open and yet not run anything.
accelerator() {
	local kernel=$1 answer=$build/guest/accelerator root=$build/guest/probe
	if [ ! -f "$answer" ]; then
		echo tcg,thread=multi >"$answer.new"
		if [ -w /dev/kvm ]; then
			rm -rf "$root"
			mkdir -p "$root"
			: >"$root/tests"
			pack_initramfs "$root.cpio" "$root"
			timeout 20 "${qemu[@]}" -accel kvm -kernel "$kernel" -initrd "$root.cpio" \
				-append "console=ttyS0 panic=-1" -serial "file:$root.console" \
				>/dev/null 2>&1 </dev/null || true
			grep -qs '^# guest done' "$root.console" && echo kvm >"$answer.new"
		fi
		mv "$answer.new" "$answer"
	fi
	cat "$answer"
}

# shellcheck disable=SC2054 # the commas are QEMU's
# Sockets are spelt out: without ACPI the firmware's MP table lists one CPU a
# socket, and plain -smp 2 would give a guest of one CPU.
qemu=(qemu-system-x86_64 -M pc -cpu max -m 1024 -smp 2,sockets=2,cores=1,threads=1
	-nodefaults -display none -no-reboot -monitor none)

# boot_guest BZIMAGE INITRAMFS CMDLINE ARG...: run a guest to its end, or for
# $guest_limit seconds; returns 124 if it had to be killed.  $guest_accel takes
# the place of the accelerator that works best.
boot_guest() {
	local kernel=$1 initramfs=$2 cmdline=$3 accel
	shift 3
	accel=${guest_accel:-$(accelerator "$kernel")}
	timeout --foreground "${guest_limit:-0}" "${qemu[@]}" -accel "$accel" -kernel "$kernel" -initrd "$initramfs" \
		-append "console=ttyS0 panic=-1 $cmdline" "$@"
}
