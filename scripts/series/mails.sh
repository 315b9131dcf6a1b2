# shellcheck shell=bash
# Whose a patch is, and whom it is sent to; sourced by export.sh, whose $tree has the
# get_maintainer.pl that is asked.
: "${top:?}" "${build:?}" "${tree:?}" "${identity_email:?}" "${submitter_name:?}" "${submitter_email:?}"

# signed_tree COMMIT: its tree, in which the submitter maintains what our entries
# in MAINTAINERS are about.
signed_tree() {
	local blob
	lgit cat-file -e "$1:MAINTAINERS" 2>/dev/null || { lgit rev-parse "$1^{tree}"; return 0; }
	blob=$(lgit show "$1:MAINTAINERS" |
		awk -v line="M:	$submitter_name <$submitter_email>" -v ours="$top/MAINTAINERS" '
			BEGIN { while ((getline text <ours) > 0) { if (!open) title[text] = 1; open = (text != "") } }
			{ print }
			blank && $0 in title { print line }
			{ blank = ($0 == "") }' | lgit hash-object -w --stdin)
	lgit ls-tree "$1" | sed "s/^\(.* blob \)[0-9a-f]*\tMAINTAINERS$/\1$blob\tMAINTAINERS/" | lgit mktree
}

# signed COMMIT PARENT: the commit as its submitter sends it; prints its id.  A
# patch by somebody else keeps its author, who must have signed it off.
signed() {
	local message notes name=$submitter_name email=$submitter_email author
	author=$(lgit log -1 --format=%ae "$1")
	message=$(lgit log -1 --format=%B "$1" | sed '/^---$/,$d')
	notes=$(lgit log -1 --format=%B "$1" | sed '1,/^---$/d; /^\(Adds\|Needs\): /d'"${MAN_PAGES:+; /^Base: /d}")
	if [ "$author" != "$identity_email" ]; then
		name=$(lgit log -1 --format=%an "$1") email=$author
		grep -q "^Signed-off-by: .*<$author>$" <<<"$message" ||
			die "\"$(head -n 1 <<<"$message")\" is by $name <$author> and has no sign-off of theirs; ask for it, and put it into the patch"
	fi
	{
		lgit interpret-trailers --if-exists addIfDifferent \
			--trailer "Signed-off-by: $submitter_name <$submitter_email>" <<<"$message"
		[ -z "$notes" ] || printf -- '---\n%s\n' "$notes"
	} | commit_as "$name" "$email" "$(lgit log -1 --format=@%ad --date=raw "$1")" "$(signed_tree "$1")" -p "$2"
}

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
