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
	flex | bison | shellcheck | sudo) ;;
	*) [ -e "$tmp/bin/${tool##*/}" ] || ln -s "$tool" "$tmp/bin/" ;;
	esac
done
as_nobody=()
[ "$(id -u)" != 0 ] || as_nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups)
refuses "missing tools are named with the command that brings them" \
	'missing tools; as root: apt-get install flex bison$' \
	"${as_nobody[@]}" env PATH="$tmp/bin" BUILD="$tmp/build" HOME="$tmp" "$tmp/repo/scripts/kernel.sh" base
refuses "and all those of make check at once" 'apt-get install flex bison .*shellcheck' \
	"${as_nobody[@]}" env PATH="$tmp/bin" BUILD="$tmp/build" HOME="$tmp" "$tmp/repo/scripts/check.sh"
refuses "a kernel that does not exist is refused" 'K=nonsense is no kernel' \
	"$top/scripts/kernel.sh" nonsense
refuses "a test program that does not exist is refused, the others are named" \
	"no test program 'nonsense'; T= takes one of: .*race" \
	"$top/scripts/kselftest.sh" base nonsense
