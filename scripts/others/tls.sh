# shellcheck shell=bash
# The kernel's own selftest of TLS: without a processor's help the ciphers take
# an emulated guest a quarter of an hour.
: "${others_dir:?}"
# shellcheck source=scripts/others/kselftest.sh
. "$others_dir/kselftest.sh"
programs=(net/tls)
seconds=2400
