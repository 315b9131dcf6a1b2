# shellcheck shell=bash
# Running a kernel in QEMU with our initramfs; sourced after lib.sh.  The guest
# is an x86_64 unless machine() or machine_of() is called for another.
: "${build:?}" "${top:?}"
# shellcheck source=scripts/guest/machine.sh
. "$top/scripts/guest/machine.sh"
machine x86_64

build_init() {
	guest_init=$build/guest/init$tag
	mkdir -p "$build/guest"
	if [ ! -f "$guest_init" ] || [ "$top/scripts/guest/init.c" -nt "$guest_init" ]; then
		"${cross}gcc" -O2 -Wall -Wextra -static -o "$guest_init.new" "$top/scripts/guest/init.c"
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

# busybox_into ROOT: a shell and the tools of the host's busybox, but for those that
# are there.
busybox_into() {
	local applet
	mkdir -p "$1/bin"
	cp "$(command -v busybox)" "$1/bin/busybox"
	for applet in $(busybox --list); do
		[ -e "$1/bin/$applet" ] || ln -sf busybox "$1/bin/$applet"
	done
}

# The accelerator that works, probed once a boot of the host with a guest of
# ours: a /dev/kvm may open and yet not run anything, and come and go.
accelerator() {
	local kernel=$1 root=$build/guest/probe answer
	answer=$build/guest/accelerator.$(cat /proc/sys/kernel/random/boot_id 2>/dev/null || true)
	[ "$arch" = "$(uname -m)" ] || { echo tcg; return 0; }
	if [ ! -f "$answer" ]; then
		rm -f "$build/guest/accelerator".*
		echo tcg,thread=multi >"$answer.new"
		if [ -w /dev/kvm ]; then
			rm -rf "$root"
			mkdir -p "$root"
			: >"$root/tests"
			pack_initramfs "$root.cpio" "$root"
			# bash says of a QEMU that aborts that it has
			{ timeout 20 "${qemu[@]}" "${bare[@]}" -accel kvm -kernel "$kernel" -initrd "$root.cpio" \
				-append "console=$console_tty $boot_words" -serial "file:$root.console" || true
			} >/dev/null 2>&1 </dev/null
			grep -qs '^# guest done' "$root.console" && echo kvm >"$answer.new"
		fi
		mv "$answer.new" "$answer"
	fi
	cat "$answer"
}

# Nothing but what the table names; a restart is the end.
bare=(-nodefaults -display none -no-reboot -monitor none)

# What of QEMU's command line brings the two channels to files.
# shellcheck disable=SC2034 # for those who source this file
channels() { # channels CONSOLE KTAP
	channel_args=(-serial "file:$1" -chardev "file,id=ktap,path=$2")
	case $ktap_tty in
	vport*) channel_args+=(-device "virtserialport,chardev=ktap") ;;
	*) channel_args+=(-serial chardev:ktap) ;;
	esac
}

# On a host so busy that QEMU gets no turn for some milliseconds, x86 takes its
# timer for broken and panics unless told not to look; others do not look.
boot_words='panic=-1 no_timer_check'

# boot_guest IMAGE INITRAMFS CMDLINE ARG...: run a guest to its end, or for
# $guest_limit seconds; returns 124 if it had to be killed.  $guest_accel takes
# the place of the accelerator that works best.
boot_guest() {
	local kernel=$1 initramfs=$2 cmdline=$3 accel
	shift 3
	accel=${guest_accel:-$(accelerator "$kernel")}
	timeout --foreground "${guest_limit:-0}" "${qemu[@]}" "${bare[@]}" -accel "$accel" \
		-kernel "$kernel" -initrd "$initramfs" \
		-append "console=$console_tty end=$end_by $boot_words $cmdline" "$@"
}

# What a result is a function of, for results_of.
result_inputs() { # result_inputs PROGRAMS
	cat "$build/kernel/$kernel/inputs" "$build/selftests$tag/inputs"
	echo "$1"
	cat "$top"/scripts/guest/{guest.sh,shards.sh,init.c} "$top/scripts/kselftest.sh" | sha256sum
	machine_row "$arch"
	# what shortens a run
	env | grep -E '^(RDHUP_[A-Z_]*|TESTS|TIMES|LIMIT|FAULT)=' | sort || true
}

# results_of GUEST SHARDS [PROGRAM,...]: run its tests, unless nothing that they
# depend on has changed since they last ran.  What failed is in its KTAP; a guest
# that does not come to its end ends the caller.
results_of() {
	local guest=$1 programs=${3:-} started=$SECONDS usual=
	local log=$build/results/$1.log stamp=$build/results/$1.inputs
	machine_of "$guest"
	result_inputs "$programs" >"$stamp.new"
	if cmp -s "$stamp.new" "$stamp" && [ -s "$build/results/$guest.ktap" ]; then
		step "$guest: nothing has changed since its last run"
		return
	fi
	rm -f "$stamp"
	[ -n "$programs" ] || usual=", some 5 to 10 minutes"
	step "running the tests on $guest$usual"
	SHARDS=$2 "$top/scripts/kselftest.sh" "$guest" "$programs" >"$log" ||
		tail -n 1 "$log" | grep -q "^$guest: " || exit 1
	step "$(tail -n 1 "$log") (guests: $((SECONDS - started)) s)"
	mv "$stamp.new" "$stamp"
}
