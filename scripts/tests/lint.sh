#!/usr/bin/env bash
# make lint is clean on our series, and every gate finds the fault planted for it.
# shellcheck source=scripts/tests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=scripts/lib/lib.sh
. "$top/scripts/lib/lib.sh"
clang=$(usable_clang)
export clang tree=$build/linux/base linux_git=$build/linux.git build top
gates=$top/scripts/lint

# the gates on the series themselves; a line each
"$top/scripts/lint.sh" | tee "$tmp/lint" | grep -v '^==>' || true
ok "every gate ran on every series" test "$(grep -cE '^(not )?ok - lint: [a-z_-]+: ' "$tmp/lint")" = \
	$(($(find "$gates" -name '[ps]*-*.sh' | wc -l) * $(grep -vc '^#' "$top/patches/order") +
		$(find "$gates" -name 'repo-*.sh' | wc -l)))

ok "what is allowed to no purpose is looked for" grep -q 'lint/allowed is needed$' "$tmp/lint"

refuses "a gate that does not exist is refused, the others are named" 'G=nonsense .*checkpatch' \
	"$top/scripts/lint.sh" nonsense

# finds SENTENCE PATTERN GATE ARGUMENT...: the gate's reason, on one line
finds() {
	local sentence=$1 pattern=$2 gate=$3
	shift 3
	"$gates/$gate.sh" "$@" >"$tmp/reasons" || true
	ok "$sentence" grep -qE -- "$pattern" "$tmp/reasons"
}
mail=$build/lint/vfs/$(grep -v '^#' "$top/patches/vfs/series" | sed -n 3p)
plant() { # plant SED-EXPRESSION: a copy of a good mail with a fault
	sed -E "$1" "$mail" >"$tmp/planted.patch"
	cmp -s "$mail" "$tmp/planted.patch" && echo "not ok - the fault '$1' was not planted"
	return 0
}

plant '0,/^\+\t\t/s//+        /'
finds "patch-checkpatch finds spaces for a tab" 'CODE_INDENT|LEADING_SPACE' patch-checkpatch "$tmp/planted.patch" vfs
passes_nothing() { ! "$gates/patch-kernel-doc.sh" "$mail" no-such-series; }
ok "patch-kernel-doc does not pass what it could not read" passes_nothing
fixes() { # fixes SENTENCE PATTERN SED-EXPRESSION
	plant "$3"
	finds "patch-fixes finds $1" "$2" patch-fixes "$tmp/planted.patch" vfs
}
tag='1da177e4c3f4 ("Linux-2.6.12-rc2")'
fixes "a Fixes: tag of three digits" 'Fixes: abc' '0,/^---$/s//Fixes: abc ("too short")\n---/'
fixes "one of a commit that nobody has seen" 'neither .*: 1da177e4c3f5 ' "0,/^---\$/s//Fixes: ${tag/3f4/3f5}\\n---/"
fixes "one with the subject of another" 'neither .*: 1da177e4c3f4 ' "0,/^---\$/s//Fixes: ${tag/rc2/rc3}\\n---/"
fixes "one that waits, of what is known" 'not say that this is not known: Fixes: TBD' '0,/^---$/s//---\nFixes: TBD (the initial import)/'
fixes "one that is uncertain, of a commit that nobody has seen" 'neither .*: 1da177e4c3f5 ' \
	"0,/^---\$/s//---\\nFixes: check ${tag/3f4/3f5}, it may be/"
fixes "a commit in the text that nobody has seen" 'neither .*: 1da177e4c3f5 ' \
	"0,/^---\$/s//Since commit ${tag/3f4/3f5}.\\n---/"
fixes "a sign-off that nobody gave" 'by make export only: .*Nobody' '0,/^---$/s//Signed-off-by: Nobody <nobody@localhost>\n---/'
fixes "an author who has not signed off" 'has not signed it off: <nobody@localhost>' \
	'1,/^Date:/{/^From: /s/.*/From: Nobody <nobody@localhost>/; /^ </d}'
plant '0,/^---$/s//Fixes: '"$tag"'\nFixes: 1da177e4c3f5 ("Other")\n---\nSeen: 1da177e4c3f5, its log/'
ok "and nothing in a tag that stands in patches/fixes or was seen" test -z \
	"$("$gates/patch-fixes.sh" "$tmp/planted.patch" vfs)"
