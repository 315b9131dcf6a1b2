#!/usr/bin/env bash
# `make others` fails where an answer differs that is not listed, where a listed one
# does not differ, and where a test did not finish; it says which, runs again what
# differs, and carries on where it was stopped.  The guests are stubs: a planted
# suite's tests are named after what becomes of them.
# shellcheck source=scripts/tests/lib.sh
. "$(dirname "$0")/lib.sh"

copy_repository "$tmp/repo"
mkdir -p "$tmp/bin" "$tmp/build/linux" "$tmp/build/guest"
ln -s "$build/linux/base" "$tmp/build/linux/base"
find "$tmp/repo/scripts/others" -name '*.sh' ! -name make.sh -delete
# the interpreter itself, which some hosts have a slow wrapper for
ln -s "$(python3 -c 'import sys; print(sys.executable)')" "$tmp/bin/python3"
cat >"$tmp/repo/scripts/others/planted.sh" <<'SUITE'
also=$ALSO	# and "$others_dir"/{planted.part,other}
provide() { # provide DIR ROOT
	echo "planted 1.0" >"$1/version"
	for name in $PLANTED; do
		echo "$name 10 /t/$name"
	done >"$2/tests"
}
SUITE
cat >"$tmp/repo/scripts/kernel.sh" <<'KERNEL'
#!/usr/bin/env bash
mkdir -p "$BUILD/kernel/$1"
echo "$1" | tee "$BUILD/kernel/$1/inputs" >"$BUILD/kernel/$1/bzImage"
KERNEL
# A guest: takes the tests from where the initramfs was made, and gives KTAP.
cat >"$tmp/bin/qemu-system-x86_64" <<'QEMU'
#!/usr/bin/env bash
while [ $# -gt 0 ]; do
	case $1 in
	-kernel) kernel=$(basename "$(dirname "$2")") ;;
	-initrd) tests=${2%.cpio}.extra/tests ;;
	file,id=ktap,path=*) ktap=${1#file,id=ktap,path=} ;;
	-serial) [[ $2 != file:* ]] || console=${2#file:} ;;
	esac
	shift
done
[ -n "${ktap:-}" ] || exit 0
exec >"$ktap"
: >>"$console"
echo "KTAP version 1"
while read -r name _; do
	echo "$kernel $name" >>"$BUILD/ran"
	number=$((number + 1))
	said="ok $number $name"
	case $name:$kernel in
	worse*:patched) said="not ok $number $name # exit 1" ;;
	better*:base) said="not ok $number $name # exit 1" ;;
	bad*) said="not ok $number $name # exit 1" ;;
	shaky:patched | shaky~[01]:base) said="not ok $number $name # exit 1" ;;
	skipped*:patched) said+=" # SKIP" ;;
	late*:patched) said="not ok $number $name # TIMEOUT" ;;
	splat:patched) echo "[ 1.0] WARNING: CPU: 0 at net/core/sock.c:1" >>"$console" ;;
	fatal*:patched) exit ;;
	parts*:patched) echo "  KTAP version 1
  1..2
  ok 1 one
  not ok 2 two" && said="not ok $number $name # exit 1" ;;
	parts*:*) echo "  KTAP version 1
  1..2
  ok 1 one
  ok 2 two" ;;
	program:control) echo "  KTAP version 1
  1..1
  # program: server 2.0 noticed no calls - answered 200
  not ok 1 notices" && said="not ok $number $name # exit 1" ;;
	program:*) echo "  KTAP version 1
  1..1
  # program: server 2.0 noticed yes calls 3 answered no
  ok 1 notices" ;;
	halt:patched) [ -z "${HALT:-}" ] || sleep 60 ;;
	esac
	echo "$said"
done <"$tests"
echo "# guest done"
QEMU
chmod +x "$tmp/bin/qemu-system-x86_64" "$tmp/repo/scripts/kernel.sh"

