#!/usr/bin/env bash
# Ctrl-C during a build ends it with one line; the next run carries on and
# gives the same kernel.
# shellcheck source=scripts/tests/lib.sh
. "$(dirname "$0")/lib.sh"

out=$build/linux/base/.build
before=$(sha256sum <"$out/bzImage")
# something to build: one directory's objects, and no compiler cache
rm -f "$out/inputs" "$out"/net/ipv4/*.o "$out"/net/core/*.o "$out/build.log"

# a process group of its own, as a terminal gives it; a caller in the
# background would hand down an ignored SIGINT, which no shell can trap
set -m
CCACHE_DISABLE=1 env --default-signal=INT make -C "$top" kernel K=base >"$tmp/out" 2>&1 &
pid=$!
set +m
end=$((SECONDS + 120))
until grep -qs 'CC .*net/' "$out/build.log" || [ $SECONDS -ge $end ]; do
	sleep 0.2	# there is no event to wait for in a file
done
kill -INT -- "-$pid"
status=0
wait "$pid" || status=$?
ok "an interrupted build ends with an error" test "$status" != 0
ok "and says so in one line" grep -q '^rdhup: interrupted; the same command carries on' "$tmp/out"
ok "and does not pass for built" test ! -e "$out/inputs"
ok "the next run carries on" make -s -C "$top" kernel K=base
ok "and gives the same kernel to the byte" test "$before" = "$(sha256sum <"$out/bzImage")"
