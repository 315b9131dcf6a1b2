#!/usr/bin/env bash
# kernel-doc finds nothing wrong with the files that a patch touches that it
# did not find before.
set -euo pipefail
series=$2
: "${tree:?}" "${linux_git:?}"
new=$(sed -n 's|^+++ b/\(.*\.[ch]\)$|\1|p' "$1" | grep -v '^tools/' || true)
[ -n "$new" ] || exit 0
cd "$tree"
tool=tools/docs/kernel-doc
[ -e "$tool" ] || { echo "${1##*/}: the tree has no $tool"; exit 0; }
lgit rev-parse "refs/start/$series" "$series" >/dev/null
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
said() { # said REF FILE: of the file there, without the places
	mkdir -p "$dir/$1/$(dirname "$2")"
	lgit show "$1:$2" >"$dir/$1/$2" 2>/dev/null || return 0
	python3 "$tool" -none -Wall "$dir/$1/$2" 2>&1 | sed -E "s|$dir/$1/||; s/:[0-9]+//" | sort -u
}
for file in $new; do
	comm -13 <(said "refs/start/$series" "$file") <(said "$series" "$file") | sed "s|^|${1##*/}: |"
done
