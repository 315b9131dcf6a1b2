# docs.awk ROWS PAGE: what the page's tables say and the rows do not, and the other way
# round; see agree() in docs.sh.
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
function finish(    i, k, f, n_rows) {
	if (head == "column" && state != "")
		families[state] = whole[2]
	for (i = 2; head == "state" && state != "" && i <= n; i++) {
		n_rows = 0
		k = split(families[title[i]], f, " ")
		if (!k) bad("no families for column " title[i])
		for (k in f)
			n_rows += (state, f[k]) in expect
		for (k in f) {
			if (!((state, f[k]) in expect)) {
				if (n_rows || whole[i] != "-")
					bad(state " " f[k] ": the page says " whole[i] ", no test does")
				continue
			}
			if (whole[i] != expect[state, f[k]])
				bad(state " " f[k] ": the page says " whole[i] ", the tests " expect[state, f[k]])
			delete left[state, f[k]]
		}
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
}
