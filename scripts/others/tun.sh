# shellcheck shell=bash
# shellcheck disable=SC2034 # for make.sh
# The kernel's own selftest of tun, which speaks to netlink by what its own
# generator makes of the specifications; from base for both kernels.
: "${build:?}" "${selftests:?}"
tools=(gcc python3 python3:yaml python3:jsonschema)
kernels=others_

provide() { # provide DIR ROOT
	local tree=$build/linux/base gen=$1/gen name
	local ynl=$tree/tools/net/ynl
	echo "linux $KERNEL_VERSION" >"$1/version"
	mkdir -p "$2/ksft" "$gen"
	for name in rt-addr rt-link rt-neigh rt-route; do
		for kind in header:h source:c; do
			python3 -B "$ynl/pyynl/ynl_gen_c.py" --mode user "--${kind%:*}" \
				--spec "$tree/Documentation/netlink/specs/$name.yaml" -o "$gen/$name-user.${kind#*:}"
		done
	done
	compile_selftest "$2/ksft/tun" "$selftests/net/tun.c" "$gen"/*.c "$ynl/lib/ynl.c" \
		-std=gnu11 -I"$ynl/lib" -I"$gen"
	echo "tun 600 /ksft/tun" >"$2/tests"
}
