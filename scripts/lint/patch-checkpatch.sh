#!/usr/bin/env bash
# checkpatch.pl --strict with codespell and netdev's ignore list; what is left
# must stand in scripts/lint/allowed with its reason.
set -euo pipefail
: "${tree:?}" "${top:?}"
ignore=COMMIT_LOG_LONG_LINE,MACRO_ARG_REUSE,ALLOC_SIZEOF_STRUCT,NO_AUTHOR_SIGN_OFF,GIT_COMMIT_ID,CAMELCASE,FILE_PATH_CHANGES,BAD_REPORTED_BY_LINK
dictionary=/usr/lib/python3/dist-packages/codespell_lib/data/dictionary.txt
[ -e "$dictionary" ] || { echo "${1##*/}: codespell's dictionary is not in $dictionary"; exit 0; }
cd "$tree"
{ perl scripts/checkpatch.pl --no-tree --strict --codespell --codespellfile "$dictionary" \
	--max-line-length=80 --ignore "$ignore" --terse --showfile --show-types "$1" || true; } |
	awk -v allowed="$top/scripts/lint/allowed" -v patch="${1##*/}" \
		-v used="${build:?}/lint/allowed.used" '
		BEGIN { while ((getline line <allowed) > 0) { split(line, f, " "); ok[f[1] " " f[2]] = 1 } }
		/^total: / { total = 1; next }
		match($0, /(ERROR|WARNING|CHECK):[A-Z0-9_]+: /) {
			split(substr($0, RSTART), f, ":"); type = f[2]
			split($0, f, ":"); file = f[1]
			if ((type " " file) in ok)
				print type, file >>used
			else if ((type " -") in ok)
				print type, "-" >>used
			else
				print patch ": " $0
		}
		END { if (!total) print patch ": checkpatch.pl did not finish" }'
