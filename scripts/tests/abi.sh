#!/usr/bin/env bash
# The exported headers of every architecture, and what abi.sh finds in headers
# that are wrong.
# shellcheck source=scripts/tests/lib.sh
. "$(dirname "$0")/lib.sh"

ok "the headers of every architecture hold to scripts/lint/abi.table" "$top/scripts/lint/abi.sh"
"$top/scripts/lint/abi.sh" >"$tmp/again"
ok "a second run installs nothing" test -z "$(grep installing "$tmp/again")"

# the installed headers as links, of which a planted fault replaces one
b=$tmp/build
mkdir -p "$b"
ln -s "$build/linux" "$b/linux"
cp -as "$build/headers" "$b/headers"
rm -f "$b"/headers/*/inputs "$b"/headers/*/lock
repo=$tmp/repo
mkdir "$repo"
cp -r "$top/scripts" "$repo/scripts"

ok "links to headers do as well as headers" \
	env BUILD="$b" "$repo/scripts/lint/abi.sh" sparc x86

# finds SENTENCE PATTERN TREE/HEADER SED ARCH: with a header edited so
finds() {
	local file=$b/headers/$3 target
	target=$(readlink "$file")
	sed -i "$4" "$file"
	if cmp -s "$file" "$target"; then
		echo "not ok - $1 (nothing was planted)"
	else
		refuses "$1" "$2" env BUILD="$b" "$repo/scripts/lint/abi.sh" "$5"
	fi
	ln -sf "$target" "$file"
}

sparc=arch/sparc/asm/poll.h
mips=arch/mips/asm/poll.h
generic=usr/include/asm-generic/poll.h
epoll=usr/include/linux/eventpoll.h
finds "a wrong value is found" 'patched, sparc: POLLRDHUP is not what scripts/lint/abi.table says; see' \
	patched/$sparc '/POLLRDHUP/s/2048/4096/' sparc
finds "a value that an architecture no longer has of its own is found" \
	'patched, sparc: POLLRDHUP is not what' patched/$sparc '/POLLRDHUP/d' sparc
finds "an alias that is none any more is found" 'patched, mips: POLLWRNORM is not what' \
	patched/$mips '/POLLWRNORM/s/POLLOUT/0x0800/' mips
finds "a wrong value is found in control too" 'control, mips: POLLWRBAND is not what' \
	control/$mips '/POLLWRBAND/s/0x0100/0x0800/' mips
finds "an EPOLLRDHUP that is not 0x2000 is found" 'patched, sparc: EPOLLRDHUP is not 0x2000' \
	patched/$epoll '/EPOLLRDHUP/s/0x00002000/0x00000800/' sparc
finds "an event that poll and epoll know by different values is found" \
	'patched, x86: EPOLLPRI is not POLLPRI' patched/$epoll '/EPOLLPRI/s/0x00000002/0x00010000/' x86
finds "a bit of poll that collides is found" 'patched, x86: .*POLLNVAL collides with another bit' \
	patched/$generic '/POLLNVAL/s/0x0020/0x0010/' x86
finds "a bit of epoll that collides is found" 'patched, x86: EPOLLWRBAND collides with another bit' \
	patched/$epoll '/EPOLLWRBAND/s/0x00000200/0x00000100/' x86
finds "an event that collides with a flag is found" 'patched, x86: EPOLLET collides with another bit' \
	patched/$epoll '/EPOLLET/s/1U << 31/1U << 28/' x86
finds "an internal bit that moves is found" 'patched, x86: POLLFREE is not 0x4000' \
	patched/$generic '/POLLFREE/s/0x4000/0x10000/' x86
finds "a name for two bits is found" 'patched, x86: .*POLLRDBAND is not one bit' \
	patched/$generic '/POLLRDBAND/s/0x0080/0x0880/' x86
finds "a bit that does not fit into revents is found" 'patched, x86: .*does not fit into revents' \
	patched/$generic '/POLLRDBAND/s/0x0080/0x10000/' x86
finds "a patched tree without POLLRDHUP is found" 'patched, x86: POLLRDHUP is not defined' \
	patched/$generic '/define POLLRDHUP/d' x86
finds "a patched tree without EPOLLRDHUP is found" 'patched, x86: EPOLLRDHUP is not defined' \
	patched/$epoll '/EPOLLRDHUP/d' x86
finds "a control that still has POLLRDHUP is found" 'control, x86: POLLRDHUP is defined; see' \
	control/$generic '1i #define POLLRDHUP 0x2000' x86
finds "a control that still has sparc's POLLRDHUP is found" 'control, sparc: POLLRDHUP is defined; see' \
	control/$sparc '1i #define POLLRDHUP 2048' sparc
finds "a control that still has EPOLLRDHUP is found" 'control, x86: EPOLLRDHUP is defined; see' \
	control/$epoll '1i #define EPOLLRDHUP 0x2000' x86

# POLLRDHUP on top of POLLREMOVE, with a table that agrees
sed -i '/^sparc/s/0x0800/0x0400/' "$repo/scripts/lint/abi.table"
finds "POLLRDHUP on another bit is found though the table says so" \
	'patched, sparc: POLLRDHUP collides with another bit; see' \
	patched/$sparc '/POLLRDHUP/s/2048/1024/' sparc
cp "$top/scripts/lint/abi.table" "$repo/scripts/lint/"

# a tree with one architecture more, and one less: nothing is installed
refuses "an architecture that is in no row is named" 'nonsense has no row' \
	env BUILD="$b" "$repo/scripts/lint/abi.sh" nonsense
rm "$b/linux"
for arch in newarch $(sed -e 's/#.*//' -e 's/[[:space:]].*//' "$top/scripts/lint/abi.table"); do
	mkdir -p "$b/linux/patched/arch/$arch/include/uapi/asm"
	touch "$b/linux/patched/arch/$arch/include/uapi/asm/Kbuild"
done
cp -r "$b/linux/patched" "$b/linux/control"
rm -r "$b/linux/control/arch/newarch" "$b/linux/control/arch/xtensa"
for tree in patched control; do
	git -C "$b/linux/$tree" init -q
	git -C "$b/linux/$tree" add -A
	git -C "$b/linux/$tree" -c user.name=test -c user.email=test@localhost commit -q -m test
done
refuses "a new architecture fails until its row is added" 'patched, newarch: .*add its row' \
	env BUILD="$b" "$repo/scripts/lint/abi.sh"
refuses "a row of an architecture that is gone is named" 'control, xtensa: .*take its row out' \
	env BUILD="$b" "$repo/scripts/lint/abi.sh"
printf 'newarch\t0x0100\t0x0200\t0x0400\t0x1000\n' >>"$repo/scripts/lint/abi.table"
refuses "a row that lacks a value is refused" 'the row of newarch does not have five values' \
	env BUILD="$b" "$repo/scripts/lint/abi.sh"
sed -i '/^newarch/s/$/\t0x2000/' "$repo/scripts/lint/abi.table"
printf 'newarch\t0x0100\t0x0200\t0x0400\t0x1000\t0x2000\n' >>"$repo/scripts/lint/abi.table"
refuses "two rows for one architecture are refused" 'has two rows for newarch' \
	env BUILD="$b" "$repo/scripts/lint/abi.sh"
