# shellcheck shell=bash
# shellcheck disable=SC2034 # for make.sh
# liburing's tests of poll, of multishot receives, of ends and of connections, a
# program a test; `uring` runs all that there are, and those that take long:
# accept-test sleeps, mshot-shutdown-race makes ten thousand connections.
: "${others_dir:?}"
# shellcheck source=scripts/others/uring.sh
. "$others_dir/uring.sh"
wanted='^(poll.*|buf-ring-mshot|recv-(multishot|msgall.*)|shutdown|conn.*|
	|socket.*|send_recv.*|accept(|-link|-reuse|-non-empty)|wakeup-hang|thread-exit|files-exit-hang-poll|
	|evloop|epwait|ring-leak2)$'
wanted=${wanted//[$'\n\t']/}
wanted=${wanted//||/|}
