#!/usr/bin/env bash
# No shell script of the repository has anything that shellcheck would say.
set -euo pipefail
cd "$1"
mapfile -t scripts < <(git ls-files --cached --others --exclude-standard -- .ci '*.sh')
shellcheck -x -f gcc "${scripts[@]}" || [ $? = 1 ]
