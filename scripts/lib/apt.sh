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

# apt_source SUITES PACKAGE DIR: the source of a package as its authors gave it
# out, in DIR, from the first of the suites that has it to give, for an archive
# may list what it does not have yet, or any more; prints its name and version.
apt_source() {
	local suite tarball=
	for suite in $1; do
		rm -rf "$3" "$3.src"
		mkdir -p "$3" "$3.src"
		private_apt "$suite" deb-src || continue
		(cd "$3.src" && apt-get "${apt_options[@]}" source -qq --download-only "$2") >&2 || continue
		tarball=$(compgen -G "$3.src/*.orig.tar.[gxb]z*" | grep -v '\.asc$')
		break
	done
	[ -n "$tarball" ] || die "no suite of $1 gives the source of $2; see $build/apt.log"
	tar -xf "$tarball" -C "$3" --strip-components=1
	awk '/^Source: / { name = $2 } /^Version: / { print name, $2; exit }' "$3.src"/*.dsc
}

# apt_unpack SUITE DIR PACKAGE: that package alone, unpacked in DIR.
apt_unpack() {
	private_apt "$1" deb || die "the archive does not answer; see $build/apt.log"
	mkdir -p "$2"
	(cd "$2" && apt-get "${apt_options[@]}" download -qq "$3") >>"$build/apt.log" 2>&1 ||
		die "the archive does not have $3; see $build/apt.log"
	dpkg-deb -x "$(compgen -G "$2/$3_*.deb")" "$2" 2>>"$build/apt.log" ||
		die "$3 is damaged; see $build/apt.log"
}

# apt_root SUITE DIR PACKAGE...: the packages and all that they depend on as for
# a machine that has nothing yet, unpacked in DIR, nothing of them run; prints
# the first one's name and version.
apt_root() {
	local suite=$1 dir=$2 each file
	shift 2
	private_apt "$suite" deb || die "the archive does not answer; see $build/apt.log"
	: >"$apt_dir/status"
	apt_options+=(-o "Dir::State::Status=$apt_dir/status" -o APT::Install-Recommends=false)
	apt-get "${apt_options[@]}" install -qq --download-only -y "$@" >&2
	for each in bin sbin lib lib64; do
		mkdir -p "$dir/usr/$each"
		ln -sfn "usr/$each" "$dir/$each"
	done
	while read -r file; do
		dpkg-deb --fsys-tarfile "$apt_dir/archives/$file" | tar -x --keep-directory-symlink -C "$dir"
	done < <(apt-get "${apt_options[@]}" -o "Dir::Cache::Archives=$apt_dir/none" \
		install -qq --print-uris -y "$@" | awk "/^'/ { print \$2 }")
	apt-cache "${apt_options[@]}" show "$1" |
		awk '/^Package: / { name = $2 } /^Version: / { print name, $2; exit }'
}
