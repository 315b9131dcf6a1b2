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
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
for file in $new; do
	for ref in "refs/start/$series" "$series"; do
		mkdir -p "$dir/$ref/$(dirname "$file")"
		git --git-dir="$linux_git" show "$ref:$file" >"$dir/$ref/$file" 2>/dev/null || true
		[ ! -s "$dir/$ref/$file" ] || python3 "$tool" -none -Wall "$dir/$ref/$file" 2>&1 |
			sed -E "s|$dir/$ref/||; s/:[0-9]+//" | sort -u >"$dir/$ref.out" || true
		touch "$dir/$ref.out"
	done
	comm -13 "$dir/refs/start/$series.out" "$dir/$series.out" | sed "s|^|${1##*/}: |"
	rm -f "$dir/$series.out" "$dir/refs/start/$series.out"
done
