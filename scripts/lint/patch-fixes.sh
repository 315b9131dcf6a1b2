#!/usr/bin/env bash
# A Fixes: tag has twelve digits and the subject in quotes; one that waits for
# its commit id stands below the ---, as "Fixes: TBD (...)", one that cannot be
# as "Fixes: none, ...".
set -euo pipefail
awk -v patch="${1##*/}" '
	/^---$/ { notes = 1 }
	/^diff --git / { exit }
	/^[Ff]ixes:/ && !notes && !(/^Fixes: [0-9a-f]+ \("[^"]+"\)$/ && length($2) == 12) {
		print patch ": not of the form Fixes: <12 digits> (\"subject\"): " $0 }
	/^Fixes:/ && notes && !/^Fixes: (TBD \(.+|none, .+)$/ {
		print patch ": below the --- only Fixes: TBD (what introduced it), or none, and why: " $0 }
	/^Signed-off-by:/ { print patch ": a sign-off is added by make export only: " $0 }' "$1"