plant '0,/^\+\t/s//+static inline int planted(void) { return 0; }\n&/'
finds "patch-inline finds an inline function in a .c file" 'fs/eventpoll.c: inline' patch-inline "$tmp/planted.patch" vfs

mail=$(grep -l '^+++ b/include/net/sock_poll.h' "$build"/lint/net-next/*.patch)
plant '0,/^\+static inline __poll_t /s//+static inline int nobody_calls_it(int a) { return a; }\n&/'
finds "patch-inline finds an inline function in a header that nothing uses" 'sock_poll.h: nothing uses .*nobody_calls_it' \
	patch-inline "$tmp/planted.patch" net-next
mail=$build/lint/vfs/$(grep -v '^#' "$top/patches/vfs/series" | sed -n 3p)

# a branch of one's own with a fault in it, for the gates that read branches
git clone -q --mirror --shared "$linux_git" "$tmp/linux.git" 2>/dev/null
plant_commit() { # plant_commit BRANCH FILE, its new content on stdin
	local index=$tmp/index blob
	blob=$(git --git-dir="$tmp/linux.git" hash-object -w --stdin)
	export GIT_INDEX_FILE=$index
	git --git-dir="$tmp/linux.git" read-tree "$1"
	git --git-dir="$tmp/linux.git" update-index --add --cacheinfo "100644,$blob,$2"
	git --git-dir="$tmp/linux.git" update-ref "refs/heads/$1" "$(
		git --git-dir="$tmp/linux.git" -c user.name=T -c user.email=t@localhost \
			commit-tree -p "$1" -m "planted" "$(git --git-dir="$tmp/linux.git" write-tree)")"
	unset GIT_INDEX_FILE
}
# of one file, for that is compiled in three ways; what sparse says of __poll_t
# is old, and does not go away
planted_poll_t() {
	git --git-dir="$linux_git" show base:fs/eventpoll.c
	printf '__poll_t planted_old(void);\n__poll_t planted_old(void)\n{\n\treturn POLLIN;\n}\n'
}
planted_poll_t | plant_commit base fs/eventpoll.c
git --git-dir="$tmp/linux.git" update-ref refs/heads/vfs base
git --git-dir="$tmp/linux.git" update-ref refs/start/vfs base
{
	planted_poll_t
	printf '/**\n * planted() - says nothing of its argument\n */\nint planted(int argument)\n{\n\treturn argument;\n}\n'
	printf '#ifndef CONFIG_64BIT\n#warning "planted on i386"\n#endif\n#ifdef __clang__\n#warning "planted for clang"\n#endif\n'
} | plant_commit vfs fs/eventpoll.c
linux_git=$tmp/linux.git finds "patch-kernel-doc finds an argument without a description" 'argument' \
	patch-kernel-doc "$mail" vfs
# the work tree that it compiles in is the real repository's, which has no planted commit
GIT_ALTERNATE_OBJECT_DIRECTORIES=$tmp/linux.git/objects linux_git=$tmp/linux.git \
	finds "series-build finds what sparse says" 'eventpoll.c: warning: symbol .planted. was not declared' \
	series-build "$build/lint/vfs" vfs
ok "and of __poll_t, though it said so before" grep -q \
	'w1: fs/eventpoll.c: .*restricted __poll_t.* (1 before, 1 after)' "$tmp/reasons"
ok "and what gcc says at W=1" grep -q 'w1: .*eventpoll.c: warning: no previous prototype for .planted' "$tmp/reasons"
ok "on i386" grep -q 'i386: .*eventpoll.c: warning: .*planted on i386' "$tmp/reasons"
ok "and of clang" grep -q 'clang: .*eventpoll.c: warning: .*planted for clang' "$tmp/reasons"
echo 'int main(void) { return 0; }' | plant_commit vfs tools/testing/selftests/filesystems/epoll/planted.c
linux_git=$tmp/linux.git finds "series-selftests finds a program that .gitignore lacks" 'planted is not in .*gitignore' \
	series-selftests "$build/lint/vfs" vfs

# FULL=1 builds every patch: a make that reads what it can, as Kconfig does, and
# fails at one of three
git --git-dir="$tmp/linux.git" update-ref refs/heads/vfs base
for number in 1 2 3; do
	echo "planted $number" | plant_commit vfs "Documentation/planted-$number"