changed=$tmp/changed
others() { # others "TEST..." [ARGUMENT...]: with the lines in $changed
	rm -rf "$tmp/build/others" "$tmp/build/ran"
	again "$@"
}
again() {
	local tests=$1
	shift
	PATH=$tmp/bin:$PATH BUILD=$tmp/build PLANTED=$tests ALSO=${also:-} CHANGED_ANSWERS=$changed \
		"$tmp/repo/scripts/others.sh" "$@" "${suite-planted}" >"$tmp/said" 2>&1
}
says() { # says PATTERN
	grep -E -- "$1" "$tmp/said" || { cat "$tmp/said"; return 1; }
}
fails() { # fails "TEST..." PATTERN
	! others "$1" || return 1
	says "$2"
}
entry() { # entry TEST FROM TO: the only line of the list
	printf 'planted\t%s\t%s\t%s\tnet/0001\tplanted\n' "$@" >"$changed"
}

: >"$changed"
touch "$tmp/repo/scripts/others/planted.part"
ok "two kernels that answer the same pass" others "fine bad"
ok "the table says what ran and how often" says '^planted +planted 1.0 +2 +1 +1 +0 +1 +1 +0$'
ok "and is there for the report" grep -q '<td>planted 1.0</td><td>2</td>' "$tmp/build/others/table.html"
: >"$tmp/repo/scripts/others/never.sh"
mkdir "$tmp/build/results"
: >"$tmp/build/results/complete"
ok "which has it at once, if there is one" others "fine bad"
ok "and says what has not run" grep -q 'Not run on both kernels: never' "$tmp/build/report/index.html"
rm -r "$tmp/build/results" "$tmp/repo/scripts/others/never.sh"
also=control others program || true
ok "a suite may run on control as well, which is not held against base" \
	says '^server +2.0 +not noticed, answers +after 3 calls, no answer +after 3 calls, no answer$'
ok "and differs nowhere" test "$(grep -c FAULT "$tmp/said")" = 0
ok "a test that fails on patched only fails the verb" fails "fine worse" \
	'^FAULT: planted worse ok on base, FAIL on patched: not in'
ok "it ran again on both kernels" test "$(grep -c 'worse~' "$tmp/build/ran")" = 6
ok "and so does one that passes on patched only" fails "fine better" '^FAULT: planted better '
ok "and one that patched skips" fails "fine skipped" '^FAULT: planted skipped '
ok "and a part of a test" fails parts '^FAULT: planted parts two ok on base, FAIL on patched'
ok "a test that is not the same twice on base is named, and no difference" others "fine shaky"
ok "by its name" says '^planted shaky: unstable, '
ok "a test that did not finish fails the verb" fails "fine late" '^FAULT: planted late did not finish on patched'
ok "a guest that ends in a test costs that test" fails "fatal fine" '^FAULT: planted fatal did not finish on patched'
ok "and no other" grep -q '^ok 2 fine$' "$tmp/build/others/planted.patched.ktap"
ok "a warning on the console of patched fails the verb" fails splat '^FAULT: planted console of patched .*WARNING'
ok "a suite of which base passes nothing fails the verb" fails bad '^FAULT: planted on base passes no test'
ok "a suite that cannot be had is named and no pass" fails "" '^FAULT: '
cp "$top/scripts/others/packetdrill.sh" "$tmp/repo/scripts/others/"
sed -i 's/^suites=.*/suites=(planted packetdrill)/' "$tmp/repo/scripts/others.sh"
suite='' && ok "packetdrill, which no Debian has, fails no run of all suites" others fine
ok "which names it and what to do" says '^not run: packetdrill, .*PACKETDRILL='
suite=packetdrill && ok "but one of it alone" fails fine '^FAULT: packetdrill cannot be had here: .*PACKETDRILL='
unset suite
rm "$tmp/repo/scripts/others/packetdrill.sh"

