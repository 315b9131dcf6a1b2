#!/usr/bin/env bash
# arch.sh A|all [PROGRAM,...]: the suite on other architectures: kernels base and
# patched of A are cross-built and booted in QEMU, and every kselftest and KUnit
# suite is run in each.
#
# Takes: a name of scripts/guest/arches, or "all": every one of them but
# x86_64, which is the main job's; programs, to run no others, of which no row
# is made.  Gives: what kernel.sh, selftests.sh and
# kselftest.sh give for A-base and A-patched, and A's row in
# $build/results/arch.json; exit status 0 only if nothing failed on A-patched,
# no test was skipped but those that A's fragment names, and no console shows a
# splat.  Results that are newer than the kernel and the tests are kept.
# shellcheck source=scripts/lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"
# shellcheck source=scripts/guest/guest.sh
. "$top/scripts/guest/guest.sh"

run_arch() { # run_arch NAME
	local kind guests=() status=0
	machine "$1"
	"$top/scripts/guest/selftests.sh" "$1"
	need "${qemu[0]}"
	build_init
	for kind in base patched; do
		"$top/scripts/kernel.sh" "$1-$kind"
	done
	# much of a guest's time goes into waiting for what must not come
	for kind in base patched; do
		in_background results_of "$1-$kind" 1 "$programs"
		guests+=($!)
	done
	for kind in "${guests[@]}"; do
		wait "$kind" || status=1
	done
	[ "$status" = 0 ] || exit 1
	if [ -n "$programs" ]; then
		python3 "$top/scripts/results/arches.py" tap "$build" "$1" "$programs" | grep '^not ok' && status=1
		return "$status"
	fi
	python3 "$top/scripts/results/arches.py" record "$build" "$1" "$build/guest/init$tag" || status=1
	# the page of the main job's last run has a table of these
	[ ! -e "$build/report/index.html" ] || python3 "$top/scripts/results/report.py" "$build"
	return "$status"
}

wanted=${1:-}
programs=${2:-}
[ -n "$wanted" ] || die "name an architecture: make arch A=$(arch_names | grep -v '^x86_64$' | paste -sd '|')"
if [ "$wanted" != all ]; then
	machine "$wanted"
fi
need "${kernel_tools[@]}"
mkdir -p "$build/results"
"$top/scripts/tree.sh"
if [ "$wanted" != all ]; then
	run_arch "$wanted"
	exit
fi
# one that cannot be built or booted is no reason not to try the next
failed=()
while read -r name; do
	"$0" "$name" </dev/null || failed+=("$name")
done < <(arch_names | grep -v '^x86_64$')
python3 "$top/scripts/results/arches.py" table "$build"
[ ${#failed[@]} = 0 ] || die "not all is well on ${failed[*]}; see above"