done
failing=$(git --git-dir="$tmp/linux.git" rev-parse vfs^)
mkdir "$tmp/bin"
cat >"$tmp/bin/make" <<END
#!/bin/sh
cat >/dev/null
case "\$*" in
*bzImage*) git -C "$build/linux/scratch" rev-parse HEAD >>"$tmp/built"
	[ "\$(tail -n 1 "$tmp/built")" != "$failing" ] || { echo "planted.c: error: planted"; exit 2; } ;;
esac
END
chmod +x "$tmp/bin/make"
GIT_ALTERNATE_OBJECT_DIRECTORIES=$tmp/linux.git/objects linux_git=$tmp/linux.git FULL=1 PATH=$tmp/bin:$PATH \
	finds "FULL=1 finds the patch that does not build" '^vfs: planted: does not build: planted.c: error: planted$' \
	series-build "$build/lint/vfs" vfs
ok "and has built the start and every patch" test "$(cat "$tmp/built")" = \
	"$(git --git-dir="$tmp/linux.git" rev-list --reverse vfs~4..vfs 2>/dev/null ||
	git --git-dir="$tmp/linux.git" rev-list --reverse vfs)"

suite=tools/testing/selftests/net/rdhup
git --git-dir="$linux_git" show "selftests:$suite/Makefile" | sed 's/^TEST_GEN_PROGS := .*/TEST_GEN_PROGS := race/' |
	plant_commit selftests "$suite/Makefile"
linux_git=$tmp/linux.git finds "series-selftests finds a program that the Makefile lacks" 'epoll is not in .*Makefile' \
	series-selftests "$build/lint/selftests" selftests
{ git --git-dir="$linux_git" show "selftests:$suite/config"; echo CONFIG_AAA=y; } | plant_commit selftests "$suite/config"
linux_git=$tmp/linux.git finds "series-selftests finds a config that is not sorted" 'rdhup/config is not sorted' \
	series-selftests "$build/lint/selftests" selftests

mkdir "$tmp/long"
touch "$tmp"/long/{01..16}.patch
finds "series-form finds a sixteenth patch" 'netdev takes 15' series-form "$tmp/long" net
finds "series-form finds a missing cover letter" 'no cover letter' series-form "$tmp/long" net
mkdir -p "$tmp/patches/net"
sed '/^# prefix: /d' "$top/patches/net/series" >"$tmp/patches/net/series"
top=$tmp finds "series-form finds a series without a prefix" 'has no prefix' series-form "$tmp/long" net
mkdir "$tmp/wordy"
# wordy NUMBER LINES LETTER: a mail with so many lines of message, a trailer and
# notes, and a cover letter; what is found in them and those before
wordy() {
	printf '%s\n' 'Subject: [PATCH] x' '' "$(seq 3 "$2")" '' "Fixes: $tag" --- "$(seq 99)" >"$tmp/wordy/$1.patch"
	seq "$3" >"$tmp/wordy/cover-letter"
	"$gates/series-message.sh" "$tmp/wordy" net | paste -sd' '
}
ok "series-message passes messages of 40 lines and a cover letter of 50" test -z "$(wordy 01 40 50)"
ok "and finds longer ones, the longest first" test "$(wordy 02 41 51; wordy 03 43 42)" = \
	"net: a cover letter of 51 lines; 50 at most 02.patch: a message of 41 lines; 40 at most
03.patch: a message of 43 lines; 40 at most 02.patch: a message of 41 lines; 40 at most"
ok "none in what is linted by name only, introduce and man-pages" test -z \
	"$(for name in introduce man-pages; do "$gates/series-message.sh" "$top/patches/$name" "$name"; done)"
git init -q "$tmp/scripts"
# shellcheck disable=SC2016 # for the planted script to expand
printf '#!/bin/sh\nrm $1\n' >"$tmp/scripts/planted.sh"
finds "repo-shellcheck finds a word that is split" 'planted.sh:2:.*SC2086' repo-shellcheck "$tmp/scripts"
printf '#!/bin/sh\nexit 1\n' >"$tmp/dead.sh"
chmod +x "$tmp/dead.sh"
ok "a gate that dies has not passed" test "$("$gates/one.sh" "$tmp/dead.sh" "$mail" vfs)" = \
	"${mail##*/}: the gate itself failed"
