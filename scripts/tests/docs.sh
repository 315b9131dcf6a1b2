#!/usr/bin/env bash
# The documentation: its tables say what the tests expect, and nothing where no
# test does; its pages build without a warning.
# shellcheck source=scripts/tests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=scripts/lib/lib.sh
. "$top/scripts/lib/lib.sh"
need gcc sphinx-build perl python3

selftests=tools/testing/selftests/net/rdhup
folder=Documentation/networking
page=$folder/poll-half-close.rst
pages=("$page" "$folder/poll-routines.rst")

# expectations DIR: the rows of DIR/states_*.c, "STATE FAMILY BIT..." a line
expectations() {
	local program
	cat >"$tmp/rows.c" <<-'C'
		#include <stdio.h>
		#include "expect.h"
		int run_states(int argc, char **argv, const struct row *rows)
		{
			static const struct { unsigned int bits; const char *name; } names[] = {
				{ E_IN, "IN" }, { E_PRI, "PRI" }, { E_OUT, "OUT" },
				{ E_RDHUP, "RDHUP" }, { E_HUP, "HUP" }, { E_ERR, "ERR" },
			};
			for (const struct row *row = rows; row->state; row++) {
				for (int id = 0; id < NR_FAMILIES; id++) {
					if (!(row->families & F(id)))
						continue;
					printf("%s %s%s", row->state, families[id].name, row->all ? "" : " 0");
					for (int i = 0; i < 6; i++)
						if (row->all & names[i].bits)
							printf(" %s", names[i].name);
					puts("");
				}
			}
			return 0;
		}
	C
	for program in "$1"/states_*.c; do
		# what is in rows.c is not taken from the library
		gcc -w -D_GNU_SOURCE -I"$1/lib" -o "$tmp/rows" "$program" "$tmp/rows.c" "$tmp/library.a" &&
			"$tmp/rows" || return
	done
}

