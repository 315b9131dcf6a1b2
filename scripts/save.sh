#!/usr/bin/env bash
# save.sh: the way back from `make tree`: write the commits of the series' branches
# to patches/, and the files that they add to the kernel to the same path in this
# repository.  The only verb that writes outside $build.  A new file needs no
# "Adds:" line, it is given one.
# shellcheck source=scripts/lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"
# shellcheck source=scripts/series/series.sh
. "$top/scripts/series/series.sh"

format=(-q --zero-commit -N --always --no-signature --no-renames --abbrev=12
	--stat=72 --diff-algorithm=myers --src-prefix=a/ --dst-prefix=b/
	--diff-filter=a)	# but for the files that they add

# Write one file of COMMIT to its kernel path here, byte for byte.
save_file() { # save_file COMMIT FILE MODE
	mkdir -p "$top/$(dirname "$2")"
	lgit cat-file blob "$1:$2" >"$build/save.file"
	cmp -s "$build/save.file" "$top/$2" || cp "$build/save.file" "$top/$2"
	if [ "$3" = 100755 ]; then chmod 755 "$top/$2"; else chmod 644 "$top/$2"; fi
	echo "$2" >>"$build/saved"
}

# covered FILE MESSAGE: true if one of its "Adds:" lines covers FILE.
covered() {
	sed -n '/^---$/,$ s|^Adds: *\(.*[^/]\)/*$|\1|p' <<<"$2" |
		awk -v file="$1" 'index(file "/", $0 "/") == 1 { hit = 1 } END { exit !hit }'
}

# as_stored COMMIT PARENT: saves the files that the commit adds at their own paths;
# prints the commit with an "Adds:" line for each and its author as stored, on PARENT.
as_stored() {
	local commit=$1 message mode status file author
	message=$(lgit log -1 --format=%B "$commit")
	while read -r _ mode _ _ status file; do
		if [ "$status" = A ]; then
			if ! covered "$file" "$message"; then
				grep -q '^---$' <<<"$message" || message+=$'\n---'
				message+=$'\n'"Adds: $file"
			fi
			save_file "$commit" "$file" "$mode"
		elif grep -qs "^$file " "$build/added" || ! lgit cat-file -e "$start:$file" 2>/dev/null; then
			die "$(lgit log -1 --format=%s "$commit"): changes $file, which an earlier patch adds; squash the change into that one"
		fi
	done < <(lgit diff-tree -r --no-commit-id --no-renames "$commit")
	# the repository's own identity, unless somebody wrote it who did not commit it
	mapfile -t author < <(lgit log -1 --format='%an%n%ae%n%ce' "$commit")
	[ "${author[1]}" != "${author[2]}" ] || author=("$identity_name" "$identity_email")
	commit_as "${author[0]}" "${author[1]}" "$(lgit log -1 --format=@%ad --date=raw "$commit")" \
		"$(lgit rev-parse "$commit^{tree}")" -p "$2" <<<"$message"
}

save_series() { # save_series SERIES START
	local commit parent=$2 out=$build/save.out
	start=$2
	while read -r commit; do
		parent=$(as_stored "$commit" "$parent")
	done < <(lgit rev-list --reverse "$start..$1")
	rm -rf "$out"
	mkdir -p "$out" "$top/patches/$1"
	lgit format-patch "${format[@]}" -o "$out" "$start..$parent"
	{
		grep '^#' "$top/patches/$1/series" || true
		find "$out" -name '*.patch' -printf '%f\n' | sort
	} >"$out/series"
	for old in "$top/patches/$1"/*.patch; do
		[ -e "$old" ] && [ ! -e "$out/${old##*/}" ] && rm "$old"
	done
	for new in "$out"/*; do
		cmp -s "$new" "$top/patches/$1/${new##*/}" || cp "$new" "$top/patches/$1/"
	done
	lgit update-ref "refs/generated/$1" "$1"
}

lgit rev-parse -q --verify patched >/dev/null 2>&1 || "$top/scripts/tree.sh" --branches
[ "$(lgit rev-parse patched)" = "$(lgit rev-parse refs/generated/patched)" ] ||
	die "branch patched has commits of its own; it is made of the series: move them to one (make tree S=<series>)"
[ "$(lgit rev-parse 'introduce^{tree}')" = "$(lgit rev-parse 'base^{tree}')" ] ||
	die "control + introduce is not base any more; make the branch introduce end at base's tree"
if [ -f "$build/in-step" ]; then
	edited=$(stored_files | grep -vxFf "$build/in-step" | sed 's/^[^ ]* [^ ]*  //' | head -n 3 | xargs) || true
	[ -z "$edited" ] ||
		die "edited here since make tree, and make save would write over it: $edited; git stash, make save, git stash pop"
fi
: >"$build/saved"
for series in introduce $(sendable_series); do
	save_series "$series" "$(start_of "$series")"
done
while read -r file; do
	step "no patch adds $file any more: removed"
	rm "$top/$file"
done < <(kernel_path_files | grep -vxFf "$build/saved")
stored_files >"$build/in-step"
