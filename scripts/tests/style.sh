#!/usr/bin/env bash
# The length of scripts, spelling and repository hygiene.
# shellcheck source=scripts/tests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=scripts/lib/lib.sh
. "$top/scripts/lib/lib.sh"
need codespell

cd "$top"
mapfile -t shell < <(git ls-files --cached --others --exclude-standard -- .ci 'scripts/*.sh')
ok "no shell script is longer than 200 lines" test -z \
	"$(wc -l "${shell[@]}" | awk '$2 != "total" && $1 > 200')"
ok "no sign-off but the submitter's own" test -z \
	"$(git grep -l '^Signed-off-by:' -- patches || true)"
# filp is the kernel's name for a struct file, EXTRAVERSION is a line of its Makefile
spelt=(codespell -L "filp,extraversion")
mapfile -t ours < <(git ls-files --cached --others --exclude-standard)
ok "codespell finds nothing" "${spelt[@]}" "${ours[@]}"
printf 'It is %s.\n' "neccess""ary" >"$tmp/misspelt"
ok "and would find something" test "$("${spelt[@]}" "$tmp/misspelt" | grep -c 'necessary')" = 1
# What a script takes from the environment is in make help, but for what tests set
# and scripts hand on.
taken() { # taken FILE...
	grep -ohE '\$\{[A-Z][A-Z_]+(:[-+]|[-+])' "$@" | grep -oE '[A-Z_]+' | sort -u |
		grep -vxE 'FAULT|FINDINGS|GLIBC_TUNABLES|KERNEL_ORG|LOCKS_HELD|ONLY|SAY_EVERY|RDHUP_[A-Z]+'
}
mapfile -t verbs < <(git ls-files -- 'scripts/*.sh' ':!:scripts/tests')
ok "make help lists every variable that a script takes" test -z \
	"$(comm -23 <(taken "${verbs[@]}") <(make -s help | sed -n 's/^  \([A-Z_]*\)=.*/\1/p' | sort))"
# shellcheck disable=SC2016 # not ours to expand
echo 'echo "${PLANTED:-}"' >"$tmp/planted.sh"
ok "and would miss one that it does not" test "$(taken "$tmp/planted.sh")" = PLANTED
ok "make help has every verb, and there is none without a script" test \
	"$(make -s help | sed -n 's/^  make \([a-z]*\) .*/\1/p' | sort | paste -sd' ')" = \
	"$(git ls-files -- ':(glob)scripts/*.sh' | sed 's|.*/||; s|\.sh$||' | sort | paste -sd' ')"

# not_in README PATHSPEC...: the scripts, gates, rules and tests that it does not name
not_in() {
	git ls-files --cached --others --exclude-standard -- "${@:2}" |
		grep -E '\.(sh|py|c|h|cocci)$' | while read -r file; do
		grep -qF "${file##*/}\`" "$1" || echo "$file"
	done
}
# gone_from README: what it names and is not there
gone_from() {
	grep -oE '[a-z0-9_/-]+\.(sh|py|c|h|cocci)`' "$1" | tr -d '`' |
		while read -r file; do
			grep -qE "(^|/)$file\$" "$tmp/files" || echo "$file"
		done
}
printf '%s\n' "${ours[@]}" >"$tmp/files"
ours_in=(':(glob)scripts/*' tools net fs ':!:tools/*/lib/*' ':!:*_end.c')
ok "scripts/README.md names every verb, and every test of the kernel" test -z "$(not_in scripts/README.md "${ours_in[@]}")"
ok "and none that is not there" test -z "$(gone_from scripts/README.md)"
sed 's/race\.c/horse.c/' scripts/README.md >"$tmp/README"
ok "one that it does not name is found, and one that is gone" test \
	"$(not_in "$tmp/README" "${ours_in[@]}") $(gone_from "$tmp/README")" = "tools/testing/selftests/net/rdhup/race.c horse.c"
for room in scripts/*/; do
	room=${room%/}
	[ "$room" != scripts/coccinelle ] || continue
	ok "$room/README.md names every script there" test -z "$(not_in "$room/README.md" ":(glob)$room/*")"
	ok "and none that is not there" test -z "$(gone_from "$room/README.md")"
done
ok "no README is longer than a screen, the first one than 150 lines" test -z \
	"$(wc -l README.md scripts/*/README.md | awk '$2 != "total" && $1 > ($2 == "README.md" ? 150 : 60)')"
