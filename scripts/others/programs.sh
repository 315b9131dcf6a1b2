# shellcheck shell=bash
# shellcheck disable=SC2034 # for make.sh
# Programs that people run, and a client that says it has finished while they work
# for it: which of them notice, after how many system calls, and which answer all
# the same.  On control as well, which has no bit to notice it by.
: "${release:?}" "${others_dir:?}"
tools=(gcc)
memory=2048 also=control
programs=(nginx haproxy lighttpd libevent libuv asyncio node)
declare -A package=([nginx]=nginx-light [haproxy]=haproxy [lighttpd]=lighttpd
	[libevent]=libevent-dev [libuv]=libuv1-dev [asyncio]=python3 [node]=nodejs)

provide() { # provide DIR ROOT
	local dir=$1 root=$2 name libs=() packages=(strace libc-bin)
	for name in "${programs[@]}"; do
		case $name in
		lib*) libs+=("$name") ;;
		*) packages+=("${package[$name]}") ;;
		esac
	done
	apt_root "$release" "$root" "${packages[@]}" >&2
	# the versions stand beside the names in what the programs say
	echo "Debian $release" >"$dir/version"
	mkdir -p "$root"/{t,run,var/lib/nginx,var/log/nginx,var/log/lighttpd}
	# shellcheck disable=SC2154 # of apt_root, the archive that it has set
	for name in "${programs[@]}"; do
		echo "$name $(apt-cache "${apt_options[@]}" show "${package[$name]}" | sed -n 's/^Version: //p' | sed -n 1p)"
		echo "$name 300 /t/programs $name" >>"$root/tests"
	done >"$root/t/versions"
	etc_into "$root"
	gcc -O2 -Wall -Wextra -static -o "$root/t/halfclose" "$others_dir/halfclose.c"
	for name in "${libs[@]}"; do
		apt_unpack "$release" "$dir/dev" "${package[$name]}"
		gcc -O2 -w -static -I"$dir/dev/usr/include" -I"$(dirname "$(compgen -G "$dir/dev/usr/include/*/event2")")" \
			-o "$root/t/server-$name" "$others_dir/server-$name.c" \
			"$(find "$dir/dev" -name "$name.a" -o -name "${name}_a.a")" -lpthread -ldl -lrt
	done
	cp "$others_dir"/{programs,programs.awk,server-asyncio.py,server-node.js,nginx.conf,haproxy.cfg,lighttpd.conf} "$root/t/"
}
