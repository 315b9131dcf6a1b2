#!/usr/bin/env bash
# Shell and repository hygiene.
# shellcheck source=scripts/tests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=scripts/lib.sh
. "$top/scripts/lib.sh"
need shellcheck

cd "$top"
mapfile -t shell < <(git ls-files --cached --others --exclude-standard -- .ci 'scripts/*.sh')
ok "shellcheck finds nothing" shellcheck -x "${shell[@]}"
ok "no shell script is longer than 200 lines" test -z \
	"$(wc -l "${shell[@]}" | awk '$2 != "total" && $1 > 200')"
ok "no sign-off but the submitter's own" test -z \
	"$(git grep -l '^Signed-off-by:' -- patches || true)"
