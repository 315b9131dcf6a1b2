# shellcheck shell=bash disable=SC2034
# The architectures of scripts/guest/arches; sourced after lib.sh.
#
# machine() sets, for the rest of a script, a variable a column of the table: $arch,
# $linux_arch, $cross (empty where the host's own compiler serves), $image,
# $console_tty, $ktap_tty, $end_by and the array $qemu; and $tag, what stands in names
# of files, empty for x86_64, else "-NAME".  machine_of() sets $kind and $kernel, the
# name of the kernel itself, ARCH-$kind or, on x86_64, $kind, as well.
: "${build:?}" "${top:?}"

arches=$top/scripts/guest/arches

machine_row() { # machine_row NAME
	awk -v name="$1" '!/^#/ && $1 == name' "$arches"
}

# machine NAME: everything about one architecture.
machine() {
	local row more
	row=$(machine_row "$1")
	[ -n "$row" ] || die "$1 is no architecture; name one of: $(awk '!/^#/ { print $1 }' "$arches" | xargs)"
	[ "$(wc -l <<<"$row")" = 1 ] || die "$arches has two rows for $1"
	read -r arch linux_arch cross image console_tty ktap_tty end_by more <<<"$row"
	[ -n "$more" ] || die "$arches: the row of $1 lacks a column"
	read -r -a qemu <<<"$more"
	[ "$arch" != "$(uname -m)" ] || cross=	# the host's own
	tag=-$arch
	[ "$arch" != x86_64 ] || tag=
}

# machine_of K: the machine that K runs on, ARCH-$kind or just $kind on x86_64.
machine_of() {
	kind=${1##*-}
	case $kind in
	control | base | patched | prove | debug | kcsan | others_base | others_patched) ;;
	*) die "K=$1 is no kernel; name control, base, patched, debug or kcsan, or one of another architecture: sparc64-base" ;;
	esac
	if [ "$kind" = "$1" ]; then
		machine x86_64
	else
		machine "${1%-*}"
	fi
	kernel=${tag:+$arch-}$kind
}
