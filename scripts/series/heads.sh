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
	stored_files | tee "$build/in-step.new"	# what is edited from here on is not in them
}

# chain NAMES: these series on base, one after the other; prints the last commit.
chain() {
	local series commit=${head[base]} merge=()
	for series in $1; do
		commit=$(build_series "$series" "$commit" "${merge[@]}")
		merge=(-3)
	done
	echo "$commit"
}

# Fill head[] and start[] from the patches.
build_heads() {
	local file series after all
	: >"$build/added.new"
	head[control]=$(build_control)
	head[introduce]=$(build_series introduce "${head[control]}")
	[ "$(lgit rev-parse "${head[introduce]}^{tree}")" = "$(lgit rev-parse 'base^{tree}')" ] ||
		die "control + patches/introduce is not base: $(lgit diff --stat=72 base "${head[introduce]}" | tail -n 1)"
	start[introduce]=${head[control]}
	mapfile -t all < <(sendable_series)
	for series in "${all[@]}"; do
		[ -f "$top/patches/$series/series" ] || die "patches/order names $series, and there is no patches/$series/series"
		after=$(after_of "$series")
		start[$series]=$(chain "$after")
		head[$series]=$(build_series "$series" "${start[$series]}")
	done
	head[patched]=$(chain "${all[*]}")
	file=$(kernel_path_files | grep -vxFf <(cut -d ' ' -f 1 "$build/added.new") | head -n 1) || true
	[ -z "$file" ] || die "$file is at a kernel path, but no patch brings it in; name it in an Adds: line"
}
