#!/usr/bin/env bash
# The documentation: its table says what the tests expect, and its page builds
# without a warning.
# shellcheck source=scripts/tests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=scripts/lib/lib.sh
. "$top/scripts/lib/lib.sh"
need gcc sphinx-build perl python3

selftests=tools/testing/selftests/net/rdhup
page=Documentation/networking/poll-half-close.rst

# expectations DIR: the rows of DIR/states_*.c, "STATE FAMILY BIT..." a line
expectations() {
	local program
	cat >"$tmp/rows.c" <<-'C'
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
# which families a column stands for, "state" has the answers.  "\-" is for no
# row at all (a dash alone would be a bullet), "(FAMILY BIT...)" for one that
# differs from the rest of its cell.
agree() {
	expectations "$1" >"$tmp/rows.txt" || return
	awk '
	function bad(text) { print "# " text; faults++ }
	function cells(line,    i) {
		for (i = 1; i <= n; i++) {
			cell[i] = substr(line, from[i], (i < n ? from[i + 1] : 999) - from[i])
			gsub(/^ +| +$/, "", cell[i])
			sub(/^\\-$/, "-", cell[i])
		}
	}
	function start_of_columns(    at) {
		n = 0
		for (at = 1; match(substr($0, at), /=+/); at += RSTART + RLENGTH - 1)
			from[++n] = at + RSTART - 1
	}
	# a row is complete when the next one begins
	function finish(    i, k, f, name, parts, own, want, used) {
		if (head == "column" && state != "")
			families[state] = whole[2]
		for (i = 2; head == "state" && state != "" && i <= n; i++) {
			split(whole[i], parts, / *\(/)
			used = 0
			split("", own)
			for (k = 2; k in parts; k++) {
				sub(/\)$/, "", parts[k])
				name = parts[k]
				sub(/ .*/, "", name)
				own[name] = substr(parts[k], length(name) + 2)
			}
			k = split(families[title[i]], f, " ")
			if (!k) bad("no families for column " title[i])
			for (; k; k--) {
				if (!((state, f[k]) in expect)) continue
				used = 1
				want = f[k] in own ? own[f[k]] : parts[1]
				if (want != expect[state, f[k]])
					bad(state " " f[k] ": the page says " want ", the tests " expect[state, f[k]])
				delete left[state, f[k]]
			}
			if (!used && whole[i] != "-") bad(state " " title[i] ": the tests have no such row")
		}
		state = ""
	}
	NR == FNR { key = $1 SUBSEP $2; $1 = $2 = ""; sub(/^ +/, ""); expect[key] = left[key] = $0; next }
	/^=+( +=+)+$/ {
		rule = (rule + 1) % 3
		if (rule == 0) finish()
		if (rule == 1) { start_of_columns(); head = "" }
		next
	}
	rule == 1 { cells($0); if (head == "") for (i = 1; i <= n; i++) title[i] = cell[i]; head = title[1]; next }
	rule == 2 {
		cells($0)
		if (cell[1] != "") { finish(); state = cell[1]; for (i = 2; i <= n; i++) whole[i] = cell[i]; next }
		for (i = 2; i <= n; i++) if (cell[i] != "") whole[i] = (whole[i] == "" ? "" : whole[i] " ") cell[i]
	}
	END {
		for (key in left) { sub(SUBSEP, " ", key); bad(key " is not on the page") }
		exit faults > 0
	}' "$tmp/rows.txt" "$2"
}

# finds SENTENCE DIR PAGE: agree() must fail, and by a difference that it names
finds() {
	if agree "$2" "$3" >"$tmp/out" || ! grep -q '^# ' "$tmp/out"; then
		echo "not ok - $1"
	else
		echo "ok - $1"
	fi
}

cd "$top"
ok "the library builds for this machine" library
ok "the page's table and the rows of states_*.c agree" agree "$selftests" "$page"
sed 's/^\(peer_shut_wr  .*\)IN OUT RDHUP/\1IN OUT      /' "$page" >"$tmp/cell.rst"
finds "a bit that is missing on the page is found" "$selftests" "$tmp/cell.rst"
sed '/^own_shut_rd_peer_data /d' "$page" >"$tmp/row.rst"
finds "a row that is missing on the page is found" "$selftests" "$tmp/row.rst"
sed 's/^\(own_shut_rd_peer_data  [^-]*\)\\- /\1OUT/' "$page" >"$tmp/more.rst"
finds "an answer that no test expects is found" "$selftests" "$tmp/more.rst"
cp -r "$selftests" "$tmp/tests"
sed -i 's/UDP = F(FAM_UDP4)/UDP = F(FAM_SCTP4)/' "$tmp/tests/states_dgram.c"
finds "a row of another family is found" "$tmp/tests" "$page"

# The page alone, with the one extension that it needs: seconds, not minutes.
tree=$tmp/tree
mkdir -p "$tree/Documentation/networking" "$tree/include"
cp "$page" "$tree/Documentation/networking/"
cp -r include/net "$tree/include/"
cp -r --parents "$selftests" "$tree/"
cat >"$tree/Documentation/networking/conf.py" <<EOF
import sys
sys.path.insert(0, "$build/linux/base/Documentation/sphinx")
extensions = ["kerneldoc"]
master_doc = "poll-half-close"
kerneldoc_srctree = "$tree"
EOF
ok "the page builds without a warning" env srctree="$build/linux/base" PYTHONDONTWRITEBYTECODE=1 \
	sphinx-build -q -W --keep-going -b html "$tree/Documentation/networking" "$tmp/html"
ok "and no cell of a table has become a list" test "$(grep -c '<td><ul' "$tmp/html/poll-half-close.html")" = 0
shown=$(sed -n 's/^\.\. literalinclude:: .*\///p' "$page" | sort)
ok "every example program is on the page" test "$shown" = \
	"$(cd "$selftests" && printf '%s\n' example_*.c | sort)"
ok "the page is in the index of its directory" grep -qx "   $(basename "$page" .rst)" \
	"$build/linux/patched/Documentation/networking/index.rst"

# rules PAGE: the Coccinelle rules that its checklist names
rules() {
	sed -n '/^A checklist$/,$p' "$1" | grep -oE '\([a-z]+_[a-z_]+\)' | tr -d '()' | sort
}
ok "the checklist names every Coccinelle rule, and none that is not there" test "$(rules "$page")" = \
	"$(cd scripts/coccinelle/api && printf '%s\n' *.cocci | sed 's/\.cocci$//' | sort)"

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
