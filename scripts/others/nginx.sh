# shellcheck shell=bash
# shellcheck disable=SC2034 # for make.sh
# Of those of programs.sh Debian's nginx alone, for make check: its probe for the
# bit at start-up, and a proxied request whose client goes away while the upstream
# works.
: "${others_dir:?}"
# shellcheck source=scripts/others/programs.sh
. "$others_dir/programs.sh"
programs=(nginx) memory=1024 also=
