#!/usr/bin/env bash
# A series has at most 15 patches, a cover letter if it has three or more, and
# what is sent a prefix for the subjects.
set -euo pipefail
count=$(find "$1" -name '*.patch' | wc -l)
[ "$count" -le 15 ] || echo "$2: $count patches; netdev takes 15"
[ "$count" -gt 0 ] || echo "$2: no patch at all"
[ "$count" -lt 3 ] || [ -s "$1/cover-letter" ] || echo "$2: $count patches and no cover letter"
settings=${top:?}/patches/$2/series
! grep -q '^# list: ' "$settings" || grep -qE '^# prefix: (RFC )?PATCH( |$)' "$settings" ||
	echo "$2: is sent, and $settings has no prefix for the subjects"