entry worse ok FAIL
ok "a difference that is listed passes" others "fine worse"
ok "and is shown with its reason" says '^planted worse: differs, .*: net/0001, planted$'
ok "a listed one that does not occur fails the verb" fails "fine bad" '^FAULT: planted worse is listed .* does not occur'
entry worse FAIL ok
ok "and so does one listed the wrong way round" fails "fine worse" '^FAULT: planted worse '
: >"$changed"

refused() { # refused LINE PATTERN: one line says what is wrong with it, and nothing runs
	printf "%b\n" "$1" >"$changed"
	! others fine || return 1
	says "^rdhup: .*changed:[13]: $2" && [ "$(wc -l <"$tmp/said")" = 1 ] && [ ! -e "$tmp/build/ran" ]
}
ok "a line with fewer fields is refused" refused 'planted\tworse\tok\tFAIL\tnet/0001' 'want six fields .* there are 5$'
refuses "a suite that there is not is refused, the others are named" 'T=plated is no suite; name one of: .*planted' \
	env BUILD="$tmp/build" "$tmp/repo/scripts/others.sh" plated
touch "$tmp/repo/scripts/others/plant.sh"
refuses "and two for one" 'T=plant planted is no suite; name one of: plant planted$' \
	env BUILD="$tmp/build" "$tmp/repo/scripts/others.sh" 'plant planted'
rm "$tmp/repo/scripts/others/plant.sh"
ok "and one of a suite that there is not" refused 'plated\tworse\tok\tFAIL\tnet/0001\tx' 'there is no suite "plated"'
ok "and one of no answer" refused 'planted\tworse\tok\tfail\tnet/0001\tx' '"fail" is no answer'
ok "and one where nothing changes" refused 'planted\tworse\tok\tok\tnet/0001\tx' '"ok" on both is no change'
ok "and one of a patch that there is not" refused 'planted\tworse\tok\tFAIL\tnet/0099\tx' 'there is no patch "net/0099"'
ok "and one that stands there twice" refused '\nplanted\tworse\tok\tFAIL\tnet/0001\tx\nplanted\tworse\tok\tskip\tnet/0001\tx' \
	'planted worse stands there twice'
: >"$changed"

others "fine worse" --check || true
ok "for make check, a line a test" says '^ok - others: planted fine$'
ok "that says what differs" says '^not ok - others: planted worse ok on base, FAIL on patched'

others fine || true
echo other >"$tmp/repo/scripts/others/another.sh"
again fine || true
ok "a suite is made once, whatever another's file says" test "$(grep -c 'fetching and building' "$tmp/said")" = 0
rm "$tmp/repo/scripts/others/another.sh"
echo planted >"$tmp/repo/scripts/others/planted.part"
again fine || true
ok "and again where a file that it names has changed" says 'planted: fetching and building'
others "fine halt other" || true
again "fine halt other" || true
ok "what is done is not run again" test "$(wc -l <"$tmp/build/ran")" = 6
rm -rf "$tmp/build/others" "$tmp/build/ran"
set -m
HALT=1 PATH=$tmp/bin:$PATH BUILD=$tmp/build PLANTED="fine halt other" ALSO="" CHANGED_ANSWERS=$changed \
	env --default-signal=INT "$tmp/repo/scripts/others.sh" planted >"$tmp/said" 2>&1 &
pid=$!
set +m
end=$((SECONDS + 120))
until grep -qs 'patched halt' "$tmp/build/ran" && grep -q 'base other' "$tmp/build/ran" || [ $SECONDS -ge $end ]; do
	sleep 0.2	# there is no event to wait for in a file
done
kill -INT -- "-$pid"
wait "$pid" || true
cp "$tmp/build/ran" "$tmp/ran"
ok "an interrupted run carries on" again "fine halt other"
ok "after the last test with a result" test \
	"$(tail -n +"$(($(wc -l <"$tmp/ran") + 1))" "$tmp/build/ran" | sort | xargs)" = "patched halt patched other"
