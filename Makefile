# POLLRDHUP: one verb, one script; `make help` lists them.
#
# K=control|base|patched|debug|kcsan names a kernel, T=program a test, S=series a
# series, P=series/NNNN a patch, V= a version of a series (or 1: watch a test);
# LINUX= or LINUX_TARBALL= the kernel source, MAN_PAGES= a checkout of the
# man-pages project, BUILD= the directory for everything that is generated.
.DEFAULT_GOAL := help
.PHONY: help run check tree save kernel boot kselftest others prove bench abi arch \
	arch-all kunit export rebase lint cocci clean
K ?= patched

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile

run: ## the main job: three kernels, every test, one verdict
	@scripts/run.sh

check: ## every test that this repository has, the main job included
	@scripts/check.sh

tree: ## patches/ to branches and worktrees (S=series for one more worktree)
	@scripts/tree.sh $(S)

save: ## branches back to patches/
	@scripts/save.sh

kernel: ## build one kernel: K=control, base, patched, debug or kcsan
	@scripts/tree.sh && scripts/kernel.sh $(K)

boot: ## a shell in one kernel: K=
	@scripts/boot.sh $(K)

kselftest: ## tests in one kernel: K=, T=program for one, V=1 to watch
	@scripts/tree.sh && scripts/kernel.sh $(K) && V=$(V) scripts/kselftest.sh $(K) $(T)

others: ## other people's suites on base and patched: S=suite for one, K=base or patched
	@scripts/tree.sh && scripts/others.sh "$(S)" "$(if $(filter file,$(origin K)),,$(K))"

prove: ## the tests before and after a patch: P=net/0003, or all
	@scripts/prove.sh $(P)

bench: ## counts of calls, wakeups and instructions, on all three; EDGES=100000: of events
	@EDGES=$(EDGES) scripts/bench.sh

abi: ## the exported headers of every architecture against the table of values
	@scripts/tree.sh && scripts/abi.sh

arch: ## the tests on another architecture, in QEMU: A=sparc64
	@scripts/arch.sh "$(A)"

arch-all: ## the tests on every architecture that scripts/guest/arches names
	@scripts/arch.sh all

kunit: ## the KUnit suites alone, by the kernel's own kunit.py: A=m68k
	@scripts/tree.sh && scripts/kunit.sh "$(A)"

export: ## mails ready to send, in build/outgoing/: S=series for one, V=2 for the next version, ONTO=1 what make rebase carried, MERGED=1 what waited
	@V=$(V) ONTO=$(ONTO) MERGED=$(MERGED) scripts/export.sh $(S)

rebase: ## the series onto another kernel: ONTO=repository[#revision], S=, V=, MERGED=1, TRY=1 to see what would conflict, ABORT=1
	@V=$(V) MERGED=$(MERGED) TRY=$(TRY) ABORT=$(ABORT) scripts/rebase.sh "$(ONTO)" $(S)

lint: ## the gates that maintainers' robots run: G=gate, S=series, FULL=1 builds every patch
	@scripts/lint.sh "$(G)" "$(S)"

cocci: ## the Coccinelle rules over base, patched and control, against the list of findings
	@scripts/tree.sh && scripts/cocci.sh

clean: ## remove everything that is generated, the kernel source too
	@scripts/clean.sh
