# shellcheck shell=bash
# shellcheck disable=SC2034 # for make.sh
# CPython's own tests of sockets, of poll and of what is built on them.
: "${release:?}" "${others_dir:?}"
memory=2048

provide() { # provide DIR ROOT
	local python name
	private_apt "$release" deb
	# shellcheck disable=SC2154 # of private_apt
	python=$(apt-cache "${apt_options[@]}" depends python3 | sed -n 's/.*Depends: \(python3\.[0-9]*\)$/\1/p' | sed -n 1p)
	apt_root "$release" "$2" "lib$python-testsuite" "$python" >"$1/version"
	mkdir -p "$2"/{t,var/tmp}
	etc_into "$2"
	cp "$others_dir/cpython.py" "$2/t/"
	for name in test_epoll test_poll test_select test_selectors test_socket test_asyncio; do
		echo "$name 1800 /usr/bin/$python /t/cpython.py test.$name"
	done >"$2/tests"
}
