#!/usr/bin/env bash
# clean.sh: remove the directory for everything that is generated, the kernel
# source too.  Takes: BUILD=, that directory (default: build/ in the checkout).
# Errors: one that has nothing of ours in it is left alone.
# shellcheck source=scripts/lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"

# nobody else has files of these names; the logs of what came to nothing are ours as well
! compgen -G "$build/the-*.lock" >/dev/null || rm -rf "$build"
rm -f "$build"/{apt,check}.log
rmdir "$build" 2>/dev/null || [ ! -e "$build" ] ||
	die "BUILD=$build holds nothing that make has built; remove it by hand if it is to go"
