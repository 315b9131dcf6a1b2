# shellcheck shell=bash
# shellcheck disable=SC2034 # for make.sh
# libuv's own tests as Debian's newest has them, which give TAP themselves.
: "${release:?}"
tools=(gcc make cmake)

provide() { # provide DIR ROOT
	apt_source "sid testing $release" libuv1 "$1/src" >"$1/version"
	cmake -S "$1/src" -B "$1/out" -DLIBUV_BUILD_SHARED=OFF -DBUILD_TESTING=ON \
		-DCMAKE_EXE_LINKER_FLAGS=-static
	make -s -C "$1/out" -j"$(nproc)" uv_run_tests_a
	mkdir -p "$2/t"
	etc_into "$2"
	cp "$1/out/uv_run_tests_a" "$2/t/"
	cp -r "$1/src/test" "$2/t/test"
	printf '#!/bin/sh\necho "KTAP version 1"\nUV_RUN_AS_ROOT=1 exec ./uv_run_tests_a\n' >"$2/t/libuv"
	chmod +x "$2/t/libuv"
	echo "libuv 2400 /t/libuv" >"$2/tests"
}
