# shellcheck shell=bash disable=SC2154
# The test programs of one kernel, shared out among guests that run at a time; sourced
# by kselftest.sh, whose variables these are.
: "${top:?}" "${build:?}" "${guest:?}"

# The test programs, "TARGET PROGRAM SECONDS" a line, of what the kernel's own build
# made: those whose source is ours, and those of its own that are listed in extended.
list_tests() {
	local source dir name limit
	while read -r source; do
		grep -qE '^(TEST_HARNESS_MAIN|int main\()' "$top/$source" || continue # a library's
		dir=${source#tools/testing/selftests/}
		name=${dir##*/}
		name=${name%.c}
		dir=${dir%/*}
		[ "$name" != bench ] || [ "$programs" = bench ] || continue # it measures
		[ -x "$tests/$dir/$name" ] ||
			die "$source was not built; see $build/selftests$tag/build.log"
		limit=$(sed -n 's/^timeout=//p' "$top/tools/testing/selftests/$dir/settings" 2>/dev/null) || true
		echo "$dir $name ${limit:-45}"
	done < <(kernel_path_files | grep '^tools/testing/selftests/.*\.c$')
	sed '/^#/d' "$top/scripts/guest/extended" | cut -d ' ' -f 1-3
}

# What is run of a program that does more than concerns us, unless TESTS= says it.
only_these() { # only_these TARGET PROGRAM
	[ -n "${TESTS:-}" ] || sed -n "s|^$1 $2 [0-9]*||p" "$top/scripts/guest/extended"
}

# What a kernel without its fix does not survive ("Proof: ... alone" in the notes
# of the patch) is run there by name only.
not_here() { # not_here TARGET PROGRAM
	case ${TESTS:-}$kind in control | base) ;; *) return 0 ;; esac
	sed -n "s|^Proof: *$1 $2 [^ ]*\.\([^ .]*\) alone .*| -T \1|p" "$top"/patches/*/*.patch | tr -d '\n'
}

# share_out: "SHARD TARGET PROGRAM SECONDS" a line: the longest first, each to the
# shard that has least to do.
share_out() {
	awk 'NR == FNR { if (!/^#/) weight[$1] = $2; next }
		{ print ($2 in weight ? weight[$2] : 1), $0 }' "$top/scripts/guest/weights" - |
		sort -k 1,1nr -k 3,3 | awk -v shards="$shards" '
			{ least = 1
				for (i = 2; i <= shards; i++) if (load[i] < load[least]) least = i
				load[least] += $1; $1 = least; print }'
}

# fill_initramfs SHARD; the race comes first, for run.sh, which shows it
fill_initramfs() {
	local root=$build/guest/$guest.$1.root target name limit turn
	rm -rf "$root"
	mkdir -p "$root"
	while read -r target name limit turn; do
		mkdir -p "$root/selftests/$target"
		cp "$tests/$target/$name" "$root/selftests/$target/"
		echo "$target:$name$turn ${LIMIT:-$((limit * slower))} /selftests/$target/$name$bench${TESTS:+ -r ${TESTS// / -r }}$(not_here "$target" "$name")$(only_these "$target" "$name")"
	done < <(share_out <<<"$list" | sed -n "s/^$1 //p" |
		awk '$2 == "race" { print; next } { rest = rest $0 "\n" } END { printf "%s", rest }') >"$root/tests"
	pack_initramfs "$build/guest/$guest.$1.cpio" "$root"
}

# run_shard SHARD: one guest, to its end.  Its exit status is in SHARD.status:
# 124 or "silent" if it hung.  Only the first of several runs the KUnit suites.
run_shard() {
	local status=0 part=$build/guest/$guest.$1 pid silent=0
	: >"$part.ktap"
	: >"$part.console"
	channels "$part.console" "$part.ktap"
	boot_guest "$image" "$part.cpio" \
		"${bench:+nokaslr norandmaps }ktap=/dev/$ktap_tty ${FAULT:+fault=$FAULT} $([ "$1" = 1 ] || echo kunit.enable=0) $(env | sed -n '/^RDHUP_[A-Z_]*=[^ ]*$/p' | xargs)" \
		"${channel_args[@]}" "${counting[@]}" </dev/null &
	pid=$!
	# /init ends each test at its limit, unless the kernel itself has hung
	while kill -0 "$pid" 2>/dev/null; do
		if [ $(($(date +%s) - $(stat -c %Y "$part.ktap"))) -gt $((longest + 30)) ]; then
			silent=1
			pkill -KILL -f -- "-initrd $part.cpio " || true
			break
		fi
		sleep 0.5 # a file tells nobody that it has not grown
	done
	wait "$pid" || status=$?
	[ "$silent" = 0 ] || status=silent
	echo "$status" >"$part.status"
}

# One document of those of all shards.
merge_ktap() {
	printf 'KTAP version 1\n1..%d\n' "$(wc -l <<<"$list")"
	for ((i = 1; i <= shards; i++)); do
		sed '1,2{/^KTAP version\|^1\.\./d}' "$build/guest/$guest.$i.ktap"
	done | awk -v shards="$shards" '
		/^# guest done/ { done++; next }
		/^(not )?ok [0-9]+ / { sub(/ok [0-9]+/, "ok " ++n) }
		{ print }
		END { if (done == shards) print "# guest done" }'
}

# check_shard SHARD: ends this script if the guest did not come to its end.
check_shard() {
	local part=$build/guest/$guest.$1 status what=
	status=$(cat "$part.status")
	if [ "$status" = 124 ]; then
		what="hung: killed after $guest_limit s"
	elif [ "$status" = silent ]; then
		what="hung: killed after $((longest + 30)) s without a word"
	elif grep -q 'Kernel panic' "$part.console"; then
		what="panicked: $(grep -m 1 -o 'Kernel panic.*' "$part.console")"
	elif ! grep -q '^# guest done' "$part.ktap"; then
		what="stopped in the middle of its tests; its KTAP is cut short"
	fi
	[ -n "$what" ] || return 0
	fault "the $guest guest $what"
	printf '    console: %s\n' "$results/$guest.console" >&2
	tail -n 8 "$results/$guest.console" | sed 's/^/    | /' >&2
	exit 1
}
