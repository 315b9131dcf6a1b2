#!/usr/bin/env bash
# A series has at most 15 patches, a cover letter if it has three or more, and
# the name of its tree for the subject prefix.
set -euo pipefail
count=$(find "$1" -name '*.patch' | wc -l)
[ "$count" -le 15 ] || echo "$2: $count patches; netdev takes 15"
[ "$count" -gt 0 ] || echo "$2: no patch at all"
[ "$count" -lt 3 ] || [ -s "$1/cover-letter" ] || echo "$2: $count patches and no cover letter"
case $2 in
bpf | mptcp-net | net | nfc | bluetooth | io_uring | vfs | nfs | net-next | rfc | \
	selftests | selftests-fixes | cocci | extra) ;;
*) echo "$2: is no tree that a subject prefix names" ;;
esac
