# shellcheck shell=bash
# The list of what the Coccinelle rules find, and what has to be in it; sourced
# by cocci.sh, which gives findings(), looked_at() and rules_for().
: "${top:?}" "${table:?}" "${rules:?}" "${changed?}"

# rows TREE: the same as findings() of what the list says, for the rules that
# ran and the files that they saw
rows() {
	local column
	case $1 in base) column=4 ;; patched) column=5 ;; control) column=6 ;; esac
	grep -v '^#' "$table" | if [ -z "$changed" ]; then cat; else
		awk 'NR == FNR { looked[$1]; next } $2 in looked' <(looked_at "$1") -
	fi | awk -v n="$column" -v rules="$(rules_for "$1" | tr '\n' ' ')" '
		$n > 0 && index(" " rules, " " $1 " ") { print $1, $2, $3, $n }' | sort
}

# The list itself: a class may not say what the numbers do not.
check_rows() {
	local rule file function base patched control class reason patch
	while read -r rule file function base patched control class reason; do
		patch=$class
		case $class:$((base > 0)):$((patched > 0)):$((control > 0)) in
		known:1:1:? | harmless:1:1:? | unseen:0:0:0) patch= ;;
		control:0:0:1) patch=${reason%%,*} ;;
		*/*:1:0:?) ;;
		*) fault "$table: $rule: $file, $function(): it cannot be $class with $base, $patched, $control"; continue ;;
		esac
		[ -n "$reason" ] || fault "$table: $rule: $file, $function(): no reason"
		[ -z "$patch" ] || grep -qs "^diff --git a/$file " "$top/patches/$patch"-*.patch ||
			fault "$table: $rule: $file, $function(): $patch does not touch the file"
	done < <(grep -v '^#' "$table")
}

# introduced: each poll routine that introduce gives the bit to, "seen FILE
# FUNCTION" if it tests RCV_SHUTDOWN in control; if it does not, but its caller
# does, the caller is seen; else "unseen FILE FUNCTION".  Of the patches alone.
introduced() {
	lgit diff -U100000 control base -- '*.c' | awk '
	function flush(    g) {
		for (g in got)
			if (tested[g]) print "seen", file, g
			else if (tested[caller[g]]) print "seen", file, caller[g]
			else print "unseen", file, g
		split("", got); split("", tested); split("", caller)
	}
	/^diff --git / { flush(); file = substr($4, 3); name = ""; next }
	/^.(static )?__poll_t [a-z0-9_]+\(/ { name = $0; sub(/\(.*/, "", name); sub(/.* /, "", name); next }
	/^.}/ { name = "" }
	name == "" { next }
	/^\+.*POLLRDHUP/ && !/^.[\t ]*\*/ { got[name] }
	/^[- ].*RCV_SHUTDOWN/ { tested[name] = 1 }
	/^[- ]/ { for (g in got) if (index($0, g "(")) caller[g] = name }
	END { flush() }' | sort
}

# What poll_rdhup finds in control against what introduce says; the rest has to
# be in the list as unseen.
check_control() {
	local verdict file function
	while read -r verdict file function; do
		fault "control: poll_rdhup: $file, $function(): introduce and the rule differ ($verdict)"
	done < <(diff <(introduced) <({
		findings control | awk '$1 == "poll_rdhup" { print "seen", $2, $3 }'
		awk '$1 == "poll_rdhup" && $7 == "unseen" { print "unseen", $2, $3 }' "$table"
	} | sort) | sed -n 's/^[<>] //p')
}
