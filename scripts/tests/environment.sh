#!/usr/bin/env bash
# What a verb meets on the machine of whoever runs it: a git that calls it from
# a hook, another language, a path with a blank, an editor's files, another verb
# at the same time, a build directory that is none.
# shellcheck disable=SC2016 # what stands in single quotes is for another shell
# shellcheck source=scripts/tests/lib.sh
. "$(dirname "$0")/lib.sh"

repo=$tmp/repo
copy_repository "$repo"
with_lib() { # with_lib COMMANDS: what a verb would do
	bash -c "set -- ; . '$repo/scripts/lib/lib.sh'; $1"
}

# a repository of the user's, whose hook runs a verb that resets a worktree
git -C "$tmp" init -q user
echo staged >"$tmp/user/file"
git -C "$tmp/user" add file
index=$(sha256sum <"$tmp/user/.git/index")
git init -q "$tmp/other"
git -C "$tmp/other" -c user.name=T -c user.email=t@localhost commit -q --allow-empty -m empty
hooked() {
	GIT_DIR=$tmp/user/.git GIT_INDEX_FILE=$tmp/user/.git/index GIT_WORK_TREE=$tmp/user GIT_PREFIX=x/ \
		with_lib "git -C '$tmp/other' reset -q --hard"
}
ok "run from a hook, git reset --hard runs in the worktree that is meant" hooked
ok "and the index of whose hook it is stays as it was" test "$index" = "$(sha256sum <"$tmp/user/.git/index")"
ok "what the user says of git's configuration holds" test "$(
	GIT_CONFIG_GLOBAL=/nowhere with_lib 'echo "$GIT_CONFIG_GLOBAL"')" = /nowhere

ok "what the caller builds kernels with is not for ours" test -z "$(
	ARCH=arm64 LLVM=1 CROSS_COMPILE=x- with_lib 'echo "${ARCH:-}${LLVM:-}${CROSS_COMPILE:-}"')"
git config --file "$tmp/gitconfig" core.autocrlf true
ok "nor how they have lines end" test "$(GIT_CONFIG_GLOBAL=$tmp/gitconfig with_lib 'git config core.autocrlf')" = false
cp -r "$repo" "$tmp/unpacked"
rm -rf "$tmp/unpacked/.git"
unread() { ! GIT_CEILING_DIRECTORIES=$tmp bash -c ". '$tmp/unpacked/scripts/lib/lib.sh'; kernel_path_files"; }
ok "a checkout that git does not read is not one without files" unread

# a gate that says what language it was run in
cat >"$repo/scripts/lint/repo-language.sh" <<'END'
#!/bin/sh
echo "the gates are run with LC_ALL=$LC_ALL LANG=$LANG$LANGUAGE"
END
chmod +x "$repo/scripts/lint/repo-language.sh"
borrow_build "$tmp/build"
LC_ALL=de_DE.UTF-8 LANG=de_DE.UTF-8 LANGUAGE=de BUILD=$tmp/build "$repo/scripts/lint.sh" language >"$tmp/language" 2>&1 || true
ok "gcc, git and make speak English to the gates" grep -qx '# the gates are run with LC_ALL=C LANG=C' "$tmp/language"
rm "$repo/scripts/lint/repo-language.sh"
refuses "two series for one are no run of nothing" 'S=nfc bluetooth is not a series that is sent' \
	env BUILD="$tmp/build" "$repo/scripts/lint.sh" checkpatch 'nfc bluetooth'

