# shellcheck shell=bash
# Debian's archive without a change to /etc; sourced after lib.sh.
: "${build:?}"

# debian_mirror: the address that the machine's own apt takes Debian from, or
# DEBIAN_MIRROR= of the caller.  Fails where apt knows none.
debian_mirror() {
	if [ -n "${DEBIAN_MIRROR:-}" ]; then
		echo "$DEBIAN_MIRROR"
	else
		# shellcheck disable=SC2016 # apt's variables
		apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
			grep -m 1 -E '/debian/?$'
	fi
}

# private_apt SUITE KIND: make sure of an apt configuration of our own for one
# suite, of KIND deb or deb-src, with its lists read today.  Gives apt_options[],
# for apt-get and apt-cache, and $apt_dir, where there is room for what they
# fetch; what apt says is in $build/apt.log.  Fails if there is no apt or the
# archive does not answer.
private_apt() {
	local mirror
	apt_dir=$build/apt/$1-$2
	has apt-get && mirror=$(debian_mirror) || return 1
	mkdir -p "$apt_dir/lists/partial" "$apt_dir/archives/partial"
	echo "$2 $mirror $1 main" >"$apt_dir/sources.list.new"
	apt_options=(-o "Dir::Etc::SourceList=$apt_dir/sources.list" -o Dir::Etc::SourceParts=/dev/null
		-o "Dir::State::Lists=$apt_dir/lists" -o "Dir::Cache=$apt_dir" -o APT::Sandbox::User=
		-o "Dir::Etc::Trusted=/usr/share/keyrings/debian-archive-keyring.gpg")
	if cmp -s "$apt_dir/sources.list.new" "$apt_dir/sources.list" &&
		[ -n "$(find "$apt_dir/read" -mtime -1 2>/dev/null)" ]; then
		return 0
	fi
	mv "$apt_dir/sources.list.new" "$apt_dir/sources.list"
	apt-get "${apt_options[@]}" update -qq >"$build/apt.log" 2>&1 || return 1
	: >"$apt_dir/read"
}
