#!/usr/bin/env bash
# Each semantic patch reports the planted faults of a small file, and nothing
# else of it; and of what differs between the trees, what is listed in
# cocci/findings.
# shellcheck source=scripts/tests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=scripts/lib/lib.sh
. "$top/scripts/lib/lib.sh"
need "${spatch_tools[@]}"
rules=$top/scripts/coccinelle/api
files=$top/scripts/tests/cocci

run() { # run MODE RULE: over the file of that name
	local options
	options=$(sed -n 's|^// Options: ||p' "$rules/$2.cocci")
	# shellcheck disable=SC2086 # options are words
	spatch -D "$1" --very-quiet --cocci-file "$rules/$2.cocci" $options \
		"$files/$2.c" 2>&1
}

exact() { # exact RULE: the lines with FAULT in them, and those only
	diff <(grep -n FAULT "$files/$1.c" | cut -d: -f1) \
		<(run report "$1" | sed -n "s|^$files/$1.c:\([0-9]*\):.*WARNING:.*|\1|p" |
			sort -nu) >"$tmp/diff" || { sed 's/^/# /' "$tmp/diff" && false; }
}

modes() { # modes RULE: what every semantic patch of the kernel has to state
	local mode
	for mode in report org context; do
		grep -q "^virtual $mode\$" "$rules/$1.cocci" &&
			[ -n "$(run "$mode" "$1")" ] || return 1
	done
	grep -q '^// Confidence: ' "$rules/$1.cocci" &&
		grep -q '^// Options: ' "$rules/$1.cocci"
}

patches() { # patches RULE: the patch mode changes the lines with FAULT, and those only
	diff <(grep FAULT "$files/$1.c") <(run patch "$1" | sed -n '/^---/d; s/^-//p') \
		>"$tmp/diff" || { sed 's/^/# /' "$tmp/diff" && false; }
}

# spatch 1.1.1 takes any name at the head of a function for a type, 1.3 only one
# that it knows: what runs here says nothing of the other.
declares() { # declares RULE: the type that it names before it first does
	awk '/^\/\// { next } /^typedef __poll_t;$/ { exit } /__poll_t/ { exit 1 }' "$rules/$1.cocci"
}

for rule in "$rules"/*.cocci; do
	rule=$(basename "$rule" .cocci)
	[ -e "$files/$rule.c" ] || continue
	ok "$rule names no type that it has not declared" declares "$rule"
	ok "$rule reports each planted fault and nothing else" exact "$rule"
	ok "$rule answers in every mode that coccicheck has" modes "$rule"
done
for rule in $(cd "$rules" && grep -l '^virtual patch$' ./*.cocci); do
	rule=$(basename "$rule" .cocci)
	ok "$rule rewrites what it reports and nothing else" patches "$rule"
done
ok "each semantic patch is tested" test -z \
	"$(for file in "$rules"/*.cocci; do [ -e "$files/$(basename "$file" .cocci).c" ] || echo "$file"; done)"

trees() { # trees SCRIPT: scripts/lint/cocci.sh with the list that sed makes of ours
	sed "$1" "$files/findings" >"$tmp/findings"
	FINDINGS=$tmp/findings "$top/scripts/lint/cocci.sh"
}

# A build whose patched tree is one file, with READ_ONCE() taken out of it.
planted() {
	local file=net/tipc/socket.c
	git clone -q --bare --shared "$build/linux.git" "$tmp/build/linux.git"
	mkdir -p "$tmp/build/linux/patched/${file%/*}" "$tmp/build/linux/"{base,control}
	touch "$tmp/build/linux/patched/.git"
	sed '/^static __poll_t tipc_poll(/,/^}/s/READ_ONCE(\(sk->sk_shutdown\))/\1/' \
		"$build/linux/patched/$file" >"$tmp/build/linux/patched/$file"
	BUILD=$tmp/build "$top/scripts/lint/cocci.sh"
}

ok "where the trees differ the rules find what is listed, and nothing else" trees ""
refuses "a finding that is not listed is named" \
	"base: poll_sk_shutdown: net/iucv/af_iucv.c, iucv_sock_poll\(\): 3 found" \
	trees '/ iucv_sock_poll 3 /d'
refuses "and one that is listed and not there" \
	"base: poll_sk_shutdown: net/smc/af_smc.c, smc_poll\(\): 4 listed" \
	trees 's/ smc_poll 3 0 / smc_poll 4 0 /'
refuses "and one that a patch was to mend" "smc_poll\(\): it cannot be net/0009 with 3, 3, 3" \
	trees 's/ smc_poll 3 0 / smc_poll 3 3 /'
refuses "and a patch that has nothing to do with it" "smc_poll\(\): net/0005 does not touch" \
	trees 's| smc_poll 3 0 3 net/0009| smc_poll 3 0 3 net/0005|'
refuses "and a routine of introduce that the rule does not see" \
	"switchtec_dev_poll\(\): introduce and the rule differ \(unseen\)" trees '/ switchtec_dev_poll /d'
refuses "a fault planted in a tree is found" \
	"patched: poll_sk_shutdown: net/tipc/socket.c, tipc_poll\(\): 1 found" planted
refuses "and a routine of introduce that the rule has not found" \
	"control: poll_rdhup: net/ipv4/tcp.c, tcp_poll\(\): introduce and the rule differ \(seen\)" \
	env BUILD="$tmp/build" "$top/scripts/lint/cocci.sh"
