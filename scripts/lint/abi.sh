#!/usr/bin/env bash
# abi.sh [ARCH...]: the values of the bits of poll(2) and epoll, as the headers of
# every architecture export them, patched and control, against abi.table: abi.c has
# to compile.
# shellcheck source=scripts/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"

table=$top/scripts/lint/abi.table
declare -A row

read_table() {
	local arch values extra
	while read -r arch values; do
		read -r -a extra <<<"$values"
		[ ${#extra[@]} = 5 ] || die "$table: the row of $arch does not have five values"
		[ -z "${row[$arch]:-}" ] || die "$table has two rows for $arch"
		row[$arch]=$values
	done < <(sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$table")
}

# What is in the tree and what is in the table must be the same.
check_rows() { # check_rows TREE
	local side arch
	while read -r side arch; do
		case $side in
		'<') fault "$1, $arch: a new architecture; add its row to scripts/lint/abi.table" ;;
		'>') fault "$1, $arch: no such architecture; take its row out of scripts/lint/abi.table" ;;
		esac
	done < <(diff <(git -C "$build/linux/$1" ls-tree -d --name-only HEAD arch/ | sed 's|^arch/||' | sort) \
		<(printf '%s\n' "${!row[@]}" | sort))
}

check() { # check TREE ARCH
	local out=$build/headers/$1 log=$build/abi/$1-$2.gcc defines=() values
	read -r -a values <<<"${row[$2]}"
	[ "$1" != control ] || defines=(-DCONTROL)
	LC_ALL=C gcc -fsyntax-only -std=gnu11 -Wall -Wextra -Werror -ffreestanding -nostdinc \
		-isystem "$out/arch/$2" -isystem "$out/usr/include" "${defines[@]}" \
		-DROW_WRNORM="${values[0]}" -DROW_WRBAND="${values[1]}" \
		-DROW_MSG="${values[2]}" -DROW_REMOVE="${values[3]}" \
		-DROW_RDHUP="${values[4]}" "$top/scripts/lint/abi.c" >"$log" 2>&1 ||
		fault "$1, $2: $(sed -n 's/.* error: \(static assertion failed: \|#error \)\?//p' "$log" |
			tr -d '"' | paste -s -d ';' | sed 's/;/; /g'); see $log"
}

need gcc make git
[ -e "$build/linux/patched/.git" ] || "$top/scripts/tree.sh"
read_table
arches=("$@")
for arch; do
	[ -n "${row[$arch]:-}" ] || die "$arch has no row in scripts/lint/abi.table, which has ${!row[*]}"
done
for tree in patched control; do
	check_rows "$tree"
done
[ "$faults" = 0 ] || exit 1
[ $# -gt 0 ] || mapfile -t arches < <(printf '%s\n' "${!row[@]}" | sort)

mkdir -p "$build/abi"
for tree in patched control; do
	"$top/scripts/guest/headers.sh" "$tree" "${arches[@]}"
	for arch in "${arches[@]}"; do
		check "$tree" "$arch"
	done
done
[ "$faults" = 0 ] || exit 1
step "${#arches[@]} of ${#row[@]} architectures export what scripts/lint/abi.table says, with the bit and without"
