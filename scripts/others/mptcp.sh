# shellcheck shell=bash
# shellcheck disable=SC2034 # for make.sh
# The kernel's own selftests of MPTCP that an emulated guest gets done: connections
# over IPv4, options of sockets, what ss tells, and of mptcp_join.sh what ends by
# MP_FASTCLOSE; from base for both kernels, with Debian's ip, tc, ss and iptables.
# What the scripts draw by lot, the sizes and what the network loses, is given.
: "${selftests:?}" "${release:?}"
tools=(gcc)
kernels=others_ memory=1536 busybox=no	# whose ip is another

provide() { # provide DIR ROOT
	local to=$2/selftests/net name version
	version=$(apt_root "$release" "$2" iproute2 bash coreutils diffutils ethtool findutils grep \
		iptables iputils-ping libc-bin mawk nftables procps sed util-linux)
	echo "linux $KERNEL_VERSION, $version" >"$1/version"
	# what maintainer scripts link
	ln -sf bash "$2/usr/bin/sh"
	ln -sf mawk "$2/usr/bin/awk"
	for name in iptables ip6tables; do
		ln -s "$name-legacy" "$2/usr/sbin/$name"
	done
	mkdir -p "$to/lib" "$2"/{run,var}
	ln -s ../run "$2/var/run"
	etc_into "$2"
	cp -r "$selftests"/net/{lib.sh,mptcp} "$to/"
	cp -r "$selftests/net/lib/sh" "$to/lib/"
	for name in mptcp_connect mptcp_sockopt mptcp_inq mptcp_diag pm_nl_ctl; do
		compile_selftest "$to/mptcp/$name" "$selftests/net/mptcp/$name.c" -I"$selftests/../../include"
	done
	cat >"$2/tests" <<-TESTS
		sockopt 900 /selftests/net/mptcp/mptcp_sockopt.sh
		diag 900 /selftests/net/mptcp/diag.sh
		fastclose 900 /selftests/net/mptcp/mptcp_join.sh -z
		connect 3600 /selftests/net/mptcp/mptcp_connect.sh -4 -d 0 -l 0% -r 0 -e gro -f 131072
	TESTS
}
