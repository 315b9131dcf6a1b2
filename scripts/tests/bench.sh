#!/usr/bin/env bash
# The measurements in small, on base: a server that asks for RDHUP needs fewer
# system calls than one that does without, and two runs give the same digits.
# shellcheck source=scripts/tests/lib.sh
. "$(dirname "$0")/lib.sh"

borrow_build "$tmp/build" patched
measure() { # measure FILE: the tables of one run
	BUILD=$tmp/build RDHUP_REQUESTS=4 RDHUP_CONNECTIONS=100 "$top/scripts/kselftest.sh" base bench >"$tmp/said" &&
		grep -P '^ *# .*\t' "$tmp/build/results/base.ktap" >"$1"
}
ok "bench measures base" measure "$tmp/first"
ok "and prints what it has counted" grep -qE '^request +rdhup +together +3 ' "$tmp/said"
ok "and again" measure "$tmp/second"
ok "two runs give the same digits" cmp "$tmp/first" "$tmp/second"

calls() { # calls WAY SHAPE: system calls of a request
	awk -F '\t' -v way="$1" -v shape="$2" '$1 ~ /request/ && $2 == way && $3 == shape { print $4 }' "$tmp/first"
}
for way in extra_read ctl_mod msg_peek level tcp_info; do
	ok "RDHUP takes fewer system calls than $way" test "$(calls rdhup together)" -lt "$(calls "$way" together)"
done
ok "with known lengths it takes fewer than level-triggered epoll, data and FIN apart" \
	test "$(calls rdhup_framed apart)" -lt "$(calls level apart)"
ok "by io_uring it takes fewer than a receive for the data and one for the end" \
	test "$(calls uring_rdhup together)" -lt "$(calls uring_recv together)"
ok "instructions are counted, of every way with data and FIN in one segment" \
	test "$(grep -cP '^ *# request\t\w+\ttogether(\t\d+){6}$' "$tmp/first")" = 10
ok "and of every call" test "$(grep -cP '^ *# (path|poll)(\t\w+){1,2}\t[1-9]\d+$' "$tmp/first")" = 19
