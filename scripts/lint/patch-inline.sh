#!/usr/bin/env bash
# No new inline function in a .c file: the compiler knows better.  One that a
# patch puts into a header is used by what its series touches, or by any series
# if it is a header of the tests.
set -euo pipefail
: "${linux_git:?}"
awk -v patch="${1##*/}" '
	/^\+\+\+ b\// { file = substr($2, 3) }
	file ~ /\.c$/ && file !~ /^tools\// && /^\+(.*[^a-z_])?(__)?inline[^a-z_]/ && !/^\+[ \t]*(\*|\/\*|\/\/)/ {
		print patch ": " file ": inline in a .c file: " substr($0, 2) }' "$1"
awk '/^\+\+\+ b\// { file = substr($2, 3) }
	file ~ /\.h$/ && /^\+static (__always_)?inline / { sub(/^\+static (__always_)?inline /, "")
		sub(/\(.*/, ""); sub(/.*[ *]/, ""); if ($0 != "") print file, $0 }' "$1" |
	while read -r header name; do
		# the tests of several series share a header
		where=$2 start=refs/start/$2
		[[ $header != tools/* ]] || where=patched start=base
		mapfile -t files < <(lgit diff --name-only --diff-filter=d "$start" "$where")
		# once where it is defined; called, or given to someone who calls it
		uses=$(lgit grep -hw "$name" "$where" -- "${files[@]}" | wc -l) || true
		[ "$uses" -gt 1 ] || echo "${1##*/}: $header: nothing uses the inline function $name()"
	done
