#!/usr/bin/env bash
# Our entries in MAINTAINERS: complete, in order, about files that are there,
# and none that the kernel's own two scripts complain of.
# shellcheck source=scripts/tests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=scripts/lib/lib.sh
. "$top/scripts/lib/lib.sh"
need perl git

base=$build/linux/base
patched=$build/linux/patched

cd "$top"
absent=$(sed -n 's/^F:\t//p' MAINTAINERS | while read -r path; do
	[ -e "${path%/}" ] || echo "$path"
done)
ok "every file that MAINTAINERS names is there" test -z "$absent"
# shellcheck disable=SC2016 # it is awk
ok "its entries are sorted, and each has a list, a status and files" awk '
	BEGIN { RS = ""; FS = "\n" }
	$1 <= last || !/\nL:\t/ || !/\nS:\t/ || !/\nF:\t/ { exit 1 }
	{ last = $1 }' MAINTAINERS

# A kernel tree as far as get_maintainer.pl can see, with a MAINTAINERS of its
# own: with the whole one it looks for each of 20,000 patterns in 90,000 files.
small=$tmp/small
mkdir "$small"
ln -s "$patched"/* "$small/"
cp "$patched/.git" "$small/"
rm "$small/MAINTAINERS"
# complaints TREE TEST: what --self-test says there, without line numbers
complaints() {
	(cd "$1" && perl scripts/get_maintainer.pl "--self-test=$2" 2>&1) |
		sed 's/^[^ ]*MAINTAINERS:[0-9]*: //' | sort
}
complaints "$base" sections >"$tmp/sections.base"
complaints "$patched" sections >"$tmp/sections.patched"
ok "get_maintainer.pl --self-test does complain of some of the kernel's own sections" \
	grep -q 'section without' "$tmp/sections.base"
ok "but of none that is not in base" test -z "$(comm -13 "$tmp/sections.base" "$tmp/sections.patched")"
cp MAINTAINERS "$small/MAINTAINERS"
complaints "$small" patterns >"$tmp/patterns"
ok "every pattern of ours matches a file" test ! -s "$tmp/patterns"
printf 'F:\tnet/core/no_such_file.c\n' >>"$small/MAINTAINERS"
complaints "$small" patterns >"$tmp/patterns"
ok "and one that does not is found" grep -q 'no file matches.*no_such_file' "$tmp/patterns"

# sorted FILE: as parse-maintainers.pl --order writes it
sorted() {
	mkdir -p "$tmp/order"
	cp "$1" "$tmp/order/MAINTAINERS"
	(cd "$tmp/order" && perl "$patched/scripts/parse-maintainers.pl" --order \
		--input=MAINTAINERS --output=MAINTAINERS.sorted && cat MAINTAINERS.sorted)
}
# inserted BASE PATCHED: what the second has more, and that it has nothing less
inserted() {
	diff "$1" "$2" | sed -n 's/^> //p; s/^>$//p; s/^</less: </p'
}
# place FILE: the entry before each of ours and the one after it
place() {
	awk 'NR == FNR { if (title || NR == 1) ours[$0] = 1; title = ($0 == ""); next }
		blank && /^[A-Z0-9]/ && !/^[A-Z]:\t/ { if (hit || $0 in ours) print last " < " $0
			hit = ($0 in ours); last = $0 }
		{ blank = ($0 == "") }' MAINTAINERS "$1"
}
sorted "$base/MAINTAINERS" >"$tmp/base.sorted"
sorted "$patched/MAINTAINERS" >"$tmp/patched.sorted"
ok "parse-maintainers.pl --order leaves our entries as they are" test \
	"$(inserted "$tmp/base.sorted" "$tmp/patched.sorted" | sed '/^$/d')" = "$(sed '/^$/d' MAINTAINERS)"
ok "and where they are" test -n "$(place "$patched/MAINTAINERS")" -a \
	"$(place "$patched/MAINTAINERS")" = "$(place "$tmp/patched.sorted")"
tac MAINTAINERS | sed '/^[^A-Z]/d' >"$tmp/backwards"
{ sed -n '1,/^PNP SUPPORT$/p' "$base/MAINTAINERS" | sed '$d'
	sed -n '1p' MAINTAINERS
	sed -n '/^[A-Z]:/p' "$tmp/backwards"
	echo
	sed -n '/^PNP SUPPORT$/,$p' "$base/MAINTAINERS"; } >"$tmp/planted"
sorted "$tmp/planted" >"$tmp/planted.sorted"
ok "it would move an entry that is one too early and backwards" test \
	"$(place "$tmp/planted")" != "$(place "$tmp/planted.sorted")" -a \
	"$(inserted "$tmp/base.sorted" "$tmp/planted.sorted" | sed '/^$/d')" = "$(sed '/^$/d' MAINTAINERS)"
