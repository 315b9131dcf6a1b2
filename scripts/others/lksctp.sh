# shellcheck shell=bash
# shellcheck disable=SC2034 # for make.sh
# lksctp-tools' functional tests of SCTP, a program a test: its own Makefile stops
# at the first that fails.  They share their ports, so each waits a second.
: "${release:?}"
tools=(gcc)

provide() { # provide DIR ROOT
	local dir=$1 root=$2 source name
	apt_source "$release bookworm" lksctp-tools "$dir/src" >"$dir/version"
	apt_unpack "$release" "$dir/dev" libsctp-dev
	mkdir -p "$root/sctp"
	printf '#!/bin/sh\nsleep 1\nexec "$@"\n' >"$root/sctp/alone"
	chmod +x "$root/sctp/alone"
	compile() { # compile OPTION...: $source as $name
		gcc -O1 -w -static -fno-strict-aliasing "$@" -I"$dir/src/src/testlib" \
			-I"$dir/dev/usr/include" -o "$root/sctp/$name" "$source" \
			"$dir/src/src/testlib/sctputil.c" "$(compgen -G "$dir/dev/usr/lib/*/libsctp.a")" -lpthread
		echo "$name 60 /sctp/alone /sctp/$name" >>"$root/tests"
	}
	for source in "$dir"/src/src/func_tests/*.c; do
		name=$(basename "$source" .c)
		compile
		# those that know the word are both
		grep -q TEST_V6 "$source" || continue
		name+=_v6
		compile -DTEST_V6=1 -DCONFIG_IPV6=1
	done
}
