#!/usr/bin/env bash
# The measurements in small, on base: a server that asks for RDHUP needs fewer
# system calls than one that does without, two runs give the same digits, and
# runs that differ or an aim that is missed are told from that.
# shellcheck source=scripts/tests/lib.sh
. "$(dirname "$0")/lib.sh"

small() {
	OUT=$tmp KERNELS=base REQUESTS=4 CONNECTIONS=100 "$top/scripts/bench.sh"
}

ok "bench measures base twice" small
cp "$tmp/ok.out" "$tmp/small"
ok "two runs give the same digits" grep -q '^2 runs of each kernel: the same to the digit' "$tmp/small"
for way in extra_read ctl_mod msg_peek level tcp_info; do
	ok "RDHUP takes fewer system calls than $way" \
		grep -q "^aim held: together: rdhup .* less than $way: 3 and [4-9]$" "$tmp/small"
done
ok "with known lengths it takes fewer than level-triggered epoll, data and FIN apart" \
	grep -q '^aim held: apart: rdhup_framed .* less than level: 4 and 5$' "$tmp/small"
ok "by io_uring it takes fewer than a receive for the data and one for the end" \
	grep -q '^aim held: together: uring_rdhup .* less than uring_recv: 1 and 2$' "$tmp/small"
ok "instructions are counted, of every way with data and FIN in one segment" \
	test "$(grep -cP '^  # request\t\w+\ttogether(\t\d+){6}$' "$tmp/bench/base.1.ktap")" = 10
ok "and of every call" \
	test "$(grep -cP '^  # (path|poll)(\t\w+){1,2}\t[1-9]\d+$' "$tmp/bench/base.1.ktap")" = 19

# What is made of counts like these, but not these.
fake() { # fake SED-EXPRESSION-FOR-RUN-1 SED-EXPRESSION-FOR-RUN-2
	rm -rf "$tmp/fake"
	mkdir -p "$tmp/fake/bench"
	sed -E "$1" "$tmp/bench/base.1.ktap" >"$tmp/fake/bench/base.1.ktap"
	sed -E "$2" "$tmp/bench/base.2.ktap" >"$tmp/fake/bench/base.2.ktap"
	python3 "$top/scripts/results/bench.py" counts "$tmp/fake/bench" 2 base >"$tmp/fake/out"
}
differs() {
	! fake '' 's/(# growth\trdhup\t10\t.*)/\11/' && grep -q 'they DIFFER on base$' "$tmp/fake/out"
}
dearer='s/(# request\trdhup\ttogether\t)3/\14/'
missed() {
	fake "$dearer" "$dearer" &&
		grep -q '^aim MISSED: together: rdhup .* less than tcp_info: 4 and 4$' "$tmp/fake/out"
}
ok "runs that differ in one digit are an error" differs
ok "an aim that is missed is printed, and no error" missed
refuses "an end of a connection that nobody measures is refused" 'SHAPES names hol;' \
	env SHAPES=hol EDGES=5 "$top/scripts/bench.sh"
refuses "so are ends without a number of them" 'say of how many: EDGES=' \
	env SHAPES=hole "$top/scripts/bench.sh"
refuses "a number of requests that is none is refused" 'many is no number' \
	env REQUESTS=many "$top/scripts/bench.sh"