# the suite's library, for the host: names of families
library() {
	local file
	for file in "$selftests"/lib/*.c; do
		[ "${file##*/}" = states.c ] ||
			gcc -w -D_GNU_SOURCE -isystem "$build/headers/patched/arch/x86" -isystem "$build/headers/patched/usr/include" \
				-I"$selftests/lib" -c -o "$tmp/$(basename "$file" .c).o" "$file" || return
	done
	ar rcs "$tmp/library.a" "$tmp"/*.o
}

# agree DIR PAGE: the tables of the page against DIR's rows, both ways; what
# differs is printed.  A table is known by its first heading: "column" tells
# which families a column stands for, "state" has the answers.  A cell speaks for
# every family of its column: each has a row with that answer, or none has one and
# the cell is "\-" (a dash alone would be a bullet).
agree() {
	expectations "$1" >"$tmp/rows.txt" || return
	awk -f "$top/scripts/tests/docs.awk" "$tmp/rows.txt" "$2"
}

# finds SENTENCE COMMAND...: it must fail, and by a difference that it names
finds() {
	local sentence=$1
	shift
	if "$@" >"$tmp/out" || ! grep -q '^# ' "$tmp/out"; then
		echo "not ok - $sentence"
	else
		echo "ok - $sentence"
	fi
}

# named PAGE: the terms of the sections that have a comment "Tests:" are named there,
# and so are tests that exist; what is not is printed.
named() {
	local term program test faults=0
	while IFS=$'\t' read -r term program test; do
		if [ -z "$program" ]; then
			echo "# $term: no test is named"
		elif ! grep -qE "^TEST_F(_TIMEOUT)?\(${test%.*}, ${test#*.}[,)]" "$selftests/$program.c"; then
			echo "# $term: $program has no test $test"
		else
			continue
		fi
		faults=1
	done < <(awk -F ': ' '
		/^===/ && last != "" { heading = last; delete terms }
		/^  [^ ]/ && last ~ /^[^ ]/ { terms[last] }
		/^\.\. Tests:$/ { listed = 1; sections++; next }
		listed && /^   / { sub(/^ +/, ""); split($2, t, " "); print $1 "\t" t[1] "\t" t[2]; delete terms[$1]; next }
		listed && /^$/ { for (term in terms) print term; listed = 0 }
		{ last = $0 }
		END { if (sections != 2) print "the page has " sections + 0 " lists of tests, not 2" }' "$1")
	return "$faults"
}

cd "$top"
ok "the library builds for this machine" library
ok "the page's table and the rows of states_*.c agree" agree "$selftests" "$page"
sed 's/^\(peer_shut_wr  .*\)IN OUT RDHUP/\1IN OUT      /' "$page" >"$tmp/cell.rst"
finds "a bit that is missing on the page is found" agree "$selftests" "$tmp/cell.rst"
sed '/^own_shut_rd_peer_data /d' "$page" >"$tmp/row.rst"
finds "a row that is missing on the page is found" agree "$selftests" "$tmp/row.rst"
sed 's/^\(own_shut_rd_peer_data  [^-]*\)\\- /\1OUT/' "$page" >"$tmp/more.rst"
finds "an answer where no test expects one is found" agree "$selftests" "$tmp/more.rst"
sed 's/^\(TCP  .*tcp_mapped\)/\1 tls/' "$page" >"$tmp/family.rst"
finds "and for a family that has no row in a column where others have one" agree "$selftests" "$tmp/family.rst"
cp -r "$selftests" "$tmp/tests"
sed -i 's/UDP = F(FAM_UDP4)/UDP = F(FAM_SCTP4)/' "$tmp/tests/states_dgram.c"
finds "a row of another family is found" agree "$tmp/tests" "$page"
cp "$selftests/states_tcp.c" "$tmp/tests/"
cp "$selftests/states_dgram.c" "$tmp/tests/"
ok "without it they agree again" agree "$tmp/tests" "$page"
sed -i '/{ "peer_close", TCP | TLS, /s/ | TLS//' "$tmp/tests/states_tcp.c"
finds "a row that a family of the column has lost is found" agree "$tmp/tests" "$page"

ok "what no table shows names a test that there is" named "$page"
sed 's/tls.close_notify_is_data/tls.close_notify_is_the_end/' "$page" >"$tmp/test.rst"
finds "a test that there is not is found" named "$tmp/test.rst"
sed '/^   SIGIO: /d' "$page" >"$tmp/term.rst"
finds "and a statement without one" named "$tmp/term.rst"

# The pages alone: seconds, not minutes.  They name each other, so that no file
# is missing; the kernel's own extension makes links of such names.
tree=$tmp/tree
mkdir -p "$tree/$folder"
cp "${pages[@]}" "$tree/$folder/"
cp -r --parents "$selftests" "$tree/"
printf '%s\n' '.. toctree::' '' '   poll-half-close' '   poll-routines' >"$tree/$folder/index.rst"
echo 'master_doc = "index"' >"$tree/$folder/conf.py"
# builds NAME: without a warning; shows what there was
builds() {
	PYTHONDONTWRITEBYTECODE=1 sphinx-build -q -W --keep-going -b html "$tree/$folder" "$tmp/$1" 2>&1
}
ok "the pages build without a warning" builds html
ok "and no cell of a table has become a list" test -z "$(grep -l '<td><ul' "$tmp"/html/*.html)"
sed -i 's/:start-after: the probe/:start-after: the proof/' "$tree/$page"
builds planted >"$tmp/out" || true
ok "a part of a program that is not there is found" grep -q 'the proof' "$tmp/out"
shown=$(sed -n 's/^\.\. literalinclude:: .*\///p' "$page" | sort)
ok "every example program is on the page" test "$shown" = \
	"$(cd "$selftests" && printf '%s\n' example_*.c | sort)"
ok "by the part that teaches, none of it whole" test \
	"$(grep -c '^   :start-after: ' "$page") $(grep -c '^   :end-before: ' "$page")" = \
	"$(wc -w <<<"$shown") $(wc -w <<<"$shown")"
for file in "${pages[@]}"; do
	ok "${file##*/} is in the index of its directory" grep -qx "   $(basename "$file" .rst)" \
		"$build/linux/patched/$folder/index.rst"
done
named=$(grep -ohE 'Documentation/[a-z/-]+\.rst' "${pages[@]}" | sort -u | while read -r file; do
	[ -e "$build/linux/patched/$file" ] || echo "$file"
done)
ok "the pages that they name are there" test -z "$named"

# kernel_doc FILE: nothing undocumented in it, as -Wall sees it
kernel_doc() {
	(cd "$build/linux/patched" && PYTHONDONTWRITEBYTECODE=1 scripts/kernel-doc -none -Wall -Werror "$1")
}
for file in include/net/sock_poll.h net/core/sock_poll_kunit.c fs/tests/poll_kunit.c; do
	ok "kernel-doc finds nothing to say of $file" kernel_doc "$top/$file"
done
sed '/^ \* @shutdown:/d' include/net/sock_poll.h >"$tmp/sock_poll.h"
if kernel_doc "$tmp/sock_poll.h" >"$tmp/out" 2>&1 || ! grep -q "'shutdown' not described" "$tmp/out"; then
	echo "not ok - and would find an argument that is not described"
else
	echo "ok - and would find an argument that is not described"
fi
