#!/usr/bin/env bash
# A Fixes: tag has twelve digits and the subject in quotes, and both stand in
# patches/fixes, or a note "Seen: HASH, WHERE" says where the hash was seen; so
# does each commit that the text names as HASH ("SUBJECT").
# Below the --- there may be "Fixes: check HASH ("SUBJECT"), why" for a commit
# that is not certain, "Fixes: none, why", and for what patches/fixes says is
# not known "Fixes: TBD (...)".  No sign-off but by the author of a patch that is
# somebody else's, who must have given it.
set -euo pipefail
: "${top:?}"
info=$(git mailinfo -b /dev/null /dev/null <"$1")
awk -v patch="${1##*/}" -v list="$top/patches/fixes" -v own="<${identity_email:?}>" \
	-v subject="$(sed -n 's/^Subject: //p' <<<"$info")" -v theirs="<$(sed -n 's/^Email: //p' <<<"$info")>" '
	BEGIN { if (theirs == own) theirs = ""
		while ((getline line <list) > 0) if (line !~ /^#/) { sub(/\t.*/, "", line); known[line] = known[substr(line, 1, 12)] = 1 } }
	function say(what, line) { print patch ": " what ": " line }
	function tag(text,    hash) {
		hash = text
		sub(/ .*/, "", hash)
		if (!(text in known)) asked[hash] = text
	}
	FNR == NR { if (/^Seen: [0-9a-f]+, ./) seen[substr($2, 1, 12)] = 1; next }
	/^diff --git / { exit }
	/^$/ { head = 1 }
	/^---$/ { notes = 1 }
	head && !notes && !/^Fixes:/ { body = body " " $0 }
	/^[Ff]ixes:/ && !notes {
		if (!/^Fixes: [0-9a-f]+ \("[^"]+"\)$/ || length($2) != 12)
			say("not of the form Fixes: <12 digits> (\"subject\")", $0)
		else
			tag(substr($0, 8))
	}
	/^Fixes:/ && notes {
		if (/^Fixes: check [0-9a-f]+ \("[^"]+"\), ./) {
			text = substr($0, 14)
			tag(substr(text, 1, index(text, "\")") + 1))
		} else if (/^Fixes: TBD \(.+/) {
			if (!("TBD (\"" subject "\")" in known)) say("patches/fixes does not say that this is not known", $0)
		} else if (!/^Fixes: none, .+/)
			say("below the --- only Fixes: check, none, or TBD, and why", $0)
	}
	/^Signed-off-by:/ { if (theirs && index($0, theirs)) given = 1; else say("a sign-off is added by make export only", $0) }
	END {
		while (match(body, /[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f] +\("/)) {
			if (!(substr(body, RSTART, 12) in known))
				asked[substr(body, RSTART, 12)] = substr(body, RSTART, 60)
			body = substr(body, RSTART + RLENGTH)
		}
		for (hash in asked)
			if (!(hash in seen)) say("neither patches/fixes nor a note Seen: has this commit", asked[hash])
		if (theirs && !given) say("its author has not signed it off", theirs)
	}' "$1" "$1"
