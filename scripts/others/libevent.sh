# shellcheck shell=bash
# shellcheck disable=SC2034 # for make.sh
# libevent's own tests on each of its back ends, as Debian's newest has them.
: "${others_dir:?}" "${release:?}"
tools=(gcc make cmake)

provide() { # provide DIR ROOT
	local src=$1/src back_end
	apt_source "sid testing $release" libevent "$src" >"$1/version"
	cmake -S "$src" -B "$1/out" -DEVENT__LIBRARY_TYPE=STATIC -DEVENT__DISABLE_OPENSSL=ON \
		-DEVENT__DISABLE_MBEDTLS=ON -DEVENT__DISABLE_SAMPLES=ON -DEVENT__DISABLE_BENCHMARK=ON \
		-DCMAKE_EXE_LINKER_FLAGS=-static
	make -s -C "$1/out" -j"$(nproc)" regress
	mkdir -p "$2/t"
	cp "$1/out/bin/regress" "$others_dir"/{libevent,ktap} "$2/t/"
	for back_end in epoll poll select; do
		echo "$back_end 1200 /t/libevent $back_end"
	done >"$2/tests"
}
