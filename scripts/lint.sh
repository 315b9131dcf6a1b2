#!/usr/bin/env bash
# lint.sh [GATE [SERIES]]: the gates of scripts/lint/, see the README there, on every
# series that is sent, or on one; "introduce" only if it is named.
#
# Gives a line a gate and series, "ok - ..." or "not ok - ..."; exit status 0 only if
# all are ok.  abi, cocci and kunit, which are run by name only, have lines of
# their own.
# shellcheck source=scripts/lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"

gate=${1:-} wanted=${2:-} failed=0
export tree=$build/linux/base linux_git build top
mails=$build/lint

clang=$(usable_clang)
export clang
case $gate in
abi | cocci | kunit)
	[ "$gate" != cocci ] || kernel_tools+=("${spatch_tools[@]}")
	need "${kernel_tools[@]}"
	"$top/scripts/tree.sh"
	exec "$top/scripts/lint/$gate.sh"
	;;
esac
need "${kernel_tools[@]}" sparse "$clang" codespell shellcheck
"$top/scripts/tree.sh" --branches
[ -e "$tree/.git" ] || "$top/scripts/tree.sh"
mapfile -t all < <(sendable_series)
[ "$wanted" != introduce ] || all=(introduce)
[ -z "$wanted" ] || grep -qxF -e "$wanted" <(printf '%s\n' "${all[@]}") ||
	die "S=$wanted is not a series that is sent; name one of: ${all[*]}"
[ -z "$gate" ] || compgen -G "$top/scripts/lint/*-$gate.sh" >/dev/null ||
	die "G=$gate is no gate; name one of: $(cd "$top/scripts/lint" && printf '%s\n' *-*.sh | sed 's/^[a-z]*-//; s/\.sh$//' | paste -sd' ') abi cocci kunit"

# say SENTENCE REASONS: a line for what was looked at, and one a reason.
say() {
	if [ -z "$2" ]; then
		echo "ok - lint: $1"
	else
		printf 'not ok - lint: %s\n# %s\n' "$1" "${2//$'\n'/$'\n'# }"
		failed=1
	fi
}

run_gate() { # run_gate GATE SERIES SUBJECT...
	local name=${1##*/}
	say "$2: ${name%.sh}" "$(printf '%s\n' "${@:3}" | xargs -P "$(nproc)" -I{} \
		"$top/scripts/lint/one.sh" "$1" {} "$2")"
}

mkdir -p "$mails"
: >"$mails/allowed.used"
for series in "${all[@]}"; do
	[[ -z $wanted || $series = "$wanted" ]] || continue
	rm -rf "${mails:?}/$series"
	lgit format-patch -q -o "$mails/$series" --no-renames --abbrev=12 "$(start_of "$series")..$series"
	cp "$top/patches/$series/cover-letter" "$mails/$series/" 2>/dev/null || true
	for script in "$top"/scripts/lint/*-*.sh; do
		[[ -z $gate || $script = */*-$gate.sh ]] || continue
		case ${script##*/} in
		patch-*) run_gate "$script" "$series" "$mails/$series"/*.patch ;;
		series-*) run_gate "$script" "$series" "$mails/$series" ;;
		esac
	done
done
for script in "$top"/scripts/lint/repo-*.sh; do
	[[ -n $wanted || ( -n $gate && $script != */*-$gate.sh ) ]] ||
		run_gate "$script" repository "$top"
done
# only a run over everything can tell that an exception is not needed
if [[ -z $wanted && ( -z $gate || $gate = checkpatch ) ]]; then
	unused=$(grep -v '^#' "$top/scripts/lint/allowed" | awk '{ print $1, $2 }' |
		grep -vxF -f <(sort -u "$mails/allowed.used") || true)
	say "every line of scripts/lint/allowed is needed" \
		"${unused:+"nothing is found that this line allows: $unused"}"
fi
exit "$failed"
