#!/usr/bin/env bash
# cocci.sh: what the rules in scripts/coccinelle/api/ say of base, patched and
# control, against the list in scripts/tests/cocci/findings; and whether
# poll_rdhup finds in control each routine that introduce mends.
#
# Takes: FINDINGS, another list.  The rules run over those files that are not the
# same in all three, and over control only poll_rdhup; with FULL=1 over whole
# trees, by the kernel's own `make coccicheck`.  Gives: what spatch said, in
# $build/cocci/.  Errors: a line for each finding that is not listed, or listed and
# not there.
# shellcheck source=scripts/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"

table=${FINDINGS:-$top/scripts/tests/cocci/findings}
rules=$top/scripts/coccinelle/api
macros=$top/scripts/tests/cocci/macros.h
changed=changed
[ -z "${FULL:-}" ] || changed=
out=$build/cocci/${changed:-whole}

# shellcheck source=scripts/lint/findings.sh
. "$top/scripts/lint/findings.sh"

# looked_at TREE: the files of it that a series changes or brings, but for programs
# of user space.
looked_at() {
	local others=(base) other
	[ "$1" != base ] || others=(patched control)
	for other in "${others[@]}"; do
		lgit diff --name-only --diff-filter=d "$other" "$1" -- '*.c' ':!tools'
	done | sort -u | (cd "$build/linux/$1" && xargs -r ls -d -- 2>/dev/null) || true
}

# The rules that run over a tree.  What the others say of control they say of
# base too, so where only changes are looked at they are not asked.
rules_for() { # rules_for TREE
	if [ -n "$changed" ] && [ "$1" = control ]; then
		echo poll_rdhup
	else
		(cd "$rules" && printf '%s\n' *.cocci | sed 's/\.cocci$//')
	fi
}

# A rule looks at one file at a time, so what differs between the trees can
# only be in the files that differ.  A group is a file: without that spatch
# would take them for one program.
over_changed() { # over_changed TREE RULE
	local options
	looked_at "$1" | sed G >"$out/files"
	[ -s "$out/files" ] || return 0
	options=$(sed -n 's|^// Options: ||p' "$rules/$2.cocci")
	# shellcheck disable=SC2086 # options are words
	(cd "$build/linux/$1" && spatch -D report --no-show-diff --very-quiet --no-scanner $options \
		--cocci-file "$rules/$2.cocci" --macro-file "$macros" --jobs "$(nproc)" --chunksize 1 \
		--file-groups "$out/files") >"$out/$1.$2" 2>&1
}

over_whole() { # over_whole TREE RULE
	make -s -C "$build/linux/$1" O="$out/$1.o" coccicheck MODE=report \
		COCCI="$rules/$2.cocci" SPFLAGS="--macro-file $macros" J="$(nproc)" >"$out/$1.$2" 2>&1
}

# What the answer is a function of, but for the list.
inputs() {
	local tree
	cat "$rules"/*.cocci "$macros" "$0" | sha256sum
	for tree in base patched control; do
		(cd "$build/linux/$tree" && looked_at "$tree" | xargs -r sha256sum)
	done
}

# findings TREE: "RULE FILE FUNCTION NUMBER" a line
findings() {
	local file
	for file in "$out/$1".poll_*; do
		sed -nE "s|^($build/linux/$1/)?([^:]+):[0-9]+:[0-9-]+: WARNING: ([A-Za-z0-9_]+)\(\) .*|${file##*.} \2 \3|p" "$file"
	done | sort | uniq -c | awk '{ print $2, $3, $4, $1 }'
}

compare() { # compare TREE
	local rule file function n line
	while read -r line rule file function n; do
		case $line in
		'<') fault "$1: $rule: $file, $function(): $n listed, but not as many found" ;;
		'>') fault "$1: $rule: $file, $function(): $n found, but not as many listed" ;;
		esac
	done < <(diff <(rows "$1") <(findings "$1") | grep '^[<>]')
}

need "${spatch_tools[@]}" git
[ -e "$build/linux/patched/.git" ] || "$top/scripts/tree.sh"
check_rows
mkdir -p "$out"
inputs >"$out/inputs.new"
if [ -z "$changed" ] || ! cmp -s "$out/inputs.new" "$out/inputs"; then
	step "running the rules over ${changed:+what differs between }base, patched and control"
	rm -f "$out/inputs" "$out"/*.poll_*
	for tree in base patched control; do
		for rule in $(rules_for "$tree"); do
			"over_${changed:-whole}" "$tree" "$rule" ||
				die "$rule.cocci fails on $tree; see $out/$tree.$rule"
		done
	done
	mv "$out/inputs.new" "$out/inputs"
fi
for tree in base patched control; do
	compare "$tree"
done
check_control
[ "$faults" = 0 ] || exit 1
step "every finding is listed, and every listed one is found"
