#!/usr/bin/env bash
# clean.sh: remove the directory for everything that is generated, the kernel
# source too.  Takes: BUILD=, that directory (default: build/ in the checkout).
# Errors: one that has nothing of ours in it is left alone.
# shellcheck source=scripts/lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"

# nobody else has files of these names; what came to nothing has left a log and no more
{ ! compgen -G "$build/the-*.lock" >/dev/null &&
	[ -n "$(find -H "$build" -mindepth 1 -maxdepth 1 ! -name apt.log ! -name check.log)" ]; } || rm -rf "$(realpath "$build")" "$build"
[ ! -e "$build" ] ||
	die "BUILD=$build holds nothing that make has built; remove it by hand if it is to go"
