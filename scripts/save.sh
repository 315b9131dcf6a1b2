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

stage=$build/save	# so that what is refused half-way has changed nothing

# covered FILE MESSAGE: true if one of its "Adds:" lines covers FILE.
covered() {
	sed -n '/^---$/,$ s|^Adds: *\(.*[^/]\)/*$|\1|p' <<<"$2" |
		awk -v file="$1" 'index(file "/", $0 "/") == 1 { hit = 1 } END { exit !hit }'
}

# as_stored COMMIT PARENT: puts the files that the commit adds into $stage; prints the
# commit with an "Adds:" line for each and its author as stored, on PARENT.
as_stored() {
	local commit=$1 message mode status file author
	message=$(lgit log -1 --format=%B "$commit")
	while read -r _ mode _ _ status file; do
		if [ "$status" = A ]; then
			[[ "$mode $file" =~ ^100...\ ($(IFS='|' && echo "${kernel_paths[*]}"))/ ]] ||
				die "$(lgit log -1 --format=%s "$commit"): adds $file; what is added is a file below one of: ${kernel_paths[*]}"
			if ! covered "$file" "$message"; then
				grep -q '^---$' <<<"$message" || message+=$'\n---'
				message+=$'\n'"Adds: $file"
			fi
			lgit cat-file blob "$commit:$file" | install -D -m "${mode#100}" /dev/stdin "$stage/$file"
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
	local commit commits parent=$2 out=$stage/patches/$1
	start=$2
	commits=$(lgit rev-list --reverse "$start..refs/heads/$1" 2>/dev/null) ||
		die "branch $1 is gone; make tree makes it anew"
	for commit in $commits; do
		parent=$(as_stored "$commit" "$parent")
	done
	mkdir -p "$out"
	lgit format-patch "${format[@]}" -o "$out" "$start..$parent"
	{
		grep '^#' "$top/patches/$1/series" || true
		find "$out" -name '*.patch' -printf '%f\n' | sort
	} >"$out/series"
}

locked "the branches"
{ [ -e "$build/in-step" ] && lgit rev-parse -q --verify patched >/dev/null 2>&1; } || "$top/scripts/tree.sh" --branches
[ "$(lgit rev-parse patched)" = "$(lgit rev-parse refs/generated/patched)" ] ||
	die "branch patched has commits of its own; it is made of the series: move them to one (make tree S=<series>)"
[ "$(lgit rev-parse 'introduce^{tree}')" = "$(lgit rev-parse 'base^{tree}')" ] ||
	die "control + introduce is not base any more; make the branch introduce end at base's tree"
now=$(stored_files)
edited=$(grep -vxFf "$build/in-step" <<<"$now" | sed 's/^[^ ]* [^ ]*  //' | head -n 3 | xargs) || true
[ -z "$edited" ] ||
	die "edited here since make tree, and make save would write over it: $edited; git stash, make save, git stash pop"
rm -rf "$stage"
for series in introduce $(sendable_series); do
	save_series "$series" "$(start_of "$series")"
done
trap '' INT	# soon done, and half of it would pass for edits
cd "$stage"
find . -type f -printf '%P\n' >"$build/saved"
while read -r file; do
	mkdir -p "$top/${file%/*}"
	cmp -s "$file" "$top/$file" || cp "$file" "$top/$file"
	if [ -x "$file" ]; then chmod +x "$top/$file"; else chmod -x "$top/$file"; fi
done <"$build/saved"
for series in patches/*; do
	for old in "$top/$series"/*.patch; do
		[ -e "$series/${old##*/}" ] || rm -f "$old"
	done
	lgit update-ref "refs/generated/${series#*/}" "refs/heads/${series#*/}"
done
while read -r file; do
	step "no patch adds $file any more: removed"
	rm "$top/$file"
done < <(kernel_path_files | grep -vxFf "$build/saved")
stored_files >"$build/in-step"
