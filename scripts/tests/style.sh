#!/usr/bin/env bash
# Shell, spelling and repository hygiene.
# shellcheck source=scripts/tests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=scripts/lib.sh
. "$top/scripts/lib.sh"
need shellcheck codespell

cd "$top"
mapfile -t shell < <(git ls-files --cached --others --exclude-standard -- .ci 'scripts/*.sh')
ok "shellcheck finds nothing" shellcheck -x "${shell[@]}"
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
