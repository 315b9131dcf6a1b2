#!/usr/bin/env bash
# No new inline function in a .c file: the compiler knows better.
set -euo pipefail
awk -v patch="${1##*/}" '
	/^\+\+\+ b\// { file = substr($2, 3) }
	file ~ /\.c$/ && file !~ /^tools\// && /^\+(.*[^a-z_])?(__)?inline[^a-z_]/ && !/^\+[ \t]*(\*|\/\*|\/\/)/ {
		print patch ": " file ": inline in a .c file: " substr($0, 2) }' "$1"
