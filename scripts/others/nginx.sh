# shellcheck shell=bash
# shellcheck disable=SC2034 # for make.sh
# Debian's nginx: its probe for the bit at start-up, and a proxied request whose
# client goes away while the upstream works.
: "${release:?}" "${others_dir:?}"
tools=(gcc)

provide() { # provide DIR ROOT
	local dir=$1 root=$2
	apt_root "$release" "$root" nginx-light >"$dir/version"
	mkdir -p "$root"/{t,etc,var/lib/nginx,var/log/nginx}
	echo 'root:x:0:0:root:/:/bin/sh' >"$root/etc/passwd"
	echo 'root:x:0:' >"$root/etc/group"
	gcc -O2 -Wall -Wextra -static -o "$root/t/halfclose" "$others_dir/halfclose.c"
	cp "$others_dir/nginx" "$root/t/nginx"
	cat >"$root/t/nginx.conf" <<-CONF
		user root;
		worker_processes 1;
		pid /tmp/nginx.pid;
		error_log /tmp/nginx.log debug;
		events { }
		http {
			access_log off;
			server {
				listen 127.0.0.1:8080;
				location / { proxy_pass http://127.0.0.1:8081; }
			}
		}
	CONF
	echo "nginx 60 /t/nginx" >"$root/tests"
}
