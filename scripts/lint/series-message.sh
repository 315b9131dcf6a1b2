#!/usr/bin/env bash
# A commit message has at most 40 lines, from the subject to the "---" without
# trailers, and a cover letter at most 50.  The longest is named first.
set -euo pipefail
count() { # count KIND LIMIT FILE...: "LINES KIND LIMIT NAME" of each that is too long
	awk -v kind="$1" -v limit="$2" '
		function finish() {
			# neither trailers nor blank lines at the end count
			while (lines && line[lines] ~ /^$|^(Fixes|Link|Closes|Cc|[A-Z][a-z]+(-[a-z]+)*-by): /) lines--
			if (lines > limit) print lines, kind, limit, name
		}
		FNR == 1 {
			if (name != "") finish()
			name = FILENAME; sub(/.*\//, "", name)
			lines = notes = 0; body = kind == "letter"
		}
		!body && /^$/ { body = 1; line[++lines] = "the subject" }
		body && kind == "message" && /^---$/ { notes = 1 }
		body && !notes { line[++lines] = $0 }
		END { if (name != "") finish() }' "${@:3}"
}
mapfile -t mails < <(find "$1" -name '*.patch')
{
	[ "${#mails[@]}" = 0 ] || count message 40 "${mails[@]}"
	[ ! -e "$1/cover-letter" ] || count letter 50 "$1/cover-letter"
} | sort -rn | sed -E 's/^([0-9]+) message ([0-9]+) (.*)/\3: a message of \1 lines; \2 at most/
	s/^([0-9]+) letter ([0-9]+) .*/'"$2"': a cover letter of \1 lines; \2 at most/'
