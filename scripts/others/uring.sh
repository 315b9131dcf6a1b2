# shellcheck shell=bash
# shellcheck disable=SC2034 # for make.sh
# liburing's tests as Debian's newest has them, a program a test; those that know
# TEST_USE_INET once more with it: with TCP in place of AF_UNIX.
: "${others_dir:?}" "${release:?}"
tools=(gcc make)
wanted='' unwanted='^helpers$|^xfail_'	# the latter test a sanitizer

provide() { # provide DIR ROOT
	local dir=$1 root=$2 names name
	apt_source "sid testing $release" liburing "$dir/src" >"$dir/version"
	mkdir -p "$root/uring"
	(cd "$dir/src" && ./configure --cc=gcc && make -s -j"$(nproc)" -C src liburing.a) >&2
	names=$(cd "$dir/src/test" && printf '%s\n' *.c | sed 's/\.c$//' | grep -E "$wanted" | grep -vE "$unwanted")
	# what does not build fails to run, on every kernel
	for name in $names; do echo "$name.t"; done |
		xargs make -s -k -j"$(nproc)" -C "$dir/src/test" LDFLAGS="-static -L../src/ -luring" >&2 || true
	cp "$others_dir/skip77" "$root/uring/"
	for name in $names; do
		strip -o "$root/uring/$name" "$dir/src/test/$name.t" >&2 || true
		echo "$name ${seconds:-300} /uring/skip77 /uring/$name"
		! grep -q TEST_USE_INET "$dir/src/test/$name.c" ||
			echo "$name-inet ${seconds:-300} /uring/skip77 /bin/env TEST_USE_INET=1 /uring/$name"
	done >"$root/tests"
}
