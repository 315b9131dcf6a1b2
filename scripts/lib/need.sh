# shellcheck shell=bash disable=SC2034
# The tools that verbs take from the host, and the Debian packages that bring
# them; sourced by lib.sh, for all.
: "${build:?}"

# The Debian package that brings a command (or, with a slash, a file): most have
# its name.
package_of() {
	local tool
	case $1 in
	ld) echo binutils ;;
	xz) echo xz-utils ;;
	spatch) echo coccinelle ;;
	busybox) echo busybox-static ;;
	sphinx-build) echo python3-sphinx ;;
	git-send-email) echo git-email ;;
	*/libpython3*) echo libpython3-dev ;;
	*/Mail/Address.pm) echo libmailtools-perl ;;
	*/libelf.h) echo libelf-dev ;;
	*/opensslv.h) echo libssl-dev ;;
	python3:*) echo "python3-${1#python3:}" ;;
	static:gcc) echo libc6-dev ;;
	static:aarch64-*) echo libc6-dev-arm64-cross ;;
	static:i686-*) echo libc6-dev-i386-cross ;;
	static:powerpc64-*) echo libc6-dev-ppc64-cross ;;
	static:x86_64-*) echo libc6-dev-amd64-cross ;;
	static:*) tool=${1#static:} && echo "libc6-dev-${tool%-linux-gnu-gcc}-cross" ;;
	x86_64-linux-gnu-gcc) echo gcc-x86-64-linux-gnu ;;
	*-linux-gnu-gcc) echo "gcc-${1%-gcc}" ;;
	qemu-system-x86_64 | qemu-system-i386) echo qemu-system-x86 ;;
	qemu-system-sparc64) echo qemu-system-sparc ;;
	qemu-system-ppc64) echo qemu-system-ppc ;;
	qemu-system-aarch64) echo qemu-system-arm ;;
	qemu-system-m68k | qemu-system-riscv64 | qemu-system-s390x) echo qemu-system-misc ;;
	qemu-system-mips) echo "$1" ;;
	qemu-* | /*) die "no Debian package is known for the tool '$1'" ;;
	*) echo "$1" ;;
	esac
}

# has TOOL: a command, a file, a command of git's, as "static:COMPILER" a C library
# that this compiler links into static programs, or as "python3:NAME" a module.
has() {
	case $1 in
	static:*) command -v "${1#static:}" >/dev/null &&
		echo 'int main(void) { return 0; }' | "${1#static:}" -static -x c -o /dev/null - 2>/dev/null ;;
	python3:*) python3 -c "import ${1#python3:}" 2>/dev/null ;;
	/*) [ -e "$1" ] || compgen -G "${1/\/include\//\/include\/*\/}" >/dev/null ;;
	git-*) [ -x "$(git --exec-path)/$1" ] ;;
	*) command -v "$1" >/dev/null ;;
	esac
}

# What fetching, building and booting a kernel takes, for need, without the
# emulator.
kernel_tools=(git make gcc ld xz ccache flex bison bc perl cpio rsync python3
	/usr/include/libelf.h /usr/include/openssl/opensslv.h)

# What makes C of the kernel's netlink specifications, as one of its selftests takes.
generator_tools=(python3 python3:yaml python3:jsonschema)

# All of that, for a verb that boots a guest, to name at once.
guest_tools=("${kernel_tools[@]}" "${generator_tools[@]}" static:gcc)

# coccinelle does not depend on the library by which it runs the Python of the rules.
spatch_tools=(spatch '/usr/lib/*/libpython3*.so')

# What the gates and the tests of make check take besides, but for clang.
check_tools=(sparse "${spatch_tools[@]}" codespell shellcheck busybox curl sphinx-build b4 git-send-email
	/usr/share/perl5/Mail/Address.pm groff mandoc)

# need TOOL...: make sure that the tools are there; on Debian, as root or
# with a sudo that does not ask, install what is missing.
need() {
	local tool package missing=() as_root=()
	for tool; do
		has "$tool" && continue
		package=$(package_of "$tool")
		[[ " ${missing[*]} " = *" $package "* ]] || missing+=("$package")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	[ "$(id -u)" = 0 ] || as_root=(sudo -n)
	if [ ! -e /etc/debian_version ] ||
		{ [ ${#as_root[@]} -gt 0 ] && ! sudo -n true 2>/dev/null; }; then
		die "missing tools; as root: apt-get install ${missing[*]}"
	fi
	step "installing ${missing[*]}"
	"${as_root[@]}" apt-get update -qq >"$build/apt.log" 2>&1 || true
	"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
		apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=600 "${missing[@]}" \
		>>"$build/apt.log" 2>&1 ||
		die "apt-get could not install ${missing[*]}; see $build/apt.log"
}

# A clang that the kernel takes, 17 or later: the host's own or, for need, one that
# Debian 12 and 13 both have.
usable_clang() {
	if [ "$(clang -dumpversion 2>/dev/null | cut -d . -f 1)" -ge 17 ] 2>/dev/null; then
		echo clang
	else
		echo clang-19
	fi
}
