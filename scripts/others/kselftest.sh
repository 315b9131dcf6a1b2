# shellcheck shell=bash
# shellcheck disable=SC2034 # for make.sh
# The kernel's own selftests of AF_UNIX and vsock that need nothing but a kernel,
# from base for both kernels; kselftest-long has those that take long.
: "${selftests:?}" "${others_dir:?}"
tools=(gcc)
programs=(net/af_unix/{msg_oob,unix_connreset,unix_connect,unix_listen,so_peek_off,scm_inq,scm_pidfd,scm_rights})

provide() { # provide DIR ROOT
	local dir=$1 root=$2 vsock=$selftests/../vsock name
	echo "linux $KERNEL_VERSION" >"$dir/version"
	mkdir -p "$root/ksft"
	for name in "${programs[@]}"; do
		compile_selftest "$root/ksft/${name##*/}" "$selftests/$name.c"
		echo "${name##*/} ${seconds:-240} /ksft/${name##*/}" >>"$root/tests"
	done
	[ "$dir" = "${dir%-long}" ] || return 0
	compile_selftest "$root/ksft/vsock_test" -I"$selftests/../../include" \
		"$vsock"/{vsock_test,vsock_test_zerocopy,timeout,control,util,msg_zerocopy_common}.c
	cp "$others_dir"/{vsock,ktap} "$root/ksft/"
	echo "vsock 240 /ksft/vsock" >>"$root/tests"
}
