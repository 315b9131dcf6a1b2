# shellcheck shell=bash
# The headers of a mail; sourced by export.sh, whose $tree has the
# get_maintainer.pl that is asked.
: "${build:?}" "${tree:?}"

# addresses PATCH: get_maintainer's answer, a line "To|List ADDRESS" each.
addresses() {
	(cd "$tree" && perl scripts/get_maintainer.pl --no-tree --mpath "$build/outgoing.maintainers" \
		--nogit --nogit-fallback --no-fixes --roles --no-rolestats "$1") | awk '
		/\(.*list.*\)$/ { sub(/ \(.*/, ""); print "List " $0; next }
		/\(/ { sub(/ \([^()]*(\([^()]*\)[^()]*)*\)$/, ""); print "To " $0 }'
}

# address MAIL FILE: put To: and Cc: below the last header line of a mail, and
# sender and subject on one line each: b4 0.12 stumbles over folded ones.
address() {
	awk -v to="$(sed -n 's/^To //p' "$2" | sort -u | paste -sd'|')" \
		-v cc="$(sed -n 's/^List //p' "$2" | sort -u | paste -sd'|')" '
		function header(name, list) {
			if (list == "")
				return
			gsub(/\|/, ",\n    ", list)
			print name ": " list
		}
		!done && /^$/ { if (open) print open; open = ""; header("To", to); header("Cc", cc); done = 1 }
		!done && /^(From|Subject): / { if (open) print open; open = $0; next }
		open && /^ / { open = open $0; next }
		open { print open; open = "" }
		{ print }' "$1" >"$build/msg" && cp "$build/msg" "$1"
}

# address_all SERIES START FOLDER: the series' own list gets every mail, everybody
# else their patches and the cover letter.
address_all() {
	local mail everybody=$build/outgoing.everybody
	{
		setting_of list "$1" | sed 's/^/List /'
		setting_of to "$1" | sed 's/^/To /'
	} >"$build/outgoing.own"
	cp "$build/outgoing.own" "$everybody"
	lgit show "$2:MAINTAINERS" >"$build/outgoing.maintainers" 2>/dev/null || true
	for mail in "$3"/*.patch; do
		[[ $mail != *0000-cover-letter.patch ]] || continue
		cp "$build/outgoing.own" "$build/outgoing.mail"
		if ! grep -q '^To ' "$build/outgoing.own"; then
			addresses "$mail" >"$build/outgoing.found"
			grep -q '^List ' "$build/outgoing.found" ||
				die "$1: get_maintainer.pl names no list for ${mail##*/}; is $tree a kernel tree?"
			cat "$build/outgoing.found" >>"$build/outgoing.mail"
		fi
		cat "$build/outgoing.mail" >>"$everybody"
		address "$mail" "$build/outgoing.mail"
	done
	address "$3"/*0000-cover-letter.patch "$everybody"
}
