# What `strace -f` saw of a server, and of ./halfclose beside it: does the server
# notice between the client's half-close and the upstream's answer, and after how
# many of its system calls, the wait that it slept in among them, those for memory
# and for the time not?  It has noticed with the first thing that it does to its
# connection with the upstream.  Prints "yes NUMBER" or "no -".
{ pid = $1; call = $0; sub(/^[0-9]+ +/, "", call) }
call ~ /^execve\(".\/halfclose"/ { client = pid }
pid == client && call ~ /^shutdown\(/ { at = 1 }
pid == client && at && call ~ /^sendto\(/ { exit }
pid == client { next }
match(call, /^connect\([0-9]+,/) && /sin_port=htons\(8081\)/ {
	upstream = substr(call, RSTART + 8, RLENGTH - 9)
}
!at || call ~ /^(---|\+\+\+)/ { next }
call ~ /^(<\.\.\. )?(mmap|munmap|mremap|mprotect|madvise|brk|clock_gettime|gettimeofday)[( ]/ { next }
{ calls++ }
call ~ /<unfinished \.\.\.>$/ { calls-- }
call ~ "^(close|shutdown|write|writev|send|sendto|sendmsg)\\(" upstream "[,) ]" {
	done = calls + (call ~ /<unfinished/)
	exit
}
END { print done ? "yes " done : "no -" }
