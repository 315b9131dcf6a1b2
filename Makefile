# POLLRDHUP: one verb, one script in scripts/; `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help run kselftest tree save lint export check kernel boot prove others clean

help:
	@awk '/^#[:=] ?/ { print substr($$0, 4) } /^[a-z-]+:.*## / { sub(/:.*## /, "\t"); \
		split($$0, a, "\t"); printf "  make %-10s %s\n", a[1], a[2] }' Makefile

#: To begin with:
run: ## the main job: three kernels, every test, one verdict
	@scripts/run.sh
kselftest: ## tests in one kernel: K=, T= for one program, V=1 to watch
	@scripts/tree.sh && scripts/kernel.sh "$(or $(K),patched)" && scripts/kselftest.sh "$(or $(K),patched)" "$(T)"
tree: ## patches/ to branches and worktrees, S= for that of one series more
	@scripts/tree.sh "$(S)"
save: ## branches back to patches/
	@scripts/save.sh
lint: ## the gates that maintainers' robots run: G= for one, S= for one series
	@scripts/lint.sh "$(G)" "$(S)"
export: ## mails ready to send, in build/outgoing/: S= for one series
	@scripts/export.sh "$(S)"
#:
#: The others:
check: ## every test that this repository has, the main job included
	@scripts/check.sh
kernel: ## build one kernel: K=
	@scripts/tree.sh && scripts/kernel.sh "$(or $(K),patched)"
boot: ## a shell in one kernel: K=
	@scripts/tree.sh && scripts/boot.sh "$(K)"
prove: ## the tests right before and right after a patch: P= for one patch
	@scripts/prove.sh "$(P)"
others: ## other people's suites on base and patched: T= for one suite, K= for one kernel
	@scripts/tree.sh && scripts/others.sh "$(T)" "$(K)"
clean: ## remove everything that is generated, the kernel source too
	@scripts/clean.sh
#:
#: What may be set, and what it is if it is not:
#=   K=patched          a kernel: control, base, patched, debug (lockdep, KASAN), kcsan, or one
#=                      of another architecture, sparc64-patched (scripts/guest/arches)
#=   T=                 what is run, a test program or a suite: all; bench by name only
#=   TESTS=             tests of one program, FIXTURE.VARIANT.TEST: all
#=   S=                 a series, a folder of patches/: all
#=   P=                 a patch, net/0003: all
#=   G=                 a gate of scripts/lint/: all; abi, cocci and kunit by name only
#=   V=                 V=1 prints what the tests say as they say it
#=   FULL=              FULL=1 builds every patch (lint), looks at whole trees (G=cocci)
#=   LIMIT=             seconds for a test and its guest: the tests' own limits
#=   SHARDS=1           guests at a time that share the programs of kselftest
#=   TIMES=1            how often kselftest runs each program, to find what flakes;
#=                      the counts add up in build/repeated
#=   RDHUP_MODEL_OPS=   and other RDHUP_*=, which the programs take: their own defaults
#=   VERSION=           version of a series that is exported: the last one, or 1
#=   ONTO=              the commit that S-onto lies on, see patches/README.md: Linux 7.3.4
#=   MERGED=            MERGED=1: what a series waits for has been merged
#=   PACKETDRILL=       a packetdrill for others T=packetdrill, which Debian does not have: none
#=   MAN_PAGES=         a checkout of the man-pages project: Debian's pages
#=   LINUX=             a tree of Linux 7.3.4: what README.md lists
#=   LINUX_TARBALL=     a tarball of it: the same
#=   DEBIAN_MIRROR=     where Debian is fetched from: apt's own mirror
#=   BUILD=build        where everything is that is generated
#=   CCACHE_DIR=        what the compiler has made: ccache's own folder
