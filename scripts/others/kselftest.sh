# shellcheck shell=bash
# shellcheck disable=SC2034 # for make.sh
# The kernel's own selftests of AF_UNIX and vsock that need nothing but a kernel,
# from base for both kernels; kselftest-long has those that take long.
: "${build:?}" "${top:?}"
tools=(gcc)
programs=(net/af_unix/{msg_oob,unix_connreset,unix_connect,unix_listen,so_peek_off,scm_inq,scm_pidfd,scm_rights})

provide() { # provide DIR ROOT
	local dir=$1 root=$2 tree=$build/linux/base/tools headers=$build/headers/patched name
	local st=$tree/testing/selftests vsock=$tree/testing/vsock
	"$top/scripts/guest/headers.sh" patched x86 >&2
	echo "linux $KERNEL_VERSION" >"$dir/version"
	mkdir -p "$root/ksft"
	for name in "${programs[@]}"; do
		gcc -O1 -w -static -D_GNU_SOURCE= -isystem "$headers/arch/x86" -isystem "$headers/usr/include" \
			-I"$st" -I"$st/net" -I"$st/net/lib" -o "$root/ksft/${name##*/}" "$st/$name.c" -lpthread
		echo "${name##*/} ${seconds:-240} /ksft/${name##*/}" >>"$root/tests"
	done
	[ "$dir" = "${dir%-long}" ] || return 0
	gcc -O1 -w -static -D_GNU_SOURCE -I"$vsock" -I"$tree/include" -isystem "$headers/usr/include" \
		-o "$root/ksft/vsock_test" "$vsock"/{vsock_test,vsock_test_zerocopy,timeout,control,util,msg_zerocopy_common}.c -lpthread
	cp "$top/scripts/others/vsock" "$root/ksft/vsock"
	echo "vsock 240 /ksft/vsock" >>"$root/tests"
}