# whom the end of a script signals: those who are still there
signalled=$(with_lib 'in_background sleep 100; long=$!; in_background true; wait $!
	kill() { echo "${@: -1}"; }
	[ "$(end_background)" = "-$long" ] && echo that one alone; unset -f kill')
ok "the end of a script ends what it left in the background, and nothing else" test "$signalled" = "that one alone"

mkdir "$tmp/a blank"
cp -r "$repo" "$tmp/a blank/repo"
status=0
"$tmp/a blank/repo/scripts/kernel.sh" base >"$tmp/out" 2>&1 || status=$?
ok "a checkout with a blank in its path is refused by name" grep -q '^rdhup: the path ".*/a blank/repo" has a blank' "$tmp/out"
ok "with an exit status of 1" test "$status" = 1
BUILD="$tmp/a blank/build" "$repo/scripts/kernel.sh" base >"$tmp/out" 2>&1 || true
ok "so is such a BUILD=" grep -q 'a blank/build" has a blank' "$tmp/out"
ok "and is not made" test ! -e "$tmp/a blank/build"
refuses "a BUILD= that is none is refused" 'README.md is no directory to write to; set BUILD=' \
	env BUILD="$repo/README.md" "$repo/scripts/clean.sh"

for name in a.c.orig b.c.rej c.c~ .d.c.swp; do
	touch "$repo/tools/testing/selftests/net/rdhup/$name"
done
ok "an editor's files are none of the kernel's" test -z "$(with_lib kernel_path_files | grep -E '(orig|rej|~|swp)$' || true)"

# two at once: the second waits, and says for whom
mkfifo "$tmp/go" "$tmp/first" "$tmp/second"
lock=". '$repo/scripts/lib/lib.sh'; locked 'the planted work'; echo has it"
BUILD=$tmp/locks bash -c "$lock; read -r _ <'$tmp/go'" holder >"$tmp/first" &
exec 4<"$tmp/first"
read -r -t 60 _ <&4
BUILD=$tmp/locks bash -c "$lock" >"$tmp/second" &
exec 5<"$tmp/second"
read -r -t 60 line <&5 || line=nothing
echo "$line" >"$tmp/line"
ok "the second of two verbs says whom it waits for" grep -qE \
	'^==> waiting for holder \(process [0-9]+\), which is at the planted work in ' "$tmp/line"
echo >"$tmp/go"
read -r -t 60 line <&5 || line=nothing
ok "and goes on when that has ended" test "$line" = "has it"
wait

# a long step, to somebody who has no terminal
ok "a long step says how far it is" test "$(with_lib 'seq 3 | SAY_EVERY=0 progress planted 3' | sed 's/ after .*//' | tail -n 1)" = \
	"==> planted: 3 of about 3"
mkfifo "$tmp/end" "$tmp/words"
SAY_EVERY=0.2 bash -c ". '$repo/scripts/lib/lib.sh'; read -r _ <'$tmp/end' & waiting \$! echo planted" >"$tmp/words" &
exec 6<"$tmp/words"
read -r -t 60 line <&6 || line=nothing
echo >"$tmp/end"
wait
ok "and so does one that is waited for" test "$line" = "==> planted"

# a checkout that is moved takes its worktrees with it
mkdir -p "$tmp/here/linux"
git clone -q --bare "$tmp/other" "$tmp/here/linux.git"
git --git-dir="$tmp/here/linux.git" worktree add -q --detach "$tmp/here/linux/base"
mv "$tmp/here" "$tmp/there"
lost() { ! git -C "$tmp/there/linux/base" rev-parse HEAD; }
ok "the worktrees of a checkout that was moved are lost to git" lost
BUILD=$tmp/there with_lib repair_worktrees
ok "and found again by the next verb" git -C "$tmp/there/linux/base" rev-parse HEAD

ok "make clean with BUILD= removes that directory" env BUILD="$tmp/locks/b" bash -c "mkdir -p '$tmp/locks/b' && touch '$tmp/locks/b/the-branches.lock' &&
	'$repo/scripts/clean.sh' && [ ! -e '$tmp/locks/b' ]"
mkdir -p "$tmp/home"/{guest,linux.git}
touch "$tmp/home"/{letter,check.log}
refuses "one that holds something else is left alone" 'holds nothing that make has built' \
	env BUILD="$tmp/home" "$repo/scripts/clean.sh"
ln -s home "$tmp/link"
refuses "behind a link, too" 'holds nothing that make has built' env BUILD="$tmp/link" "$repo/scripts/clean.sh"
ok "and all that is in it" test -e "$tmp/home/letter" -a -e "$tmp/home/check.log"
rm -r "$tmp/home"/{guest,linux.git,letter}
ok "one with nothing but a log is removed" env BUILD="$tmp/home" bash -c "'$repo/scripts/clean.sh' && [ ! -e '$tmp/home' ]"
mkdir "$tmp/home"
touch "$tmp/home/the-branches.lock"
ok "and what is behind a link goes with it" env BUILD="$tmp/link" bash -c "'$repo/scripts/clean.sh' && [ ! -e '$tmp/home' ] && [ ! -h '$tmp/link' ]"
