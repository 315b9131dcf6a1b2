#!/usr/bin/env bash
# Every test program of ours stands in its directory's Makefile and .gitignore,
# at every patch that adds one; config is sorted.
set -euo pipefail
: "${linux_git:?}"
for dir in tools/testing/selftests/net/rdhup tools/testing/selftests/filesystems/epoll; do
	{ lgit rev-list --reverse "refs/start/$2..$2" -- "$dir"; lgit rev-parse patched; } | while read -r commit; do
		# without the suite, which series selftests brings, a program waits for it
		lgit cat-file -e "$commit:$dir/Makefile" 2>/dev/null || continue
		subject=$(lgit log -1 --format=%s "$commit")
		ignored=$(lgit show "$commit:$dir/.gitignore" | grep -v '^#' || true)
		made=$(lgit show "$commit:$dir/Makefile")
		while read -r file; do
			program=$(basename "$file" .c)
			lgit show "$commit:$file" | grep -qE '^(TEST_HARNESS_MAIN|int main\()' || continue
			grep -qxF -e "$program" -e '*' <<<"$ignored" || echo "$subject: $program is not in $dir/.gitignore"
			grep -qE "\\b$program\\b|wildcard \\*\\.c" <<<"$made" || echo "$subject: $program is not in $dir/Makefile"
		done < <(lgit ls-tree -r --name-only "$commit" "$dir/" | grep '\.c$')
		[[ $dir != */rdhup ]] || lgit show "$commit:$dir/config" | LC_ALL=C sort -c 2>/dev/null ||
			echo "$subject: $dir/config is not sorted"
	done
done
