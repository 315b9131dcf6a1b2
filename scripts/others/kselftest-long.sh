# shellcheck shell=bash
# shellcheck disable=SC2034 # for make.sh
# The kernel's own selftests of TLS, whose ciphers take an emulated guest a
# quarter of an hour, and of epoll's wakeups, which sleeps much.
: "${others_dir:?}"
# shellcheck source=scripts/others/kselftest.sh
. "$others_dir/kselftest.sh"
programs=(net/tls filesystems/epoll/epoll_wakeup_test)
kernels=others_ seconds=2400
