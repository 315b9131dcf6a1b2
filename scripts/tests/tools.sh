#!/usr/bin/env bash
# A missing tool is named with its package, by somebody who cannot install it.
# shellcheck source=scripts/tests/lib.sh
. "$(dirname "$0")/lib.sh"

chmod 755 "$tmp"
copy_repository "$tmp/repo"
mkdir -p "$tmp/bin" "$tmp/build/linux/base"
touch "$tmp/build/linux/base/.git"
chmod -R a+rwX "$tmp"
for tool in /bin/* /usr/bin/*; do
	case ${tool##*/} in
	xz | flex | bison | shellcheck | busybox | sudo) ;;
	*) [ -e "$tmp/bin/${tool##*/}" ] || ln -s "$tool" "$tmp/bin/" ;;
	esac
done
as_nobody=()
[ "$(id -u)" != 0 ] || as_nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups)
refuses "missing tools are named with the command that brings them" \
	'missing tools; as root: apt-get install xz-utils flex bison$' \
	"${as_nobody[@]}" env PATH="$tmp/bin" BUILD="$tmp/build" HOME="$tmp" "$tmp/repo/scripts/kernel.sh" base
# on a fresh clone, where a verb begins with what others take: all at once all the same
names() { # names VERB PATTERN [ARGUMENT...]
	refuses "and all those of make $1 at once" "apt-get install $2" \
		"${as_nobody[@]}" env PATH="$tmp/bin" BUILD="$tmp/fresh" HOME="$tmp" "$tmp/repo/scripts/$1.sh" "${@:3}"
}
names check 'xz-utils flex bison .*shellcheck'
names run 'xz-utils flex bison( python3-[a-z]*)*$'
names kselftest 'xz-utils flex bison( python3-[a-z]*)*$' base race
names boot 'xz-utils flex bison( python3-[a-z]*)* busybox-static$' base
names others 'xz-utils flex bison( python3-[a-z]*)* busybox-static$' nginx
names prove 'xz-utils flex bison( python3-[a-z]*)*$'
names lint 'xz-utils flex bison shellcheck$' checkpatch
refuses "a kernel that does not exist is refused" 'K=nonsense is no kernel' \
	"$top/scripts/kernel.sh" nonsense
refuses "a test program that does not exist is refused, the others are named" \
	"no test program 'nonsense'; T= takes one of: .*race" \
	"$top/scripts/kselftest.sh" base nonsense
