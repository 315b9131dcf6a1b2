#!/usr/bin/env bash
# A kernel whose object directory began as a copy of base's has the objects that
# it has when it is built from nothing.
# shellcheck source=scripts/tests/lib.sh
. "$(dirname "$0")/lib.sh"

same() { # same DIRECTORY: its objects, byte for byte
	local seeded=$build/kernel/patched/$1 clean=$build/kernel/patched-clean/$1
	(cd "$clean" && find . -name '*.o' -exec sha256sum {} + | LC_ALL=C sort -k 2) >"$tmp/clean"
	(cd "$seeded" && find . -name '*.o' -exec sha256sum {} + | LC_ALL=C sort -k 2) >"$tmp/seeded"
	[ -s "$tmp/clean" ] && diff "$tmp/clean" "$tmp/seeded"
}
ok "net/ and fs/ of patched are built from nothing" "$top/scripts/kernel.sh" patched net/ fs/
for directory in net fs; do
	ok "and the objects of $directory/ are those of the kernel that was booted" same "$directory"
done
printf 'planted' >>"$build/kernel/patched-clean/fs/eventpoll.o"
if same fs >"$tmp/out" 2>&1; then
	echo "not ok - one that differs is found"
else
	ok "one that differs is found" test "$(grep -c eventpoll "$tmp/out")" = 2
fi
rm -rf "$build/linux/patched/.build-clean" "$build/kernel/patched-clean"
