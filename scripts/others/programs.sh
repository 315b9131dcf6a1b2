# shellcheck shell=bash
# shellcheck disable=SC2034 # for make.sh
# Programs that people run, and a client that says it has finished while they work
# for it: which of them notice, after how many system calls, and which answer all
# the same.  On control as well, which has no bit to notice it by.
: "${release:?}" "${others_dir:?}"
tools=(gcc)
memory=2048 also=control

provide() { # provide DIR ROOT
	local dir=$1 root=$2 name lib
	apt_root "$release" "$root" strace nginx-light haproxy lighttpd nodejs python3 libc-bin >&2
	versions >"$dir/versions"
	for name in libevent-dev libuv1-dev; do
		apt_unpack "$release" "$dir/dev" "$name"
	done
	# the versions stand beside the names in what the programs say
	echo "Debian $release" >"$dir/version"
	mkdir -p "$root"/{t,etc,run,var/lib/nginx,var/log/nginx,var/log/lighttpd}
	printf 'root:x:0:0:root:/:/bin/sh\n' >"$root/etc/passwd"
	printf 'root:x:0:\n' >"$root/etc/group"
	echo '127.0.0.1 localhost' >"$root/etc/hosts"
	gcc -O2 -Wall -Wextra -static -o "$root/t/halfclose" "$others_dir/halfclose.c"
	for lib in event uv; do
		gcc -O2 -w -static -I"$dir/dev/usr/include" -I"$(dirname "$(compgen -G "$dir/dev/usr/include/*/event2")")" \
			-o "$root/t/server-lib$lib" "$others_dir/server-lib$lib.c" \
			"$(find "$dir/dev" -name "lib$lib.a" -o -name "lib${lib}_a.a")" -lpthread -ldl -lrt
	done
	cp "$dir/versions" "$others_dir"/{programs,programs.awk,server-asyncio.py,server-node.js} "$root/t/"
	cat >"$root/t/nginx.conf" <<-CONF
		user root;
		daemon off;
		worker_processes 1;
		pid /tmp/nginx.pid;
		error_log /dev/null crit;
		events { }
		http {
			access_log off;
			server {
				listen 127.0.0.1:8080;
				location / { proxy_pass http://127.0.0.1:8081; }
			}
		}
	CONF
	cat >"$root/t/haproxy.cfg" <<-CONF
		global
			nbthread 1
			maxconn 100
		defaults
			mode http
			timeout connect 60s
			timeout client 60s
			timeout server 60s
		listen proxy
			bind 127.0.0.1:8080
			option abortonclose
			server upstream 127.0.0.1:8081
	CONF
	cat >"$root/t/lighttpd.conf" <<-CONF
		server.modules = ("mod_proxy")
		server.bind = "127.0.0.1"
		server.port = 8080
		server.document-root = "/tmp"
		server.stream-response-body = 1
		server.event-handler = "linux-sysepoll"
		proxy.server = ("" => (("host" => "127.0.0.1", "port" => 8081,
			"tcp-fin-propagate" => "enable")))
	CONF
	for name in nginx haproxy lighttpd libevent libuv asyncio node; do
		echo "$name 300 /t/programs $name"
	done >"$root/tests"
}

# What the programs are, "NAME VERSION" a line; asked of the archive that apt_root
# has set.
versions() {
	local name
	# shellcheck disable=SC2154 # of apt_root
	for name in nginx-light:nginx haproxy lighttpd libevent-dev:libevent libuv1-dev:libuv \
		python3:asyncio nodejs:node; do
		echo "${name#*:} $(apt-cache "${apt_options[@]}" show "${name%:*}" | sed -n 's/^Version: //p' | sed -n 1p)"
	done
}
