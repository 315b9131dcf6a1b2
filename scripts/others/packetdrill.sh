# shellcheck shell=bash
# shellcheck disable=SC2034 # for make.sh
# The kernel's own scripts for packetdrill, a program that no Debian has: one that
# the caller has built static is taken, PACKETDRILL=.
: "${selftests:?}" "${release:?}"
kernels=others_ memory=1536 busybox=no	# whose ip is another

provide() { # provide DIR ROOT
	local to=$2/selftests name
	[ -x "${PACKETDRILL:-}" ] ||
		die "no Debian release has packetdrill; build it static from its authors' sources and say PACKETDRILL=/path/to/packetdrill"
	apt_root "$release" "$2" iproute2 bash coreutils debianutils grep libc-bin procps python3 \
		sed util-linux >&2
	echo "linux $KERNEL_VERSION" >"$1/version"
	cp "$PACKETDRILL" "$2/usr/bin/packetdrill"
	ln -sf bash "$2/usr/bin/sh"
	ln -s which.debianutils "$2/usr/bin/which"
	mkdir -p "$to/net" "$2"/{etc,run,var}
	cp -r "$selftests/kselftest" "$to/"
	cp -r "$selftests/net/packetdrill" "$to/net/"
	# a guest that is emulated is slow
	# shellcheck disable=SC2016 # for its shell
	printf '#!/bin/sh\nKSFT_MACHINE_SLOW=1 exec ./ksft_runner.sh "$1"\n' >"$to/net/packetdrill/one"
	chmod +x "$to/net/packetdrill/one"
	for name in "$selftests"/net/packetdrill/*.pkt; do
		name=$(basename "$name")
		echo "${name%.pkt} 120 /selftests/net/packetdrill/one $name"
	done >"$2/tests"
}
