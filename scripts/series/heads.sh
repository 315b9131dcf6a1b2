# shellcheck shell=bash
# What the branches are: commits made of the patches and the files at kernel
# paths; sourced by tree.sh.
: "${top:?}" "${build:?}"
declare -A head=()	# the last commit of each branch
declare -A start=()	# the one that a series starts from

# What the branches are a function of: the commit that they start from, the
# code that makes them, and every file of patches/ and at a kernel path.
inputs() {
	lgit rev-parse base
	cat "$top"/scripts/{lib/lib,series/order,series/series,series/heads}.sh | sha256sum
	stored_files
}

# series_on SERIES PARENT [ARG...]: as build_series, but one that has been built
# before on that parent is looked up in $build/series: the commit, then the
# files that its patches add, as in $build/added.
series_on() {
	local series=$1 key
	key=$build/series/$({
		echo "$@"
		sed -n 2p "$build/heads.inputs"
		grep "  patches/$series/" "$build/heads.inputs"
		! grep -qs '^Adds: ' "$top/patches/$series"/*.patch ||
			sed 1,2d "$build/heads.inputs" | grep -v '  patches/'
	} | sha256sum | cut -c1-40)
	if [ ! -s "$key" ] || ! lgit cat-file -e "$(head -n 1 "$key")" 2>/dev/null; then
		mkdir -p "$build/series"
		build_series "$@" >"$key.new"
		grep " $series/" "$build/added" | sort -u >>"$key.new" || true
		mv "$key.new" "$key"
	fi
	sed 1d "$key" >>"$build/added"
	head -n 1 "$key"
}

# chain SERIES...: these on base, one after the other; prints the last commit.
chain() {
	local series commit=${head[base]} merge=()
	for series; do
		commit=$(series_on "$series" "$commit" "${merge[@]}")
		merge=(-3)
	done
	echo "$commit"
}

# Fill head[] and start[] from the patches.
build_heads() {
	local file series after all
	: >"$build/added"
	head[control]=$(build_control)
	head[introduce]=$(series_on introduce "${head[control]}")
	[ "$(lgit rev-parse "${head[introduce]}^{tree}")" = "$(lgit rev-parse 'base^{tree}')" ] ||
		die "control + patches/introduce is not base: $(lgit diff --stat=72 base "${head[introduce]}" | tail -n 1)"
	start[introduce]=${head[control]}
	mapfile -t all < <(sendable_series)
	for series in "${all[@]}"; do
		mapfile -t after < <(after_of "$series")
		start[$series]=$(chain "${after[@]}")
		head[$series]=$(series_on "$series" "${start[$series]}")
	done
	head[patched]=$(chain "${all[@]}")
	file=$(kernel_path_files | grep -vxFf <(cut -d ' ' -f 1 "$build/added") | head -n 1) || true
	[ -z "$file" ] || die "$file is at a kernel path, but no patch brings it in; name it in an Adds: line"
}
