#!/usr/bin/env bash
# Each semantic patch reports the planted faults of a small file, and nothing
# else of it.
# shellcheck source=scripts/tests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=scripts/lib.sh
. "$top/scripts/lib.sh"
need spatch
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

patched() { # patched RULE LINE: the patch mode adds that line
	run patch "$1" | sed 's/^+\t*/+/' | grep -q -x -F -- "+$2"
}

for rule in "$rules"/*.cocci; do
	rule=$(basename "$rule" .cocci)
	[ -e "$files/$rule.c" ] || continue
	ok "$rule reports each planted fault and nothing else" exact "$rule"
	ok "$rule answers in every mode that coccicheck has" modes "$rule"
done
ok "poll_rdhup adds the bit" patched poll_rdhup \
	"mask |= EPOLLIN | EPOLLRDNORM | EPOLLRDHUP;"
ok "poll_mask_lost makes an assignment an addition" patched poll_mask_lost \
	"mask |= EPOLLIN; /* FAULT */"
ok "poll_t writes EPOLLxxx" patched poll_t "return EPOLLHUP; /* FAULT */"
ok "each semantic patch is tested" test -z \
	"$(for file in "$rules"/*.cocci; do [ -e "$files/$(basename "$file" .cocci).c" ] || echo "$file"; done)"
