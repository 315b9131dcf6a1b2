# shellcheck shell=bash
# shellcheck disable=SC2034 # for make.sh
# BlueZ's testers of L2CAP, RFCOMM, SCO and ISO sockets, on controllers that they
# emulate; from Debian's newest, with its libraries.
: "${others_dir:?}"
kernels=others_

provide() { # provide DIR ROOT
	local name
	apt_root sid "$2" bluez-test-tools >"$1/version"
	mkdir -p "$2/t"
	cp "$others_dir"/{bluez,ktap} "$2/t/"
	for name in l2cap rfcomm sco iso; do
		[ -x "$2/usr/bin/$name-tester" ]
		echo "$name 300 /t/bluez $name-tester"
	done >"$2/tests"
}
