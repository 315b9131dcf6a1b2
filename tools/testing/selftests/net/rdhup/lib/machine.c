// SPDX-License-Identifier: GPL-2.0
#include "machine.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define NR_UNDOS	8

/* Of the program and all its children. */
static void (**undos)(void);
static pid_t program;

static void __attribute__((constructor)) undo_start(void)
{
	program = getpid();
	undos = mmap(NULL, NR_UNDOS * sizeof(*undos), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

static void __attribute__((destructor)) undo_all(void)
{
	if (undos == MAP_FAILED || getpid() != program)
		return;
	for (int i = 0; i < NR_UNDOS && undos[i]; i++)
		undos[i]();
}

void at_end(void (*undo)(void))
{
	for (int i = 0; undos != MAP_FAILED && i < NR_UNDOS; i++) {
		if (!undos[i])
			undos[i] = undo;
		if (undos[i] == undo)
			return;
	}
	fprintf(stderr, "# something will not be as it was\n");
}

bool is_disturbed_by(const char *name)
{
	const struct dirent *entry;
	char path[280], comm[32];
	bool found = false;
	DIR *dir;
	FILE *f;

	dir = opendir("/proc");
	if (!dir)
		return false;
	while (!found && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "/proc/%s/comm", entry->d_name);
		f = fopen(path, "re");
		if (!f)
			continue;
		if (fgets(comm, sizeof(comm), f)) {
			comm[strcspn(comm, "\n")] = '\0';
			found = !strcmp(comm, name);
		}
		fclose(f);
	}
	closedir(dir);
	if (found)
		fprintf(stderr, "# %s is running: stop it first\n", name);
	return found;
}
